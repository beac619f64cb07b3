"""Sizes of block keys, counted before any pair is made: the cost of a run, and its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from linkage.engine.keys import KEY, LEFT, RIGHT, RULE, SIDE, key_rows
from linkage.engine.records import SOURCE, LinkageRecords
from linkage.errors import LinkageError
from linkage.model.blocking import KeyedRule


@dataclass(frozen=True)
class RuleSize:
    """What one rule would make.

    Attributes:
        rows: Key rows: records with a key, twice where left and right keys differ.
        keys: Distinct keys.
        shared_keys: Keys that make a pair.
        shared_rows: The rows of those.
        pairs: Pairs that share a key, before the rule's other conditions and before pairs of
            earlier rules are left out: never fewer than the rule makes.
        largest_key_pairs: The pairs of the hottest key.
    """

    rows: int
    keys: int
    shared_keys: int
    shared_rows: int
    pairs: int
    largest_key_pairs: int


@dataclass(frozen=True)
class KeySizes:
    """Sizes of rules, and the keys that make a pair at all.

    Attributes:
        by_rule: By the rule's number.
        shared: One row per key with at least one pair: `__rule`, `__key`, `rows`, `pairs`. Half of
            all key rows or more stand alone under their key and need go no further.
    """

    by_rule: Mapping[int, RuleSize]
    shared: DataFrame

    def of(self, rule: KeyedRule) -> RuleSize:
        """The size of a rule that was counted."""
        return self.by_rule[rule.number]


def key_sizes(records: LinkageRecords, rules: Sequence[KeyedRule]) -> KeySizes:
    """Count rows, keys and pairs for each rule; one narrow shuffle.

    The shared keys stay cached, three integers each, until the caller clears Spark's cache.

    Args:
        records: Whose keys to count.
        rules: All rules that will be used, so that they are counted in one pass.

    Raises:
        LinkageError: What was cached is not what was counted.
    """
    counted = (
        key_rows(records, rules, [SOURCE])
        .groupBy(RULE, KEY)
        .agg(F.count("*").alias("rows"), _pairs_of_key(records).alias("pairs"))
    )
    observation = Observation()
    totals = [total for rule in rules for total in _totals(rule.number)]
    shared = counted.observe(observation, *totals).where(F.col("pairs") > 0).persist(StorageLevel.MEMORY_AND_DISK)
    kept = shared.count()
    found = observation.get
    sizes = {rule.number: RuleSize(*(found[f"{name}_{rule.number}"] or 0 for name in _TOTALS)) for rule in rules}
    if kept != sum(size.shared_keys for size in sizes.values()):
        raise LinkageError("key sizes: the keys that were kept are not those that were counted; run it again")
    return KeySizes(sizes, shared)


# In the order of the attributes of RuleSize.
_TOTALS = ("rows", "keys", "shared_keys", "shared_rows", "pairs", "largest")


def _totals(number: int) -> list[Column]:
    mine, shared = F.col(RULE) == number, F.col("pairs") > 0
    pairs, rows = F.when(mine, F.col("pairs")), F.when(mine, F.col("rows"))
    totals = [
        F.sum(rows),
        F.count_if(mine),
        F.count_if(mine & shared),
        F.sum(F.when(shared, rows)),
        F.sum(pairs),
        F.max(pairs),
    ]
    return [total.alias(f"{name}_{number}") for name, total in zip(_TOTALS, totals, strict=True)]


def _pairs_of_key(records: LinkageRecords) -> Column:
    """Pairs that the records of one key can form, as an aggregate.

    With one key for both sides, n records make n(n-1)/2 pairs, of which a link between sources
    leaves out those within a source. With a left and a right key, left × right is an upper bound.
    """
    left = F.sum((F.col(SIDE) == LEFT).cast("bigint"))
    right = F.sum((F.col(SIDE) == RIGHT).cast("bigint"))
    either = F.count("*") - left - right
    within = F.lit(0)
    if records.link_type == "link_only":
        for number in range(len(records.sources)):
            of_source = F.sum(((F.col(SIDE) == 0) & (F.col(SOURCE) == number)).cast("bigint"))
            within = within + of_source * of_source
        same_key = (either * either - within) / 2
    else:
        same_key = either * (either - 1) / 2
    return (same_key + left * right).cast("bigint")
