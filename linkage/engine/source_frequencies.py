"""Exact agreement by pair of sources, from value frequencies: u without the noise of a sample."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.engine.frequencies import spark_hash
from linkage.engine.records import PERSON, SOURCE, LinkageRecords, backticked


def exact_agreement_by_sources(
    records: LinkageRecords, columns: Sequence[str]
) -> dict[str, dict[tuple[int, int], float]]:
    """The share of the pairs of two sources, both values present, whose values are equal.

    The records are read once more and values shuffled as hashes. Where records have a person, a value counts
    once for each.

    Args:
        records: All of them.
        columns: Names in lower case.

    Returns:
        By column, by the numbers of two sources, the smaller first and one twice for the pairs within
        it; two of which no pair has both values are not there.
    """
    if not columns:
        return {}
    frame, numbers = records.frame, range(len(records.sources))
    values = [
        F.when(
            F.col(backticked(column)).isNotNull(),
            F.struct(F.lit(column).alias("column"), spark_hash(frame, column)),
        )
        for column in columns
    ]
    person = [PERSON] if records.has_persons else []
    held = frame.select(SOURCE, *person, F.inline(F.array_compact(F.array(*values))).alias("column", "value"))
    held = held.distinct() if person else held
    times = held.groupBy("column", "value").agg(*[F.count_if(F.col(SOURCE) == n).alias(f"n_{n}") for n in numbers])
    pairs = [(left, right) for left in numbers for right in numbers[left:]]
    summed = times.groupBy("column").agg(
        *[F.sum(f"n_{n}").alias(f"present_{n}") for n in numbers],
        *[F.sum(_pairs(left, right)).alias(f"agreeing_{left}_{right}") for left, right in pairs],
    )
    found: dict[str, dict[tuple[int, int], float]] = {column: {} for column in columns}
    for row in summed.collect():
        for left, right in pairs:
            one, other = row[f"present_{left}"], row[f"present_{right}"]
            possible = one * (one - 1) // 2 if left == right else one * other
            if possible:
                found[row["column"]][left, right] = row[f"agreeing_{left}_{right}"] / possible
    return found


def _pairs(left: int, right: int) -> Column:
    """Pairs of the records that have one value."""
    one, other = F.col(f"n_{left}"), F.col(f"n_{right}")
    return F.shiftright(one * (one - 1), 1) if left == right else one * other
