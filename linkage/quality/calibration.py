"""Whether the prior of a model fits the candidate pairs that were found under it.

The prior is what training supposed: the pairs of some deterministic rules, and a guess at how many of all matches they
are. Linking then counts every candidate pair by its comparison vector, so that the supposed number of matches can be
held against the number that the vectors speak for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations, combinations_with_replacement

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import expit, logit

from linkage.model.specification import LinkageModel, SourcePair, prior_weight, source_pair
from linkage.quality.patterns import SOURCES, expected_matches

_MOST_ROUNDS, _SETTLED = 1000, 1e-9
_CALIBRATION = pa.schema(
    [
        *[pa.field(name, pa.string()) for name in SOURCES],
        pa.field("possible_pairs", pa.int64()),
        pa.field("candidate_pairs", pa.int64()),
        *[pa.field(name, pa.float64()) for name in ("matches_supposed", "matches_expected", "prior", "prior_fitted")],
        pa.field("shift", pa.float64()),
    ]
)


def prior_calibration(patterns: pa.Table, model: LinkageModel, records: Mapping[str, int]) -> pa.Table:
    """The prior beside the one that fits the candidate pairs, for each two sources.

    Pairs that no blocking rule made count as non-matches, so that `prior_fitted` is a lower bound: it leaves out the
    matches that blocking missed. Weights are without term-frequency adjustments, as for `pattern_weights`.

    Args:
        patterns: As for `linkage.quality.patterns.pattern_weights`.
        model: As for `linkage.quality.patterns.pattern_weights`.
        records: How many there are, by source.

    Returns:
        One row per two sources whose pairs the link type allows (one source with itself, too) and that have possible
        pairs, in the order of their names: `source_dataset_l`, `source_dataset_r`, `possible_pairs`,
        `candidate_pairs`, `matches_supposed` (prior × possible pairs), `matches_expected` (the sum of the candidate
        pairs' probabilities), `prior`, `prior_fitted`, and `shift`, by how many bits every weight would change with
        the fitted prior; null where that is 0, since the candidate pairs speak for no match at all beside all
        pairs that are none, or where the prior is certain.

    Raises:
        ConfigError: As for `linkage.quality.patterns.pattern_weights`.

    Source: the fitted prior is where expectation-maximisation over the prior alone comes to rest, m and u held, as
    for the mixing proportion of any mixture (Dempster, Laird and Rubin 1977).
    """
    weights, pairs, matches = expected_matches(patterns, model)
    rows = []
    for (left, right), possible in _possible(model, records):
        theirs = _of_sources(patterns, (left, right))
        prior = model.for_sources(left, right).prior
        counted, theirs_weights = pairs[theirs].astype(np.float64), weights[theirs]
        fitted = _fitted(theirs_weights - prior_weight(prior), counted, prior, possible) if 0 < prior < 1 else prior
        rows.append(
            {
                "source_dataset_l": left,
                "source_dataset_r": right,
                "possible_pairs": possible,
                "candidate_pairs": int(counted.sum()),
                "matches_supposed": prior * possible,
                "matches_expected": math.fsum(matches[theirs]),
                "prior": prior,
                "prior_fitted": fitted,
                "shift": prior_weight(fitted) - prior_weight(prior) if 0 < prior < 1 and 0 < fitted < 1 else None,
            }
        )
    return pa.Table.from_pylist(rows, _CALIBRATION)


def _possible(model: LinkageModel, records: Mapping[str, int]) -> Iterator[tuple[SourcePair, int]]:
    """Each two sources, in the order of their names, and how many pairs of theirs there could be; none is left out."""
    two = combinations if model.link_type == "link_only" else combinations_with_replacement
    for left, right in two(sorted(records), 2):
        possible = records[left] * (records[left] - 1) // 2 if left == right else records[left] * records[right]
        if possible:
            yield source_pair(left, right), possible


def _of_sources(patterns: pa.Table, sources: SourcePair) -> NDArray[np.bool_]:
    """Which rows count pairs of these two sources; all do where the counts have no sources."""
    if SOURCES[0] not in patterns.column_names:
        return np.ones(patterns.num_rows, dtype=np.bool_)
    found = zip(*(patterns[side].to_pylist() for side in SOURCES), strict=True)
    return np.fromiter((source_pair(*pair) == sources for pair in found), np.bool_, patterns.num_rows)


def _fitted(evidence: NDArray[np.float64], pairs: NDArray[np.float64], prior: float, possible: int) -> float:
    """The prior at which the expected share of matches is the prior itself; `evidence` in bits, without a prior.

    It is 0 where the candidates' odds do not outweigh that all other possible pairs are none.
    """
    if math.fsum(pairs * np.exp2(evidence)) <= possible:
        return 0.0
    for _ in range(_MOST_ROUNDS):
        found = math.fsum(pairs * expit(evidence * math.log(2) + logit(prior))) / possible
        if not 0 < found < 1 or abs(found - prior) <= _SETTLED * prior:
            return min(max(found, 0.0), 1.0)
        prior = found
    return prior
