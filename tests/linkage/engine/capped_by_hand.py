"""Candidate pairs with capped keys in plain Python: every pair looked at, and what is lost counted one by one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from linkage.engine.capping import Lost

Row = Mapping[str, Any]
Keys = Callable[[Row], set[tuple[Any, ...]]]
# Source and ID of both records.
Pair = tuple[str, int, str, int]


@dataclass(frozen=True)
class Part:
    """One side of a rule's OR in plain Python: the keys of a record, and what else a pair must satisfy under one."""

    left: Keys
    right: Keys
    more: Callable[[Row, Row, tuple[Any, ...]], bool] | None = None
    exploding: bool = False

    @property
    def is_only_keys(self) -> bool:
        """Whether it asks for nothing but equal values."""
        return self.left is self.right and self.more is None and not self.exploding

    def holds(self, one: Row, other: Row) -> bool:
        """Whether a pair satisfies it."""
        shared = self.left(one) & self.right(other)
        return any(self.more is None or self.more(one, other, key) for key in shared)


def _of(*columns):
    """The key of some columns: none where one is null."""

    def keys(row):
        values = tuple(row[column] for column in columns)
        return set() if None in values else {values}

    return keys


def _elements(*columns):
    """A key for each alias, beside the values of some columns."""

    def keys(row):
        return {(alias, *more) for alias in row["aliases"] or () if alias is not None for more in _of(*columns)(row)}

    return keys


def _same(keys, more=None, *, exploding=False):
    return Part(keys, keys, more, exploding)


def _other_city(one, other, _):
    return None not in (one["city"], other["city"]) and one["city"] != other["city"]


def _early(_one, _other, key):
    return key[0] < "b"


def _has_element(_one, other, _):
    """A record without an element, be it null, has no row."""
    return bool(other["aliases"])


_SURNAME, _DOB = _same(_of("surname")), _same(_of("dob"))
# SQL, what it explodes, and the same in Python.
RULES = {
    "l.surname = r.surname": ((), [_SURNAME]),
    "l.dob = r.dob": ((), [_DOB]),
    "l.city = r.city AND l.dob = r.dob": ((), [_same(_of("city", "dob"))]),
    "l.surname = r.surname AND l.city <> r.city": ((), [_same(_of("surname"), _other_city)]),
    "l.surname = r.surname OR l.dob = r.dob": ((), [_SURNAME, _DOB]),
    "l.surname = r.city": ((), [Part(_of("surname"), _of("city"))]),
    "l.city = r.surname AND l.dob = r.dob": ((), [Part(_of("city", "dob"), _of("surname", "dob"))]),
    "l.aliases = r.aliases": (["aliases"], [_same(_elements(), exploding=True)]),
    "l.aliases = r.aliases AND l.city = r.city": (["aliases"], [_same(_elements("city"), exploding=True)]),
    "l.aliases = r.aliases AND l.aliases < 'b'": (["aliases"], [_same(_elements(), _early, exploding=True)]),
    "l.aliases = r.surname": (["aliases"], [Part(_elements(), _of("surname"), _has_element, exploding=True)]),
}


class ByHand:
    """Every pair looked at, in Splink's order.

    Attributes:
        pairs_of_keys: By key, for each side of an OR of each rule.
    """

    def __init__(self, rules: Sequence[str], inputs: Mapping[str, pa.Table], link_type: str) -> None:
        self.parts = [(str(place), part) for place, rule in enumerate(rules) for part in RULES[rule][1]]
        rows = [(name, row) for name in sorted(inputs) for row in inputs[name].to_pylist()]
        self.rows = [row for _, row in rows]
        ordered = sorted(rows, key=lambda each: (each[0], each[1]["unique_id"]))
        self.pairs = [
            (one, other)
            for one, other in itertools.combinations(ordered, 2)
            if link_type == "dedupe_only" or one[0] != other[0]
        ]
        self.pairs_of_keys = [self._pairs_of_keys(part) for _, part in self.parts]

    def _pairs_of_keys(self, part):
        """Pairs of each key; with a left and a right one, left times right, as for `RuleSize.pairs`."""
        if part.left is part.right:
            return Counter(key for (_, one), (_, other) in self.pairs for key in part.left(one) & part.left(other))
        left, right = (Counter(key for row in self.rows for key in of(row)) for of in (part.left, part.right))
        return Counter({key: left[key] * right[key] for key in left.keys() & right.keys()})

    def made(self, cap: int) -> tuple[dict[Pair, str], dict[str, Lost]]:
        """Pairs and their match keys; and what capping did."""
        capped = [{key for key, pairs in of.items() if pairs > cap} for of in self.pairs_of_keys]
        made, elsewhere = {}, Counter()
        for (source, one), (other_source, other) in self.pairs:
            shared = [part.left(one) & part.right(other) for _, part in self.parts]
            for place, (match_key, part) in enumerate(self.parts):
                if shared[place] - capped[place] and part.holds(one, other):
                    made[source, one["unique_id"], other_source, other["unique_id"]] = match_key
                    elsewhere.update({n: len(shared[n] & capped[n]) for n in range(len(self.parts))})
                    break
        return made, self._lost(capped, elsewhere)

    def _lost(self, capped, elsewhere):
        lost_of = {}
        for match_key in sorted({key for (key, _), keys in zip(self.parts, capped, strict=True) if keys}):
            places = [n for n, (key, _) in enumerate(self.parts) if key == match_key and capped[n]]
            not_made = sum(self.pairs_of_keys[n][key] for n in places for key in capped[n])
            met = sum(elsewhere[n] for n in places)
            lost_of[match_key] = Lost(
                keys=sum(len(capped[n]) for n in places),
                records=sum(self._rows(self.parts[n][1], capped[n]) for n in places),
                pairs_not_made=not_made,
                made_elsewhere=met,
                pairs_lost=not_made - met,
                is_exact=len(places) == 1 and self.parts[places[0]][1].is_only_keys,
            )
        return lost_of

    def _rows(self, part, keys):
        sides = (part.left,) if part.left is part.right else (part.left, part.right)
        return sum(len(of(row) & keys) for row in self.rows for of in sides)

    def missed(self, match_key: str, made: Mapping[Pair, str]) -> int:
        """Pairs that satisfy a rule and that none has made."""
        parts = [part for key, part in self.parts if key == match_key]
        return sum(
            any(part.holds(one, other) for part in parts)
            and (source, one["unique_id"], other_source, other["unique_id"]) not in made
            for (source, one), (other_source, other) in self.pairs
        )
