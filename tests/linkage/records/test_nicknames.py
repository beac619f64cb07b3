"""Formal forenames are those of the library that the table comes from."""

from __future__ import annotations

from nicknames import NickNamer
from pyspark.sql import SparkSession

from linkage.records import nicknames
from tests.linkage.records.cases import Case, check, clean

FORENAMES: list[Case] = [
    ("LIZ", ["ELIZABETH", "LISA", "LIZ", "LIZZIE"], "a short form and what it stands for"),
    ("ZBIGNIEW", ["ZBIGNIEW"], "a name that the table does not have"),
    ("liz", ["liz"], "a name that is not standardised"),
    ("", None, "empty"),
    (None, None, "null stays"),
]


def test_formal_forenames(spark: SparkSession) -> None:
    check(spark, nicknames.formal_forenames, FORENAMES)


def test_every_short_form_of_the_library(spark: SparkSession) -> None:
    library = NickNamer()
    forms = {short for shorts in NickNamer.default_lookup().values() for short in shorts}
    names = sorted(name for name in forms | {"zoltan", "x"} if name.isalpha())
    assert len(names) > 1_300
    expected = [sorted({name.upper(), *map(str.upper, library.canonicals_of(name))}) for name in names]
    assert clean(spark, nicknames.formal_forenames, [name.upper() for name in names]) == expected


def test_two_short_forms_of_one_name_meet(spark: SparkSession) -> None:
    bob, rob = clean(spark, nicknames.formal_forenames, ["BOB", "ROB"])
    assert "ROBERT" in set(bob) & set(rob)
