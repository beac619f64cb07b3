"""The SQL of match weights, written on the driver from a model.

The terms of a weight are added in Splink's order, so that the same model gives the same weights to
the last bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from linkage.engine.kernel_sql import quoted
from linkage.engine.records import SOURCE
from linkage.model.specification import (
    SMALLEST_PROBABILITY,
    Comparison,
    LinkageModel,
    TermFrequency,
    prior_weight,
    source_pair,
)


def term_frequency_column(column: str) -> str:
    """The column that carries the frequency of a record's value.

    >>> term_frequency_column("surname")
    '__tf_surname'
    """
    return f"__tf_{column.lower()}"


def weight_sql(model: LinkageModel, sources: Sequence[str]) -> str:
    """The match weight in bits, over gamma columns and term frequencies.

    Where the model has parameters by source pair, also over the source numbers of the two records.

    Args:
        model: With parameters for every level, trained or default.
        sources: Source names, in the order of their numbers.
    """
    # The left record's source never has the larger number.
    cases = [
        f"WHEN {SOURCE}_l = {left} AND {SOURCE}_r = {right} THEN {_weight(model.for_sources(one, other))}"
        for left, one in enumerate(sources)
        for right, other in enumerate(sources[left:], left)
        if source_pair(one, other) in model.by_source_pair
    ]
    return f"CASE {' '.join(cases)} ELSE {_weight(model)} END" if cases else _weight(model)


def _weight(model: LinkageModel) -> str:
    terms = [double(prior_weight(model.prior))]
    for comparison in model.comparisons:
        terms.append(_level_weights(comparison))
        if comparison.has_term_frequency:
            terms.append(_term_frequency_weights(comparison))
    return " + ".join(terms)


def _level_weights(comparison: Comparison) -> str:
    gamma = quoted(comparison.gamma_column)
    cases = " ".join(f"WHEN {level.gamma} THEN {double(level.match_weight)}" for level in comparison.levels)
    return f"CASE {gamma} {cases} END"


def _term_frequency_weights(comparison: Comparison) -> str:
    gamma = quoted(comparison.gamma_column)
    cases = " ".join(
        f"WHEN {level.gamma} THEN {_term_frequency_weight(comparison, level.term_frequency)}"
        for level in comparison.levels
        if level.term_frequency is not None and level.term_frequency.weight != 0
    )
    return f"CASE {gamma} {cases} ELSE {double(0.0)} END" if cases else double(0.0)


def _term_frequency_weight(comparison: Comparison, adjustment: TermFrequency) -> str:
    """log2(u of exact agreement / the pair's frequency), weighted; 0 where neither is known.

    The frequency is the larger of the two records', as in Splink.
    """
    column = term_frequency_column(adjustment.column)
    left, right = quoted(f"{column}_l"), quoted(f"{column}_r")
    base = max(comparison.level(adjustment.base_gamma).effective_u, SMALLEST_PROBABILITY)
    frequency = f"greatest(coalesce({left}, {right}), coalesce({right}, {left}), {double(adjustment.minimum_u)})"
    return (
        f"CASE WHEN coalesce({left}, {right}) IS NOT NULL THEN {double(adjustment.weight)} * "
        f"({double(math.log2(base))} - log2({frequency})) ELSE {double(0.0)} END"
    )


def double(value: float) -> str:
    """The literal as Splink writes it, so that both parse to the same double; infinity in quotes."""
    return f"cast({value} as float8)" if math.isfinite(value) else f"cast('{value}' as float8)"
