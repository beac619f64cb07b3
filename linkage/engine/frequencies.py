"""Value frequencies: for term-frequency adjustments, and for the u of exact agreement.

Values travel as 64-bit hashes, never as strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine.kernel_sql import term_frequency_column
from linkage.engine.records import SOURCE, LinkageRecords, quoted
from linkage.model.specification import LinkageModel
from linkage.model.training import exact_agreement_column

COLUMN = "__column"
VALUE = "__value"

# Above this many distinct values a frequency table is joined by a shuffle, not broadcast.
BROADCAST_VALUES = 2_000_000


@dataclass(frozen=True)
class ColumnTotals:
    """Totals of one column.

    Attributes:
        values: Distinct values.
        present: Records that have one.
        agreeing_pairs: Pairs, of those the link type allows, with equal values.
        possible_pairs: Pairs, of those the link type allows, with both values present.
    """

    values: int
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
        columns: The columns counted; `__column` is a position in it.
        table: One row per column and value: `__column`, `__value` (hash), `n`.
        totals: By column.
    """

    columns: tuple[str, ...]
    table: DataFrame
    totals: dict[str, ColumnTotals]


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


def value_frequencies(records: LinkageRecords, columns: Sequence[str]) -> ValueFrequencies:
    """Count the values of columns; nulls are not values.

    The counts stay cached, a hash and integers each, until the caller clears Spark's cache.

    Args:
        records: Whose values to count.
        columns: Which columns, in lower case.
    """
    columns = tuple(columns)
    if not columns:
        empty = records.frame.sparkSession.createDataFrame([], f"{COLUMN} smallint, {VALUE} bigint, n bigint")
        return ValueFrequencies(columns, empty, {})
    table = _counted(records, columns).persist(StorageLevel.MEMORY_AND_DISK)
    return ValueFrequencies(columns, table, _totals(records, columns, table))


def with_term_frequencies(records: LinkageRecords, frequencies: ValueFrequencies, columns: Sequence[str]) -> DataFrame:
    """The records with one double per term-frequency column: its value's share of values.

    Null where the value is. No row is added or lost.
    """
    frame = records.frame
    for column in columns:
        name = column.lower()
        totals = frequencies.totals[name]
        table = frequencies.table.where(F.col(COLUMN) == frequencies.columns.index(name)).select(
            VALUE, (F.col("n") / F.lit(totals.present)).alias(term_frequency_column(name))
        )
        if totals.values <= BROADCAST_VALUES:
            table = F.broadcast(table)
        frame = frame.withColumn(VALUE, _value_hash(name)).join(table, VALUE, how="left").drop(VALUE)
    return frame


def _counted(records: LinkageRecords, columns: tuple[str, ...]) -> DataFrame:
    values = [
        F.struct(F.lit(position).cast("smallint").alias(COLUMN), _value_hash(column).alias(VALUE))
        for position, column in enumerate(columns)
    ]
    by_source = [
        F.sum((F.col(SOURCE) == number).cast("bigint")).alias(f"n_{number}") for number in range(len(records.sources))
    ]
    return (
        records.frame.select(SOURCE, F.inline(F.array(*values)))
        .where(F.col(VALUE).isNotNull())
        .groupBy(COLUMN, VALUE)
        .agg(F.count("*").alias("n"), *by_source)
    )


def _totals(records: LinkageRecords, columns: tuple[str, ...], table: DataFrame) -> dict[str, ColumnTotals]:
    sources = [f"n_{number}" for number in range(len(records.sources))]
    rows = {
        row[COLUMN]: row
        for row in table.groupBy(COLUMN)
        .agg(
            F.count("*").alias("values"),
            F.sum("n").alias("present"),
            F.sum(_pairs("n", sources, records).cast("decimal(38,0)")).alias("agreeing"),
            *[F.sum(name).alias(name) for name in sources],
        )
        .collect()
    }
    totals = {}
    for position, column in enumerate(columns):
        row = rows.get(position)
        if row is None:
            totals[column] = ColumnTotals(0, 0, 0, 0)
            continue
        counts = [row[name] for name in sources]
        totals[column] = ColumnTotals(
            values=row["values"],
            present=row["present"],
            agreeing_pairs=int(row["agreeing"]),
            possible_pairs=possible_pairs(records, counts),
        )
    return totals


def possible_pairs(records: LinkageRecords, counts: Sequence[int]) -> int:
    """Pairs that the link type allows among so many records of each source.

    >>> from types import SimpleNamespace
    >>> possible_pairs(SimpleNamespace(link_type="dedupe_only"), [4])
    6
    >>> possible_pairs(SimpleNamespace(link_type="link_only"), [2, 3])
    6
    """
    total = sum(counts)
    if records.link_type == "link_only":
        return (total * total - sum(count * count for count in counts)) // 2
    return total * (total - 1) // 2


def _pairs(total: str, sources: Sequence[str], records: LinkageRecords) -> Column:
    n = F.col(total)
    if records.link_type != "link_only":
        return n * (n - 1) / 2
    within = F.lit(0)
    for name in sources:
        within = within + F.col(name) * F.col(name)
    return (n * n - within) / 2


def _value_hash(column: str) -> Column:
    value = F.col(quoted(column))
    return F.when(value.isNotNull(), F.xxhash64(value))
