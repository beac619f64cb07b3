"""Values for a cleaning function, what each becomes, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

Case = tuple[str | None, object, str]


def clean(spark: SparkSession, function: Callable[[Column], Column], values: Sequence[str | None]) -> list[object]:
    df = spark.createDataFrame(list(enumerate(values)), "i int, value string").coalesce(1)
    return [row[0] for row in df.select(function(F.col("value"))).collect()]


def check(spark: SparkSession, function: Callable[[Column], Column], cases: Sequence[Case]) -> None:
    found = clean(spark, function, [case[0] for case in cases])
    for (value, expected, reason), result in zip(cases, found, strict=True):
        assert result == expected, f"{value!r}: {reason}"
