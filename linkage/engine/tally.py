"""Hashes tallied: how often each occurs, and how many pairs those that are equal can form.

Hashes are sorted, and a key begins where they change: as fast as a hash table, and the keys come in
order. Imported by executors: NumPy and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# Every process that makes key rows has the set of shared keys: 64 MB of bits.
WIDEST = 29


@dataclass(frozen=True)
class Tally:
    """How often each key occurs.

    Attributes:
        keys: Each once, ascending.
        counts: A row for each part that rows may be of: how many of it have the key.
        pairing: The two parts, or twice the same one, of which a row each makes a pair.
    """

    keys: Hashes
    counts: Sequence[Integers]
    pairing: Sequence[tuple[int, int]]

    @cached_property
    def rows(self) -> Integers:
        """How many rows have each key."""
        return np.sum(self.counts, axis=0, dtype=np.int64) if len(self.counts) > 1 else self.counts[0]

    @cached_property
    def pairs(self) -> Integers:
        """How many pairs the rows of each key can form."""
        found = np.zeros(len(self.keys), np.int64)
        for one, other in self.pairing:
            left, right = self.counts[one], self.counts[other]
            found += left * (left - 1) // 2 if one == other else left * right
        return found

    def where(self, wanted: NDArray[np.bool_]) -> Tally:
        """That of some of the keys."""
        return Tally(self.keys[wanted], [times[wanted] for times in self.counts], self.pairing)

    def hottest(self, least: int, pairs: int) -> NDArray[np.intp]:
        """Where the keys with most pairs are: so many at least, and all with so many pairs; none without a pair.

        Of keys with equally many pairs the smaller ones are taken.
        """
        found = self.pairs
        if len(found) <= least:
            return np.flatnonzero(found > 0)
        limit = min(int(np.partition(found, -least)[-least]), pairs)
        above = np.flatnonzero(found > limit)
        level = np.flatnonzero((found == limit) & (found > 0))
        return np.concatenate([above, level if limit == pairs else level[: max(0, least - len(above))]])


def tallied(rows: pa.Table, parts: int, pairing: Sequence[tuple[int, int]]) -> Tally:
    """Tally the column `key` (uint64), which has no null.

    Args:
        rows: Where there are several parts, `part` says which a row is of; `n`, where it is there,
            how many rows it stands for.
        parts: How many there are, one or more.
        pairing: As for `Tally`.

    >>> found = tallied(pa.table({"key": pa.array([7, 5, 7], pa.uint64())}), 1, [(0, 0)])
    >>> found.keys.tolist(), found.rows.tolist(), found.pairs.tolist()
    ([5, 7], [1, 2], [0, 1])
    """
    keys = rows["key"].to_numpy()
    if parts == 1 and "n" not in rows.column_names:
        keys = np.sort(keys)
        starts = _starts(keys)
        return Tally(keys[starts], [np.diff(starts, append=len(keys))], pairing)
    order = np.argsort(keys)
    keys = keys[order]
    starts = _starts(keys)
    times = rows["n"].to_numpy()[order] if "n" in rows.column_names else np.ones(len(keys), np.int64)
    if parts == 1:
        return Tally(keys[starts], [_summed(times, starts)], pairing)
    part = rows["part"].to_numpy()[order]
    return Tally(keys[starts], [_summed(np.where(part == each, times, 0), starts) for each in range(parts)], pairing)


def set_of_bits(keys: Hashes, bits_above: int, bits_of_a_key: int, *, widest: int = WIDEST) -> pa.Table:
    """A set that has all the keys, and few others: bit n stands for those whose next `width` bits are n.

    Args:
        keys: Each once or more.
        bits_above: The first bits of a key, which all have alike.
        bits_of_a_key: How many bits of the set there are for each key, at least; one in so many of
            other keys passes for one of them. Fewer where the set would be wider than it may.
        widest: Bits of a key that may count, those above among them.
    """
    width = max(3, min((len(keys) * bits_of_a_key - 1).bit_length(), widest - bits_above))
    below = keys & np.uint64((1 << (64 - bits_above)) - 1)
    present = np.zeros(1 << width, np.bool_)
    present[below >> np.uint64(64 - bits_above - width)] = True
    bits = np.packbits(present, bitorder="little").tobytes()
    return pa.table({"width": pa.array([width], pa.int32()), "bits": pa.array([bits], pa.binary())})


def _starts(ordered: Hashes) -> NDArray[np.intp]:
    """Where keys begin that differ from the one before."""
    changed = np.empty(len(ordered), np.bool_)
    changed[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=changed[1:])
    return np.flatnonzero(changed)


def _summed(times: Integers, starts: NDArray[np.intp]) -> Integers:
    return np.add.reduceat(times, starts) if len(starts) else np.zeros(0, np.int64)
