"""Each row of `docs/dialects.md`, which says what settings in Spark's dialect come to: evaluated on both sides."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from pyspark.errors import PySparkException

from linkage.errors import ConfigError
from linkage.model.dialects import to_duckdb
from tests.linkage.model.splink_pairs import splinks_functions

DOCUMENT = Path(__file__).parents[3] / "docs" / "dialects.md"
AN_ERROR = "an error"


def _table(heading):
    """The cells of a section's table, the code in the cell of examples alone."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.split(" | ")] for line in section.splitlines() if line.startswith("| ")]
    header, *rows = [[row[0].removeprefix("| "), *row[1:-1], row[-1].removesuffix(" |")] for row in rows]
    place = header.index("Example")
    return [[*row[:place], re.findall(r"`(.+?)`(?:,|$)", row[place]), *row[place + 1 :]] for row in rows]


DIFFERENT = [(*names, example, spark, here) for *names, _, [example], spark, here in _table("Where the answers differ")]
SAME = [(example, both) for [example], both in _table("What is the same")]
REFUSED = [(example, words) for examples, words in _table("What is refused") for example in examples]


def _written(value):
    """A value as the document writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, str):
        return "'" + value.replace("\r", r"\r").replace("\u00a0", r"\u00a0") + "'"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float | Decimal):
        return f"{float(value) + 0.0:.6g}"  # without a sign of nought
    return str(value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value)


@pytest.fixture(scope="module")
def spark_says(spark):
    """What Spark answers to each example: one query for all, and one for each that must fail."""
    expected = {example: answer for *_, example, answer, _ in DIFFERENT} | dict(SAME)
    answered = [example for example, answer in expected.items() if answer != AN_ERROR]
    found = {}
    with splinks_functions(spark):
        row = spark.range(1).selectExpr(*[f"{example} AS c{n}" for n, example in enumerate(answered)]).first()
        for example in expected.keys() - set(answered):
            with pytest.raises(PySparkException):
                found[example] = _written(spark.range(1).selectExpr(example).first()[0])
            found.setdefault(example, AN_ERROR)
    return found | dict(zip(answered, map(_written, row), strict=True))


def _here(example):
    sql = to_duckdb(example, "spark", where="here")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        try:
            [(value,)] = connection.sql(f"SELECT {sql}").fetchall()
        except duckdb.Error:
            return AN_ERROR
    return _written(value)


def _names_a_function_of(cell, sql):
    return any(name.split("(")[0].strip("]") in sql.lower() for name in re.findall("`(.+?)`", cell))


@pytest.mark.parametrize(
    ("in_spark", "in_duckdb", "example", "theirs", "ours"), DIFFERENT, ids=[row[2] for row in DIFFERENT]
)
def test_where_the_answers_differ(spark_says, in_spark, in_duckdb, example, theirs, ours):
    assert (spark_says[example], _here(example)) == (theirs, ours)
    assert theirs != ours
    assert _names_a_function_of(in_spark, example)
    assert _names_a_function_of(in_duckdb, to_duckdb(example, "spark", where="here"))


@pytest.mark.parametrize(("example", "both"), SAME, ids=[example for example, _ in SAME])
def test_what_is_the_same(spark_says, example, both):
    assert (spark_says[example], _here(example)) == (both, both)


@pytest.mark.parametrize(("example", "words"), REFUSED, ids=[example for example, _ in REFUSED])
def test_what_is_refused(example, words):
    with pytest.raises(ConfigError, match=f"^here: {re.escape(words)}"):
        to_duckdb(example, "spark", where="here")
