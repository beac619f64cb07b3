"""Records exploded into key rows: one for each blocking rule that a record has a key under."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.engine.records import LinkageRecords, quoted
from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule

RULE = "__rule"
SIDE = "__side"
KEY = "__key"

# Which side of a pair a key row may take.
EITHER, LEFT, RIGHT = 0, 1, 2

_WIDEST: dict[type[T.DataType], T.DataType] = {
    T.ByteType: T.LongType(),
    T.ShortType: T.LongType(),
    T.IntegerType: T.LongType(),
    T.FloatType: T.DoubleType(),
}


def key_rows(records: LinkageRecords, rules: Sequence[KeyedRule], columns: Sequence[str]) -> DataFrame:
    """Explode records into key rows.

    Grain: one row per record, rule and side under which it has a key. A record multiplies by its
    keys and vanishes where it has none: null in any part of a key is no key.

    Args:
        records: What to explode.
        rules: Their numbers are `__rule`, and part of the key.
        columns: The columns to carry beside `__source`, `__id`, `__rule`, `__side`, `__key`.

    Raises:
        ConfigError: A key expression is not one that Spark can compute over these records.
    """
    keys = [
        F.struct(
            F.lit(rule.number).cast("smallint").alias(RULE),
            F.lit(side).cast("tinyint").alias(SIDE),
            _key_hash(rule.number, parts).alias(KEY),
        )
        for rule in rules
        for side, parts in _sides(records.frame, rule)
    ]
    return records.frame.select(*map(quoted, columns), F.inline(F.array(*keys))).where(F.col(KEY).isNotNull())


def _sides(frame: DataFrame, rule: KeyedRule) -> list[tuple[int, list[Column]]]:
    left, left_types = _parts(frame, rule.left_keys, rule)
    if rule.is_symmetric:
        return [(EITHER, left)]
    right, right_types = _parts(frame, rule.right_keys, rule)
    for one, other in zip(left_types, right_types, strict=True):
        if one != other:
            raise ConfigError(
                f"blocking rule ({rule.predicate}): equates {one.simpleString()} with {other.simpleString()}; cast one"
            )
    return [(LEFT, left), (RIGHT, right)]


def _parts(frame: DataFrame, expressions: Sequence[str], rule: KeyedRule) -> tuple[list[Column], list[T.DataType]]:
    """A key's values and their types; numbers in their widest type, for equal ones must hash alike."""
    parts = [F.expr(expression) for expression in expressions]
    try:
        kinds = [field.dataType for field in frame.select(*parts).schema]
    except AnalysisException as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"blocking rule ({rule.predicate}): {reason}") from None
    widest = [_WIDEST.get(type(kind), kind) for kind in kinds]
    return [part.cast(kind) for part, kind in zip(parts, widest, strict=True)], widest


def _key_hash(number: int, parts: Sequence[Column]) -> Column:
    """A 64-bit hash of rule number and values. Strings travel no further as keys."""
    given = parts[0].isNotNull()
    for part in parts[1:]:
        given = given & part.isNotNull()
    return F.when(given, F.xxhash64(F.lit(number), *parts))
