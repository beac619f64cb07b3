"""What counts of all candidate pairs tell without the pairs: thresholds, missed matches, rules, growth.

Every run keeps `pattern_counts`: candidate pairs counted by comparison vector, first rule and pair of
sources, kept or not. A vector has a match weight and with it a probability of a match, so sums of
pairs × probability estimate how many matches lie on either side of any threshold.

Three limits of such estimates. Term-frequency adjustments belong to values, not to vectors: these
weights are without them. Matches that no blocking rule made a candidate are not in the counts, so
recall is among candidates. And the probabilities are the model's own: they are as right as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import expit

from linkage.errors import ConfigError
from linkage.model.specification import Comparison, LinkageModel, prior_weight

SOURCES = ("source_dataset_l", "source_dataset_r")
# What a gamma is taken for where it is null: a vector that no level took.
_NO_LEVEL = -2
_THRESHOLDS = pa.schema(
    [
        pa.field("threshold_weight", pa.float64()),
        *[
            pa.field(f"{name}_{side}", pa.int64() if name == "pairs" else pa.float64())
            for side in ("above", "below")
            for name in ("pairs", "matches", "non_matches")
        ],
        pa.field("precision", pa.float64()),
        pa.field("recall", pa.float64()),
    ]
)
_GROWTH = pa.schema(
    [
        pa.field(name, pa.float64())
        for name in ("factor", "pairs", "matches", "non_matches", "matches_above", "non_matches_above", "precision")
    ]
)


def pattern_weights(patterns: pa.Table, model: LinkageModel) -> NDArray[np.float64]:
    """The match weight of each vector in bits, prior included, without term-frequency adjustment.

    Args:
        patterns: As a run keeps them: a gamma per comparison of the model, `pairs`, and
            `source_dataset_l`, `source_dataset_r` where there are several sources.
        model: That of the run, or another with the same comparisons and levels.

    Returns:
        One weight per row, added up in the order in which the engine adds.

    Raises:
        ConfigError: The table lacks a comparison of the model, or a gamma is no level of it; or the model
            has parameters by source pair, and the table no sources.

    Source: Fellegi and Sunter (1969), in Splink's additive form.
    """
    if not model.by_source_pair:
        return _weights(patterns, model)
    if not set(SOURCES) <= set(patterns.column_names):
        raise ConfigError("pattern counts: the model has parameters by source pair, and the counts have no sources")
    pairs = list(zip(*(patterns[name].to_pylist() for name in SOURCES), strict=True))
    weights = np.empty(patterns.num_rows)
    for pair in set(pairs):
        theirs = np.array([other == pair for other in pairs])
        weights[theirs] = _weights(patterns.filter(pa.array(theirs)), model.for_sources(*pair))
    return weights


def threshold_estimates(patterns: pa.Table, model: LinkageModel, thresholds: Sequence[float]) -> pa.Table:
    """Expected matches and non-matches on either side of thresholds.

    Args:
        patterns: As for `pattern_weights`; filter it to ask about some sources or rules only.
        model: As for `pattern_weights`.
        thresholds: Match weights in bits; a pair with exactly this weight is above.

    Returns:
        One row per threshold, in their order: `threshold_weight`; `pairs_above`, `matches_above` and
        `non_matches_above` (the latter two expected, so fractional); the same `_below`, where
        `matches_below` are the matches missed among candidates; `precision`, null where no pair is
        above; `recall` among candidates, null where no match is expected at all.

    Raises:
        ConfigError: As for `pattern_weights`.
    """
    weights, pairs, matches = expected_matches(patterns, model)
    rows = []
    for threshold in thresholds:
        above = weights >= threshold
        row: dict[str, float | int | None] = {"threshold_weight": float(threshold)}
        for side, chosen in (("above", above), ("below", ~above)):
            row |= {
                f"pairs_{side}": int(pairs[chosen].sum()),
                f"matches_{side}": math.fsum(matches[chosen]),
                f"non_matches_{side}": math.fsum(pairs[chosen] - matches[chosen]),
            }
        found, every = math.fsum(matches[above]), math.fsum(matches)
        row["precision"] = found / int(pairs[above].sum()) if pairs[above].sum() else None
        row["recall"] = found / every if every else None
        rows.append(row)
    return pa.Table.from_pylist(rows, _THRESHOLDS)


def rule_estimates(patterns: pa.Table, model: LinkageModel) -> pa.Table:
    """What each blocking rule adds to those before it.

    A pair is counted under the first rule that makes it. Without that rule a later one may make it
    too, so these are the most that dropping a rule can lose, and for the last rule exactly that.

    Args:
        patterns: As for `pattern_weights`, with `match_key`.
        model: As for `pattern_weights`.

    Returns:
        One row per rule of the model, also where it found nothing: `match_key` (string), `pairs` that
        no earlier rule made, `matches` expected among them, and `share` of all expected matches, null
        where there are none.

    Raises:
        ConfigError: As for `pattern_weights`, or a match key is no rule of the model.
    """
    _, pairs, matches = expected_matches(patterns, model)
    rules = np.array([int(key) for key in patterns["match_key"].to_pylist()], dtype=np.int64)
    keys = range(len(model.blocking_rules))
    unknown = sorted(set(rules.tolist()) - set(keys))
    if unknown:
        raise ConfigError(f"pattern counts: the model has no blocking rule {unknown[0]}; give the run's own model")
    every = math.fsum(matches)
    expected = [math.fsum(matches[rules == key]) for key in keys]
    return pa.table(
        {
            "match_key": pa.array([str(key) for key in keys], pa.string()),
            "pairs": pa.array([int(pairs[rules == key].sum()) for key in keys], pa.int64()),
            "matches": pa.array(expected, pa.float64()),
            "share": pa.array([found / every if every else None for found in expected], pa.float64()),
        }
    )


def growth_estimates(patterns: pa.Table, model: LinkageModel, threshold: float, factors: Sequence[float]) -> pa.Table:
    """What the same rules and the same vectors would make of more records, of more people of the same kind.

    Matches grow with the people, pairs of strangers with their square: so does their share among the pairs of any
    vector. Names do not become rarer, and no key is capped.

    Args:
        patterns: As for `pattern_weights`.
        model: As for `pattern_weights`.
        threshold: Match weight in bits from which a vector is kept today; the same vectors are kept then.
        factors: How many times as many records.

    Returns:
        One row per factor, in their order: `factor`, `pairs` (expected, so fractional), `matches` and `non_matches`
        among them, `matches_above` and `non_matches_above` of the vectors that are kept, and their `precision`, null
        where none is.

    Raises:
        ConfigError: As for `pattern_weights`.
    """
    weights, pairs, matches = expected_matches(patterns, model)
    above = weights >= threshold
    all_of, kept = ((math.fsum(matches[chosen]), float(pairs[chosen].sum())) for chosen in (slice(None), above))
    rows = []
    for factor in factors:
        made, strangers = factor * all_of[0], factor**2 * (all_of[1] - all_of[0])
        right, wrong = factor * kept[0], factor**2 * (kept[1] - kept[0])
        rows.append(
            (factor, made + strangers, made, strangers, right, wrong, right / (right + wrong) if kept[1] else None)
        )
    return pa.Table.from_pylist([dict(zip(_GROWTH.names, row, strict=True)) for row in rows], _GROWTH)


def expected_matches(
    patterns: pa.Table, model: LinkageModel
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Weight in bits, pairs and expected matches of each row; raises as `pattern_weights`."""
    weights = pattern_weights(patterns, model)
    pairs = np.asarray(patterns["pairs"].to_numpy(), dtype=np.int64)
    return weights, pairs, pairs * expit(weights * math.log(2.0))


def _weights(patterns: pa.Table, model: LinkageModel) -> NDArray[np.float64]:
    weights = np.full(patterns.num_rows, prior_weight(model.prior))
    for comparison in model.comparisons:
        weights += _level_weights(patterns, comparison)
    return weights


def _level_weights(patterns: pa.Table, comparison: Comparison) -> NDArray[np.float64]:
    if comparison.gamma_column not in patterns.column_names:
        raise ConfigError(f"pattern counts: no column {comparison.gamma_column}; give the run's own model")
    gammas = patterns[comparison.gamma_column].fill_null(_NO_LEVEL).to_numpy()
    weights = np.full(len(gammas), np.nan)
    for level in comparison.levels:
        weights[gammas == level.gamma] = level.match_weight
    if np.isnan(weights).any():
        raise ConfigError(
            f"pattern counts: comparison {comparison.name} has a vector that is none of its levels; "
            "give the run's own model, with ELSE as the last level"
        )
    return weights
