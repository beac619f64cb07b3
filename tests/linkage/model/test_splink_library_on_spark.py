"""Splink's levels in Spark's dialect as Spark itself finds them, against those of the kernel."""

import pytest
import sqlglot
from pyspark.sql import functions as F
from splink.internals.spark.spark_helpers import custom_spark_dialect

from tests.linkage.model.splink_library import CASES, RECORDS
from tests.linkage.model.splink_pairs import case_when, our_levels, pairs_in_duckdb, splinks_functions, splinks_levels
from tests.linkage.model.test_splink_library import PAIRS, SPARK_REFUSED

BYTES = "DuckDB counts bytes, Spark characters, of which ë is one"
ONE_DIGIT = "strptime takes a month of one digit"
BOTH_EMPTY = "two empty strings are alike to Splink's jaro_winkler for Spark, not to DuckDB's"

# Pairs on which the kernel answers for itself.
KERNEL_DIFFERS = {
    "LevenshteinAtThresholds_0": (1, BYTES),
    "DamerauLevenshteinAtThresholds_0": (1, BYTES),
    "DistanceFunctionAtThresholds_0": (1, BYTES),
    "JaroWinklerLevel_0": (1, BYTES),
    "PairwiseStringDistanceFunctionAtThresholds_0": (2, BYTES),
    "PairwiseStringDistanceFunctionAtThresholds_1": (2, BYTES),
    "AbsoluteDateDifferenceAtThresholds_0": (9, ONE_DIGIT),
    "AbsoluteDateDifferenceAtThresholds_1": (5, ONE_DIGIT),
    "DateOfBirthComparison_0": (9, ONE_DIGIT),
    "DateOfBirthComparison_1": (4, ONE_DIGIT),
    "try_parse_date_0": (9, ONE_DIGIT),
    "try_parse_date_1": (9, ONE_DIGIT),
    "Or_0": (1, BOTH_EMPTY),
}
# Where Spark by its defaults stops, at a division by zero or beyond an array's end, the kernel has null.
FORGIVING = {"spark.sql.ansi.enabled": "false", "spark.sql.legacy.sizeOfNull": "false"}


@pytest.fixture
def forgiving(spark):
    """Spark with Splink's own functions, going on where it would stop."""
    for key, value in FORGIVING.items():
        spark.conf.set(key, value)
    with splinks_functions(spark):
        yield spark
    for key in FORGIVING:
        spark.conf.unset(key)


def test_the_kernel_finds_sparks_levels(forgiving):
    frame = forgiving.createDataFrame(RECORDS).coalesce(1)
    left, right = (frame.select([F.col(c).alias(f"{c}_{side}") for c in frame.columns]) for side in "lr")
    names = [name for name in CASES if name not in SPARK_REFUSED]
    # Splink, too, has sqlglot write what it sends to Spark.
    written = [
        sqlglot.transpile(
            case_when(splinks_levels(name, "spark")), read="spark", write=custom_spark_dialect.CustomSpark
        )
        for name in names
    ]
    rows = (
        left.join(right, F.col("unique_id_l") < F.col("unique_id_r"))
        .select(
            "unique_id_l", "unique_id_r", *[F.expr(sql).alias(name) for name, [sql] in zip(names, written, strict=True)]
        )
        .collect()
    )
    assert len(rows) == PAIRS
    with pairs_in_duckdb() as connection:
        for name in names:
            found = connection.execute(
                f"SELECT one, other, {case_when(our_levels(name, 'spark'))} FROM pairs"
            ).fetchall()
            expected = {(row[0], row[1]): row[name] for row in rows}
            different = sum(expected[one, other] != gamma for one, other, gamma in found)
            assert different == KERNEL_DIFFERS.get(name, (0, ""))[0], name
