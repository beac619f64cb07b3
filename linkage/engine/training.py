"""A model trained on Spark: pairs are counted on the cluster, parameters fitted on the driver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from linkage.engine.frequencies import ValueFrequencies
from linkage.engine.kernel import KernelLimits
from linkage.engine.passes import Measured
from linkage.engine.records import LinkageRecords, possible_pairs
from linkage.engine.source_training import by_source_pair
from linkage.engine.survey import Survey
from linkage.engine.training_counts import TrainingCounts, TrainingRules, training_counts, training_rules
from linkage.errors import ConfigError
from linkage.model import training
from linkage.model.specification import LinkageModel
from linkage.model.training_plan import TrainingPlan
from linkage.model.training_warnings import TrainedSession, training_warnings

__all__ = ["Training", "TrainingRules", "train", "training_rules"]


@dataclass(frozen=True)
class Training:
    """A trained model, and what a practitioner wants to know of how it came about.

    Attributes:
        model: With every parameter that could be estimated, and `is_trained`.
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
                f"training: em_blocking_rules: no two records share ({rule.predicate}), or none of them "
                "was drawn; give a looser rule, or a larger em_max_pairs"
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
    model = training.with_defaults(model)
    trained = Training(model, report, warnings, counted.measured)
    if not plan.by_source_pair:
        return trained
    own = by_source_pair(records, model, plan, rules, counted, found)
    model = replace(model, by_source_pair=own.parameters)
    return Training(model, report | own.report, (*warnings, *own.warnings), counted.measured)


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
