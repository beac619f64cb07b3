"""Pairs that may meet under several keys of one rule, as rules over the elements of arrays make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linkage.engine.keys import WHOLE, key_columns
from linkage.engine.records import LinkageRecords
from linkage.model.blocking import KeyedRule


@dataclass(frozen=True)
class ManyKeys:
    """What it takes to keep such a pair once, wherever it is made.

    Attributes:
        lists: SQL over a record for the list of all its keys, by the list's name.
        rules: By a list's name the numbers of the rules that need it.
        once: By the rule's number, SQL over `l`, `r` and their lists: whether the key under which the
            pair was made is the smallest that both records have.
    """

    lists: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Sequence[int]] = field(default_factory=dict)
    once: Mapping[int, str] = field(default_factory=dict)


def many_keys(records: LinkageRecords, rules: Sequence[KeyedRule]) -> ManyKeys:
    """The rules under which a record may have several keys on either side.

    Where only one of the two records may, they share one key at most.
    """
    several = [rule for rule in rules if rule.left_arrays and rule.right_arrays]
    if not several:
        return ManyKeys()
    keys = key_columns(records, several)
    once = {}
    for rule in several:
        # One key for either side, or a left and a right one, in this order.
        names = [key.name for key in keys if rule.number in dict(key.entries)]
        shared = f"list_intersect(l.{names[0]}, r.{names[-1]})"
        once[rule.number] = f"l.{WHOLE} = list_min({shared})"
    return ManyKeys(
        lists={key.name: key.sql for key in keys},
        rules={key.name: [number for number, _ in key.entries] for key in keys},
        once=once,
    )
