"""FHIR Patients, line by line: whose name, which address, which number, and what is no patient."""

from __future__ import annotations

import json

from pyspark.sql import SparkSession

from linkage.records.fhir import NHS_NUMBER_SYSTEM, patients
from linkage.records.quarantine import MALFORMED, REFUSED


def patient(**parts: object) -> str:
    return json.dumps({"resourceType": "Patient", "id": "p", **parts}, ensure_ascii=False)


NHS = {"system": NHS_NUMBER_SYSTEM, "value": "999 000 0018"}
OLD_NHS = NHS | {"value": "9990000026", "period": {"end": "2015-01-01"}}
NAMES = [
    {"use": "nickname", "given": ["Zed"]},
    {"use": "maiden", "family": "Formerly", "given": ["Zoë", "A;B"], "period": {"end": "2010"}},
    {"use": "usual", "family": "Usual", "given": ["Zoe"]},
    {"use": "official", "family": "Earlier", "given": ["Z"], "period": {"start": "2001", "end": "2010"}},
    {"use": "official", "family": "Official", "given": ["Zoë", "Ann", "May", "Jo"], "period": {"start": "2010"}},
    {"use": "old", "text": "As She Was Written"},
]
ADDRESSES = [
    {"use": "home", "line": ["1 Old St"], "postalCode": "XA1 1AA", "period": {"start": "2001", "end": "2005"}},
    {"use": "work", "line": ["2 Work St"], "postalCode": "XB1 1AA"},
    {"use": "home", "line": ["3 New St", "Flat"], "postalCode": "XC1 1AA", "period": {"start": "2012"}},
    {"use": "home", "line": ["4 St"], "postalCode": "XD1 1AA", "period": {"start": "2008"}},
    {"use": "old", "line": ["5 St"], "period": {"start": "2007"}},
]
# Each line with what must come of it, other columns null; None for a line that is kept whole.
CASES: list[tuple[str, dict[str, str] | None, str]] = [
    (
        patient(name=NAMES, address=ADDRESSES, identifier=[{"system": "x", "value": "1"}, OLD_NHS, NHS],
                gender="female", birthDate="1985-03-02", deceasedDateTime="2024-02-03T04:05:06+00:00"),
        {"nhs_number": "999 000 0018", "given1": "Zoë", "given2": "Ann", "given3": "May", "family": "Official",
         "other_names": "Zed;Zoë A B Formerly;Zoe Usual;Z Earlier;As She Was Written", "gender": "female",
         "birth_date": "1985-03-02", "address_line1": "3 New St", "postcode": "XC1 1AA",
         "previous_postcodes": "XD1 1AA;XA1 1AA;XB1 1AA", "deceased": "true", "deceased_date": "2024-02-03"},
        "one of each",
    ),
    (patient(birthDate="1985-03", deceasedBoolean=False), {"birth_date": "1985-03", "deceased": "false"}, "a month"),
    (patient(birthDate="1985", deceasedBoolean=True), {"birth_date": "1985", "deceased": "true"}, "a year"),
    (patient(name=[{"family": "Only"}], address=[{"text": "x"}]), {"family": "Only"}, "of no use, so it is the name"),
    (patient(name=[{"use": "old", "family": "Was"}]), {"other_names": "Was"}, "no present name"),
    (patient(name=[], address=[], identifier=[]), {}, "nothing in them"),
    (patient(unknown={"x": [1]}), {}, "more than is asked for"),
    (patient(deceasedDateTime="2024"), {"deceased": "true", "deceased_date": "2024"}, "a year of death"),
    (patient(name="Zoë"), None, "a name that is no list"),
    (patient(deceasedBoolean="yes"), None, "a truth that is none"),
    ('{"resourceType": "Observation", "id": "o"}', None, "another resource"),
    ('{"resourceType": "Patient", "id": "p', None, "cut short"),
    (patient() + patient(), None, "two patients in one line"),
    (patient() + " and more", None, "something behind"),
    ("[]", None, "no object"),
    ("null", None, "no object"),
    ("name,dob", None, "no JSON"),
]  # fmt: skip


def test_patients(spark: SparkSession) -> None:
    lines = spark.createDataFrame([(line,) for line, _, _ in CASES], "line string").coalesce(1)
    rows = patients(lines, "line").collect()
    assert len(rows) == len(CASES)
    for row, (line, expected, reason) in zip(rows, CASES, strict=True):
        found = {name: value for name, value in row.asDict().items() if value is not None}
        if expected is None:
            assert found == {MALFORMED: line, REFUSED: "row_malformed"}, reason
        else:
            assert found == {"id": "p"} | expected, reason
