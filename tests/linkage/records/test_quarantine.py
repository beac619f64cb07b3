"""Every rule with a row that breaks it; no row is lost."""

from __future__ import annotations

import json

import pytest
from pyspark.sql import SparkSession

import schemas
from linkage.records.quarantine import MALFORMED, SOURCE_FILE
from linkage.records.rules import LONGEST_TEXT, Fault, Level, Reason, rule_entries
from tests.linkage.records.tiny_supplies import judged, supply

GOOD = {
    "case_id": "C1",
    "defendant_id": "D1",
    "party_type": "P",
    "surname": "Smith",
    "dob": "1980-02-03",
    "first_hearing_date": "2015-06-07",
}
ROWS: list[tuple[dict[str, str | None], list[Reason], str]] = [
    ({}, [], "good"),
    ({"case_id": "C2", "dob": "31/02/1980"}, [], "an impossible date of birth is the standardiser's matter"),
    ({"case_id": "C3", "surname": None}, [], "a date of birth is enough to link on"),
    ({"case_id": None}, [Reason.KEY_MISSING], "part of the key is null"),
    ({"case_id": None, "surname": "Other"}, [Reason.KEY_MISSING], "rows without key are no conflict"),
    ({"case_id": " "}, [Reason.KEY_MISSING], "part of the key is blank"),
    ({"case_id": "C4"}, [], "of equal rows one is good"),
    ({"case_id": "C4"}, [Reason.ROW_REPEATED], "and the other repeated"),
    ({"case_id": "C5"}, [Reason.KEY_CONFLICT], "same key, other values"),
    ({"case_id": "C5 ", "surname": "Jones"}, [Reason.KEY_CONFLICT], "spaces do not make another key"),
    ({"case_id": "C14", "pnc": "X"}, [Reason.KEY_CONFLICT], "the same text in two columns"),
    ({"case_id": "C14", "nino": "X"}, [Reason.KEY_CONFLICT], "does not make two rows equal"),
    ({"case_id": "C6", "first_hearing_date": None}, [Reason.MANDATORY_MISSING], "mandatory date is null"),
    ({"case_id": "C7", "first_hearing_date": "soon"}, [Reason.MANDATORY_UNREADABLE], "mandatory date is no date"),
    ({"case_id": "C8", "surname": " ", "dob": None}, [Reason.NOTHING_TO_LINK_ON], "no name, no date, no number"),
    ({"case_id": "C9", "party_type": "O"}, [Reason.NOT_A_PERSON], "organisation"),
    ({"case_id": "C40", "party_type": " O "}, [Reason.NOT_A_PERSON], "organisation, with spaces around"),
    ({"case_id": "C12", "surname": "Hall & Sons Ltd"}, [Reason.NOT_A_PERSON], "organisation, recorded as a person"),
    ({"case_id": "C13", "surname": "Hall Ltd", "forename1": "Jo"}, [], "a forename makes a person"),
    ({"case_id": "C10", "surname": "A" * (LONGEST_TEXT + 1)}, [Reason.TEXT_TOO_LONG], "a cell out of bounds"),
    (
        {"case_id": "C11", "party_type": "O", "first_hearing_date": ""},
        [Reason.MANDATORY_MISSING, Reason.NOT_A_PERSON],
        "several reasons, sorted",
    ),
]


def test_each_rule_finds_its_row_and_no_row_is_lost(spark: SparkSession) -> None:
    schema = schemas.load("magistrates")
    df = supply(spark, "magistrates", *(GOOD | change for change, _, _ in ROWS))
    accepted, quarantined = judged(df, "magistrates")
    table = schemas.load("quarantine")
    table.check(quarantined)
    schema.check(accepted)
    aside = schemas.guarded(quarantined, table, "landing/quarantine").collect()
    assert len({row["quarantine_id"] for row in aside}) == len(aside), "equal rows have names of their own"
    assert judged(df.repartition(7), "magistrates").quarantined.exceptAll(quarantined).isEmpty(), "on any partitioning"
    found = [(json.loads(row["row_json"]), row["reasons"]) for row in aside]
    found += [({k: v for k, v in row.asDict().items() if v is not None}, []) for row in accepted.collect()]
    expected = [
        ({k: v for k, v in (GOOD | change).items() if v is not None}, [r.value for r in reasons])
        for change, reasons, _ in ROWS
    ]
    assert len(found) == len(ROWS)
    order = repr
    assert sorted(found, key=order) == sorted(expected, key=order)


def test_a_line_that_could_not_be_taken_apart_is_kept_whole(spark: SparkSession) -> None:
    schema = schemas.load("prison")
    good = {"journey_id": "J1", "surname": "Smith", "reception_date": "2015-06-07"}
    rows = (good | {MALFORMED: line} for line in (None, "J1,Smith,Jo,hn"))
    accepted, quarantined = judged(supply(spark, "prison", *rows, also=(MALFORMED,)), "prison")
    schema.check(accepted)
    assert accepted.count() == 1, "its key is no conflict with a good row's"
    [row] = quarantined.collect()
    assert row["reasons"] == ["row_malformed"]
    assert json.loads(row["row_json"])[MALFORMED] == "J1,Smith,Jo,hn"


def test_of_equal_rows_the_one_of_the_first_file_is_good_in_any_order(spark: SparkSession) -> None:
    files = {"C1": ("a.csv", "b.csv", "c.csv"), "C2": ("c.csv", "b.csv", "a.csv")}
    rows = (GOOD | {"case_id": case, SOURCE_FILE: name} for case, names in files.items() for name in names)
    aside = judged(supply(spark, "magistrates", *rows, also=(SOURCE_FILE,)).coalesce(1), "magistrates").quarantined
    found = {(json.loads(row["row_json"])["case_id"], row["source_file"]) for row in aside.collect()}
    assert found == {(case, name) for case in files for name in ("b.csv", "c.csv")}


@pytest.mark.parametrize("name", ["magistrates", "prison", "probation"])
def test_an_empty_supply_is_fine(spark: SparkSession, name: str) -> None:
    accepted, quarantined = judged(spark.createDataFrame([], schemas.load(name).struct_type()), name)
    assert (accepted.count(), quarantined.count()) == (0, 0)


def test_every_rule_is_data() -> None:
    assert set(schemas.value_set("quarantine_reason")) == {reason.value for reason in Reason}
    assert set(schemas.value_set("supply_fault")) == {fault.value for fault in Fault}
    levels = {entry.code: entry.level for entry in rule_entries()}
    assert levels == dict.fromkeys(map(str, Reason), Level.ROW) | dict.fromkeys(map(str, Fault), Level.SUPPLY)
