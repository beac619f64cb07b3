"""Pairs of the records that try Splink's libraries, and the SQL that finds their levels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
from pyspark.sql import SparkSession
from splink import SettingsCreator
from splink.backends.spark import similarity_jar_location

from linkage.model.splink_settings import parse_settings
from tests.linkage.model.splink_library import CASES, RECORDS
from tests.linkage.splink_models import Settings

Levels = Sequence[tuple[str, int]]

# Splink's functions for Spark, and the classes of its jar that are behind them.
SIMILARITIES = {
    "jaro_winkler": "JaroWinklerSimilarity",
    "jaro_sim": "JaroSimilarity",
    "damerau_levenshtein": "LevDamerauDistance",
    "jaccard": "JaccardSimilarity",
}


def document(name: str, dialect: str) -> Settings:
    """Settings as Splink writes them, with the one comparison under the case's name."""
    written = SettingsCreator(
        link_type="dedupe_only", comparisons=[CASES[name]()], blocking_rules_to_generate_predictions=["l.a = r.a"]
    ).create_settings_dict(dialect)
    [comparison] = written["comparisons"]
    return written | {"sql_dialect": dialect, "comparisons": [comparison | {"output_column_name": name}]}


def our_levels(name: str, dialect: str) -> Levels:
    """The conditions that our kernel would run, with their gammas."""
    [comparison] = parse_settings(json.dumps(document(name, dialect)), where="settings.json").comparisons
    return [(level.sql, level.gamma) for level in comparison.levels]


def splinks_levels(name: str, dialect: str) -> Levels:
    """The conditions that Splink wrote, with the same gammas."""
    [comparison] = document(name, dialect)["comparisons"]
    gammas = [gamma for _, gamma in our_levels(name, dialect)]
    return list(zip([level["sql_condition"] for level in comparison["comparison_levels"]], gammas, strict=True))


def case_when(levels: Levels) -> str:
    """The gamma of a pair."""
    cases = " ".join(f"ELSE {gamma}" if sql == "ELSE" else f"WHEN {sql} THEN {gamma}" for sql, gamma in levels)
    return f"CASE {cases} END"


@contextmanager
def pairs_in_duckdb() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the `records` and with their `pairs`: `one`, `other`, and the columns of both."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("records", RECORDS)
        columns = [name for name in RECORDS.column_names if name != "unique_id"]
        sides = ", ".join(f"{side}.{column} AS {column}_{side}" for column in columns for side in "lr")
        connection.execute(
            f"CREATE TABLE pairs AS SELECT l.unique_id AS one, r.unique_id AS other, {sides} "
            "FROM records l, records r WHERE l.unique_id < r.unique_id"
        )
        yield connection


@contextmanager
def splinks_functions(spark: SparkSession) -> Iterator[None]:
    """Spark with Splink's own similarity functions, which the product does without."""
    spark.sql(f"ADD JAR '{similarity_jar_location()}'")
    for name, implementation in SIMILARITIES.items():
        spark.udf.registerJavaFunction(name, f"uk.gov.moj.dash.linkage.{implementation}", "double")
    try:
        yield
    finally:
        for name in SIMILARITIES:
            spark.sql(f"DROP TEMPORARY FUNCTION {name}")
