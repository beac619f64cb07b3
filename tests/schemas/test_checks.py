"""Keys and codes are counted, never shown: what is broken, and what only looks like it."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession

import schemas
from linkage.errors import ConfigError

CASES = [
    ("C1",),
    ("C2",),
    (" C2 ",),  # the same key as the row before
    ("C2",),  # and again: two rows too many
    (None,),  # no key, so it repeats none
    ("",),  # nor this
    (" ",),
]
PARTIES = [
    ("C1", "1"),
    ("C1", "2"),  # another key, for one part differs
    ("C2 ", "1"),  # names C2, three times there: found once
    ("C9", "1"),  # no such case
    ("C9", "1"),  # no such case, and its key is there twice
    ("C9", None),  # no such case; a part of its own key is missing
    (None, "1"),  # names nothing
]


def counted(frames: dict[str, object]) -> dict[tuple[str, str, str, str | None], int]:
    rows = schemas.key_counts(frames).collect()
    found = {(row["table"], row["rule"], row["columns"], row["references"]): row["rows"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_keys_that_repeat_and_rows_that_are_not_there_are_counted(spark: SparkSession) -> None:
    cases = spark.createDataFrame(CASES, "case_number string")
    parties = spark.createDataFrame(PARTIES, "case_number string, party_number string")
    assert counted({"civil_cases": cases, "civil": parties}) == {
        ("civil_cases", "key_repeated", "case_number", None): 2,
        ("civil", "key_repeated", "case_number,party_number", None): 1,
        ("civil", "row_not_found", "case_number", "civil_cases"): 3,
    }
    # Without the other end only its own key can be looked at.
    assert counted({"civil": parties}) == {("civil", "key_repeated", "case_number,party_number", None): 1}


def test_two_foreign_keys_to_one_table_are_two(spark: SparkSession) -> None:
    records = spark.createDataFrame([(1,), (2,)], "record_id bigint")
    pairs = spark.createDataFrame([(1, 2), (1, 3), (4, 5)], "record_id_l bigint, record_id_r bigint")
    found = counted({"records": records, "scored_pairs": pairs})
    assert found["scored_pairs", "row_not_found", "record_id_l", "records"] == 1
    assert found["scored_pairs", "row_not_found", "record_id_r", "records"] == 2
    assert found["scored_pairs", "key_repeated", "record_id_l,record_id_r", None] == 0


def test_an_empty_table_breaks_nothing(spark: SparkSession) -> None:
    nothing = spark.createDataFrame([], "case_number string")
    assert counted({"civil_cases": nothing}) == {("civil_cases", "key_repeated", "case_number", None): 0}


def test_tables_without_a_key_or_a_schema_are_refused(spark: SparkSession) -> None:
    nothing = spark.createDataFrame([], "pairs bigint")
    with pytest.raises(ConfigError, match="key_counts: no table with a key is given"):
        schemas.key_counts({"pattern_counts": nothing})
    with pytest.raises(ConfigError, match="no schema for table 'civic'"):
        schemas.key_counts({"civic": nothing})


FIRST = date(2015, 2, 1)  # the first day of the rehabilitation activity requirement
SUPERVISED = [
    ("RAR", date(2015, 1, 31), 1),  # the day before
    ("RAR", FIRST, 0),
    ("RAR", date(2020, 1, 1), 0),
    ("DRR", date(2001, 1, 1), 0),  # a code without dates
    (None, date(2001, 1, 1), 0),
    ("RAR", None, 0),  # nobody knows when
]


def test_codes_that_were_not_in_use_on_the_day_are_counted(spark: SparkSession) -> None:
    df = spark.createDataFrame(SUPERVISED, "requirement string, referral_date date, broken int")
    rows = schemas.code_counts(df, schemas.load("probation_attributes")).collect()
    assert [tuple(row) for row in rows] == [
        ("probation_attributes", "code_out_of_time", "requirement", None, sum(row[2] for row in SUPERVISED))
    ]


def test_codes_that_went_out_of_use_are_counted(spark: SparkSession) -> None:
    last = date(2018, 3, 31)  # the last day of statements of special educational needs
    df = spark.createDataFrame([("S", last), ("S", date(2018, 4, 1))], "sen_provision string, census_date date")
    [row] = schemas.code_counts(df, schemas.load("npd_attributes")).collect()
    assert (row["columns"], row["rows"]) == ("sen_provision", 1)


def test_a_table_without_dated_codes_or_without_rows(spark: SparkSession) -> None:
    prison = spark.createDataFrame([("remand", FIRST)], "custody_type string, reception_date date")
    assert schemas.code_counts(prison, schemas.load("prison_attributes")).collect() == []
    none = spark.createDataFrame([], "requirement string, referral_date date")
    [row] = schemas.code_counts(none, schemas.load("probation_attributes")).collect()
    assert row["rows"] == 0


@pytest.mark.parametrize("name", ["probation", "civil_attributes"])
def test_codes_need_a_date_to_be_judged_by(spark: SparkSession, name: str) -> None:
    with pytest.raises(ConfigError, match=f"code_counts: table {name} has no event date of the type date"):
        schemas.code_counts(spark.range(1), schemas.load(name))
