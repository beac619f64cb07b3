"""Random draws as expressions: a hash of seed, salt and entity, never a random generator.

The same seed gives the same value for an entity on any number of cores and partitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from pyspark.sql import Column
from pyspark.sql import functions as F

_MANTISSA = 2.0**-53
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

    def pick(self, weights: Mapping[str, float], salt: str) -> Column:
        """One of the keys of `weights`, in proportion to them, to the nearest thousandth."""
        values = _slots(weights)
        return F.element_at(text_table(values), (self.uniform(salt) * len(values)).cast("int") + 1)

    def choose(self, values: list[str], salt: str) -> Column:
        """One of `values`, each as likely."""
        return F.element_at(text_table(values), (self.uniform(salt) * len(values)).cast("int") + 1)


def text_table(values: list[str]) -> Column:
    """A constant array of texts: one literal, not one for each value.

    >>> spark.range(1).select(text_table(["A", "B"])).first()[0]
    ['A', 'B']
    """
    return F.split(F.lit(_SEPARATOR.join(values)), r"\|")


def numbers(values: list[int]) -> Column:
    """A constant array of integers."""
    return F.split(F.lit(_SEPARATOR.join(map(str, values))), r"\|").cast("array<int>")


def zipf_rank(uniform: Column, size: Column | int, flatness: Column | float) -> Column:
    """A rank in [0, size) with weight 1 / (rank + flatness), by inversion of its integral.

    This is the Zipf-Mandelbrot law with exponent 1, which ranks and frequencies of surnames
    follow closely (general knowledge).

    >>> low, high = zipf_rank(F.lit(0.0), 100, 8.0), zipf_rank(F.lit(0.999999), 100, 8.0)
    >>> spark.range(1).select(low.alias("low"), high.alias("high")).first()
    Row(low=0, high=99)
    """
    size, flatness = (F.lit(v) if isinstance(v, int | float) else v for v in (size, flatness))
    first = flatness - 0.5
    rank = F.floor(first * F.pow((first + size) / first, uniform) - first)
    return F.least(rank.cast("int"), size.cast("int") - 1)


def _slots(weights: Mapping[str, float]) -> list[str]:
    """Keys repeated in proportion to their weights, a thousand in all."""
    total = sum(weights.values())
    slots: list[str] = []
    reached = 0.0
    for key, weight in weights.items():
        reached += weight
        slots += [key] * (round(_SLOTS * reached / total) - len(slots))
    return slots
