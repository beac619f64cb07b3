"""NHS numbers, National Insurance numbers and UPNs: vectors, fillers, and python-stdnum beside ours."""

from __future__ import annotations

import random

from pyspark.sql import SparkSession
from stdnum.gb import nhs, upn

from linkage.records import public_identifiers as ids
from tests.linkage.records.cases import Case, check, clean

NHS_NUMBERS: list[Case] = [
    ("999 000 0018", "9990000018", "vector, from the range that is never issued"),
    ("999-000-0018", "9990000018", "hyphens"),
    ("9990000000", None, "its check would be 10"),
    ("9990000019", None, "wrong check digit"),
    ("0000000000", None, "filler that passes the check"),
    ("1111111111", None, "another"),
    ("999000001", None, "nine digits"),
    ("99900000180", None, "eleven digits"),
    ("999000001X", None, "a letter"),
    (None, None, "null stays"),
]

# Each that is right has a prefix that is not issued or is a public example.
NINOS: list[Case] = [
    ("AB123456C", "AB123456", "suffix left out"),
    ("ab 12 34 56 c", "AB123456", "spaces and small letters"),
    ("AB123456", "AB123456", "no suffix"),
    ("QQ123456C", None, "never issued"),
    ("AB123456E", None, "no such suffix"),
    ("DA123456A", None, "no D in first place"),
    ("AO123456A", None, "no O in second place"),
    ("OA123456A", "OA123456", "but in first place"),
    ("TN123456A", None, "a prefix for temporary numbers"),
    ("ZZ123456A", None, "an unused prefix"),
    ("AB12345C", None, "a digit too few"),
    (None, None, "null stays"),
]

UPNS: list[Case] = [
    ("G999999900001", "G999999900001", "vector"),
    ("b 8012 0000 5001", "B801200005001", "vector of python-stdnum, written otherwise"),
    ("P207000016049", "P207000016049", "remainder 13"),
    ("Q207000016049", None, "the wrong letter of a widely copied example"),
    ("A000000000000", None, "filler that passes the check"),
    ("G99999990000A", None, "a temporary number does not last"),
    ("I999999900001", None, "I is no check letter"),
    (None, None, "null stays"),
]


def test_hard_nhs_numbers(spark: SparkSession) -> None:
    check(spark, ids.normalise_nhs_number, NHS_NUMBERS)


def test_hard_ninos(spark: SparkSession) -> None:
    check(spark, ids.normalise_nino, NINOS)


def test_a_nino_of_synthetic_data_is_taken_where_it_is_asked_for(spark: SparkSession) -> None:
    # Q never comes first in a number that is issued; nor does D, which synthetic data does not have.
    values = ["QQ123456C", "QQ12345", "AB123456C", "QA123456A", "DA123456A"]
    found = clean(spark, lambda value: ids.normalise_nino(value, synthetic=True), values)
    assert found == ["QQ123456", None, "AB123456", "QA123456", None]


def test_hard_upns(spark: SparkSession) -> None:
    check(spark, ids.normalise_upn, UPNS)


def test_nhs_numbers_are_those_of_the_library(spark: SparkSession) -> None:
    draw = random.Random(1)
    numbers = [f"999{draw.randrange(10**7):07}" for _ in range(2_000)]
    right = {number for number in numbers if nhs.is_valid(number)}
    assert 100 < len(right) < 300  # one in eleven
    assert clean(spark, ids.normalise_nhs_number, numbers) == [n if n in right else None for n in numbers]


def test_upns_are_those_of_the_library(spark: SparkSession) -> None:
    draw = random.Random(1)
    numbers = [f"{draw.choice(ids.UPN_LETTERS)}{draw.randrange(10**12):012}" for _ in range(2_000)]
    # The library also asks whether the local authority is there, which is why its whole answer is not taken.
    right = {number for number in numbers if upn.calc_check_digit(number[1:]) == number[0]}
    assert 40 < len(right) < 140  # one in twenty-three
    assert clean(spark, ids.normalise_upn, numbers) == [n if n in right else None for n in numbers]
