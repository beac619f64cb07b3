"""Keys that would make too many pairs and therefore make none, and what is lost by it.

A pair that shares such a key may still be made: under another rule, or, where arrays are exploded, under
another key of the same one. So a rule has made a pair before only if its key was not capped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine.keys import KeyColumn, both_keys, key_columns
from linkage.engine.many_keys import ManyKeys
from linkage.engine.records import LinkageRecords
from linkage.engine.sizes import KeySizes
from linkage.model.blocking import KeyedRule

# The lookup of tasks that explode records: `key`, the hashes of all capped keys.
CAPPED_KEYS = "capped_keys"

_CAPPED = f"(SELECT {CAPPED_KEYS}.key FROM {CAPPED_KEYS})"


@dataclass(frozen=True)
class Capping:
    """What tells the pairs that share a capped key; empty without one.

    Attributes:
        columns: What key rows carry, in SQL over a record and the lookup, by name: a record's key if it
            is capped, else null; of a list of keys those that are.
        shared: By the number of a rule with capped keys, SQL over two key rows `l` and `r`: whether they
            share one; where both may have several keys, the list of those.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[int, str] = field(default_factory=dict)

    @property
    def names(self) -> dict[int, str]:
        """The column of a pair that holds what `shared` says."""
        return {number: capped_column(number) for number in self.shared}


@dataclass(frozen=True)
class Lost:
    """What capping did to the pairs of one match key.

    Attributes:
        keys: Keys that made no pair.
        records: Records with one; a record counts under each of them that it has.
        pairs_not_made: Pairs that share one, which the rule therefore did not make.
        made_elsewhere: Of those, the ones made all the same, under another rule or another key.
        pairs_lost: The others: made under no rule.
        is_exact: Otherwise pairs are counted before the rule's other conditions, or under each of several
            keys or sides, and no more than these are lost.
    """

    keys: int
    records: int
    pairs_not_made: int
    made_elsewhere: int
    pairs_lost: int
    is_exact: bool

    def document(self) -> dict[str, int | bool]:
        """Plain values for JSON."""
        return asdict(self)


def capped_column(rule: int) -> str:
    """The column of a pair that tells of capped keys of a rule, by its number.

    >>> capped_column(3)
    '__capped_3'
    """
    return f"__capped_{rule}"


def capping(records: LinkageRecords, rules: Sequence[KeyedRule], sizes: KeySizes) -> Capping:
    """How to tell pairs that share a capped key of some rules."""
    capped = [rule for rule in rules if rule.number in sizes.capped]
    if not capped:
        return Capping()
    keys = key_columns(records, capped)
    shared = {}
    for rule in capped:
        shared[rule.number] = _shared(*both_keys(keys, rule))
    return Capping({_carried(key): _if_capped(key) for key in keys}, shared)


def made_before(shared: Mapping[int, str], many: ManyKeys) -> dict[int, str]:
    """What a pair that satisfies a rule must satisfy, too, to have been made under it; by the rule's number.

    Args:
        shared: As `Capping.shared`, or where that has been worked out.
        many: Of the same rules, without the capped ones among the keys that a pair shares.
    """
    return {
        number: f"len({many.shared[number]}) > 0" if number in many.shared else f"NOT {sql}"
        for number, sql in shared.items()
    }


def counted(rules: Sequence[KeyedRule], sizes: KeySizes) -> dict[int, str]:
    """How many capped keys of a rule a pair shares, or whether one, in SQL over pairs; by the rule's number."""
    names = {rule: capped_column(rule.number) for rule in rules if rule.number in sizes.capped}
    return {
        rule.number: f"len({name})" if rule.left_arrays and rule.right_arrays else name for rule, name in names.items()
    }


def hashes(rules: Sequence[KeyedRule], sizes: KeySizes) -> pa.Table | None:
    """The lookup `CAPPED_KEYS`; None where no key is capped."""
    found = [sizes.capped[rule.number].hashes for rule in rules if rule.number in sizes.capped]
    # Rules over the same values have the same keys.
    return pa.table({"key": pc.unique(pa.chunked_array(found, pa.uint64()))}) if found else None


def capped_keys(rules: Sequence[KeyedRule], sizes: KeySizes) -> int:
    """How many keys some rule makes no pair of; one that several rules over the same values have is one."""
    found = hashes(rules, sizes)
    return 0 if found is None else found.num_rows


def lost(rules: Sequence[KeyedRule], sizes: KeySizes, made: Mapping[int, int]) -> dict[str, Lost]:
    """What capping did, by match key; nothing of match keys without a capped key.

    A pair is lost to each rule that would have made it, so what several match keys have lost may be
    the same pairs.

    Args:
        rules: All rules that shared out pairs.
        sizes: Of them.
        made: By a rule's number the pairs made under whichever rule that share a capped key of it,
            each counted for every one that it shares.
    """
    found = {}
    for match_key in sorted({rule.match_key for rule in rules if rule.number in sizes.capped}):
        capped = [rule for rule in rules if rule.match_key == match_key and rule.number in sizes.capped]
        keys = [sizes.capped[rule.number] for rule in capped]
        pairs, elsewhere = sum(each.pairs for each in keys), sum(made.get(rule.number, 0) for rule in capped)
        found[str(match_key)] = Lost(
            keys=sum(len(each.hashes) for each in keys),
            records=sum(each.rows for each in keys),
            pairs_not_made=pairs,
            made_elsewhere=elsewhere,
            pairs_lost=pairs - elsewhere,
            # Two sides of an OR may miss the same pair.
            is_exact=len(capped) == 1 and capped[0].is_only_keys,
        )
    return found


def _carried(key: KeyColumn) -> str:
    return f"__capped{key.name}"


def _if_capped(key: KeyColumn) -> str:
    if key.is_list:
        return f"(SELECT list(__k) FROM (SELECT unnest({key.sql}) AS __k) WHERE __k IN {_CAPPED})"
    return f"CASE WHEN {key.sql} IN {_CAPPED} THEN {key.sql} END"


def _shared(left: KeyColumn, right: KeyColumn) -> str:
    one, other = f"l.{_carried(left)}", f"r.{_carried(right)}"
    if left.is_list and right.is_list:
        return f"coalesce(list_intersect({one}, {other}), [])"
    if left.is_list or right.is_list:
        several, single = (one, other) if left.is_list else (other, one)
        return f"coalesce(list_contains({several}, {single}), false)"
    return f"coalesce({one} = {other}, false)"
