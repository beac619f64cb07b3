"""A model trained on Spark: pairs are counted on the cluster, parameters fitted on the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, combinations_with_replacement
from typing import Any

from linkage.engine.frequencies import ValueFrequencies
from linkage.engine.kernel import KernelLimits
from linkage.engine.passes import Measured
from linkage.engine.records import LinkageRecords, possible_pairs
from linkage.engine.source_frequencies import exact_agreement_by_sources
from linkage.engine.survey import Survey
from linkage.engine.training_counts import Numbers, TrainingCounts, TrainingRules, training_counts, training_rules
from linkage.errors import ConfigError
from linkage.model import training
from linkage.model.source_pairs import Evidence, OwnEstimates, own_estimates
from linkage.model.specification import LinkageModel, source_pair
from linkage.model.training import TrainingPlan
from linkage.model.training_warnings import FEW_MATCHES, TrainedSession, training_warnings

__all__ = ["Training", "TrainingRules", "train", "training_rules"]


@dataclass(frozen=True)
class Training:
    """A trained model, and what a practitioner wants to know of how it came about.

    Attributes:
        model: With every parameter that could be estimated.
        report: Rules, counts and the path of each EM session, as plain values for JSON.
        warnings: One line each.
        measured: What comparing pairs took, as a measure of this machine.
    """

    model: LinkageModel
    report: dict[str, Any]
    warnings: tuple[str, ...]
    measured: Measured


def train(
    records: LinkageRecords,
    model: LinkageModel,
    plan: TrainingPlan,
    rules: TrainingRules,
    found: Survey,
    *,
    limits: KernelLimits,
) -> Training:
    """Estimate prior, u and m, in this order, as Splink does; then, if asked, those of each two sources.

    Args:
        records: What to learn from.
        model: Its levels; parameters that they fix are left alone.
        plan: Sample sizes, seed and recall.
        rules: The plan's rules.
        found: A survey of the plan's rules and of every `exact_agreement_column`.
        limits: What a task's DuckDB may use.

    Raises:
        ConfigError: The data give a rule no pair to learn from, or pairs that no level takes.
    """
    possible = possible_pairs(records, list(found.counts.values()))
    counted = training_counts(records, model, plan, rules, found, possible=possible, limits=limits)
    model = replace(model, by_source_pair={})
    model = model.with_prior(training.prior_from_rules(counted.deterministic, plan.recall, possible))
    u = _estimated_u(model, counted, found.frequencies)
    model = training.with_u(model, u)
    sessions: list[TrainedSession] = []
    for rule in rules.sessions:
        patterns = counted.patterns(rule)
        if patterns.pairs == 0:
            raise ConfigError(
                f"training: em_blocking_rules: no two records share ({rule.predicate}); give a looser rule"
            )
        history = training.em_session(model, rule, patterns)
        sessions.append(TrainedSession(rule.predicate, history, counted.compared(rule).pairs))
        model = training.with_sessions(model, [session.end for session in sessions])
    report = training.training_report(plan, [(session.rule, session.history) for session in sessions])
    report |= {
        "pairs_possible": possible,
        "pairs_of_deterministic_rules": counted.deterministic,
        "prior": model.prior,
    }
    warnings = training_warnings(model, sessions, {name: levels.keys() for name, levels in u.items()})
    trained = Training(model, report, warnings, counted.measured)
    return _by_source_pair(records, trained, plan, rules, counted, found) if plan.by_source_pair else trained


def _estimated_u(
    model: LinkageModel, counted: TrainingCounts, frequencies: ValueFrequencies
) -> dict[str, dict[int, float]]:
    """Each level's u, by comparison and gamma; a level that no random pair reached has none."""
    random = counted.at_random()
    estimates = {}
    for comparison in model.comparisons:
        column = training.exact_agreement_column(comparison)
        exact = frequencies.totals[column].exact_agreement if column is not None else None
        estimates[comparison.name] = training.u_from_counts(comparison, random[comparison.name], exact)
    return estimates


def _by_source_pair(
    records: LinkageRecords,
    pooled: Training,
    plan: TrainingPlan,
    rules: TrainingRules,
    counted: TrainingCounts,
    found: Survey,
) -> Training:
    """The training with what each two sources tell of themselves."""
    columns = {
        comparison.name: column
        for comparison in pooled.model.comparisons
        if (column := training.exact_agreement_column(comparison)) is not None
    }
    exact = exact_agreement_by_sources(records, sorted(set(columns.values())))
    own: dict[Numbers, OwnEstimates] = {}
    for numbers in _pairs_of_sources(records):
        theirs = counted.of_sources(numbers)
        evidence = Evidence(
            deterministic=theirs.deterministic,
            possible=_possible(records, found.counts, numbers),
            random=theirs.at_random(),
            exact={name: exact[column].get(numbers) for name, column in columns.items()},
            sessions=[theirs.compared(rule) for rule in rules.sessions],
        )
        own[numbers] = own_estimates(pooled.model, evidence, rules.sessions, recall=plan.recall)
    names = {(left, right): source_pair(records.sources[left], records.sources[right]) for left, right in own}
    kept = {names[numbers]: each.parameters for numbers, each in own.items() if each.tells_anything}
    told = [
        {"sources": list(names[numbers]), "prior": each.parameters.prior, "matches": [round(n) for n in each.matches]}
        for numbers, each in own.items()
    ]
    untold = [
        f"sources {' and '.join(names[numbers])}: fewer than {FEW_MATCHES} matches of theirs in every EM session, "
        "so their m is that of all sources"
        for numbers, each in own.items()
        if max(each.matches) < FEW_MATCHES
    ]
    model = replace(pooled.model, by_source_pair=kept)
    return Training(model, pooled.report | {"source_pairs": told}, (*pooled.warnings, *untold), pooled.measured)


def _pairs_of_sources(records: LinkageRecords) -> list[Numbers]:
    numbers = range(len(records.sources))
    pairs = combinations if records.link_type == "link_only" else combinations_with_replacement
    return list(pairs(numbers, 2))


def _possible(records: LinkageRecords, counts: Mapping[str, int], numbers: Numbers) -> int:
    left, right = (counts[records.sources[number]] for number in numbers)
    return left * right if numbers[0] != numbers[1] else left * (left - 1) // 2
