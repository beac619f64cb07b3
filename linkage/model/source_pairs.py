"""Parameters by pair of sources: when they are estimated apart, and how they are kept.

Courts and prisons misspell names each in its own way, and share other shares of their people; one m
and one prior for all pairs is then wrong for each. What a pair of sources cannot tell for itself it
takes from all pairs together. Splink knows no such parameters and refuses a model with an unknown
key, so they are kept in a document beside the model's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule
from linkage.model.em import Iteration, PatternCounts, expected_matches
from linkage.model.specification import (
    Comparison,
    Estimates,
    LinkageModel,
    SourcePair,
    SourcePairParameters,
    source_pair,
)
from linkage.model.training import (
    em_session,
    free_comparisons,
    session_prior,
    u_from_counts,
    with_sessions,
    with_u,
)
from linkage.model.training_warnings import FEW_MATCHES

# So many random pairs give a u of 0.01 to a tenth of itself: sqrt(0.01 * 0.99 / 10000) = 0.001.
FEW_RANDOM_PAIRS = 10_000

_Probability = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Evidence:
    """What was counted of the pairs of two sources.

    Attributes:
        deterministic: Pairs that the deterministic rules made.
        possible: All their pairs.
        random: Random pairs by gamma, by comparison; the null level is ignored.
        exact: By comparison, the share of pairs that agree exactly, from value frequencies; None or
            not there where they cannot tell.
        sessions: For each EM session its vectors over all comparisons, and pairs that were compared.
    """

    deterministic: int
    possible: int
    random: Mapping[str, Mapping[int, float]]
    exact: Mapping[str, float | None]
    sessions: Sequence[PatternCounts]


@dataclass(frozen=True)
class OwnEstimates:
    """What two sources told of themselves.

    Attributes:
        parameters: What to keep.
        matches: For each EM session, how many matches of theirs it holds, at the least.
    """

    parameters: SourcePairParameters
    matches: tuple[float, ...]

    @property
    def tells_anything(self) -> bool:
        """Whether any parameter is not that of all pairs."""
        return self.parameters.prior is not None or bool(self.parameters.levels)


def own_estimates(
    pooled: LinkageModel,
    evidence: Evidence,
    sessions: Sequence[KeyedRule],
    *,
    recall: float,
    shared: Estimates | None = None,
) -> OwnEstimates:
    """Estimate the parameters of two sources as those of all pairs were, where their pairs tell enough.

    The prior is estimated apart from `FEW_MATCHES` deterministic pairs, found or to be expected from
    all sources together; fuzzy levels' u from `FEW_RANDOM_PAIRS`; m in each session that holds
    `FEW_MATCHES` matches of theirs, both by what it starts from (their prior and u, the m of all
    pairs) and by what it comes to. Parameters that the settings fix stay.

    Args:
        pooled: The model of all pairs, trained.
        evidence: What was counted.
        sessions: The rule of each EM session.
        recall: The share of all matches that the deterministic rules find, taken to be the same everywhere.
        shared: The m of sources like these, as `shared_m` has it, from which theirs starts and in whose
            place it comes; that of all pairs if it is not given.
    """
    prior = _own_prior(pooled, evidence, recall)
    own = pooled.with_levels(shared or {})
    own = own if prior is None else own.with_prior(prior)
    own = with_u(own, {comparison.name: _own_u(comparison, evidence) for comparison in pooled.comparisons})
    ends: list[Iteration] = []
    matches = []
    for rule, patterns in zip(sessions, evidence.sessions, strict=True):
        free = free_comparisons(own, rule)
        theirs = patterns.of(tuple(comparison.name for comparison in free))
        matches.append(expected_matches(theirs, free, session_prior(own, rule)))
        if matches[-1] >= FEW_MATCHES:
            end = em_session(own, rule, patterns)[-1]
            matches[-1] = min(matches[-1], end.prior * patterns.pairs)
            if matches[-1] >= FEW_MATCHES:
                ends.append(end)
                own = with_sessions(own, ends)
    return OwnEstimates(SourcePairParameters(prior, _differences(pooled, own)), tuple(matches))


def shared_m(estimates: OwnEstimates) -> Estimates:
    """The m that was estimated from the pairs of several sources: what each two of them can take it from."""
    levels = estimates.parameters.levels.items()
    return {name: [(gamma, m, None) for gamma, m, _ in own if m is not None] for name, own in levels}


def _own_prior(pooled: LinkageModel, evidence: Evidence, recall: float) -> float | None:
    """Pairs found over recall and pairs possible; none found counts as half of one."""
    found = max(float(evidence.deterministic), 0.5)
    expected = pooled.prior * recall * evidence.possible
    if max(found, expected) < FEW_MATCHES or found >= recall * evidence.possible:
        return None
    return found / recall / evidence.possible


def _own_u(comparison: Comparison, evidence: Evidence) -> dict[int, float]:
    """By gamma; where random pairs are few, levels share what exact agreement leaves as among all pairs."""
    counts = {gamma: n for gamma, n in evidence.random.get(comparison.name, {}).items() if gamma >= 0}
    exact = evidence.exact.get(comparison.name)
    if sum(counts.values()) < FEW_RANDOM_PAIRS:
        if exact is None:
            return {}
        counts = {level.gamma: level.u for level in comparison.scored_levels if level.u is not None}
    return u_from_counts(comparison, counts, exact)


def _differences(pooled: LinkageModel, own: LinkageModel) -> dict[str, list[tuple[int, float | None, float | None]]]:
    """The levels of a model that are not as in another; None stands for what is."""
    found: dict[str, list[tuple[int, float | None, float | None]]] = {}
    for before, after in zip(pooled.comparisons, own.comparisons, strict=True):
        for old, new in zip(before.scored_levels, after.scored_levels, strict=True):
            m, u = (None if new.m == old.m else new.m), (None if new.u == old.u else new.u)
            if (m, u) != (None, None):
                found.setdefault(before.name, []).append((new.gamma, m, u))
    return found


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Level(_Kept):
    m: _Probability | None = None
    u: _Probability | None = None


class _Pair(_Kept):
    sources: tuple[str, str]
    prior: _Probability | None = None
    parameters: dict[str, dict[int, _Level]]


class _Document(_Kept):
    model: str
    source_pairs: tuple[_Pair, ...]


def to_document(model: LinkageModel) -> dict[str, Any]:
    """The parameters by source pair as plain values for JSON, with the digest of the model that they belong to."""
    pairs = [
        _Pair(
            sources=sources,
            prior=own.prior,
            parameters={
                name: {gamma: _Level(m=m, u=u) for gamma, m, u in levels} for name, levels in own.levels.items()
            },
        )
        for sources, own in sorted(model.by_source_pair.items())
    ]
    document = _Document(model=_digest(model), source_pairs=tuple(pairs))
    return document.model_dump(mode="json", exclude_none=True)


def read_document(text: str, model: LinkageModel, *, where: str) -> dict[SourcePair, SourcePairParameters]:
    """The parameters by source pair that belong to a model.

    Args:
        text: A document as `to_document` has it, in JSON.
        model: What it was written beside.
        where: What to call the document in a message: its path.

    Raises:
        ConfigError: It is no such document, or belongs to a model with other parameters.
    """
    try:
        document = _Document.model_validate_json(text)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole"
        raise ConfigError(f"{where}: {place}: no parameters by source pair as match writes them") from None
    if document.model != _digest(model):
        raise ConfigError(f"{where}: belongs to a model with other parameters; put its own beside it, or remove it")
    known = {comparison.name: {level.gamma for level in comparison.scored_levels} for comparison in model.comparisons}
    for pair in document.source_pairs:
        for name, levels in pair.parameters.items():
            if name not in known or not levels.keys() <= known[name]:
                raise ConfigError(f"{where}: comparison {name} is none of the model's, or has other levels")
    return {
        source_pair(*pair.sources): SourcePairParameters(
            pair.prior,
            {
                name: [(gamma, level.m, level.u) for gamma, level in sorted(levels.items(), reverse=True)]
                for name, levels in pair.parameters.items()
            },
        )
        for pair in document.source_pairs
    }


def _digest(model: LinkageModel) -> str:
    """Of the pooled parameters: what the kept ones stand beside."""
    levels = [
        [comparison.name, level.gamma, level.sql, level.m, level.u]
        for comparison in model.comparisons
        for level in comparison.levels
    ]
    return hashlib.sha256(json.dumps([model.prior, levels]).encode()).hexdigest()
