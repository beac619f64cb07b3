"""Codes of ethnicity of two censuses, their groups, and what officers observe."""

from __future__ import annotations

from pyspark.sql import SparkSession

import schemas
from linkage.records import ethnicity
from tests.linkage.records.cases import Case, check, clean

CODES: list[Case] = [
    ("W1", "W1", "a code of both"),
    (" w3 ", "W3", "of 2011 only, written otherwise"),
    ("O1", "A4", "Chinese of 2001"),
    ("NS", "NS", "not stated is a statement"),
    ("W4", None, "no such code"),
    ("White", None, "a word"),
    ("", None, "empty"),
    (None, None, "null stays"),
]

OBSERVED: list[Case] = [
    ("IC1", "W", "with letters"),
    ("2", "W", "South European"),
    ("ic 3", "B", "small letters and a space"),
    ("4", "A", "Asian"),
    ("5", "O", "Chinese is Other where officers observe"),
    ("6", "O", "Middle Eastern"),
    ("9", "NS", "unknown"),
    ("7", None, "no such code"),
    (None, None, "null stays"),
]


def test_hard_codes(spark: SparkSession) -> None:
    check(spark, ethnicity.standardise_ethnicity, CODES)


def test_observed_codes(spark: SparkSession) -> None:
    check(spark, ethnicity.observed_group, OBSERVED)


def test_every_observed_code_has_a_group(spark: SparkSession) -> None:
    groups = clean(spark, ethnicity.observed_group, list(schemas.value_set("ethnicity_observed")))
    assert set(groups) <= set(schemas.value_set("ethnicity_5"))


def test_every_code_has_a_group_and_a_code_of_2001(spark: SparkSession) -> None:
    codes = list(schemas.value_set("ethnicity_18"))
    groups = clean(spark, ethnicity.ethnic_group, codes)
    assert set(groups) == set(schemas.value_set("ethnicity_5"))
    assert set(clean(spark, ethnicity.to_16, codes)) == set(schemas.value_set("ethnicity_16"))
    assert dict(zip(codes, groups, strict=True))["A4"] == "A", "Chinese is Asian since 2011"


def test_codes_of_2001_come_back(spark: SparkSession) -> None:
    codes = list(schemas.value_set("ethnicity_16"))
    back = clean(spark, lambda code: ethnicity.to_16(ethnicity.standardise_ethnicity(code)), codes)
    assert back == codes
