"""Sizes of block keys, counted before any pair is made: the cost of a run, and its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from linkage.engine.tally import WIDEST
from linkage.model.blocking import KeyedRule


@dataclass(frozen=True)
class RuleSize:
    """What one rule would make.

    Attributes:
        rows: Key rows: records with a key, twice where left and right keys differ; for each of their
            keys where arrays are exploded.
        keys: Distinct keys.
        shared_keys: Keys that make a pair.
        shared_rows: The rows of those.
        pairs: Pairs that share a key, before the rule's other conditions and before pairs of
            earlier rules are left out: never fewer than the rule makes. Where arrays are exploded, a
            pair counts under each key that it shares.
        largest_key_pairs: The pairs of the hottest key.
    """

    rows: int
    keys: int
    shared_keys: int
    shared_rows: int
    pairs: int
    largest_key_pairs: int


@dataclass(frozen=True)
class HotKey:
    """A key with many pairs: its hash, its rows and its pairs."""

    key: int
    rows: int
    pairs: int


@dataclass(frozen=True)
class CappedKeys:
    """The keys of one rule that would make too many pairs and therefore make none.

    Attributes:
        hashes: Of the keys, 64 bits each, ascending.
        rows: Key rows that have one.
        pairs: Pairs that share one, counted as `RuleSize.pairs`.
    """

    hashes: pa.Array
    rows: int
    pairs: int


@dataclass(frozen=True)
class SharedKeys:
    """The keys that make a pair, as a set of bits over the first bits of a key's hash.

    Half of all key rows or more stand alone under their key and need go no further. The set may
    let some of them pass; it stops none that is shared.

    Attributes:
        width: Bits of a hash that count.
        bits: One bit for each value of those, least significant first.
    """

    width: int
    bits: bytes

    @classmethod
    def joined(cls, segments: Sequence[tuple[int, int, bytes]], place_bits: int, *, widest: int = WIDEST) -> SharedKeys:
        """The set from its segments.

        Args:
            segments: (place, width within the place, bits); a place without one has no shared key, and
                one with several those of all.
            place_bits: The number of bits that say the place.

            widest: Bits of a hash that may count; a wider set is folded, and lets more keys pass.

        >>> SharedKeys.joined([(1, 3, bytes([0b1000_0001]))], 1).bits.hex()
        '0081'
        """
        width = max(3, min(max((width for _, width, _ in segments), default=3), widest - place_bits))
        joined = np.zeros((1 << place_bits, 1 << (width - 3)), np.uint8)
        for place, own_width, bits in segments:
            own = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
            folded = own.reshape(-1, 1 << max(0, own_width - width)).max(axis=1)
            fitting = folded.repeat(1 << max(0, width - own_width))
            joined[place] |= np.packbits(fitting, bitorder="little")
        return cls(place_bits + width, joined.tobytes())


@dataclass(frozen=True)
class KeySizes:
    """Sizes of rules, and the keys that make a pair at all; capped keys are in neither.

    Attributes:
        by_rule: By the rule's number.
        hottest: By the rule's number, its keys with most pairs, hottest first: ten, and all those
            that are too much for one task.
        shared: The keys that make a pair.
        capped: By the numbers of the rules that have any, the keys that make too many.
    """

    by_rule: Mapping[int, RuleSize]
    hottest: Mapping[int, Sequence[HotKey]]
    shared: SharedKeys
    capped: Mapping[int, CappedKeys] = field(default_factory=dict)

    def of(self, rule: KeyedRule) -> RuleSize:
        """The size of a rule that was counted."""
        return self.by_rule[rule.number]

    def made_by(self, rule: KeyedRule) -> int | None:
        """The pairs that the rule makes if no other comes before it; None where its keys do not tell."""
        return self.of(rule).pairs if rule.is_only_keys else None


def rule_size(rows: Sequence[Mapping[str, int]]) -> RuleSize:
    """One size from those of all places, whose columns are named as its attributes."""
    if not rows:
        return RuleSize(0, 0, 0, 0, 0, 0)
    added = {name: sum(row[name] for row in rows) for name in ("rows", "keys", "shared_keys", "shared_rows", "pairs")}
    return RuleSize(**added, largest_key_pairs=max(row["largest_key_pairs"] for row in rows))
