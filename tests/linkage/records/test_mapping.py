"""A supplier's columns, dates and codes to the schema's, value by value."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from linkage.errors import InputError
from linkage.records import drift, expectations, mapping
from linkage.records.mapping import DELETED
from linkage.records.quarantine import MALFORMED, REFUSED
from tests.linkage.records.contracts import COLUMNS, DELIVERED, PERIOD_END, as_rows, contract

DATED = {
    "A": [{"value": "completed", "valid_to": date(2019, 12, 31)}, {"value": "died", "valid_from": date(2020, 1, 1)}],
    "B": {"value": "dropped", "valid_from": date(2020, 1, 1)},
    "C": None,
}
# What is delivered as dates of birth and referral, sex and outcome, what the schema gets, and why.
CASES = [
    (("02/03/1985", "01/06/2019", "1", "A"), ("1985-03-02", "2019-06-01", "M", "completed"), "by the day of the event"),
    (("02-MAR-85", "31/12/2019", " 2 ", "A"), ("1985-03-02", "2019-12-31", "F", "completed"), "the last day counts"),
    (("02-Mar-20", "01/01/2020", "9", "A"), ("2020-03-02", "2020-01-01", None, "died"), "the first day counts"),
    (("02-Mar-21", "01/01/2020", None, "B"), ("1921-03-02", "2020-01-01", None, "dropped"), "no year after delivery"),
    (("31/02/1985", "01/06/2019", "", "B"), ("31/02/1985", "2019-06-01", None, "?B"), "no such day; not yet a code"),
    (("1985", "01/06/2019", "1.0", "C"), ("1985", "2019-06-01", "?1.0", None), "a year is no date; nor 1.0 the code 1"),
    (("1985-03-02", "01/06/2019", "m", "NK"), ("?1985-03-02", "2019-06-01", "?m", None), "another format; capitals"),
    (("", "soon", "1", "A"), ("", "soon", "M", "?A"), "without a day, what means two things means none"),
    (("NK", None, "1", "B"), (None, None, "M", "dropped"), "without a day, what means one thing means it"),
]  # fmt: skip


def test_values(spark: SparkSession) -> None:
    of = contract(
        columns={
            "outcome": {"source": "END", "codes": DATED},
            "lad_code": {"constant": "W06"},
            "initials": {"source": ["FIRST", "LAST"], "join": ""},
            "postcode_sector": {"source": ["OLD", "NEW"]},
            "ethnicity": "ETH",
            "substance": {"source": "NAME", "part": {"separator": "|", "number": 2}},
            "referral_id": {"source": "ID", "prefix": "S-"},
            "end_date": {"source": "GAP", "prefix": "S-"},
        },
        nulls=["NK"],
        ignored=["NOISE"],
    )
    others = {"FIRST": " A", "LAST": "", "OLD": " ", "NEW": "XA1 2", "ETH": "ZZ", "NAME": "a| opiate |c", "NOISE": "x"}
    others["GAP"] = " "
    rows = [(str(number), *values, *others.values()) for number, (values, _, _) in enumerate(CASES)]
    names = ["ID", "BORN", "REFERRED", "SEX", "END", *others]
    made = as_rows(spark.createDataFrame(rows, ", ".join(f"{name} string" for name in names)), of)
    found = {row["referral_id"]: row for row in made.collect()}
    assert sorted(found) == [f"S-{number}" for number in range(len(CASES))]
    for number, (given, expected, reason) in enumerate(CASES):
        row = found[f"S-{number}"]
        assert tuple(row[n] for n in ("dob", "referral_date", "sex", "outcome")) == expected, f"{given}: {reason}"
        same = [row[n] for n in ("initials", "postcode_sector", "lad_code", "ethnicity", "substance", "end_date")]
        assert same == ["A", "XA1 2", "W06", "ZZ", "opiate", None], "a prefix before nothing is nothing"
    seen = expectations.look(made, of, expectations.Window(date(2019, 1, 1), date(2019, 12, 31), DELIVERED))
    assert seen.unmapped == {"ethnicity": 9, "outcome": 2, "sex": 2, "substance": 0}
    assert (seen.filled["sex"], seen.filled["ethnicity"]) == (6, 9), "what stands for nothing is not filled"
    assert (seen.rows, seen.dated, seen.outside) == (9, 7, 2)


def test_codes_by_the_period_of_the_delivery(spark: SparkSession) -> None:
    of = contract(columns={"outcome": {"source": "END", "codes": DATED}}, codes_by="period")
    raw = spark.createDataFrame(
        [("1", None, "1", "01/06/2019", "A")], ", ".join(f"{n} string" for n in (*COLUMNS, "END"))
    )
    assert PERIOD_END.year == 2020
    assert [row["outcome"] for row in as_rows(raw, of).collect()] == ["died"]


def test_a_column_that_must_be_filled_sets_the_row_aside_when_its_code_means_nothing(spark: SparkSession) -> None:
    absent = [
        "client_reference", "initials", "forename1", "surname", "aliases", "postcode_sector", "lad_code",
        "treatment_area", "nino", "prison_number", "ethnicity", "substance", "referral_source", "discharge_date",
        "outcome",
    ]  # fmt: skip
    columns = {
        "episode_id": "ID",
        "identifier_profile": {"source": "PROFILE", "codes": {"1": "prison"}},
        "triage_date": "REFERRED",
        "dob": "BORN",
        "sex": "SEX",
    }
    small = contract()
    changes = {"dataset": "ndtms", "feed": "ndtms", "absent": absent, "columns": columns}
    of = type(small).model_validate(small.model_dump() | changes)
    rows = [("1", "1985-01-01", "1", "2020-01-01", "1"), ("2", "1985-01-01", "1", "2020-01-01", "7")]
    raw = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in (*COLUMNS, "PROFILE")))
    good, bad = sorted(as_rows(raw, of).collect(), key=lambda row: row["episode_id"])
    assert (good[MALFORMED], good[REFUSED]) == (None, None)
    assert bad[REFUSED] == "code_unmapped"
    assert json.loads(bad[MALFORMED]) == dict(zip((*COLUMNS, "PROFILE"), rows[1], strict=True))


def test_types_of_columnar_files(spark: SparkSession) -> None:
    of = contract(columns={"end_date": "ENDED"})
    rows = [(7, "02/03/1985", True, "01/01/2020", date(2020, 2, 1))]
    raw = spark.createDataFrame(rows, "ID bigint, BORN string, SEX boolean, REFERRED string, ENDED date")
    [row] = as_rows(raw, of).collect()
    told = [row[name] for name in ("referral_id", "dob", "sex", "referral_date", "end_date", DELETED)]
    assert told == ["7", "1985-03-02", "?true", "2020-01-01", "2020-02-01", False]
    born = spark.createDataFrame(
        [("7", date(1985, 3, 2), "1", "x")], "ID string, BORN date, SEX string, REFERRED string"
    )
    with pytest.raises(InputError, match=r"a\.parquet: BORN is date, which needs no dates in the contract"):
        mapping.as_text(born, contract(), "a.parquet")
    types = "ID double, BORN array<string>, SEX decimal(3, 1), REFERRED string"
    wrong = spark.createDataFrame([(7.0, ["x"], Decimal("1.5"), "01/01/2020")], types)
    with pytest.raises(InputError) as raised:
        mapping.as_text(wrong, contract(), "a.parquet")
    assert str(raised.value) == (
        "a.parquet: ID is double, BORN is array<string>, SEX is decimal(3,1); "
        "supply text, whole numbers, days or truths there"
    )


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (["A", "B"], None),
        (["B", "A"], None),
        (["A", "b"], "renamed: B to b; map or ignore it, and mend the contract"),
        (["A", "B", "C"], "new: C; map or ignore it, and mend the contract"),
        (["A"], "missing: B; map or ignore it, and mend the contract"),
        (["Zoe", "1985-03-02"], "none of its 2 columns is known; does it begin with a header?"),
        (["A;B"], "the header is one column; its delimiter is rather ;"),
    ],
)
def test_drift(found: list[str], told: str | None) -> None:
    assert drift.describe(found, ["A", "B"]) == told


def test_deletions_do_not_dilute_what_is_outside_the_period(spark: SparkSession) -> None:
    of = contract(delivery="partial", deletions={"column": "GONE", "values": ["y"]})
    days = [("01/06/2019", None), ("01/06/2018", None), *[("01/06/2019", "y")] * 3]
    rows = [(str(number), None, None, day, gone) for number, (day, gone) in enumerate(days)]
    made = as_rows(spark.createDataFrame(rows, ", ".join(f"{name} string" for name in (*COLUMNS, "GONE"))), of)
    seen = expectations.look(made, of, expectations.Window(date(2019, 1, 1), date(2019, 12, 31), DELIVERED))
    assert (seen.rows, seen.deletions, seen.dated, seen.outside) == (2, 3, 2, 1)
