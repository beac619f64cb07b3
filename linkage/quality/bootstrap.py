"""Intervals for ratios of sums, by drawing persons again and again without moving a row.

To draw persons with replacement is to give each a number of times that it is drawn, which for many
persons is Poisson(1) (Hanley and MacGibbon 2006; Chamandy et al. 2012). That number is a function of
person, replicate and seed, so it is the same on any partitioning, and for two models measured on the
same persons: their intervals belong to the same draws.

Persons are dealt by hash into `GROUPS` groups that are drawn whole (random groups, Wolter 2007, ch. 2),
so that the work after one sum per group does not grow with persons: a product of matrices of integers,
draws by groups and groups by sums. Fewer persons than groups are drawn nearly one by one. The width of
an interval is uncertain by about 1 / sqrt(2 GROUPS), 2%.

What an interval cannot say: where no error was seen, every draw has none, and both ends are the rate.
Then up to 3 in n may still be wrong (Hanley and Lippman-Hand 1983).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

GROUPS = 1000
REPLICATES = 200
SEED = 20110101
# P(X <= k) of Poisson(1); a draw above the last is one in ten thousand million.
_CUMULATIVE = tuple(accumulate(math.exp(-1) / math.factorial(k) for k in range(13)))
_DRAW, _WHOLE = "_draw", "_whole"
_RESULT = ("numerator", "denominator", "rate", "lower", "upper")


class Ratio(NamedTuple):
    """A measure: the sum of one integer column over the sum of another, both in parts of `unit`."""

    numerator: Column
    denominator: Column
    unit: int = 1


def ratio_intervals(
    rows: DataFrame,
    ratios: Mapping[str, Ratio],
    *,
    by: Sequence[str],
    drawn_with: Column,
    replicates: int = REPLICATES,
    seed: int = SEED,
    level: float = 0.95,
) -> DataFrame:
    """Each ratio with a bootstrap percentile interval, in each group of `by`.

    Args:
        rows: Any number of rows per person and group.
        ratios: By name; their columns are of `rows`, integers (sums of fractions would depend on their
            order), null counting as zero.
        by: Columns whose values make the groups, none of them null.
        drawn_with: What is drawn: rows with the same value are drawn together. Never null.
        replicates: How many draws; with none there are no ends.
        seed: Another seed draws otherwise.
        level: Share of the draws between the two ends.

    Returns:
        One row per group and ratio: the columns of `by`, `measure`, `numerator`, `denominator`, `rate`,
        `lower`, `upper` (double). `rate` is null where the denominator is zero, the ends where it is
        zero in every draw; draws in which it is zero count for neither end.

    Raises:
        ValueError: `replicates` below zero, or `level` not between 0 and 1.

    >>> df = spark.createDataFrame([(p, int(p % 4 > 0)) for p in range(400)], "person int, right int")
    >>> right = {"right": Ratio(F.col("right"), F.lit(1))}
    >>> row = ratio_intervals(df, right, by=[], drawn_with=F.col("person")).first()
    >>> row.rate, 0.69 < row.lower < 0.75 < row.upper < 0.81
    (0.75, True)
    """
    if replicates < 0:
        raise ValueError(f"replicates = {replicates}: draws cannot be fewer than none")
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: must lie between 0 and 1")
    parts = [(name, side) for name in ratios for side in ("numerator", "denominator")]
    sums = rows.groupBy(*by, F.pmod(F.xxhash64(drawn_with), F.lit(GROUPS)).cast("int").alias(_DRAW)).agg(
        *(F.coalesce(F.sum(getattr(ratios[name], side)), F.lit(0)).alias(f"{name}_{side}") for name, side in parts)
    )
    units = {name: ratio.unit for name, ratio in ratios.items()}

    def drawn(table: pa.Table) -> pa.Table:
        return _of_one_group(table, by, units, replicates=replicates, seed=seed, level=level)

    kept = [sums.schema[name] for name in by]
    made = [T.StructField(name, T.DoubleType()) for name in _RESULT]
    schema = T.StructType([*kept, T.StructField("measure", T.StringType()), *made])
    grouped = sums.withColumn(_WHOLE, F.lit(0)).groupBy(*(by or [_WHOLE]))
    return grouped.applyInArrow(drawn, schema)


def _of_one_group(
    table: pa.Table, by: Sequence[str], units: Mapping[str, int], *, replicates: int, seed: int, level: float
) -> pa.Table:
    """The measures of one group of `by`, from the sums of the groups of persons in it."""
    draws = table[_DRAW].to_numpy()
    # The first row takes everyone once: it is the measure itself.
    times = np.vstack([np.ones(len(draws), np.int64), _times(seed, replicates)[:, draws]])
    made: dict[str, list[float | None]] = {name: [] for name in _RESULT}
    for name, unit in units.items():
        top, bottom = (times @ table[f"{name}_{side}"].to_numpy() for side in ("numerator", "denominator"))
        rates = top[bottom != 0] / bottom[bottom != 0]
        itself = top[0] / bottom[0] if bottom[0] else None
        known = rates if itself is None else rates[1:]
        ends = np.quantile(known, [(1 - level) / 2, (1 + level) / 2]).tolist() if len(known) else [None, None]
        for column, value in zip(_RESULT, (top[0] / unit, bottom[0] / unit, itself, *ends), strict=True):
            made[column].append(value)
    repeated = {name: pa.array([table[name][0].as_py()] * len(units), table.schema.field(name).type) for name in by}
    measured = {name: pa.array(values, pa.float64()) for name, values in made.items()}
    return pa.table(repeated | {"measure": pa.array(list(units), pa.string())} | measured)


@cache
def _times(seed: int, replicates: int) -> NDArray[np.int64]:
    """How often each replicate draws each group: Poisson(1) numbers, by inverting their distribution."""
    # The bits of this generator are promised to stay the same in every version.
    bits = np.random.Philox(key=seed).random_raw(replicates * GROUPS).reshape(replicates, GROUPS)
    return np.searchsorted(_CUMULATIVE, (bits >> np.uint64(11)) * 2.0**-53, side="right").astype(np.int64)
