"""How many bytes Spark's stages wrote for their shuffles, as Spark itself counts them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession


def newest_stage(spark: SparkSession) -> int:
    """The number of the stage that Spark began last, -1 before the first; later ones have higher numbers."""
    found = _stages(spark)
    return found.apply(0).stageId() if found.size() else -1


def shuffled_since(spark: SparkSession, stage: int) -> int:
    """The bytes that all stages after this one wrote for a shuffle: of records, and a few of Delta's own.

    Spark keeps the figures of its last thousand stages; a part of a job has a few of them. Attempts that failed
    count, as they were written, too.
    """
    found, place, total = _stages(spark), 0, 0
    while place < found.size() and (each := found.apply(place)).stageId() > stage:
        total, place = total + each.shuffleWriteBytes(), place + 1
    return total


def _stages(spark: SparkSession) -> Any:  # noqa: ANN401  py4j's view of the JVM has no type
    """All stages that Spark remembers, the newest first, with what has happened until now."""
    context, gateway, jvm = _java(spark)
    # A bus that is far behind may lack the latest: no reason for a job to fail.
    with suppress(Py4JJavaError):
        context.listenerBus().waitUntilEmpty()
    quantiles = gateway.new_array(jvm.double, 0)
    return context.statusStore().stageList(None, False, False, quantiles, None)


def _java(spark: SparkSession) -> tuple[Any, Any, Any]:
    return spark.sparkContext._jsc.sc(), spark.sparkContext._gateway, spark._jvm
