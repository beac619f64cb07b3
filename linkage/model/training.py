"""How a model is trained by a plan: the arithmetic that needs no Spark.

Order and formulas are Splink's: the prior from deterministic rules and their recall, u from
random pairs, then EM sessions, each blocked on something and estimating the m of whatever its
blocking leaves free; a level's m is the median over the sessions that saw it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule, keyed_rules
from linkage.model.em import Iteration, PatternCounts, expectation_maximisation
from linkage.model.specification import BlockingRule, Comparison, Dialect, LinkageModel
from linkage.model.splink_settings import rule_of_shared_values
from linkage.model.training_plan import SharedValues, TrainingPlan


class LevelHistory(BaseModel):
    """A level's m, and its u if EM moved it, after each iteration; None where it was not observed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    m: tuple[float | None, ...]
    u: tuple[float | None, ...] | None = None


class SessionHistory(BaseModel):
    """The path of one EM session, starting values first.

    Attributes:
        rule: What the session's pairs were blocked on, in DuckDB's dialect.
        iterations: How many there were.
        converged_to: The largest change of any parameter in the last one.
        priors: Probability of a match among the session's pairs.
        parameters: By comparison and gamma, to six digits; only what the blocking left free.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    iterations: int
    converged_to: float | None = None
    priors: tuple[float, ...]
    parameters: dict[str, dict[int, LevelHistory]]

    @model_validator(mode="after")
    def _as_long_as_the_priors(self) -> Self:
        levels = [level for gammas in self.parameters.values() for level in gammas.values()]
        if any(len(path) != len(self.priors) for level in levels for path in (level.m, level.u or self.priors)):
            raise ValueError("parameters: not as many values as priors")
        return self


def rules_of(
    shared: Sequence[SharedValues], dialect: Dialect, *, where: str, first_number: int
) -> tuple[KeyedRule, ...]:
    """Training rules as the engine takes them; match keys count from 0 in their order."""
    return keyed_rules(
        [BlockingRule(rule_of_shared_values(rule, dialect)) for rule in shared],
        dialect,
        where=where,
        first_number=first_number,
    )


def prior_from_rules(pairs_found: int, recall: float, pairs_possible: int) -> float:
    """The probability that two random records match.

    Args:
        pairs_found: Distinct pairs that the deterministic rules make.
        recall: The share of all matches among them.
        pairs_possible: All pairs that the link type allows.

    Raises:
        ConfigError: The rules find nothing, everything, or more than this recall allows.

    Source: Splink's `estimate_probability_two_random_records_match`.

    >>> prior_from_rules(8, 0.8, 1000)
    0.01
    """
    if pairs_found == 0:
        raise ConfigError(
            "training: deterministic_rules find no pair of records, so the prior cannot be estimated; give looser rules"
        )
    if pairs_found > pairs_possible * recall:
        raise ConfigError(
            f"training: deterministic_rules find {pairs_found} of {pairs_possible} possible pairs, "
            f"more than a recall of {recall} allows; give stricter rules or a higher recall"
        )
    if pairs_found == pairs_possible * recall:
        raise ConfigError(
            "training: deterministic_rules and recall say that every pair of records is a match; give stricter rules"
        )
    return pairs_found / recall / pairs_possible


def free_comparisons(model: LinkageModel, rule: KeyedRule) -> tuple[Comparison, ...]:
    """The comparisons that a session blocked on this rule can estimate.

    One that reads a column of the rule agrees by construction and tells nothing.
    """
    blocked = {column.lower() for column in rule.columns}
    return tuple(
        comparison
        for comparison in model.comparisons
        if blocked.isdisjoint(column.lower() for column in comparison.columns)
    )


def session_prior(model: LinkageModel, rule: KeyedRule) -> float:
    """The prior among the pairs of a session, raised by what its blocking guarantees.

    Every exact-match level whose columns the rule fixes contributes its Bayes factor; levels
    over more columns come first, and no column is counted twice.

    Source: Splink's blocking-adjusted prior.
    """
    columns = {column.lower() for column in rule.columns}
    levels = [level for comparison in model.comparisons for level in comparison.levels if level.exact_columns]
    odds = model.prior / (1 - model.prior)
    for level in sorted(levels, key=lambda level: -len(level.exact_columns)):
        if columns.issuperset(level.exact_columns):
            columns -= set(level.exact_columns)
            odds *= level.effective_m / level.effective_u
    return odds / (1 + odds)


def em_session(model: LinkageModel, rule: KeyedRule, patterns: PatternCounts) -> list[Iteration]:
    """Fit the m of what the rule leaves free, and the prior among its pairs, from where the model stands.

    Args:
        model: With the u that random pairs gave; they are kept.
        rule: What the pairs were blocked on.
        patterns: Of all the model's comparisons.

    Returns:
        The history, starting values first.
    """
    free = free_comparisons(model, rule)
    return expectation_maximisation(
        patterns.of(tuple(comparison.name for comparison in free)),
        free,
        session_prior(model, rule),
        convergence=model.em_convergence,
        max_iterations=model.max_iterations,
    )


def exact_agreement_column(comparison: Comparison) -> str | None:
    """The column whose value frequencies give the u of a comparison's first level, if any.

    They do where the first level is plain equality of one column and the comparison is made
    exactly when both values are present.
    """
    first, *nulls = comparison.scored_levels[0], *[lv for lv in comparison.levels if lv.is_null]
    if len(first.exact_columns) != 1 or len(nulls) != 1 or not comparison.levels[0].is_null:
        return None
    column = first.exact_columns[0]
    missing = f'"{column}_l" is null or "{column}_r" is null'
    written = re.sub(r"\s+", " ", nulls[0].sql.lower().replace('"', ""))
    return column if written == missing.replace('"', "") else None


def with_u(model: LinkageModel, u: Mapping[str, Mapping[int, float]]) -> LinkageModel:
    """The model with newly estimated u probabilities, by comparison and gamma."""
    return model.with_levels(
        {name: [(gamma, None, value) for gamma, value in levels.items()] for name, levels in u.items()}
    )


def with_sessions(model: LinkageModel, sessions: Sequence[Iteration]) -> LinkageModel:
    """The model with each level's m set to the median over the sessions that observed it."""
    seen: dict[str, dict[int, list[float]]] = {}
    for session in sessions:
        for name, levels in session.m.items():
            for gamma, value in levels.items():
                if value is not None:
                    seen.setdefault(name, {}).setdefault(gamma, []).append(value)
    return model.with_levels(
        {name: [(gamma, median(values), None) for gamma, values in levels.items()] for name, levels in seen.items()}
    )


def with_defaults(model: LinkageModel) -> LinkageModel:
    """The model with Splink's defaults for the m, or the u, of a comparison that has none at all.

    They are what the comparison is scored by as it is; with them written down a model is trained also where
    the data said nothing of a comparison. Single levels that were never estimated stay as they are.
    """
    estimates = {}
    for comparison in model.comparisons:
        levels = comparison.scored_levels
        no_m, no_u = all(level.m is None for level in levels), all(level.u is None for level in levels)
        estimates[comparison.name] = [
            (level.gamma, level.default_m if no_m else None, level.default_u if no_u else None) for level in levels
        ]
    return model.with_levels(estimates)


def sampled_gammas(comparison: Comparison, *, is_exact: bool) -> tuple[int, ...]:
    """The levels whose u random pairs have to tell; none where one level shares what frequencies leave.

    Args:
        comparison: Whose levels.
        is_exact: Whether value frequencies give the first level's.
    """
    fuzzy = tuple(level.gamma for level in comparison.scored_levels)[1 if is_exact else 0 :]
    return () if is_exact and len(fuzzy) <= 1 else fuzzy


def u_from_counts(comparison: Comparison, counts: Mapping[int, float], exact: float | None) -> dict[int, float]:
    """Estimate each level's u from counts of random pairs, exact agreement from frequencies if known.

    Args:
        comparison: The comparison whose levels are estimated.
        counts: Pairs by gamma; the null level is ignored. A gamma with none gets no u.
        exact: The first level's u from value frequencies; the others share the rest by their counts,
            and if there is only one, it has all of it.

    >>> from linkage.model.specification import ComparisonLevel as L
    >>> levels = tuple(L("", "", g, None, None, .5, .5) for g in (2, 1, 0))
    >>> u_from_counts(Comparison("a", "gamma_a", levels, ("a",)), {2: 9, 1: 1, 0: 3}, 0.2)
    {2: 0.2, 1: 0.2, 0: 0.6000000000000001}
    """
    first, *others = (level.gamma for level in comparison.scored_levels)
    if exact is None:
        others = [first, *others]
    elif len(others) == 1:
        counts = {others[0]: 1.0}
    fuzzy = {gamma: counts.get(gamma, 0.0) for gamma in others}
    total = sum(fuzzy.values())
    room = 1.0 if exact is None else 1.0 - exact
    shares = {g: room * count / total for g, count in fuzzy.items() if count > 0 and room > 0}
    return shares if exact is None or exact == 0 else {first: exact, **shares}


def session_history(rule: str, history: Sequence[Iteration]) -> SessionHistory:
    """The path of a session as it is kept with the model, which holds all digits of its end."""

    def level(name: str, gamma: int) -> LevelHistory:
        m = tuple(_short(step.m[name][gamma]) for step in history)
        u = tuple(_short(step.u[name][gamma]) for step in history)
        return LevelHistory(m=m, u=u if len(set(u)) > 1 else None)

    return SessionHistory(
        rule=rule,
        iterations=len(history) - 1,
        converged_to=history[-1].largest_change,
        priors=tuple(step.prior for step in history),
        parameters={name: {gamma: level(name, gamma) for gamma in gammas} for name, gammas in history[0].m.items()},
    )


def _short(probability: float | None) -> float | None:
    return None if probability is None else float(f"{probability:.6g}")


def training_report(plan: TrainingPlan, sessions: Sequence[tuple[str, Sequence[Iteration]]]) -> dict[str, Any]:
    """What a practitioner wants to see of a training: for each session its rule and its path.

    The sessions read back as `SessionHistory`.
    """
    histories = [session_history(rule, history) for rule, history in sessions]
    return {
        "plan": plan.model_dump(mode="json"),
        "sessions": [history.model_dump(mode="json", exclude_none=True) for history in histories],
    }
