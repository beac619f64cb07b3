"""What comes along with a supply: its rows meet their records and cases by no number of the source."""

from __future__ import annotations

from datetime import date
from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.records import companions, quarantine
from linkage.records.linkage_evidence import to_linkage_evidence
from linkage.records.rules import Reason
from linkage.records.standardise import to_attributes, to_records
from linkage.records.subgroups import to_subgroups
from tests.linkage.records.tiny_supplies import AS_OF, KEY, identified, supply

TOKEN_KEY = b"fedcba9876543210"
CASES = [
    {"case_number": " F1 ", "issue_date": "2015-06-07", "children": "2", "case_type": "private"},
    {"case_number": "F2", "issue_date": "2031-01-01", "children": "many", "case_type": "no code"},
]
# Parties with the day of their case, and what follows from it: the event's day, the age, the year.
PARTIES: list[tuple[dict[str, str], date | None, date | None, int | None, int | None]] = [
    ({"case_number": "F1", "party_number": "1"}, date(2015, 6, 7), date(2015, 6, 7), 30, 2015),
    ({"case_number": "F1 ", "party_number": "2", "dob": "2015-06-08"}, date(2015, 6, 7), date(2015, 6, 7), None, 2015),
    # A day after the supply's is none.
    ({"case_number": "F2", "party_number": "1"}, date(2031, 1, 1), None, 37, None),
    # Without a case that there is, the age is that at the date of the supply.
    ({"case_number": "F3", "party_number": "1"}, None, None, 37, None),
]
BORN = "1985-06-07"


@pytest.fixture(scope="module")
def parties(spark: SparkSession) -> DataFrame:
    """Rows of people in family cases, with the days of their cases."""
    rows = [{"role": "applicant", "surname": "SMITH", "dob": BORN} | row for row, *_ in PARTIES]
    key = companions.key_to_cases(schemas.load("family"))
    assert key is not None
    return companions.with_case_day(identified(spark, "family", *rows), key, supply(spark, "family_cases", *CASES))


def test_what_a_case_dates_is_dated_once_for_each_row(parties: DataFrame) -> None:
    made = {
        "_case_day": parties,
        "event_date": to_linkage_evidence(parties, "family", as_of=AS_OF, key=TOKEN_KEY),
        "age": to_attributes(parties, "family", as_of=AS_OF),
        "year": to_subgroups(parties, "family", as_of=AS_OF),
    }
    columns = [df.select("record_id", name) for name, df in made.items()]
    whole = reduce(lambda a, b: a.join(b, "record_id", how="inner"), columns)
    keyed = whole.join(parties.select("record_id", "source_key"), "record_id", how="inner")
    found = sorted(tuple(row) for row in keyed.select("source_key", *made).collect())
    expected = [(f"{row['case_number'].strip()}\x1f{row['party_number']}", *values) for row, *values in PARTIES]
    assert [row[0] for row in found] == sorted(row[0] for row in expected)
    assert {row[0]: row for row in found} == {row[0]: row for row in expected}


def test_who_joins_a_case_may_be_born_after_it_began(parties: DataFrame) -> None:
    records = to_records(parties, "family", as_of=AS_OF).select("dob").collect()
    assert sorted(str(row["dob"]) for row in records) == [BORN, BORN, BORN, "2015-06-08"]


def test_rows_of_a_case_meet_in_its_token(spark: SparkSession, parties: DataFrame) -> None:
    events = [{"case_number": "F1", "event_number": " 2", "event_type": "issue", "event_date": "07/06/2015"}]
    cases, happened = (
        companions.to_attributes(supply(spark, name, *rows), name, record_key=KEY, token_key=TOKEN_KEY)
        for name, rows in (("family_cases", CASES), ("family_events", events))
    )
    for name, df in (("family_cases", cases), ("family_events", happened)):
        schemas.load(f"{name}_attributes").check(df)
    evidence = to_linkage_evidence(parties, "family", as_of=AS_OF, key=TOKEN_KEY).select("case_token", "record_id")
    together = evidence.join(cases, "case_token", how="inner").join(happened, "case_token", how="left")
    rows = [tuple(row) for row in together.select("children", "case_type", "event_number", "event_date").collect()]
    # Both parties of the first case; of the other case nothing is a number or a code, and nothing happened.
    first = (2, "private", 2, date(2015, 6, 7))
    assert sorted(rows, key=repr) == [first, first, (None, None, None, None)]


def test_rows_of_a_record_have_its_id(spark: SparkSession) -> None:
    """The magistrates' key has two parts, which the companion names in its own order."""
    records = identified(spark, "magistrates", {"case_id": "C1", "defendant_id": "D2"})
    offence = {"defendant_id": " D2", "case_id": "C1", "offence_number": "1", "sentence_days": "x"}
    table = companions.to_attributes(
        supply(spark, "magistrates_offences", offence), "magistrates_offences", record_key=KEY, token_key=TOKEN_KEY
    )
    [row] = table.join(records.select("record_id", "surname"), "record_id", how="inner").collect()
    assert (row["offence_number"], row["sentence_days"]) == (1, None)


EVENT = {"case_number": "C1", "event_number": "1", "event_date": "2015-06-07"}
JUDGED: list[tuple[str, dict[str, str], list[Reason]]] = [
    ("civil_events", EVENT, []),
    ("civil_events", EVENT | {"event_number": "two"}, [Reason.MANDATORY_UNREADABLE]),
    ("civil_events", EVENT | {"event_date": "soon"}, [Reason.MANDATORY_UNREADABLE]),
    ("civil_events", EVENT | {"case_number": " "}, [Reason.KEY_MISSING]),
    ("homelessness_support_needs", {"case_reference": "H1", "support_need": "no code"}, [Reason.MANDATORY_UNREADABLE]),
    # Of a supply, too, a code that must be there: its attributes have no place for another.
    ("family", {"case_number": "F1", "party_number": "1", "role": "aunt"}, [Reason.MANDATORY_UNREADABLE]),
    ("family", {"case_number": "F1", "party_number": "B", "role": "child"}, []),
]


def test_what_cannot_be_written_as_what_it_must_be_is_set_aside(spark: SparkSession) -> None:
    flagged = []
    for name, row, _ in JUDGED:
        person = {"party_type": "P", "surname": "SMITH"} if name == "family" else {}
        judged = quarantine.flag(supply(spark, name, row | person), schemas.load(name))
        flagged.append(judged.select(quarantine.REASONS))
    found = [row[0] for row in reduce(DataFrame.unionAll, flagged).collect()]
    assert found == [[reason.value for reason in reasons] for _, _, reasons in JUDGED]
