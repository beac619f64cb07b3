"""What training counts on the cluster: pairs of its rules, and the comparison vectors of its sessions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine import plans
from linkage.engine.checks import no_level
from linkage.engine.estimate import sampling
from linkage.engine.frequencies import ValueFrequencies
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_rows import Sample
from linkage.engine.making import made_in_tasks
from linkage.engine.passes import Measured
from linkage.engine.random_pairs import random_level_counts
from linkage.engine.records import LinkageRecords
from linkage.engine.sizes import RuleSize
from linkage.engine.survey import Survey
from linkage.errors import ConfigError
from linkage.model import training
from linkage.model.blocking import KeyedRule
from linkage.model.em import PatternCounts
from linkage.model.specification import Comparison, LinkageModel
from linkage.model.training_plan import TrainingPlan

# The numbers of two sources, the smaller first.
Numbers = tuple[int, int]


@dataclass(frozen=True)
class TrainingRules:
    """The blocking rules of a training plan, taken apart.

    Attributes:
        deterministic: Together they make almost only matches.
        sessions: One EM session for each.
    """

    deterministic: tuple[KeyedRule, ...]
    sessions: tuple[KeyedRule, ...]

    @property
    def all(self) -> tuple[KeyedRule, ...]:
        """Both, the deterministic ones first."""
        return (*self.deterministic, *self.sessions)


@dataclass(frozen=True)
class TrainingCounts:
    """Pairs counted for training; what is asked of them is asked of all pairs, or of those of two sources.

    Attributes:
        model: Its comparisons are those of the vectors.
        rules: One row per rule and comparison vector (and source pair), as `plans.learning` says.
        random: One row per comparison and gamma (and source pair) of random pairs.
        shares: The share of its pairs that were made, by the rule's number.
        sessions: The numbers of the rules of EM sessions.
        known: Pairs of the deterministic rules that were known without being made.
        measured: What counting the pairs of the rules took.
    """

    model: LinkageModel
    rules: pa.Table
    random: pa.Table
    shares: Mapping[int, float]
    sessions: frozenset[int]
    known: int
    measured: Measured

    def of_sources(self, pairs: Sequence[Numbers]) -> TrainingCounts:
        """The counts of the pairs of some two sources and others."""
        return replace(self, rules=_of_sources(self.rules, pairs), random=_of_sources(self.random, pairs))

    @property
    def deterministic(self) -> int:
        """Distinct pairs of the deterministic rules; of one that makes very many, by a sample of them."""
        found = self.rules.filter(pc.invert(_is_of(self.rules, self.sessions)))
        by_rule = found.group_by("rule").aggregate([("pairs", "sum")]).sort_by("rule").to_pylist()
        return self.known + sum(round(float(row["pairs_sum"]) / self.shares[row["rule"]]) for row in by_rule)

    def compared(self, session: KeyedRule) -> PatternCounts:
        """The vectors of the pairs that a session compared."""
        table = self.rules.filter(pc.equal(self.rules["rule"], session.number))
        gammas = [table[comparison.gamma_column].to_numpy() for comparison in self.model.comparisons]
        names = tuple(comparison.name for comparison in self.model.comparisons)
        counts = table["pairs"].to_numpy().astype(np.float64)
        return PatternCounts(names, np.column_stack(gammas).astype(np.int8), counts).merged()

    def patterns(self, session: KeyedRule) -> PatternCounts:
        """The vectors of a session's pairs, with how many the compared ones stand for."""
        compared = self.compared(session)
        return replace(compared, counts=compared.counts / self.shares[session.number])

    def at_random(self) -> dict[str, dict[int, float]]:
        """Random pairs by gamma, by comparison."""
        return {
            comparison.name: _by_gamma(self.random.filter(pc.equal(self.random["comparison"], comparison.name)))
            for comparison in self.model.comparisons
        }


def training_counts(
    records: LinkageRecords,
    model: LinkageModel,
    plan: TrainingPlan,
    rules: TrainingRules,
    found: Survey,
    *,
    possible: int,
    limits: KernelLimits,
) -> TrainingCounts:
    """Count the pairs of all rules in one pass, and random pairs in another.

    Raises:
        ConfigError: No level of a comparison takes some pairs.
    """
    # Pairs of deterministic rules are only counted: where they are very many, by a sample.
    shares = {rule.number: _share(found.sizes.of(rule), plan) for rule in rules.all}
    sessions = frozenset(rule.number for rule in rules.sessions)
    first = rules.deterministic[0]
    known = None if plan.by_source_pair else found.sizes.made_by(first)
    if known is not None:
        shares[first.number] = 0.0
    began = time.monotonic()
    counted = _of_rules(records, model, plan, rules, found, shares=shares, limits=limits)
    seconds = time.monotonic() - began
    random = random_level_counts(
        records,
        _to_be_seen(model, found.frequencies, by_source_pair=plan.by_source_pair),
        max_pairs=plan.u_max_pairs,
        possible=possible,
        seed=plan.seed,
        by_source_pair=plan.by_source_pair,
        limits=limits,
    )
    compared = counted.filter(_is_of(counted, sessions))
    _check_levels(model, compared)
    untaken = random.filter(pc.is_null(random["gamma"]))["comparison"].unique().to_pylist()
    if untaken:
        raise no_level(untaken[0])
    pairs = sum(compared["pairs"].to_pylist())
    work = sampling(records, model, rules.all, found.sizes, shares, count=found.records, compared=pairs)
    return TrainingCounts(model, counted, random, shares, sessions, known or 0, Measured("training", work, seconds))


def _share(size: RuleSize, plan: TrainingPlan) -> float:
    return min(1.0, plan.em_max_pairs / max(1, size.pairs))


def _of_rules(
    records: LinkageRecords,
    model: LinkageModel,
    plan: TrainingPlan,
    rules: TrainingRules,
    found: Survey,
    *,
    shares: Mapping[int, float],
    limits: KernelLimits,
) -> pa.Table:
    counted = made_in_tasks(
        records,
        [rules.deterministic, *([rule] for rule in rules.sessions)],
        found,
        plans.learning(
            model, deterministic=rules.deterministic, sessions=rules.sessions, by_source_pair=plan.by_source_pair
        ),
        plans.learning_schema(model, by_source_pair=plan.by_source_pair),
        limits=limits,
        samples=[Sample(number, share) for number, share in shares.items() if share < 1],
        seed=plan.seed,
    )
    return counted.frame().toArrow()


def _to_be_seen(
    model: LinkageModel, frequencies: ValueFrequencies, *, by_source_pair: bool
) -> dict[Comparison, tuple[int, ...]]:
    """Comparisons whose u needs random pairs, and the levels that need them."""
    wanted = {}
    for comparison in model.comparisons:
        column = training.exact_agreement_column(comparison)
        is_exact = column is not None and frequencies.totals[column].exact_agreement is not None
        gammas = training.sampled_gammas(comparison, is_exact=is_exact and not by_source_pair)
        if gammas:
            wanted[comparison] = gammas
    return wanted


def training_rules(plan: TrainingPlan, model: LinkageModel, *, where: str, first_number: int) -> TrainingRules:
    """Take a plan's rules apart, numbered from `first_number`, past those of the model.

    Raises:
        ConfigError: A rule does not parse, or leaves an EM session nothing to estimate; or sources are
            to be told apart where there is only one.
    """
    if plan.by_source_pair and model.link_type == "dedupe_only":
        raise ConfigError(f"{where}: by_source_pair: link_type dedupe_only has one source, so there is no pair to tell")
    deterministic = training.rules_of(plan.deterministic_rules, model.dialect, where=where, first_number=first_number)
    sessions = training.rules_of(
        plan.em_blocking_rules, model.dialect, where=where, first_number=first_number + len(deterministic)
    )
    rules = TrainingRules(deterministic, sessions)
    for rule in rules.sessions:
        if not training.free_comparisons(model, rule):
            raise ConfigError(
                f"{where}: em_blocking_rules: every comparison reads a column of "
                f"({rule.predicate}), so the session could estimate nothing"
            )
    return rules


def _is_of(counted: pa.Table, rules: Iterable[int]) -> pa.ChunkedArray:
    return pc.is_in(counted["rule"], pa.array(rules, pa.int16()))


def _check_levels(model: LinkageModel, vectors: pa.Table) -> None:
    for comparison in model.comparisons:
        if vectors[comparison.gamma_column].null_count:
            raise no_level(comparison.name)


def _of_sources(table: pa.Table, pairs: Sequence[Numbers]) -> pa.Table:
    left, right = (table[name].to_numpy() for name in plans.source_columns(by_source_pair=True))
    return table.filter(pa.array(np.logical_or.reduce([(left == one) & (right == other) for one, other in pairs])))


def _by_gamma(table: pa.Table) -> dict[int, float]:
    grouped = table.group_by("gamma").aggregate([("pairs", "sum")])
    rows = zip(grouped["gamma"].to_pylist(), grouped["pairs_sum"].to_pylist(), strict=True)
    return {int(gamma): float(pairs) for gamma, pairs in rows}
