"""What the profile allows a task."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.harness.run import Run
from linkage.engine.kernel import KernelLimits
from linkage.errors import ConfigError

_MEMORY = "spark.linkage.kernel.memory"
_RECORDS = "spark.linkage.records.memory"
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


def kernel_limits(spark: SparkSession, run: Run) -> KernelLimits:
    """The memory that the profile's `spark.linkage.kernel.memory` gives each task, 1 GB without it."""
    return KernelLimits(memory=spark.conf.get(_MEMORY, None) or "1GB", scratch=str(run.scratch))


def records_memory(spark: SparkSession) -> int:
    """The bytes of records that each task may hold: the profile's `spark.linkage.records.memory`, none without it.

    Raises:
        ConfigError: The setting is not a number of KB, MB or GB.
    """
    text = (spark.conf.get(_RECORDS, None) or "0MB").strip().upper()
    number, unit = text[:-2], text[-2:]
    if unit not in _UNITS or not number.isdigit():
        raise ConfigError(f"{_RECORDS} {text}: write it as 500MB or 1GB; 0MB holds none")
    return int(number) * _UNITS[unit]
