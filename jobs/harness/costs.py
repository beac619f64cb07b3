"""What prediction will cost, for the person who asks before a run and for the manifest of the run itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine.cost_table import cost_table
from linkage.engine.estimate import Estimate, distinct_pairs, estimate, sample, surveying
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_values import hottest_values
from linkage.engine.passes import Measured
from linkage.engine.records import LinkageRecords, possible_pairs
from linkage.engine.survey import Survey
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel


@dataclass(frozen=True)
class Surveyed:
    """A survey, and what it took.

    Attributes:
        rules: All rules whose keys were counted.
        columns: Whose values were counted.
        found: The survey.
        seconds: It took.
        is_warm: Whether the tasks' processes had started before it.
    """

    rules: Sequence[KeyedRule]
    columns: Sequence[str]
    found: Survey
    seconds: float
    is_warm: bool = False

    def measured(self, records: LinkageRecords) -> Measured:
        """The survey of these records as a measure of this machine."""
        work = surveying(records, self.rules, self.columns, self.found, is_warm=self.is_warm)
        return Measured("survey", work, self.seconds)


def expected(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    surveyed: Surveyed,
    trained: Measured | None,
    *,
    by_spark: bool,
) -> Estimate:
    """What prediction will take, from what the run has measured so far; makes no pair.

    Args:
        records: What is linked.
        model: What compares them, trained.
        rules: The rules of prediction.
        surveyed: The survey.
        trained: What comparing pairs took in training, if there was one.
        by_spark: Whether Spark writes the pairs; else the tasks do.
    """
    found = surveyed.found
    matches = model.prior * possible_pairs(records, list(found.counts.values()))
    pairs = distinct_pairs([found.sizes.of(rule).pairs for rule in rules], matches)
    measured = [surveyed.measured(records)] if trained is None else [surveyed.measured(records), trained]
    return estimate(
        records, model, rules, found.sizes, measured, count=found.records, pairs=pairs, written_by_spark=by_spark
    )


def observed(seconds: float, pairs: int, shuffle_bytes: int | None) -> dict[str, float | int | None]:
    """What prediction took, for the manifest beside what was foretold of it: the same parts of the run."""
    return {"seconds": round(seconds, 3), "shuffle_bytes": shuffle_bytes, "pairs": pairs}


def dry_run(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    surveyed: Surveyed,
    *,
    limits: KernelLimits,
    by_spark: bool,
    show_keys: bool,
) -> str:
    """The table of costs, after making and comparing a sample of the pairs.

    With `show_keys` it holds the values of hot keys, and else no value of a record.
    """
    found = surveyed.found
    sampled = sample(records, model, rules, found, limits=limits)
    measured = [surveyed.measured(records), sampled.measured]
    foretold = estimate(
        records,
        model,
        rules,
        found.sizes,
        measured,
        count=found.records,
        pairs=sum(sampled.new.values()),
        written_by_spark=by_spark,
    )
    values = hottest_values(records, rules, found.sizes, limits=limits) if show_keys else None
    return cost_table(rules, found.sizes, sampled.new, foretold, values=values)
