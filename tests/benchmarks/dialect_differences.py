"""Pairs that Splink on Spark and the engine see otherwise, by settings in Spark's dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import SparkSession
from splink import Linker, SparkAPI
from splink.backends.spark import similarity_jar_location

from linkage.engine.kernel import KernelLimits
from tests.linkage.engine.prepared import prepared

_PARTITIONS = 4
# Inputs of a benchmark fit every process.
_HELD = 10**10


@dataclass(frozen=True)
class Differences:
    """Candidate pairs of one linkage.

    Attributes:
        pairs: That both made.
        only_spark: That Splink's SQL in Spark made alone.
        only_here: That the engine made alone.
        rule: Of those that both made, those under another blocking rule.
        any_level: Those with another comparison vector.
        by_comparison: Those with another level, by comparison.
    """

    pairs: int
    only_spark: int
    only_here: int
    rule: int
    any_level: int
    by_comparison: Mapping[str, int]


def differences(
    spark: SparkSession, settings: Mapping[str, Any], inputs: Mapping[str, pa.Table], folder: Path
) -> Differences:
    """Make all candidate pairs on both sides and count where they differ.

    Args:
        spark: The engine's session; Splink gets one of its own beside it.
        settings: In Spark's dialect, as Splink writes them; trained or not.
        inputs: Tables by source name.
        folder: Empty, for the pairs of both sides.
    """
    limits = KernelLimits(memory="1GB", scratch=str(folder))
    ours = prepared(spark, settings, inputs, memory=_HELD).scored(limits)
    ours.frame.write.parquet(str(folder / "here"))
    _splinks_pairs(spark.newSession(), settings, inputs).write.parquet(str(folder / "spark"))
    names = [comparison["output_column_name"] for comparison in settings["comparisons"]]
    with duckdb.connect() as connection:
        return _counted(connection, folder, names, is_linked=len(inputs) > 1)


def _splinks_pairs(spark: SparkSession, settings: Mapping[str, Any], inputs: Mapping[str, pa.Table]) -> Any:
    """What Splink predicts in Spark, with the similarity functions of its jar."""
    spark.sql(f"ADD JAR '{similarity_jar_location()}'")
    api = SparkAPI(spark_session=spark, break_lineage_method="persist", num_partitions_on_repartition=_PARTITIONS)
    tables = [
        # Of two inputs the one whose table name is smaller is on the left.
        api.register(spark.createDataFrame(inputs[name]), table_name=f"input_{number}", dataset_display_name=name)
        for number, name in enumerate(sorted(inputs))
    ]
    wanted = {**settings, "retain_matching_columns": True, "retain_intermediate_calculation_columns": False}
    return Linker(tables, wanted, log_level=None).inference.predict(warning_mode="never").as_spark_dataframe()


def _counted(connection: duckdb.DuckDBPyConnection, folder: Path, names: list[str], *, is_linked: bool) -> Differences:
    ids = ["unique_id_l", "unique_id_r", *(["source_dataset_l", "source_dataset_r"] if is_linked else [])]
    levels = [f'here."gamma_{name}" IS DISTINCT FROM spark."gamma_{name}"' for name in names]
    counts = [
        "here.unique_id_l IS NOT NULL AND spark.unique_id_l IS NOT NULL",
        "here.unique_id_l IS NULL",
        "spark.unique_id_l IS NULL",
        "CAST(here.match_key AS VARCHAR) <> spark.match_key",
        *[f"here.unique_id_l = spark.unique_id_l AND ({level})" for level in [" OR ".join(levels), *levels]],
    ]
    [row] = connection.execute(
        f"SELECT {', '.join(f'count(*) FILTER ({count})' for count in counts)} "
        f"FROM '{folder}/here/*.parquet' here FULL OUTER JOIN '{folder}/spark/*.parquet' spark "
        f"ON {' AND '.join(f'here.{name} = spark.{name}' for name in ids)}"
    ).fetchall()
    return Differences(*row[:5], dict(zip(names, row[5:], strict=True)))
