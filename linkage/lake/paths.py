"""Where a path leads: to this machine or elsewhere, and through Spark's readers with a clear refusal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from linkage.errors import ConfigError, InputError
from schemas import Zone

LakeRoots = str | Mapping[Zone, str]


def table_path(lake: LakeRoots, zone: Zone, table: str) -> str:
    """Where a table of a lake is: `lake` is one root with a folder for each zone, or a root for each zone that is used.

    >>> table_path("s3://lake/", Zone.LINKAGE, "models")
    's3://lake/linkage/models'

    Raises:
        ConfigError: The zone has no root.
    """
    if isinstance(lake, str):
        return f"{lake.rstrip('/')}/{zone}/{table}"
    if zone not in lake:
        raise ConfigError(f"zone {zone}: the lake has no root for it; name one in the config")
    return f"{lake[zone].rstrip('/')}/{table}"


def absolute(path: str) -> str:
    """A path without a scheme is on this machine; Spark would resolve it against its own folder."""
    return path if "://" in path else str(Path(path.removeprefix("file:")).absolute())


def is_local(path: str) -> bool:
    """Whether a path is on this machine, and not a URL."""
    return "://" not in path


def load(
    spark: SparkSession,
    file_format: str,
    path: str,
    options: Mapping[str, Any],
    schema: T.StructType | None = None,
) -> DataFrame:
    """What Spark reads at a path.

    Raises:
        InputError: It is missing, or Spark sees at once that it cannot be read.
    """
    reader = spark.read.format(file_format).options(**options)
    try:
        return (reader if schema is None else reader.schema(schema)).load(absolute(path))
    except (PySparkException, Py4JJavaError):
        raise InputError(f"{path}: cannot be read as {file_format}; it is missing, damaged or cut short") from None
