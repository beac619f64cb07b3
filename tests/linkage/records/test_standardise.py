"""Accepted rows of each supply become records and attributes, one for one."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

import schemas
from linkage.records.standardise import to_attributes, to_records, to_records_together, typed
from tests.linkage.records.tiny_supplies import AS_OF, identified

PROBATION = {
    "event_id": "E1",
    "crn": "z999999",
    "forename1": "Mr John Paul",
    "forename3": "George",
    "surname": "O'Brien",
    "aliases": "Jon Brien",
    "dob": "28/02/1985",
    "alias_dobs": "28/02/1983;1984-02-28;1900-01-01;28/02/1985 ",
    "address_line1": "Flat 3, 12a High Street",
    "sex": "Male",
    "postcode": "xa12bc",
    "previous_postcodes": "VB2 2BB",
    "pnc": "99/9999901N",
    "cro": "999901/99U",
    "previous_pncs": "20/9N;1999/9999902N",
    "prison_number": "Z9999ZZ",
    "previous_crns": "z999998",
    "nino": "QQ 12 34 56 C",
    "ethnicity": "O1",
    "event_type": "community",
    "referral_date": "2016-03-01",
    "termination_date": "never",
    "requirement": "XXX",
    "breach": " 1",
}


def only(df: DataFrame) -> Row:
    (row,) = df.collect()
    return row


def test_a_full_row_of_probation(spark: SparkSession) -> None:
    records = to_records(identified(spark, "probation", PROBATION), "probation", as_of=AS_OF, synthetic=True)
    schemas.load("records").check(records)
    row = only(records).asDict()
    assert isinstance(row.pop("record_id"), int)
    assert "JOHN" in row.pop("forename1_formal_std")
    assert row == {
        "source_dataset": "probation",
        "source_key": "E1",
        "forename1_std": "JOHN",
        "forename2_std": "PAUL",
        "forename3_std": "GEORGE",
        "surname_std": "OBRIEN",
        "name_aliases_std": ["JON BRIEN"],
        "full_names_std": ["JOHN OBRIEN", "JON BRIEN"],
        "initials_std": "JO",
        "surname_parts_std": ["OBRIEN"],
        "dob": date(1985, 2, 28),
        "dob_swapped": None,
        "dob_aliases": [date(1983, 2, 28), date(1984, 2, 28), date(1985, 2, 28)],
        "sex": "M",
        "postcode_std": "XA1 2BC",
        "postcode_sector_std": "XA1 2",
        "postcode_district_std": "XA1",
        "postcode_history_std": ["VB2 2BB", "XA1 2BC"],
        "address_key_std": "12A XA1 2BC",
        "lad_code_std": None,
        "pnc_std": "1999/9999901N",
        "pnc_history_std": ["1999/9999901N", "2020/0000009N"],
        "cro_std": "999901/99U",
        "cro_history_std": ["999901/99U"],
        "prison_number_std": "Z9999ZZ",
        "prison_number_history_std": ["Z9999ZZ"],
        "crn_std": "Z999999",
        "crn_history_std": ["Z999998", "Z999999"],
        "nino_std": "QQ123456",
        "nhs_number_std": None,
        "upn_std": None,
        "asn_std": None,
        "urn_std": None,
        "identifiers_aside": None,
        "evidence": None,
    }


def test_attributes_have_types_and_no_identifier(spark: SparkSession) -> None:
    attributes = to_attributes(identified(spark, "probation", PROBATION), "probation", as_of=AS_OF)
    schemas.load("probation_attributes").check(attributes)
    row = only(attributes).asDict()
    assert isinstance(row.pop("record_id"), int)
    assert row == {
        "age": 31,
        "ethnicity": "A4",
        "event_type": "community",
        "referral_date": date(2016, 3, 1),
        "termination_date": None,
        "requirement": None,
        "termination_reason": None,
        "breach": 1,
    }


def test_nothing_but_a_code_passes_for_a_code(spark: SparkSession) -> None:
    # Names, postcodes and numbers in the wrong column stay with the identifiers.
    given = [
        {"title": "Mr John Hall", "lsoa_code": "XA1 2BC", "lad_code": "QQ123456C"},
        {"title": " mrs. ", "lsoa_code": "E01000001", "lad_code": " W06000001"},
    ]
    rows = identified(
        spark, "civil", *({"case_number": f"C{n}", "party_number": "1"} | row for n, row in enumerate(given))
    )
    found = to_attributes(rows, "civil", as_of=AS_OF).select("title", "lsoa_code", "lad_code").collect()
    assert sorted(map(tuple, found), key=str) == [(None, None, None), ("mrs.", "E01000001", "W06000001")][::-1]


def test_no_number_is_not_an_amount(spark: SparkSession) -> None:
    texts = ["12.50", "NaN", "Infinity", "-Infinity", "many"]
    rows = spark.createDataFrame([(text,) for text in texts], "claim_amount string")
    amount = schemas.load("civil_cases_attributes").column("claim_amount")
    assert [row[0] for row in rows.select(typed(amount)).collect()] == [12.5, None, None, None, None]


def test_a_row_with_its_key_only_stays_a_row(spark: SparkSession) -> None:
    datasets = ("magistrates", "prison", "probation")
    rows = {name: identified(spark, name, dict.fromkeys(schemas.load(name).key, "K")) for name in datasets}
    records = to_records_together(rows, as_of=AS_OF)
    schemas.load("records").check(records)
    ids = {}
    for record in records.collect():
        known = {name for name, value in record.asDict().items() if value is not None}
        assert known == {"record_id", "source_dataset", "source_key"}
        ids[record["source_dataset"]] = record["record_id"]
    attributes = {name: to_attributes(df, name, as_of=AS_OF) for name, df in rows.items()}
    for name, df in attributes.items():
        schemas.load(f"{name}_attributes").check(df)
    found = reduce(DataFrame.unionAll, [df.select(F.lit(name), "record_id") for name, df in attributes.items()])
    assert sorted(map(tuple, found.collect())) == sorted(ids.items())


# What is changed in the row, the evidence that it leaves, and what is kept aside.
TAKEN_OUT: list[tuple[dict[str, str], list[str] | None, list[str] | None]] = [
    ({}, None, None),
    ({"forename1": "J", "forename3": ""}, ["forename_initial"], None),
    ({"forename1": "NOT ENTERED", "forename3": ""}, ["forename_unusable"], None),
    ({"surname": "UNKNOWN"}, ["surname_unusable"], None),
    ({"dob": "31/02/1985"}, ["dob_unreadable"], None),
    ({"dob": "1900-01-01"}, ["dob_placeholder"], None),
    ({"dob": "2016-03-02"}, ["dob_implausible"], None),
    ({"dob": "01/01/1985"}, ["dob_first_january"], None),
    ({"sex": "9"}, ["sex_unusable"], None),
    ({"postcode": "XA1"}, ["postcode_invalid"], None),
    ({"postcode": "NF1 1NF"}, ["postcode_no_fixed_abode"], None),
    ({"postcode": "ZZ99 3WZ"}, ["postcode_pseudo"], None),
    ({"address_line1": "NFA"}, ["address_no_fixed_abode"], None),
    ({"address_line1": "HMP Xtown"}, ["address_institution"], None),
    ({"pnc": "99/9999902n"}, ["pnc_invalid"], ["pnc 99/9999902N"]),
    ({"cro": "000000/00Z"}, ["cro_invalid"], ["cro 000000/00Z"]),
    ({"prison_number": "A1"}, ["prison_number_invalid"], ["prison_number A1"]),
    ({"crn": "1"}, ["crn_invalid"], ["crn 1"]),
    ({"nino": "GB123456A", "sex": "X"}, ["sex_unusable", "nino_invalid"], ["nino GB123456A"]),
]


def test_what_is_taken_out_leaves_evidence(spark: SparkSession) -> None:
    rows = (PROBATION | {"event_id": f"E{place:02}"} | change for place, (change, *_) in enumerate(TAKEN_OUT))
    records = to_records(identified(spark, "probation", *rows), "probation", as_of=AS_OF, synthetic=True)
    found = records.orderBy("source_key").select("evidence", "identifiers_aside").collect()
    expected = [(change, evidence, aside) for change, evidence, aside in TAKEN_OUT]
    assert [(change, *row) for (change, *_), row in zip(TAKEN_OUT, found, strict=True)] == expected


# One row of a supply each, what of its record is not null beside keys, and why.
OTHER_SUPPLIES: list[tuple[str, dict[str, str], dict[str, object]]] = [
    # Initials, sector and area are all that treatment services hold.
    (
        "ndtms",
        {"initials": "a.s.", "dob": "02/03/1985", "postcode_sector": "xa1 2", "lad_code": "E09000033"},
        {
            "initials_std": "AS",
            "dob": date(1985, 3, 2),
            "dob_swapped": date(1985, 2, 3),
            "postcode_sector_std": "XA1 2",
            "postcode_district_std": "XA1",
            "lad_code_std": "E09000033",
        },
    ),
    (
        "ndtms",
        {"initials": "AS", "postcode_sector": "XA1"},
        {"initials_std": "AS", "evidence": ["postcode_invalid"]},
    ),
    # A title is a hint at sex and is marked as one.
    (
        "civil",
        {"title": "Mrs", "surname": "Smith-Jones", "address_line1": "1 High St", "postcode": "XA1 2BC"},
        {
            "surname_std": "SMITH JONES",
            "surname_parts_std": ["JONES", "SMITH"],
            "full_names_std": ["SMITH JONES"],
            "sex": "F",
            "postcode_std": "XA1 2BC",
            "postcode_sector_std": "XA1 2",
            "postcode_district_std": "XA1",
            "postcode_history_std": ["XA1 2BC"],
            "address_key_std": "1 XA1 2BC",
            "evidence": ["sex_from_title"],
        },
    ),
    # The area of a school is no home; a temporary pupil number does not last.
    (
        "npd",
        {"upn": "g999999900001", "lad_code": "E09000033", "forename1": "Zbigniew"},
        {
            "upn_std": "G999999900001",
            "forename1_std": "ZBIGNIEW",
            "forename1_formal_std": ["ZBIGNIEW"],
            "full_names_std": ["ZBIGNIEW"],
        },
    ),
    ("npd", {"upn": "A12345678901B"}, {"evidence": ["upn_invalid"], "identifiers_aside": ["upn A12345678901B"]}),
    ("mortality", {"nhs_number": "999 000 0018"}, {"nhs_number_std": "9990000018"}),
    (
        "hes_episodes",
        {"nhs_number": "9990000019"},
        {"evidence": ["nhs_number_invalid"], "identifiers_aside": ["nhs_number 9990000019"]},
    ),
    (
        "crown",
        {"asn": "99/00ZZ/00/99901E", "urn": "00zz9990199"},
        {"asn_std": "99/00ZZ/00/00000099901E", "urn_std": "00ZZ9990199"},
    ),
    # Numbers that are never issued are taken only where it is said that the supply is synthetic.
    ("dwp", {"nino": "QQ123456C"}, {"evidence": ["nino_invalid"], "identifiers_aside": ["nino QQ123456C"]}),
    (
        "prison",
        {"prison_number": "z9998zz", "previous_prison_numbers": "Z9999ZZ;?"},
        {"prison_number_std": "Z9998ZZ", "prison_number_history_std": ["Z9998ZZ", "Z9999ZZ"]},
    ),
]


def test_what_other_supplies_have(spark: SparkSession) -> None:
    supplies: dict[str, list[dict[str, str]]] = {}
    expectations: dict[tuple[str, str], dict[str, object]] = {}
    for place, (dataset, row, expected) in enumerate(OTHER_SUPPLIES):
        given = dict.fromkeys(schemas.load(dataset).key, f"P{place}") | row
        supplies.setdefault(dataset, []).append(given)
        expectations[dataset, "\x1f".join(given[name] for name in schemas.load(dataset).key)] = expected
    rows = {dataset: identified(spark, dataset, *given) for dataset, given in supplies.items()}
    # Each has other columns than the next, and nothing of one gets into another.
    records = [record.asDict() for record in to_records_together(rows, as_of=AS_OF).drop("record_id").collect()]
    found = {(record.pop("source_dataset"), record.pop("source_key")): record for record in records}
    assert len(found) == len(records) == len(expectations) == len(OTHER_SUPPLIES)
    for key, expected in expectations.items():
        assert {name: value for name, value in found[key].items() if value is not None} == expected, key
