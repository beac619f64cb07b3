"""One run of Splink on Spark, in a process of its own.

Usage: python -m tests.benchmarks.engine_splink_spark --records FOLDER --model FOLDER --output FOLDER
           --scratch FOLDER --memory GB
"""

from __future__ import annotations

import argparse
from typing import Any

from pyspark.sql import SparkSession
from splink import SparkAPI
from splink.backends.spark import similarity_jar_location

from tests.benchmarks.engine_session import CORES, prepare
from tests.benchmarks.engine_splink import Phases, link, options

PARTITIONS = 2 * CORES


class OnSpark:
    """Spark in one process with two cores, set up as Splink's documentation says.

    Its jar of similarities, lineage cut by Parquet, adaptive execution, partitions near the cores.
    """

    dialect = "spark"

    def __init__(self, asked: argparse.Namespace) -> None:
        prepare()
        self._records = asked.records
        settings = {
            "spark.master": f"local[{CORES}]",
            "spark.driver.memory": f"{asked.memory}g",
            "spark.jars": similarity_jar_location(),
            "spark.sql.adaptive.enabled": "true",
            "spark.sql.shuffle.partitions": str(PARTITIONS),
            "spark.default.parallelism": str(PARTITIONS),
            "spark.local.dir": str(asked.scratch),
            "spark.sql.warehouse.dir": str(asked.scratch / "warehouse"),
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.port.maxRetries": "32",
        }
        builder: Any = SparkSession.builder.appName("splink")
        for key, value in settings.items():
            builder = builder.config(key, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")
        self.spark.sparkContext.setCheckpointDir(str(asked.scratch / "checkpoints"))
        self._api = SparkAPI(
            spark_session=self.spark,
            break_lineage_method="parquet",
            num_partitions_on_repartition=PARTITIONS,
        )

    def read(self) -> Any:
        """The records, in Spark's cache."""
        records = self.spark.read.parquet(str(self._records)).drop("true_person").cache()
        records.count()
        return self._api.register(records, dataset_display_name="people")

    def write(self, result: Any, target: str) -> None:
        """A result as a folder of files."""
        result.as_spark_dataframe().write.parquet(target)

    def count(self, result: Any) -> int:
        """Rows of a result."""
        return result.as_spark_dataframe().count()


def main() -> None:
    """Run, and write what it took."""
    asked, phases = options(__doc__), Phases()
    engine = OnSpark(asked)
    phases.ended("session")
    link(engine, asked.model, asked.output, phases)
    engine.spark.stop()


if __name__ == "__main__":
    main()
