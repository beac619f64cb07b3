"""A delivery in two files, one with who people are and one with what is known of them, put together by a key."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from linkage.records.mapping import SIDE
from linkage.records.quarantine import MALFORMED, REFUSED
from linkage.records.rules import Reason

BOTH, IDENTIFIERS, ATTRIBUTES = "both", "identifiers", "attributes"
_PAIR, _ROW, _REASON, _RAW = "_pair", "_row", "_side_reason", "_side_raw"


def joined(identifiers: DataFrame, attributes: DataFrame, key: str) -> DataFrame:
    """Rows of both sides with one key as one row, and each other row of a side by itself, refused.

    A row whose key is blank, is on its side more than once, or is not on the other side is refused with a
    reason, and `_malformed` has the row of its side; nothing multiplies, and each row of a side is in exactly one row.

    Args:
        identifiers: One side: its columns as text, the key among them, `_malformed` and `_refused`.
        attributes: The other, likewise; beside the key no column is on both.
        key: Without spaces around it.

    Returns:
        All columns of both, the key once, `_malformed`, `_refused`, and `_side`: which files the row is from.
    """
    left, right = _side(identifiers, key), _side(attributes, key)
    both = left.alias("l").join(right.alias("r"), on=F.col(f"l.{_PAIR}") == F.col(f"r.{_PAIR}"), how="full_outer")
    l_row, r_row = F.col(f"l.{_ROW}"), F.col(f"r.{_ROW}")
    of_left = [l_row[name].alias(name) for name in identifiers.columns if name not in (key, MALFORMED, REFUSED)]
    of_right = [r_row[name].alias(name) for name in attributes.columns if name not in (key, MALFORMED, REFUSED)]
    alone = l_row.isNull() | r_row.isNull()
    reason = F.coalesce(f"l.{_REASON}", f"r.{_REASON}", F.when(alone, F.lit(Reason.SPLIT_UNPAIRED.value)))
    raw = F.coalesce(f"l.{_RAW}", f"r.{_RAW}")
    return both.select(
        F.coalesce(l_row[key], r_row[key]).alias(key),
        *of_left,
        *of_right,
        F.when(reason.isNotNull(), raw).alias(MALFORMED),
        reason.alias(REFUSED),
        F.when(~alone, F.lit(BOTH))
        .when(l_row.isNotNull(), F.lit(IDENTIFIERS))
        .otherwise(F.lit(ATTRIBUTES))
        .alias(SIDE),
    )


def _side(df: DataFrame, key: str) -> DataFrame:
    """Rows of one side with the key that pairs them, null for a row that must not be paired."""
    text = F.nullif(F.trim(f"`{key}`"), F.lit(""))
    usable = F.when(F.col(MALFORMED).isNull(), text)
    row = F.struct(*(F.col(f"`{name}`") for name in df.columns if name not in (MALFORMED, REFUSED)))
    keyed = df.select(
        usable.alias("_key"), row.alias(_ROW), F.coalesce(MALFORMED, F.to_json(row)).alias(_RAW), F.col(REFUSED)
    )
    # Rows without a key must not meet in one partition.
    together = Window.partitionBy(F.coalesce("_key", F.xxhash64(_RAW).cast("string")))
    times = F.count(F.lit(1)).over(together)
    return keyed.withColumn("_times", times).select(
        F.when(F.col("_times") == 1, F.col("_key")).alias(_PAIR), _ROW, _RAW, _reason().alias(_REASON)
    )


def _reason() -> Column:
    return (
        F.when(F.col(REFUSED).isNotNull(), F.col(REFUSED))
        .when(F.col("_key").isNull(), F.lit(Reason.SPLIT_KEY_MISSING.value))
        .when(F.col("_times") > 1, F.lit(Reason.SPLIT_KEY_REPEATED.value))
    )
