"""Sizes of block keys, counted before any pair is made: the cost of a run, and its shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine.keys import KEY, LEFT, RIGHT, RULE, SIDE, key_rows
from linkage.engine.records import SOURCE, LinkageRecords
from linkage.model.blocking import KeyedRule


@dataclass(frozen=True)
class RuleSize:
    """What one rule would make.

    Attributes:
        rows: Key rows: records with a key, twice where left and right keys differ.
        keys: Distinct keys.
        pairs: Pairs that share a key, before the rule's other conditions and before pairs of
            earlier rules are left out: never fewer than the rule makes.
        largest_key_pairs: The pairs of the hottest key.
    """

    rows: int
    keys: int
    pairs: int
    largest_key_pairs: int


def rule_sizes(records: LinkageRecords, rules: Sequence[KeyedRule]) -> list[RuleSize]:
    """Count rows, keys and pairs for each rule; one narrow shuffle."""
    keys = key_rows(records, rules, [SOURCE])
    counted = keys.groupBy(RULE, KEY).agg(F.count("*").alias("rows"), _pairs_of_key(records).alias("pairs"))
    found = {
        row[RULE]: RuleSize(row["rows"], row["keys"], row["pairs"], row["largest"])
        for row in _by_rule(counted).collect()
    }
    return [found.get(number, RuleSize(0, 0, 0, 0)) for number in range(len(rules))]


def _by_rule(counted: DataFrame) -> DataFrame:
    return counted.groupBy(RULE).agg(
        F.sum("rows").alias("rows"),
        F.count("*").alias("keys"),
        F.sum("pairs").alias("pairs"),
        F.max("pairs").alias("largest"),
    )


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
