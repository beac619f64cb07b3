"""Accepted rows of each supply become records and attributes, one for one."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

import schemas
from linkage.records.standardise import identify, to_attributes, to_records

KEY = b"0123456789abcdef"
AS_OF = date(2022, 12, 31)
PROBATION = {
    "event_id": "E1",
    "crn": "z999999",
    "forename1": "Mr John Paul",
    "forename3": "George",
    "surname": "O'Brien",
    "aliases": "Jon Brien",
    "dob": "28/02/1985",
    "sex": "Male",
    "postcode": "xa12bc",
    "previous_postcodes": "VB2 2BB",
    "pnc": "99/9999901N",
    "cro": "999901/99U",
    "prison_number": "Z9999ZZ",
    "ethnicity": "W1",
    "event_type": "community",
    "referral_date": "2016-03-01",
    "termination_date": "never",
    "requirement": "XXX",
    "breach": " 1",
}


def supply(spark: SparkSession, dataset: str, *rows: dict[str, str]) -> DataFrame:
    schema = schemas.load(dataset)
    values = [tuple(row.get(name) for name in schema.column_names) for row in rows]
    df = spark.createDataFrame(values, ", ".join(f"{name} string" for name in schema.column_names))
    return identify(df, dataset, KEY)


def only(df: DataFrame) -> Row:
    (row,) = df.collect()
    return row


def test_a_full_row_of_probation(spark: SparkSession) -> None:
    identified = supply(spark, "probation", PROBATION)
    records = to_records(identified, "probation", as_of=AS_OF)
    schemas.load("records").check(records)
    row = only(records).asDict()
    assert isinstance(row.pop("record_id"), int)
    assert row == {
        "source_dataset": "probation",
        "source_key": "E1",
        "forename1_std": "JOHN",
        "forename2_std": "PAUL",
        "forename3_std": "GEORGE",
        "surname_std": "OBRIEN",
        "name_aliases_std": ["JON BRIEN"],
        "dob": date(1985, 2, 28),
        "sex": "M",
        "postcode_std": "XA1 2BC",
        "postcode_sector_std": "XA1 2",
        "postcode_district_std": "XA1",
        "postcode_history_std": ["VB2 2BB", "XA1 2BC"],
        "pnc_std": "1999/9999901N",
        "cro_std": "999901/99U",
        "prison_number_std": "Z9999ZZ",
        "crn_std": "Z999999",
        "evidence": None,
    }


def test_attributes_have_types_and_no_identifier(spark: SparkSession) -> None:
    attributes = to_attributes(supply(spark, "probation", PROBATION), "probation", as_of=AS_OF)
    schemas.load("probation_attributes").check(attributes)
    row = only(attributes).asDict()
    assert isinstance(row.pop("record_id"), int)
    assert row == {
        "age": 31,
        "ethnicity": "W1",
        "event_type": "community",
        "referral_date": date(2016, 3, 1),
        "termination_date": None,
        "requirement": None,
        "termination_reason": None,
        "breach": 1,
    }


@pytest.mark.parametrize("dataset", ["magistrates", "prison", "probation"])
def test_a_row_with_its_key_only_stays_a_row(spark: SparkSession, dataset: str) -> None:
    identified = supply(spark, dataset, dict.fromkeys(schemas.load(dataset).key, "K"))
    records, attributes = (f(identified, dataset, as_of=AS_OF) for f in (to_records, to_attributes))
    schemas.load("records").check(records)
    schemas.load(f"{dataset}_attributes").check(attributes)
    record = only(records)
    known = {name for name, value in record.asDict().items() if value is not None}
    assert known == {"record_id", "source_dataset", "source_key"}
    assert only(attributes)["record_id"] == record["record_id"]


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({"forename1": "J", "forename3": ""}, "forename_initial"),
        ({"forename1": "NOT ENTERED", "forename3": ""}, "forename_unusable"),
        ({"surname": "UNKNOWN"}, "surname_unusable"),
        ({"dob": "31/02/1985"}, "dob_unreadable"),
        ({"dob": "1900-01-01"}, "dob_placeholder"),
        ({"dob": "2016-03-02"}, "dob_implausible"),
        ({"dob": "01/01/1985"}, "dob_first_january"),
        ({"sex": "9"}, "sex_unusable"),
        ({"postcode": "XA1"}, "postcode_invalid"),
        ({"postcode": "NF1 1NF"}, "postcode_no_fixed_abode"),
        ({"postcode": "ZZ99 3WZ"}, "postcode_pseudo"),
        ({"pnc": "99/9999902N"}, "pnc_invalid"),
        ({"cro": "000000/00Z"}, "cro_invalid"),
        ({"prison_number": "A1"}, "prison_number_invalid"),
        ({"crn": "1"}, "crn_invalid"),
    ],
)
def test_what_is_taken_out_leaves_evidence(spark: SparkSession, change: dict[str, str], evidence: str) -> None:
    records = to_records(supply(spark, "probation", PROBATION | change), "probation", as_of=AS_OF)
    assert only(records.select("evidence"))[0] == [evidence]
