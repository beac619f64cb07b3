"""Intervals for ratios of sums, by drawing persons again and again without moving a row.

To draw persons with replacement is to give each a number of times that it is drawn, which for many
persons is Poisson(1) (Hanley and MacGibbon 2006; Chamandy et al. 2012). That number is a function of
person, replicate and seed, so it is the same on any partitioning, and for two models measured on the
same persons: their intervals belong to the same draws.

Persons are dealt by hash into `GROUPS` groups that are drawn whole (random groups, Wolter 2007, ch. 2),
so that the work after one sum per group does not grow with persons. Fewer persons than groups are
drawn nearly one by one. The width of an interval is uncertain by about 1 / sqrt(2 GROUPS), 2%.

What an interval cannot say: where no error was seen, every draw has none, and both ends are the rate.
Then up to 3 in n may still be wrong (Hanley and Lippman-Hand 1983).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import accumulate
from operator import add
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

GROUPS = 1000
REPLICATES = 200
SEED = 20110101
# P(X <= k) of Poisson(1); a draw above the last is one in ten thousand million.
_CUMULATIVE = tuple(accumulate(math.exp(-1) / math.factorial(k) for k in range(13)))
_DRAW, _REPLICATE = "_draw", "_replicate"


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
        replicates: How many draws, at least one.
        seed: Another seed draws otherwise.
        level: Share of the draws between the two ends.

    Returns:
        One row per group and ratio: the columns of `by`, `measure`, `numerator`, `denominator`, `rate`,
        `lower`, `upper` (double). `rate` is null where the denominator is zero, the ends where it is
        zero in every draw; draws in which it is zero count for neither end.

    Raises:
        ValueError: `replicates` below one, or `level` not between 0 and 1.

    >>> df = spark.createDataFrame([(p, int(p % 4 > 0)) for p in range(400)], "person int, right int")
    >>> right = {"right": Ratio(F.col("right"), F.lit(1))}
    >>> row = ratio_intervals(df, right, by=[], drawn_with=F.col("person")).first()
    >>> row.rate, 0.69 < row.lower < 0.75 < row.upper < 0.81
    (0.75, True)
    """
    if replicates < 1:
        raise ValueError(f"replicates = {replicates}: an interval needs at least one")
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: must lie between 0 and 1")
    parts = [(name, side) for name in ratios for side in ("numerator", "denominator")]
    sums = rows.groupBy(*by, F.pmod(F.xxhash64(drawn_with), F.lit(GROUPS)).alias(_DRAW)).agg(
        *(F.coalesce(F.sum(getattr(ratios[name], side)), F.lit(0)).alias(f"{name}_{side}") for name, side in parts)
    )
    drawn = sums.withColumn(_REPLICATE, F.explode(F.sequence(F.lit(0), F.lit(replicates))))
    # Replicate 0 takes everyone once: it is the measure itself.
    times = F.when(F.col(_REPLICATE) == 0, 1).otherwise(_poisson(seed, F.col(_DRAW), F.col(_REPLICATE)))
    totals = drawn.groupBy(*by, _REPLICATE).agg(*(F.sum(F.col(f"{n}_{s}") * times).alias(f"{n}_{s}") for n, s in parts))
    measures = F.array(
        *(
            F.struct(
                F.lit(name).alias("measure"),
                (F.col(f"{name}_numerator") / ratio.unit).alias("numerator"),
                (F.col(f"{name}_denominator") / ratio.unit).alias("denominator"),
            )
            for name, ratio in ratios.items()
        )
    )
    rates = totals.select(*by, _REPLICATE, F.inline(measures)).withColumn(
        "rate", F.try_divide("numerator", "denominator")
    )
    itself = F.col(_REPLICATE) == 0
    ends = F.percentile(F.when(~itself, F.col("rate")), [(1 - level) / 2, (1 + level) / 2])
    found = ["numerator", "denominator", "rate"]
    return (
        rates.groupBy(*by, "measure")
        .agg(*(F.max(F.when(itself, F.col(name))).alias(name) for name in found), ends.alias("ends"))
        .select(*by, "measure", *found, F.col("ends")[0].alias("lower"), F.col("ends")[1].alias("upper"))
    )


def _poisson(seed: int, draw: Column, replicate: Column) -> Column:
    """A Poisson(1) number for each draw and replicate, by inverting its distribution."""
    uniform = F.shiftrightunsigned(F.xxhash64(F.lit(seed), draw, replicate), 11) / F.lit(2.0**53)
    return reduce(add, ((uniform >= F.lit(p)).cast("int") for p in _CUMULATIVE))
