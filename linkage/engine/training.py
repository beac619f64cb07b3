"""A model trained on Spark: pairs are counted on the cluster, parameters fitted on the driver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from linkage.engine import kernel, kernel_sql, plans
from linkage.engine.frequencies import ValueFrequencies
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_rows import Carried, Sample, key_rows
from linkage.engine.random_pairs import random_pattern_counts
from linkage.engine.records import ID, SOURCE, LinkageRecords, possible_pairs
from linkage.engine.sizes import KeySizes
from linkage.engine.survey import Survey
from linkage.errors import ConfigError
from linkage.model import training
from linkage.model.blocking import KeyedRule
from linkage.model.em import Iteration, PatternCounts, expectation_maximisation
from linkage.model.specification import LinkageModel
from linkage.model.training import TrainingPlan
from linkage.model.training_warnings import TrainedSession, training_warnings


@dataclass(frozen=True)
class Training:
    """A trained model, and what a practitioner wants to know of how it came about.

    Attributes:
        model: With every parameter that could be estimated.
        report: Rules, counts and the path of each EM session, as plain values for JSON.
        warnings: One line each.
    """

    model: LinkageModel
    report: dict[str, Any]
    warnings: tuple[str, ...]


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


def training_rules(plan: TrainingPlan, model: LinkageModel, *, where: str, first_number: int) -> TrainingRules:
    """Take a plan's rules apart, numbered from `first_number`, past those of the model.

    Raises:
        ConfigError: A rule does not parse, or leaves an EM session nothing to estimate.
    """
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


def train(
    records: LinkageRecords,
    model: LinkageModel,
    plan: TrainingPlan,
    rules: TrainingRules,
    found: Survey,
    *,
    limits: KernelLimits,
) -> Training:
    """Estimate prior, u and m, in this order, as Splink does.

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
    pairs, counted = _training_counts(records, model, plan, rules, sizes=found.sizes, limits=limits)
    model = model.with_prior(training.prior_from_rules(pairs, plan.recall, possible))
    u = _estimated_u(records, model, plan, possible=possible, frequencies=found.frequencies, limits=limits)
    model = training.with_u(model, u)
    sessions: list[TrainedSession] = []
    for rule, (patterns, compared) in zip(rules.sessions, counted, strict=True):
        sessions.append(TrainedSession(rule.predicate, _session(model, rule, patterns), compared))
        model = training.with_sessions(model, [session.end for session in sessions])
    report = training.training_report(plan, [(session.rule, session.history) for session in sessions])
    report |= {
        "pairs_possible": possible,
        "pairs_of_deterministic_rules": pairs,
        "prior": model.prior,
    }
    warnings = training_warnings(model, sessions, {name: levels.keys() for name, levels in u.items()})
    return Training(model, report, warnings)


def _training_counts(
    records: LinkageRecords,
    model: LinkageModel,
    plan: TrainingPlan,
    rules: TrainingRules,
    *,
    sizes: KeySizes,
    limits: KernelLimits,
) -> tuple[int, list[tuple[PatternCounts, float]]]:
    """Distinct pairs of the deterministic rules; for each session its patterns, and the pairs compared; in one pass."""
    columns = [
        SOURCE,
        ID,
        *kernel_sql.compared_columns(model.comparisons),
        *[column.lower() for rule in rules.all for column in rule.columns],
    ]
    shares = {rule.number: min(1.0, plan.em_max_pairs / max(1, sizes.of(rule).pairs)) for rule in rules.sessions}
    rows = key_rows(
        records,
        rules.all,
        sizes,
        Carried.plain(columns),
        limits=limits,
        samples=[Sample(number, share) for number, share in shares.items() if share < 1],
        seed=plan.seed,
    )
    kernel_plan = plans.training_plan(
        records, model, deterministic=rules.deterministic, sessions=rules.sessions, limits=limits
    )
    table = rows.mapInArrow(partial(kernel.run, plan=kernel_plan), plans.training_schema(model)).toArrow()
    rule = table["rule"].to_numpy()
    of_sessions = np.isin(rule, [session.number for session in rules.sessions])
    _check_levels(model, table.filter(pa.array(of_sessions)))
    pairs = table["pairs"].to_numpy()
    gammas = [comparison.gamma_column for comparison in model.comparisons]
    vectors = np.column_stack([table[gamma].to_numpy(zero_copy_only=False) for gamma in gammas])
    names = tuple(comparison.name for comparison in model.comparisons)
    sessions = []
    for session in rules.sessions:
        of_rule = rule == session.number
        seen = PatternCounts(names, vectors[of_rule].astype(np.int8), pairs[of_rule].astype(np.float64)).merged()
        sessions.append((replace(seen, counts=seen.counts / shares[session.number]), seen.pairs))
    return int(pairs[~of_sessions].sum()), sessions


def _estimated_u(
    records: LinkageRecords,
    model: LinkageModel,
    plan: TrainingPlan,
    *,
    possible: int,
    frequencies: ValueFrequencies,
    limits: KernelLimits,
) -> dict[str, dict[int, float]]:
    """Each level's u, by comparison and gamma; a level that no random pair reached has none."""
    table = random_pattern_counts(
        records, model, max_pairs=plan.u_max_pairs, possible=possible, seed=plan.seed, limits=limits
    )
    _check_levels(model, table)
    estimates = {}
    for comparison in model.comparisons:
        column = training.exact_agreement_column(comparison)
        exact = frequencies.totals[column].exact_agreement if column is not None else None
        counts = _counts_by_gamma(table, comparison.gamma_column)
        estimates[comparison.name] = training.u_from_counts(comparison, counts, exact)
    return estimates


def _check_levels(model: LinkageModel, vectors: pa.Table) -> None:
    for comparison in model.comparisons:
        if vectors[comparison.gamma_column].null_count:
            raise ConfigError(f"comparison {comparison.name}: no level takes some pairs; end it with ELSE")


def _counts_by_gamma(table: pa.Table, gamma_column: str) -> dict[int, float]:
    grouped = table.group_by(gamma_column).aggregate([("pairs", "sum")])
    rows = zip(grouped[gamma_column].to_pylist(), grouped["pairs_sum"].to_pylist(), strict=True)
    return {int(gamma): float(pairs) for gamma, pairs in rows}


def _session(model: LinkageModel, rule: KeyedRule, counted: PatternCounts) -> list[Iteration]:
    if counted.pairs == 0:
        raise ConfigError(f"training: em_blocking_rules: no two records share ({rule.predicate}); give a looser rule")
    free = training.free_comparisons(model, rule)
    names = tuple(comparison.name for comparison in free)
    columns = [counted.names.index(name) for name in names]
    return expectation_maximisation(
        PatternCounts(names, counted.gammas[:, columns], counted.counts),
        free,
        training.session_prior(model, rule),
        convergence=model.em_convergence,
        max_iterations=model.max_iterations,
    )
