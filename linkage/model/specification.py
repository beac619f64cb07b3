"""What a linkage model is: comparisons, their levels, blocking rules and a prior.

Plain frozen values. Splink settings are read into them and written from them by
`linkage.model.splink_settings`; the engine turns them into SQL; `linkage.model.em` estimates
their parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

LinkType = Literal["dedupe_only", "link_only", "link_and_dedupe"]
Dialect = Literal["duckdb", "spark"]
SourcePair = tuple[str, str]
Estimates = Mapping[str, Sequence[tuple[int, float | None, float | None]]]

NULL_GAMMA = -1
SMALLEST_PROBABILITY = 1e-300


@dataclass(frozen=True)
class TermFrequency:
    """A term-frequency adjustment of one comparison level.

    Attributes:
        column: The column whose value frequencies adjust the weight.
        weight: What the adjustment is multiplied by (1 is the whole adjustment).
        minimum_u: A frequency below this counts as this.
        base_gamma: The level whose u probability the frequency replaces.
    """

    column: str
    weight: float
    minimum_u: float
    base_gamma: int


@dataclass(frozen=True)
class ComparisonLevel:
    """One gradation of agreement within a comparison.

    Attributes:
        sql: The condition over `<column>_l` and `<column>_r` in DuckDB's dialect, or `ELSE`.
        gamma: The level's comparison vector value; -1 for the null level.
        m: Probability of this level among matches; None where it was never estimated.
        u: Probability of this level among non-matches; None where it was never estimated.
        default_m: What stands in for an m that is None (Splink's reload default).
        default_u: What stands in for a u that is None.
        exact_columns: The columns that agree exactly at this level; empty when it is fuzzy.
    """

    sql: str
    label: str
    gamma: int
    m: float | None
    u: float | None
    default_m: float
    default_u: float
    fix_m: bool = False
    fix_u: bool = False
    exact_columns: tuple[str, ...] = ()
    term_frequency: TermFrequency | None = None

    @property
    def is_null(self) -> bool:
        """Whether this level means that the comparison cannot be made."""
        return self.gamma == NULL_GAMMA

    @property
    def is_else(self) -> bool:
        """Whether this level takes whatever no earlier level took."""
        return self.sql.strip().upper() == "ELSE"

    @property
    def effective_m(self) -> float:
        """The m probability that scoring uses."""
        return self.default_m if self.m is None else self.m

    @property
    def effective_u(self) -> float:
        """The u probability that scoring uses."""
        return self.default_u if self.u is None else self.u

    @property
    def match_weight(self) -> float:
        """The level's match weight in bits, log2(m / u); 0 for the null level.

        Source: Fellegi and Sunter (1969), in the additive form that Splink uses.

        >>> level = ComparisonLevel("ELSE", "", 0, m=0.5, u=0.125, default_m=0.1, default_u=0.9)
        >>> level.match_weight
        2.0
        """
        if self.is_null:
            return 0.0
        m = max(self.effective_m, SMALLEST_PROBABILITY)
        u = max(self.effective_u, SMALLEST_PROBABILITY)
        return math.log2(m / u)


@dataclass(frozen=True)
class Comparison:
    """How one or more columns of two records are compared: levels, most telling first.

    Attributes:
        name: Splink's output column name.
        gamma_column: The column of a scored pair that holds the level reached.
        columns: The record columns that the levels read, without `_l` and `_r`.
    """

    name: str
    gamma_column: str
    levels: tuple[ComparisonLevel, ...]
    columns: tuple[str, ...]

    @property
    def scored_levels(self) -> tuple[ComparisonLevel, ...]:
        """The levels that carry a weight: all but the null level."""
        return tuple(level for level in self.levels if not level.is_null)

    def level(self, gamma: int) -> ComparisonLevel:
        """The level with this comparison vector value."""
        return next(level for level in self.levels if level.gamma == gamma)

    @property
    def has_term_frequency(self) -> bool:
        """Whether any level is adjusted for term frequency."""
        return any(level.term_frequency for level in self.levels)


@dataclass(frozen=True)
class BlockingRule:
    """A condition over `l.<column>` and `r.<column>` that candidate pairs satisfy.

    Attributes:
        sql: The rule in the settings' own dialect.
        arrays_to_explode: Array columns of which any one shared value is enough.
    """

    sql: str
    arrays_to_explode: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourcePairParameters:
    """What is known of the pairs of two sources beside what is known of all pairs.

    Attributes:
        prior: Probability that two such records match; None where the model's own serves.
        levels: By comparison, (gamma, m, u); what is None or not there is the model's own.
    """

    prior: float | None
    levels: Estimates


@dataclass(frozen=True)
class LinkageModel:
    """A whole model: what Splink calls settings, with its parameters where they are known.

    Attributes:
        prior: Probability that two records drawn at random match.
        prior_is_given: False where the settings left the prior to Splink's default.
        unique_id_column: The input column that tells a source's records apart.
        source_dataset_column: The column that rules may use to name a record's source.
        dialect: The SQL dialect that the settings came in, and go out in.
        document: The settings as Splink writes them, for what we carry but don't use.
        by_source_pair: Parameters of the pairs of two sources (`source_pair` of their names), where
            they were estimated apart; all other pairs have the model's own.
    """

    link_type: LinkType
    comparisons: tuple[Comparison, ...]
    blocking_rules: tuple[BlockingRule, ...]
    prior: float
    prior_is_given: bool
    em_convergence: float
    max_iterations: int
    unique_id_column: str
    source_dataset_column: str
    dialect: Dialect
    document: Mapping[str, Any]
    by_source_pair: Mapping[SourcePair, SourcePairParameters] = field(default_factory=dict)

    @property
    def term_frequency_columns(self) -> tuple[str, ...]:
        """The columns whose value frequencies the model needs, sorted."""
        levels = (level for comparison in self.comparisons for level in comparison.levels)
        return tuple(sorted({tf.column for level in levels if (tf := level.term_frequency)}))

    @property
    def is_trained(self) -> bool:
        """A prior, and at least one m and one u for each comparison."""
        return self.prior_is_given and all(
            any(level.m is not None for level in comparison.scored_levels)
            and any(level.u is not None for level in comparison.scored_levels)
            for comparison in self.comparisons
        )

    def untrained_levels(self) -> list[str]:
        """`comparison: level` for each level that lacks an m or a u and falls back on a default."""
        return [
            f"{comparison.name}: {level.label}"
            for comparison in self.comparisons
            for level in comparison.scored_levels
            if level.m is None or level.u is None
        ]

    def with_prior(self, prior: float) -> LinkageModel:
        """The same model with another prior."""
        return replace(self, prior=prior, prior_is_given=True)

    def for_sources(self, one: str, other: str) -> LinkageModel:
        """The model of the pairs of two sources, in either order; the same for all of them then."""
        found = self.by_source_pair.get(source_pair(one, other), SourcePairParameters(None, {}))
        own = replace(self, by_source_pair={}).with_levels(found.levels)
        return own if found.prior is None else own.with_prior(found.prior)

    def with_levels(self, estimates: Estimates) -> LinkageModel:
        """The same model with new parameters.

        Args:
            estimates: For each comparison by name, (gamma, m, u); a None leaves that parameter
                as it is. Parameters that the settings fix are left alone too.
        """
        return replace(
            self,
            comparisons=tuple(
                _with_estimates(comparison, estimates.get(comparison.name, ())) for comparison in self.comparisons
            ),
        )


def source_pair(one: str, other: str) -> SourcePair:
    """Two sources, or one twice, in the order of their names.

    >>> source_pair("prison", "courts")
    ('courts', 'prison')
    """
    return (one, other) if one <= other else (other, one)


def prior_weight(prior: float) -> float:
    """The prior in bits: log2 of its odds.

    >>> prior_weight(0.5)
    0.0
    >>> prior_weight(0.2)
    -2.0
    """
    if prior <= 0:
        return -math.inf
    if prior >= 1:
        return math.inf
    return math.log2(prior / (1 - prior))


def _with_estimates(comparison: Comparison, estimates: Sequence[tuple[int, float | None, float | None]]) -> Comparison:
    new = {gamma: (m, u) for gamma, m, u in estimates}

    def updated(level: ComparisonLevel) -> ComparisonLevel:
        m, u = new.get(level.gamma, (None, None))
        return replace(
            level,
            m=level.m if m is None or level.fix_m else m,
            u=level.u if u is None or level.fix_u else u,
        )

    return replace(comparison, levels=tuple(updated(level) for level in comparison.levels))
