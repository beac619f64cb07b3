"""The groups of a record are what the record says, for each dataset and with what is missing kept apart."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.records.standardise import identify
from linkage.records.subgroups import SUBGROUPS, age_band, to_subgroups

KEY = b"0123456789abcdef"
AS_OF = date(2022, 12, 31)
# Dataset, values of the supply, expected groups in the order of SUBGROUPS.
CASES = [
    (
        "prison",
        {"sex": "Female", "ethnicity": "o1", "dob": "1990-06-01", "postcode": "NF1 1NF", "nationality": "Other"}
        | {"reception_date": "2015-05-31"},
        # Chinese was Other in 2001 and is Asian since 2011; a day before the birthday she is 24.
        ("F", "A", "21-24", True, True, None, 2015),
    ),
    (
        "prison",
        {"sex": "9", "ethnicity": "NS", "dob": "1900-01-01", "postcode": " ", "nationality": "uk"}
        | {"reception_date": "2015-05-31"},
        # Asked and not stated is a group; not recorded is null. A placeholder has no age.
        (None, "NS", None, None, False, None, 2015),
    ),
    (
        "probation",
        {"sex": "M", "dob": "01/06/1950", "address_line1": "No fixed abode", "referral_date": "unknown"},
        # Without a date of the event the age is that at the date of the supply.
        ("M", None, "60+", True, None, None, None),
    ),
    # A day that no event can have is none, and says nothing about a birth: a filler, another century, the future.
    ("probation", {"dob": "01/06/1980", "referral_date": "1900-01-01"}, (None, None, "40-49", None, None, None, None)),
    ("probation", {"dob": "01/06/1980", "referral_date": "1918-03-01"}, (None, None, "40-49", None, None, None, None)),
    ("probation", {"dob": "01/06/2021", "referral_date": "2031-03-01"}, (None, None, "0-9", None, None, None, None)),
    (
        "family",
        {"role": " child", "dob": "2020-01-01", "postcode": "XA1 1AA"},
        (None, None, "0-9", False, None, "child", None),
    ),
    ("civil", {"role": "witness", "address_line1": "1 HIGH ST"}, (None, None, None, False, None, None, None)),
]


def identified(spark: SparkSession, dataset: str, row: dict[str, str], number: int) -> DataFrame:
    schema = schemas.load(dataset)
    values = dict.fromkeys(schema.key, str(number)) | row
    frame = spark.createDataFrame(
        [tuple(values.get(name) for name in schema.column_names)],
        ", ".join(f"{name} string" for name in schema.column_names),
    )
    return identify(frame, dataset, KEY)


def test_groups_are_what_the_record_says(spark: SparkSession) -> None:
    made = [
        to_subgroups(identified(spark, dataset, row, number), dataset, as_of=AS_OF)
        for number, (dataset, row, _) in enumerate(CASES)
    ]
    schema = schemas.load("subgroups")
    table = reduce(DataFrame.unionByName, made)
    schema.check(table)
    rows = schemas.guarded(table, schema, "evaluation/subgroups").collect()
    assert [row["source_dataset"] for row in rows] == [dataset for dataset, _, _ in CASES]
    assert [tuple(row[name] for name in SUBGROUPS) for row in rows] == [expected for _, _, expected in CASES]
    assert len({row["record_id"] for row in rows}) == len(CASES)


def test_every_age_is_in_one_band_of_the_value_set(spark: SparkSession) -> None:
    ages = spark.range(0, 121).selectExpr("int(id) AS age")
    found = [row[0] for row in ages.select(age_band(ages["age"])).collect()]
    assert list(dict.fromkeys(found)) == list(schemas.value_set("age_band"))
    assert [found[age] for age in (9, 10, 17, 18, 20, 21, 24, 25, 29, 59, 60)] == [
        *("0-9", "10-17", "10-17", "18-20", "18-20", "21-24", "21-24", "25-29", "25-29", "50-59", "60+"),
    ]


def test_the_table_has_the_groups_that_can_be_asked_for() -> None:
    assert schemas.load("subgroups").column_names == ("record_id", "source_dataset", *SUBGROUPS)
