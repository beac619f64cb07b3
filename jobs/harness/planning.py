"""What Spark is told about planning while a job has large expressions over rows that may be few.

Making code of an expression and compiling it takes longer than the work where rows are few: those are interpreted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

_EXCLUDED = "spark.sql.optimizer.excludedRules"
_THROUGH_UNION = "org.apache.spark.sql.catalyst.optimizer.PushProjectionThroughUnion"
_NO_WHOLE_STAGES = {"spark.sql.codegen.wholeStage": "false"}
_INTERPRETED = _NO_WHOLE_STAGES | {"spark.sql.codegen.factoryMode": "NO_CODEGEN"}


@contextmanager
def union_before_projection(spark: SparkSession) -> Iterator[None]:
    """Keeps what is made of a union one expression: Spark would write it into each of the union's parts."""
    rules = [spark.conf.get(_EXCLUDED, None), _THROUGH_UNION]
    with _told(spark, {_EXCLUDED: ",".join(rule for rule in rules if rule)}):
        yield


@contextmanager
def interpreted(spark: SparkSession, *, if_: bool) -> Iterator[None]:
    """Has Spark evaluate expressions as they are, without making and compiling code."""
    with _told(spark, _INTERPRETED if if_ else {}):
        yield


@contextmanager
def without_whole_stages(spark: SparkSession) -> Iterator[None]:
    """Keeps Spark from making code for a whole stage, where that is longer than the JVM compiles and thrown away."""
    with _told(spark, _NO_WHOLE_STAGES):
        yield


@contextmanager
def _told(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: spark.conf.get(name, None) for name in settings}
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)
