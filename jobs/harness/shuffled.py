"""How many bytes Spark's stages wrote for their shuffles, as Spark itself counts them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession


def newest_stage(spark: SparkSession) -> int | None:
    """The number of the stage that Spark began last, -1 before the first; later ones have higher numbers.

    None where this Spark does not tell.
    """
    found = _stages(spark)
    if found is None:
        return None
    return found.apply(0).stageId() if found.size() else -1


def shuffled_since(spark: SparkSession, stage: int | None) -> int | None:
    """The bytes that all stages after this one wrote for a shuffle: of records, and a few of Delta's own.

    Spark keeps the figures of its last thousand stages; a part of a job has a few of them. Attempts that failed
    count, as they were written, too. None where this Spark does not tell.
    """
    found = _stages(spark)
    if found is None or stage is None:
        return None
    place, total = 0, 0
    while place < found.size() and (each := found.apply(place)).stageId() > stage:
        total, place = total + each.shuffleWriteBytes(), place + 1
    return total


def _stages(spark: SparkSession) -> Any:  # noqa: ANN401  py4j's view of the JVM has no type
    """All stages that Spark remembers, the newest first, with what has happened until now.

    None where the JVM is not to be had or is another one: no reason for a job to fail.
    """
    context, gateway, jvm = _java(spark)
    # A bus that is far behind may lack the latest.
    with suppress(Py4JError):
        context.listenerBus().waitUntilEmpty()
    with suppress(Py4JError):
        quantiles = gateway.new_array(jvm.double, 0)
        return context.statusStore().stageList(None, False, False, quantiles, None)
    return None


def _java(spark: SparkSession) -> tuple[Any, Any, Any]:
    return spark.sparkContext._jsc.sc(), spark.sparkContext._gateway, spark._jvm
