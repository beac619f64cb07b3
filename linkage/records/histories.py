"""Several values of one kind as an array that blocking explodes and comparisons intersect.

Such an array is sorted, without repeats and nulls, and never empty: null stands for none. So two
records that hold the same values hold the same array, whatever order they were supplied in.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

SEPARATOR = ";"


def distinct_sorted(values: Column, *, but: tuple[str, ...] = ()) -> Column:
    """An array of texts, sorted, without repeats, nulls and the texts of `but`; null when none is left.

    >>> spark.range(1).select(distinct_sorted(F.array(F.lit("B"), F.lit(None), F.lit("A"), F.lit("B")))).first()[0]
    ['A', 'B']
    """
    return _none_for_empty(_sorted(values, *but))


def together(*values: Column) -> Column:
    """Single values of one record as such an array.

    >>> spark.range(1).select(together(F.lit("B"), F.lit(None).cast("string"), F.lit("A"))).first()[0]
    ['A', 'B']
    """
    return distinct_sorted(F.array(*values))


def standardise_history(present: Column, earlier: Column, standardise: Callable[[Column], Column]) -> Column:
    """The present value and those supplied beside it, separated by semicolons, as such an array.

    Null when there is none. Values that `standardise` makes null, because they are not valid, fall away.

    Args:
        present: the standardised value of the record.
        earlier: other values as supplied, such as former addresses or further identifiers.
        standardise: what a value of this kind goes through.

    >>> from linkage.records.identifiers import normalise_crn
    >>> spark.range(1).select(standardise_history(F.lit("Z999999"), F.lit("z999998;1"), normalise_crn)).first()[0]
    ['Z999998', 'Z999999']
    """
    one = F.array(standardise(earlier), present)
    several = F.concat(F.transform(F.split(earlier, SEPARATOR), standardise), F.array(present))
    # Most have one earlier value or none: an array of one needs no sorting, and elements are slow to go through.
    alone = F.when(present.isNotNull(), F.array(present))
    values = _sorted(F.when(earlier.contains(SEPARATOR), several).otherwise(one))
    # Nothing is read twice outside a branch: in it, Spark would write all of this twice.
    return _none_for_empty(F.when(earlier.isNull(), alone).otherwise(values))


def _sorted(values: Column, *but: str) -> Column:
    return F.sort_array(F.array_except(values, F.array(F.lit(None).cast("string"), *map(F.lit, but))))


def _none_for_empty(values: Column) -> Column:
    return F.nullif(values, F.array().cast("array<string>"))
