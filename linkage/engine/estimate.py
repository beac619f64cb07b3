"""What prediction will cost, told before it begins: pairs, seconds and bytes, from what has been measured.

The costs of the steps stand to each other much as they do on any machine; how fast this one is, under this
profile, is measured on work that has been done already. So an estimate is a sum of steps at the costs of a
reference machine, times how much longer the measured work took than the same sum says.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import types as T

from linkage.engine import plans
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_rows import Sample, sampled_rows, tile_rows
from linkage.engine.making import made_in_tasks
from linkage.engine.passes import Measured, Pass
from linkage.engine.records import ID, SOURCE, LinkageRecords
from linkage.engine.sizes import KeySizes
from linkage.engine.survey import Survey
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel

# A dry run makes no more pairs than these, in expectation: whole keys are drawn.
SAMPLED_PAIRS = 100_000

# Bytes of a key row in a shuffle, packed and compressed: the key and the number of a record, or the key and
# a value by whether it is text.
_ROW_BYTES = 12.5
_KEY_BYTES = 10
_TEXT_BYTES = 6
_NUMBER_BYTES = 4


@dataclass(frozen=True)
class Estimate:
    """What prediction is expected to take.

    Attributes:
        seconds: Until the scored pairs are written, with what it takes Spark to write them if it does.
        shuffle_bytes: Of key rows.
        pairs: Distinct candidate pairs.
        calibrated_on: The measured passes that say how fast this machine is.
    """

    seconds: float
    shuffle_bytes: int
    pairs: int
    calibrated_on: tuple[str, ...]

    def document(self) -> dict[str, float | int | list[str]]:
        """Plain values for JSON."""
        return {
            "seconds": round(self.seconds, 3),
            "shuffle_bytes": self.shuffle_bytes,
            "pairs": self.pairs,
            "calibrated_on": list(self.calibrated_on),
        }


@dataclass(frozen=True)
class SampledPairs:
    """What a sample of pairs tells of all: the estimated pairs that each rule is the first to make, by its number."""

    new: Mapping[int, int]
    measured: Measured


def estimate(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    sizes: KeySizes,
    measured: Sequence[Measured],
    *,
    count: int,
    pairs: int,
    written_by_spark: bool = False,
) -> Estimate:
    """Foretell a prediction from passes that have been measured; runs nothing.

    Args:
        records: What is linked.
        model: What compares them.
        rules: The rules of prediction.
        sizes: Of these rules.
        measured: One pass or more.
        count: How many records there are.
        pairs: Distinct candidate pairs, as far as is known.
        written_by_spark: Whether Spark writes the scored pairs as a table; else the tasks do, at no cost of its own.
    """
    cores = records.frame.sparkSession.sparkContext.defaultParallelism
    work = predicting(
        records, model, rules, sizes, count=count, pairs=pairs, written=pairs if written_by_spark else None
    )
    slower = sum(each.seconds for each in measured) / sum(each.work.seconds(cores) for each in measured)
    carried = (SOURCE, ID, *_read(model, rules))
    fields = {field.name.lower(): field.dataType for field in records.frame.schema.fields}
    wide = _KEY_BYTES + sum(
        _TEXT_BYTES if isinstance(fields.get(name.lower()), T.StringType) else _NUMBER_BYTES for name in carried
    )
    return Estimate(
        seconds=work.seconds(cores) * slower,
        shuffle_bytes=int(work.rows * (_ROW_BYTES if work.is_held else wide)),
        pairs=pairs,
        calibrated_on=tuple(each.name for each in measured),
    )


def surveying(
    records: LinkageRecords, rules: Sequence[KeyedRule], columns: Sequence[str], found: Survey, *, is_warm: bool = False
) -> Pass:
    """The work of a survey that has been made: of each record its ID, its keys and its values are hashed."""
    hashes = found.records * (1 + _sides(rules) + len(columns))
    return Pass(records=found.records, hashes=hashes, is_held=records.held is not None, is_first=True, is_warm=is_warm)


def predicting(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    sizes: KeySizes,
    *,
    count: int,
    pairs: int,
    written: int | None = None,
) -> Pass:
    """The work of a prediction; `written` are the pairs that Spark writes, at most, None where the tasks write them."""
    return Pass(
        records=count,
        keys=count * _sides(rules),
        rows=sum(sizes.of(rule).shared_rows + tile_rows(sizes.hottest[rule.number]) for rule in rules),
        is_held=records.held is not None,
        sharing=sum(sizes.of(rule).pairs for rule in rules),
        comparisons=pairs * len(model.comparisons),
        scored=pairs,
        written=written,
    )


def sampling(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    sizes: KeySizes,
    shares: Mapping[int, float],
    *,
    count: int,
    compared: int,
) -> Pass:
    """The work of a pass that counts comparison vectors, over all pairs of some rules and a share of others'."""
    share = {rule.number: shares.get(rule.number, 1.0) for rule in rules}
    looked_at = [sizes.of(rule).shared_rows for rule in rules if share[rule.number]]
    return Pass(
        records=count,
        keys=count * _sides(rules),
        rows=sum(sampled_rows(sizes.of(rule), share[rule.number]) for rule in rules),
        # One sampled rule is enough for the rows of all to be looked at.
        drawn=sum(looked_at) if any(0 < each < 1 for each in share.values()) else 0,
        is_held=records.held is not None,
        sharing=sum(sizes.of(rule).pairs * share[rule.number] for rule in rules),
        comparisons=compared * len(model.comparisons),
    )


def sample(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    found: Survey,
    *,
    limits: KernelLimits,
    most: int = SAMPLED_PAIRS,
    seed: int = 0,
) -> SampledPairs:
    """Make and compare a sample of the pairs, to see which rule is the first to make them, and how long it takes.

    Each rule gives the same share of its pairs, whole keys of it, so that rare pairs of one rule do
    not drown in those of another; a pair is new under a rule if no earlier one makes it, sampled there
    or not.

    Args:
        records: What is linked.
        model: What compares them.
        rules: The rules of prediction, in order.
        found: A survey of them.
        limits: What a task's DuckDB may use.
        most: Pairs to make, in expectation.
        seed: Which sample.
    """
    sizes = found.sizes
    wanted = most / max(1, len(rules))
    shares = {rule.number: min(1.0, wanted / max(1, sizes.of(rule).pairs)) for rule in rules}
    began = time.monotonic()
    schema = T.StructType([T.StructField("rule", T.ShortType()), T.StructField("pairs", T.LongType())])
    made = made_in_tasks(
        records,
        [rules],
        found,
        plans.comparing(model),
        schema,
        limits=limits,
        samples=[Sample(number, share) for number, share in shares.items() if share < 1],
        seed=seed,
    )
    seen: dict[int, int] = {}
    for row in made.frame().toArrow().to_pylist():
        seen[row["rule"]] = seen.get(row["rule"], 0) + row["pairs"]
    seconds = time.monotonic() - began
    new = {
        rule.number: min(sizes.of(rule).pairs, round(seen.get(rule.number, 0) / shares[rule.number])) for rule in rules
    }
    certain = sizes.made_by(rules[0]) if rules else None
    if certain is not None:
        new[rules[0].number] = certain
    work = sampling(records, model, rules, sizes, shares, count=found.records, compared=sum(seen.values()))
    return SampledPairs(new, Measured("sample", work, seconds))


def distinct_pairs(pairs: Sequence[int], matches: float) -> int:
    """About how many distinct pairs rules make, as far as can be said without making one.

    Matches are found by several rules, as if independently; pairs that do not match are found by one.

    Args:
        pairs: Of each rule.
        matches: Expected among all possible pairs.

    >>> distinct_pairs([100, 50], 0), distinct_pairs([100, 50], 100), distinct_pairs([], 5)
    (150, 100, 0)
    >>> distinct_pairs([60, 50], 100)
    80
    """
    if not pairs or matches <= 0:
        return sum(pairs)
    found = [min(float(each), matches) for each in pairs]
    missed = math.prod(1 - each / matches for each in found)
    others = sum(each - matched for each, matched in zip(pairs, found, strict=True))
    return max(*pairs, 0, round(matches * (1 - missed) + others))


def _sides(rules: Sequence[KeyedRule]) -> int:
    """How many keys a record has under rules: those that several rules or both sides share are computed once."""
    keys = {(rule.left_keys, rule.left_arrays, rule.arrays) for rule in rules}
    return len(keys | {(rule.right_keys, rule.right_arrays, rule.arrays) for rule in rules})


def _read(model: LinkageModel, rules: Sequence[KeyedRule]) -> list[str]:
    """Columns that a pair's comparison reads, and those of its rules, once each."""
    compared = [column.lower() for comparison in model.comparisons for column in comparison.columns]
    return list(dict.fromkeys([*compared, *(column.lower() for rule in rules for column in rule.columns)]))
