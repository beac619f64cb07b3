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
class Counted:
    """A survey, and what it took.

    Attributes:
        rules: All rules whose keys were counted.
        columns: Whose values were counted.
        found: The survey.
        seconds: It took.
    """

    rules: Sequence[KeyedRule]
    columns: Sequence[str]
    found: Survey
    seconds: float

    def measured(self, records: LinkageRecords) -> Measured:
        """The survey of these records as a measure of this machine."""
        return Measured("survey", surveying(records, self.rules, self.columns, self.found), self.seconds)


def expected(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    counted: Counted,
    trained: Measured | None,
) -> Estimate:
    """What prediction will take, from what the run has measured so far; makes no pair.

    Args:
        records: What is linked.
        model: What compares them, trained.
        rules: The rules of prediction.
        counted: The survey.
        trained: What comparing pairs took in training, if there was one.
    """
    found = counted.found
    matches = model.prior * possible_pairs(records, list(found.counts.values()))
    pairs = distinct_pairs([found.sizes.of(rule).pairs for rule in rules], matches)
    measured = [counted.measured(records)] if trained is None else [counted.measured(records), trained]
    return estimate(records, model, rules, found.sizes, measured, count=found.records, pairs=pairs)


def observed(seconds: float, pairs: int) -> dict[str, float | int]:
    """What prediction took, for the manifest beside what was foretold of it."""
    return {"seconds": round(seconds, 3), "pairs": pairs}


def dry_run(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    counted: Counted,
    *,
    limits: KernelLimits,
    show_keys: bool,
) -> str:
    """The table of costs, after making and comparing a sample of the pairs.

    With `show_keys` it holds the values of hot keys, and else no value of a record.
    """
    found = counted.found
    sampled = sample(records, model, rules, found, limits=limits)
    measured = [counted.measured(records), sampled.measured]
    foretold = estimate(
        records, model, rules, found.sizes, measured, count=found.records, pairs=sum(sampled.new.values())
    )
    values = hottest_values(records, rules, found.sizes, limits=limits) if show_keys else None
    return cost_table(rules, found.sizes, sampled.new, foretold, values=values)
