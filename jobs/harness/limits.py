"""What the profile allows tasks and the driver."""

from __future__ import annotations

import re
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
# As DuckDB reads them.
_UNITS = {
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
_SIZE = re.compile(rf"([0-9]{{1,9}}) ?({'|'.join(_UNITS)})")
_COUNT = re.compile(r"[0-9]{1,18}")


def kernel_limits(spark: SparkSession, run: Run) -> KernelLimits:
    """The memory that the profile's `spark.linkage.kernel.memory` gives each task, 1 GB without it.

    Raises:
        ConfigError: The setting is not a number of KB, MB or GB, or none of them.
    """
    text = spark.conf.get(_MEMORY, None) or "1GB"
    if not _bytes(_MEMORY, text):
        raise ConfigError(f"{_MEMORY} {text}: a task needs some; write it as 500MB or 1GB")
    return KernelLimits(memory=text.strip(), scratch=str(run.scratch))


def records_memory(spark: SparkSession) -> int:
    """The bytes of records that each task may hold: the profile's `spark.linkage.records.memory`, none without it.

    Raises:
        ConfigError: The setting is not a number of KB, MB or GB.
    """
    return _bytes(_RECORDS, spark.conf.get(_RECORDS, None) or "0MB")


def component_limits(spark: SparkSession) -> ComponentLimits:
    """Where clusters are found: by the profile's `spark.linkage.components.edges` and `.beyond`.

    Raises:
        ConfigError: The first is no number, or the second names nothing that can be imported and called.
    """
    edges = (spark.conf.get(_EDGES, None) or _MOST_EDGES).strip()
    if not _COUNT.fullmatch(edges):
        raise ConfigError(f"{_EDGES} {edges}: write a number of edges, such as {_MOST_EDGES}")
    name = spark.conf.get(_BEYOND, None)
    return ComponentLimits(int(edges), beyond=_function(name) if name else None)


def _bytes(name: str, text: str) -> int:
    size = _SIZE.fullmatch(text.strip().upper())
    if size is None:
        raise ConfigError(f"{name} {text.strip()}: write it as 500MB or 1GB")
    return int(size[1]) * _UNITS[size[2]]


def _function(name: str) -> Callable[[DataFrame], DataFrame]:
    module, _, function = name.strip().partition(":")
    try:
        found: Callable[[DataFrame], DataFrame] | None = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{_BEYOND} {name}: there is no module {error.name} here; write MODULE:FUNCTION") from None
    except (ImportError, AttributeError, ValueError, TypeError):  # of a name that is empty, or begins with a dot
        found = None
    if not callable(found):
        raise ConfigError(f"{_BEYOND} {name}: there is no such function; write MODULE:FUNCTION")
    return found
