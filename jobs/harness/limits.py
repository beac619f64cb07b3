"""What the profile allows tasks and the driver."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from pyspark.sql import DataFrame, SparkSession

from jobs.harness.run import Run
from linkage.engine.components import ComponentLimits
from linkage.engine.kernel import KernelLimits
from linkage.errors import ConfigError

_MEMORY = "spark.linkage.kernel.memory"
_RECORDS = "spark.linkage.records.memory"
_EDGES = "spark.linkage.components.edges"
_BEYOND = "spark.linkage.components.beyond"
# Spark's driver sends 1 GB to this process, if nothing else is set: 67 million edges.
_MOST_EDGES = "50000000"
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


def component_limits(spark: SparkSession) -> ComponentLimits:
    """Where clusters are found: by the profile's `spark.linkage.components.edges` and `.beyond`.

    Raises:
        ConfigError: The first is no number, or the second names no function that can be imported.
    """
    edges = (spark.conf.get(_EDGES, None) or _MOST_EDGES).strip()
    if not edges.isdigit():
        raise ConfigError(f"{_EDGES} {edges}: write a number of edges, such as {_MOST_EDGES}")
    name = spark.conf.get(_BEYOND, None)
    return ComponentLimits(int(edges), beyond=_function(name) if name else None)


def _function(name: str) -> Callable[[DataFrame], DataFrame]:
    module, _, function = name.strip().partition(":")
    try:
        found: Callable[[DataFrame], DataFrame] = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError):
        raise ConfigError(f"{_BEYOND} {name}: there is no such function; write MODULE:FUNCTION") from None
    return found
