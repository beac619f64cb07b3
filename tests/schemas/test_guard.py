"""Rows that break a rule of their schema fail where they are used, in words that hold no value."""

from __future__ import annotations

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import schemas

COLUMN = {"description": "A column", "sensitivity": "none", "provenance": "own"}
TABLE = schemas.TableSchema.model_validate(
    {
        "name": "people",
        "description": "People",
        "grain": "one row per person",
        "zone": "linkage",
        "key": ["id"],
        "columns": [
            COLUMN | {"name": "id", "type": "bigint", "nullable": False, "key": "primary"},
            COLUMN | {"name": "source", "type": "string", "nullable": False, "values": "source_dataset"},
            COLUMN | {"name": "sex", "type": "string", "values": "sex"},
            COLUMN | {"name": "seen", "type": "array<string>", "values": "source_dataset"},
            COLUMN | {"name": "born", "type": "date"},
        ],
        "open_columns": [{"pattern": "gamma_*", "type": "int", "description": "A level", "sensitivity": "none"}],
    }
)
COLUMNS = "id bigint, source string, sex string, seen array<string>, born date, `gamma_a.b` int"
GOOD = [
    (1, "prison", "F", ["prison", "probation"], None, 1),
    (2, "probation", None, None, None, None),
    (3, "prison", "M", [], None, -1),
]


def test_rows_that_keep_the_rules_pass_as_they_are(spark: SparkSession) -> None:
    df = spark.createDataFrame(GOOD, COLUMNS)
    found = schemas.guarded(df, TABLE, "linkage/people")
    assert found.dtypes == df.dtypes
    assert sorted(found.collect()) == sorted(df.collect())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((None, "prison", "F", None, None, 1), "column id is null in some row"),
        ((9, None, "F", None, None, 1), "column source is null in some row"),
        ((9, "Mary", "F", None, None, 1), "column source has a value that is not in the set source_dataset"),
        ((9, "prison", "Mary", None, None, 1), "column sex has a value that is not in the set sex"),
        ((9, "prison", "F", ["prison", "Mary"], None, 1), "column seen has a value that is not in the set source_dat"),
    ],
)
def test_rows_that_break_a_rule_fail(spark: SparkSession, row: tuple[object, ...], said: str) -> None:
    df = spark.createDataFrame([*GOOD, row], COLUMNS)
    with pytest.raises(PySparkException) as raised:
        schemas.guarded(df, TABLE, "linkage/people").write.format("noop").mode("overwrite").save()
    assert f"linkage.errors.InputError: linkage/people: {said}" in str(raised.value)
    assert "Mary" not in str(raised.value)


def test_what_cannot_be_null_costs_nothing(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    df = spark.range(3).select("id", F.lit("prison").alias("source"), F.lit("F").alias("sex"))
    schema = TABLE.model_copy(update={"columns": TABLE.columns[:3]})
    schemas.guarded(df, schema, "linkage/people").explain()
    assert "raise_error" not in capsys.readouterr().out
