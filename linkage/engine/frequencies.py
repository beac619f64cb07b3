"""Value frequencies: for term-frequency adjustments, and for the u of exact agreement.

Values travel as 64-bit hashes, never as strings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.engine import chunks
from linkage.engine.records import PERSON, backticked
from linkage.engine.weights import term_frequency_column
from linkage.model.specification import LinkageModel
from linkage.model.training import exact_agreement_column

VALUE = "__value"

# Above this many repeated values a column's frequencies are joined by Spark, not sent to every task.
LOOKUP_VALUES = 4_000_000


@dataclass(frozen=True)
class ColumnTotals:
    """Totals of one column.

    Attributes:
        values: Distinct values.
        repeated: Values that more than one record has.
        present: Records that have one.
        agreeing_pairs: Pairs, of those the link type allows, with equal values.
        possible_pairs: Pairs, of those the link type allows, with both values present.
    """

    values: int
    repeated: int
    present: int
    agreeing_pairs: int
    possible_pairs: int

    @property
    def exact_agreement(self) -> float | None:
        """The share of pairs with both values present whose values are equal."""
        return self.agreeing_pairs / self.possible_pairs if self.possible_pairs else None


@dataclass(frozen=True)
class ValueFrequencies:
    """How often each value of some columns occurs, over all sources together.

    Attributes:
        totals: By column.
        counted: Chunks whose kind is `kind_of(column)`, with `key` (hash) and `n` of the values that
            more than one record has.
    """

    totals: Mapping[str, ColumnTotals]
    counted: DataFrame

    def repeated(self, column: str) -> pa.Table:
        """The values that more than one record has: `key` (hash) and `n`; collected."""
        found = self.counted.where(F.col("kind") == kind_of(column)).toArrow().to_batches()
        tables = [table for _, table in chunks.unpacked(found)]
        empty = pa.table({"key": pa.array([], pa.uint64()), "n": pa.array([], pa.int64())})
        return pa.concat_tables(tables) if tables else empty


def kind_of(column: str) -> str:
    """What a chunk of a column's frequencies is called."""
    return f"values of {column}"


def value_hash(value: str, kind: T.DataType) -> str:
    """What DuckDB counts a value by; unequal values have unequal hashes, but by rare chance.

    To `hash` alone an empty array is one that holds a null.

    >>> value_hash('"surname"', T.StringType())
    'hash("surname")'
    """
    return f"hash({value}, len({value}))" if isinstance(kind, T.ArrayType) else f"hash({value})"


def spark_hash(frame: DataFrame, column: str) -> Column:
    """What Spark counts a value by; of null it is a number too.

    To Spark's own hash, nulls in an array are not there.
    """
    value = F.col(backticked(column))
    return F.xxhash64(F.to_json(value) if isinstance(frame.schema[column].dataType, T.ArrayType) else value)


def counted_columns(model: LinkageModel, *, for_training: bool) -> list[str]:
    """The columns whose frequencies a model needs, in lower case and without repetition.

    Scoring needs those of its term-frequency adjustments, training also those that give the u of
    exact agreement.
    """
    columns = [column.lower() for column in model.term_frequency_columns]
    if for_training:
        exact = (exact_agreement_column(comparison) for comparison in model.comparisons)
        columns += [column for column in exact if column is not None]
    return list(dict.fromkeys(columns))


def looked_up(frequencies: ValueFrequencies, columns: Sequence[str]) -> list[str]:
    """Those columns whose frequencies every task can hold."""
    return [column for column in columns if frequencies.totals[column].repeated <= LOOKUP_VALUES]


def with_joined_frequencies(frame: DataFrame, columns: Sequence[str], *, over: DataFrame | None = None) -> DataFrame:
    """Records with one double per column: its value's share of all values, by a join in Spark.

    Null where the value is. No row is added or lost. Where records have a person, a value counts once for each.

    Args:
        frame: The records.
        columns: Of them.
        over: The records whose values are counted, if these are only some of them.
    """
    all_records = frame if over is None else over
    once = PERSON in frame.columns
    for column in columns:
        value = F.col(backticked(column))
        hashed_value = spark_hash(frame, column)
        valued = all_records.where(value.isNotNull()).select(hashed_value.alias(VALUE), *([PERSON] if once else []))
        counted = (valued.distinct() if once else valued).groupBy(VALUE).agg(F.count("*").alias("n"))
        total = counted.agg(F.sum("n").alias("total"))
        shares = counted.join(F.broadcast(total), how="cross").select(
            VALUE, (F.col("n") / F.col("total")).alias(term_frequency_column(column))
        )
        hashed = frame.withColumn(VALUE, F.when(value.isNotNull(), hashed_value))
        frame = hashed.join(shares, VALUE, how="left").drop(VALUE)
    return frame
