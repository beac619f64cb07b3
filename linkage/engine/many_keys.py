"""Pairs that may meet under several keys of one rule, as rules over the elements of arrays make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.engine.exploding import WHOLE
from linkage.engine.keys import KeyColumn, both_keys, key_columns
from linkage.engine.records import LinkageRecords
from linkage.model.blocking import KeyedRule


@dataclass(frozen=True)
class ManyKeys:
    """What it takes to keep such a pair once, wherever it is made.

    Attributes:
        lists: SQL over a record for the list of all its keys, by the list's name.
        rules: By a list's name the numbers of the rules that need it.
        shared: By the rule's number, SQL over `l`, `r` and their lists for the keys that both have, without
            capped ones.
        once: By the rule's number, SQL over `l`, `r` and their lists: whether the key under which the
            pair was made is the smallest of those.
    """

    lists: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Sequence[int]] = field(default_factory=dict)
    shared: Mapping[int, str] = field(default_factory=dict)
    once: Mapping[int, str] = field(default_factory=dict)


def many_keys(records: LinkageRecords, rules: Sequence[KeyedRule], capped: Mapping[int, str]) -> ManyKeys:
    """The rules under which a record may have several keys on either side.

    Where only one of the two records may, they share one key at most.

    Args:
        records: Those that have the keys.
        rules: Which of them to look for.
        capped: As `linkage.engine.capping.Capping.shared`, or where that has been worked out.
    """
    several = [rule for rule in rules if rule.left_arrays and rule.right_arrays]
    if not several:
        return ManyKeys()
    keys = key_columns(records, several)
    shared = {}
    for rule in several:
        left, right = both_keys(keys, rule)
        shared[rule.number] = f"list_intersect(l.{left.name}, r.{right.name})"
        if rule.number in capped:
            is_capped = f"list_contains({capped[rule.number]}, __k)"
            shared[rule.number] = f"list_filter({shared[rule.number]}, lambda __k: NOT {is_capped})"
    return ManyKeys(
        lists={key.name: key.sql for key in keys},
        rules={key.name: _needing(key, rules, capped) for key in keys},
        shared=shared,
        once={number: f"l.{WHOLE} = list_min({sql})" for number, sql in shared.items()},
    )


def _needing(key: KeyColumn, rules: Sequence[KeyedRule], capped: Mapping[int, str]) -> list[int]:
    """The rules of a key; of a capped one all, for they must see whether it made a pair before them."""
    own = [number for number, _ in key.entries]
    return own if capped.keys().isdisjoint(own) else [rule.number for rule in rules]
