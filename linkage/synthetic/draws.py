"""Random draws as expressions: a hash of seed, salt and entity, never a random generator.

The same seed gives the same value for an entity on any number of cores and partitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import log, log1p

from pyspark.sql import Column
from pyspark.sql import functions as F

_MANTISSA = 2.0**-53
_HAIR = 1e-12
_SLOTS = 1000
_SEPARATOR = "|"


@dataclass(frozen=True)
class Draws:
    """Draws for one entity: `entity` identifies it within the population of `seed`.

    Two draws with the same salt are the same number; different salts are independent.
    """

    seed: int
    entity: Column

    def bits(self, salt: str) -> Column:
        """64 random bits as a bigint."""
        digest = blake2b(f"{self.seed}/{salt}".encode(), digest_size=8).digest()
        return F.xxhash64(F.lit(int.from_bytes(digest, signed=True)), self.entity)

    def uniform(self, salt: str) -> Column:
        """A double in [0, 1)."""
        return F.shiftrightunsigned(self.bits(salt), 11) * F.lit(_MANTISSA)

    def below(self, bound: int, salt: str) -> Column:
        """A bigint in [0, bound), near enough evenly."""
        return F.pmod(self.bits(salt), F.lit(bound))

    def happens(self, probability: float | Column, salt: str) -> Column:
        """True with the given probability."""
        return self.uniform(salt) < probability

    def more(self, mean: float | Column, at_most: int, salt: str = "count") -> Column:
        """An int from 0 to at_most - 1: how many come after the first, geometric, so that with it they are `mean`."""
        again = 1 - 1 / (F.lit(mean) if isinstance(mean, float) else mean)
        drawn = F.floor(F.log(1 - self.uniform(salt)) / F.log(again))
        return F.when(again > 0, F.least(drawn, F.lit(at_most - 1))).otherwise(0).cast("int")

    def pick(self, weights: Mapping[str, float], salt: str) -> Column:
        """One of the keys of `weights`, in proportion to them, to the nearest thousandth."""
        values = _slots(weights)
        return F.get(text_table(values), (self.uniform(salt) * len(values)).cast("int"))

    def choose(self, values: list[str], salt: str) -> Column:
        """One of `values`, each as likely."""
        return F.get(text_table(values), (self.uniform(salt) * len(values)).cast("int"))


def text_table(values: list[str]) -> Column:
    """A constant array of texts: one literal, not one for each value.

    >>> spark.range(1).select(text_table(["A", "B"])).first()[0]
    ['A', 'B']
    """
    return F.split(F.lit(_SEPARATOR.join(values)), r"\|")


def numbers(values: list[int] | list[float]) -> Column:
    """A constant array of numbers, of the type of the first."""
    kind = "array<int>" if isinstance(values[0], int) else "array<double>"
    return F.split(F.lit(_SEPARATOR.join(map(str, values))), r"\|").cast(kind)


def zipf_rank(uniform: Column, scale: Column | float, ratio: Column | float) -> Column:
    """A rank from 0 with weight 1 / (rank + flatness), by inversion of its integral.

    This is the Zipf-Mandelbrot law with exponent 1, which ranks and frequencies of surnames
    follow closely (general knowledge).

    Args:
        uniform: a draw from [0, 1).
        scale: the first constant that `zipf_scale` gives for the number of ranks.
        ratio: the second one.

    >>> scale, ratio = zipf_scale(100, 8)
    >>> draws = spark.createDataFrame([(0.0,), (0.5,), (0.999999,)], "u double")
    >>> [row[0] for row in draws.select(zipf_rank(F.col("u"), scale, ratio)).collect()]
    [0, 20, 99]
    """
    base = F.lit(ratio) if isinstance(ratio, float) else ratio
    # A hair less than the draw: the largest must not round up to one rank too many.
    rank: Column = scale * (F.pow(base, uniform * (1 - _HAIR)) - 1)
    return rank.cast("int")


def zipf_scale(size: int, flatness: float) -> tuple[float, float]:
    """The constants of `zipf_rank` for ranks in [0, size); the higher the flatness, the more even."""
    scale = flatness - 0.5
    return scale, (scale + size) / scale


def zipf_chances(size: int, flatness: float) -> list[float]:
    """The chance of each rank in [0, size) that `zipf_rank` draws.

    >>> [round(chance, 3) for chance in zipf_chances(3, 1)]  # log(3), log(5/3) and log(7/5) over log(7)
    [0.565, 0.263, 0.173]
    """
    scale, ratio = zipf_scale(size, flatness)
    return [log1p(1 / (scale + rank)) / log(ratio) for rank in range(size)]


def _slots(weights: Mapping[str, float]) -> list[str]:
    """Keys repeated in proportion to their weights, a thousand in all."""
    total = sum(weights.values())
    slots: list[str] = []
    reached = 0.0
    for key, weight in weights.items():
        reached += weight
        slots += [key] * (round(_SLOTS * reached / total) - len(slots))
    return slots
