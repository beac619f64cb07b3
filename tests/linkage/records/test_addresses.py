"""Addresses that are hard for a reason, and what is found in them."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from linkage.records import addresses
from tests.linkage.records.cases import Case, check

WHOLE: list[Case] = [
    ("12 HIGH ST", "12 HIGH ST", "standard stays"),
    ("12, High Street ", "12, HIGH ST", "type in full, white space"),
    ("12a St. Mary's Rd.", "12A ST MARYS RD", "stops and apostrophes; a saint stays"),
    ("1 Street Lane", "1 STREET LN", "only the last word is the type"),
    ("1 The Green,, Xtown", "1 THE GRN, XTOWN", "an empty line"),
    ("Street", "STREET", "a line of one word has no type"),
    ("Dog & Duck, 1 Rose Gardens", "DOG AND DUCK, 1 ROSE GDNS", "an ampersand"),
    ("12-14 Élm Avenue", "12-14 ELM AV", "a range, an accent"),
    ("1 Crescent Terrace", "1 CRESCENT TER", "a type that is a name"),
    (" , ,", None, "commas only"),
    ("", None, "empty"),
    (None, None, "null stays"),
]

# Address, flat, house, street.
PARTS = [
    ("12 HIGH ST, XTOWN", None, "12", "HIGH", "plain"),
    ("12A HIGH ST", None, "12A", "HIGH", "a letter"),
    ("12-14 HIGH ST", None, "12-14", "HIGH", "a range"),
    ("12, HIGH ST", None, "12", "HIGH", "a line of its own"),
    ("FLAT 3, 12 HIGH ST", "3", "12", "HIGH", "flat before"),
    ("FLAT 3B 12 HIGH ST", "3B", "12", "HIGH", "flat on the same line"),
    ("FLAT C, ROSE HOUSE, 5 CHURCH HILL RD", "C", "5", "CHURCH HILL", "a house between"),
    ("APARTMENT 101, 9 THE CRES", "101", "9", "THE", "the article is all the name"),
    ("ROSE COTTAGE, HIGH ST", None, None, "HIGH", "no number"),
    ("XTOWN", None, None, None, "no street"),
    ("FLATTS LN", None, None, "FLATTS", "not a flat"),
    (None, None, None, None, "null stays"),
]

# Address, no fixed abode, unknown, institution.
KINDS = [
    ("NFA", True, False, None, "letters"),
    ("N/F/A", True, False, None, "letters with strokes"),
    ("NO FIXED ABODE, XTOWN", True, False, None, "with a town"),
    ("OF NO FIXED ADDRESS", True, False, None, "in words"),
    ("12 NFA HOUSE", False, False, None, "part of a line"),
    ("HOMELESS PERSONS UNIT, XTOWN", False, False, None, "an office"),
    ("NOT KNOWN", False, True, None, "not known"),
    ("HMP XTOWN", False, False, "prison", "prison"),
    ("XTOWN, HM PRISON", False, False, "prison", "prison in words"),
    ("HMYOI XTOWN", False, False, "prison", "young offenders"),
    ("XTOWN MAGISTRATES COURT, 1 HIGH ST", False, False, "court", "court"),
    ("XTOWN CROWN CT", False, False, "court", "court, standardised"),
    ("12 CROWN CT, XTOWN", False, False, None, "a block of flats"),
    ("CROWN CT", False, False, None, "perhaps a block of flats"),
    ("ROSE HOSTEL, XTOWN", False, False, "hostel", "hostel"),
    ("XTOWN APPROVED PREMISES", False, False, "hostel", "approved premises"),
    ("1 HOSTEL LN", False, False, None, "a lane"),
    ("12 HIGH ST", False, False, None, "a home"),
    (None, None, None, None, "null stays"),
]


def test_whole_addresses(spark: SparkSession) -> None:
    check(spark, addresses.standardise_address, WHOLE)


def test_lines_close_up(spark: SparkSession) -> None:
    rows = [("Flat 1", None, "2 High Road"), (None, "", "2 High Road"), (None, " ", None), (None, None, None)]
    df = spark.createDataFrame(rows, "a string, b string, c string").coalesce(1)
    found = df.select(addresses.standardise_address(F.col("a"), F.col("b"), F.col("c"))).collect()
    assert [row[0] for row in found] == ["FLAT 1, 2 HIGH RD", "2 HIGH RD", None, None]


def test_parts(spark: SparkSession) -> None:
    df = spark.createDataFrame([row[:1] for row in PARTS], "address string").coalesce(1)
    functions = addresses.flat_number, addresses.house_number, addresses.street
    for row, found in zip(PARTS, df.select(*(f(F.col("address")) for f in functions)).collect(), strict=True):
        assert tuple(found) == row[1:4], row


def test_addresses_that_are_nobodys_own(spark: SparkSession) -> None:
    df = spark.createDataFrame([row[:1] for row in KINDS], "address string").coalesce(1)
    functions = addresses.is_no_fixed_abode, addresses.is_unknown, addresses.institution
    for row, found in zip(KINDS, df.select(*(f(F.col("address")) for f in functions)).collect(), strict=True):
        assert tuple(found) == row[1:4], row
