"""Records exploded into key rows: one for each blocking rule that a record has a key under."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine.records import LinkageRecords
from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule

RULE = "__rule"
SIDE = "__side"
KEY = "__key"

# Which side of a pair a key row may take.
EITHER, LEFT, RIGHT = 0, 1, 2


def key_rows(records: LinkageRecords, rules: Sequence[KeyedRule], columns: Sequence[str]) -> DataFrame:
    """Explode records into key rows.

    Grain: one row per record, rule and side under which it has a key. A record multiplies by its
    keys and vanishes where it has none: null in any part of a key is no key.

    Args:
        records: What to explode.
        rules: `__rule` is a position in it.
        columns: The columns to carry beside `__source`, `__id`, `__rule`, `__side`, `__key`.

    Raises:
        ConfigError: A key expression is not one that Spark can compute over these records.
    """
    keys = [
        F.struct(
            F.lit(number).cast("smallint").alias(RULE),
            F.lit(side).cast("tinyint").alias(SIDE),
            _key_hash(records.frame, number, expressions, rule).alias(KEY),
        )
        for number, rule in enumerate(rules)
        for side, expressions in _sides(rule)
    ]
    return records.frame.select(*columns, F.inline(F.array(*keys))).where(F.col(KEY).isNotNull())


def _sides(rule: KeyedRule) -> list[tuple[int, tuple[str, ...]]]:
    if rule.is_symmetric:
        return [(EITHER, rule.left_keys)]
    return [(LEFT, rule.left_keys), (RIGHT, rule.right_keys)]


def _key_hash(frame: DataFrame, number: int, expressions: Sequence[str], rule: KeyedRule) -> Column:
    """A 64-bit hash of rule number and values. Strings travel no further as keys."""
    parts = [F.expr(expression) for expression in expressions]
    try:
        frame.select(*parts)
    except AnalysisException as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"blocking rule ({rule.predicate}): {reason}") from None
    given = parts[0].isNotNull()
    for part in parts[1:]:
        given = given & part.isNotNull()
    return F.when(given, F.xxhash64(F.lit(number), *parts))
