"""Parts of names and several names, as arrays that are the same whatever order they came in."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from linkage.records import histories, name_evidence
from linkage.records.identifiers import normalise_crn
from tests.linkage.records.cases import Case, check

PARTS: list[Case] = [
    ("SMITH JONES", ["JONES", "SMITH"], "both halves, sorted"),
    ("JONES SMITH", ["JONES", "SMITH"], "the other way round"),
    ("SMITH SMITH", ["SMITH"], "once"),
    ("HALL", ["HALL"], "one part"),
    ("T HOF", ["HOF"], "a single letter says too little"),
    ("A B", None, "nothing else"),
    (None, None, "null stays"),
]


def test_parts_of_surnames(spark: SparkSession) -> None:
    check(spark, name_evidence.surname_parts, PARTS)


def test_words_of_names_do_not_tell_forename_from_surname(spark: SparkSession) -> None:
    rows = [
        ("AMIT", "PATEL", ["AMIT", "PATEL"], "in order"),
        ("PATEL", "AMIT", ["AMIT", "PATEL"], "swapped"),
        (None, "PATEL AMIT", ["AMIT", "PATEL"], "in one field"),
        ("A", "PATEL", ["PATEL"], "an initial is no word"),
        ("LEE", "LEE", ["LEE"], "once"),
        (None, None, None, "null stays"),
    ]
    df = spark.createDataFrame([row[:2] for row in rows], "forename string, surname string").coalesce(1)
    found = df.select(name_evidence.name_words(F.col("forename"), F.col("surname"))).collect()
    for row, result in zip(rows, found, strict=True):
        assert result[0] == row[2], row[3]


def test_names_and_aliases(spark: SparkSession) -> None:
    rows = [
        ("JO", "HALL", ["ANN SMITH", "JO SMITH JONES"], ["ANN SMITH", "JO HALL", "JO SMITH JONES"], "all"),
        ("JO", "HALL", ["JO HALL"], ["JO HALL"], "an alias that is the name"),
        ("JO", "HALL", None, ["JO HALL"], "no alias"),
        (None, "HALL", None, ["HALL"], "half a name"),
        (None, None, ["ANN SMITH"], ["ANN SMITH"], "an alias alone"),
        (None, None, None, None, "null stays"),
    ]
    surnames = [["HALL", "JONES", "SMITH"], ["HALL"], ["HALL"], ["HALL"], ["SMITH"], None]
    columns = F.col("forename"), F.col("surname"), F.col("aliases")
    df = spark.createDataFrame([r[:3] for r in rows], "forename string, surname string, aliases array<string>")
    found = df.coalesce(1).select(name_evidence.full_names(*columns), name_evidence.surname_history(*columns[1:]))
    for row, borne, result in zip(rows, surnames, found.collect(), strict=True):
        assert tuple(result) == (row[3], borne), row[4]


def test_initials(spark: SparkSession) -> None:
    rows = [
        ("JO", "HALL", "JH", False),
        ("J", "HALL", "JH", True),
        ("JO", None, None, False),
        (None, "HALL", None, None),
    ]
    df = spark.createDataFrame([row[:2] for row in rows], "forename string, surname string").coalesce(1)
    forename, surname = F.col("forename"), F.col("surname")
    found = df.select(name_evidence.initials(forename, surname), name_evidence.is_initial(forename)).collect()
    assert [tuple(row) for row in found] == [row[2:] for row in rows]


def test_a_history_of_identifiers(spark: SparkSession) -> None:
    rows = [
        ("Z999999", "z999998;Z999997", ["Z999997", "Z999998", "Z999999"], "sorted"),
        ("Z999999", "z999999", ["Z999999"], "once"),
        ("Z999999", "1; ;2", ["Z999999"], "what is not valid falls away"),
        ("Z999999", None, ["Z999999"], "no earlier one"),
        (None, "z999998", ["Z999998"], "an earlier one alone"),
        (None, "1", None, "none that is valid"),
        (None, None, None, "null stays"),
    ]
    df = spark.createDataFrame([row[:2] for row in rows], "present string, earlier string").coalesce(1)
    found = df.select(histories.standardise_history(F.col("present"), F.col("earlier"), normalise_crn)).collect()
    for row, result in zip(rows, found, strict=True):
        assert result[0] == row[2], row[3]
