"""What the profile allows a task's DuckDB."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.harness.run import Run
from linkage.engine.kernel import KernelLimits

_MEMORY = "spark.linkage.kernel.memory"


def kernel_limits(spark: SparkSession, run: Run) -> KernelLimits:
    """The memory that the profile's `spark.linkage.kernel.memory` gives each task, 1 GB without it."""
    return KernelLimits(memory=spark.conf.get(_MEMORY, None) or "1GB", scratch=str(run.scratch))
