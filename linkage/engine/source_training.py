"""What each two sources tell of themselves in training: a prior, u and m of their own, or the m of their groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import Any

from linkage.engine.records import LinkageRecords
from linkage.engine.source_frequencies import exact_agreement_by_sources
from linkage.engine.survey import Survey
from linkage.engine.training_counts import Numbers, TrainingCounts, TrainingRules
from linkage.errors import ConfigError
from linkage.model.source_pairs import Evidence, OwnEstimates, own_estimates, shared_m
from linkage.model.specification import LinkageModel, SourcePair, SourcePairParameters, source_pair
from linkage.model.training import exact_agreement_column
from linkage.model.training_plan import TrainingPlan
from linkage.model.training_warnings import FEW_MATCHES


@dataclass(frozen=True)
class TrainedApart:
    """The parameters of source pairs, and how they came about.

    Attributes:
        parameters: Of each two sources that told anything, or whose groups did.
        report: For each two sources and two groups their prior and their matches in each EM session.
        warnings: One line each.
    """

    parameters: Mapping[SourcePair, SourcePairParameters]
    report: dict[str, Any]
    warnings: tuple[str, ...]


def by_source_pair(
    records: LinkageRecords,
    pooled: LinkageModel,
    plan: TrainingPlan,
    rules: TrainingRules,
    counted: TrainingCounts,
    found: Survey,
) -> TrainedApart:
    """Estimate the parameters of each two sources apart.

    The m of two sources of which too few matches were compared is that of all pairs of their two
    groups together, if these hold enough; else that of all pairs.

    Args:
        records: What was learnt from.
        pooled: The model of all pairs, trained.
        plan: Recall and groups.
        rules: The plan's rules.
        counted: What was counted for the pooled model, by source pair.
        found: The survey.

    Raises:
        ConfigError: A group has the name of a source that is not in it.
    """
    groups = _groups(plan, records)
    evidence = _SourceEvidence.gathered(records, pooled, rules, counted, found)
    pairs = _pairs_of_sources(records)
    together: dict[SourcePair, list[Numbers]] = {}
    for left, right in pairs:
        together.setdefault(source_pair(groups[left], groups[right]), []).append((left, right))
    of_groups = {
        kind: own_estimates(pooled, evidence.of(members), rules.sessions, recall=plan.recall)
        for kind, members in together.items()
        if len(members) > 1
    }
    own: dict[Numbers, OwnEstimates] = {}
    for kind, members in together.items():
        shared = shared_m(of_groups[kind]) if kind in of_groups else None
        for numbers in members:
            own[numbers] = own_estimates(
                pooled, evidence.of([numbers]), rules.sessions, recall=plan.recall, shared=shared
            )
    names = {(left, right): source_pair(records.sources[left], records.sources[right]) for left, right in pairs}
    report: dict[str, Any] = {
        "source_pairs": [{"sources": list(names[numbers]), **_told(own[numbers])} for numbers in pairs]
    }
    if plan.source_groups:
        report["source_groups"] = [{"groups": list(kind), **_told(each)} for kind, each in of_groups.items()]
    kinds = {numbers: kind for kind, members in together.items() for numbers in members}
    return TrainedApart(
        parameters={names[numbers]: own[numbers].parameters for numbers in pairs if own[numbers].tells_anything},
        report=report,
        warnings=(
            *_unknown(plan, records),
            *(
                _untold(names[numbers], kinds[numbers], of_groups.get(kinds[numbers]))
                for numbers in pairs
                if max(own[numbers].matches) < FEW_MATCHES
            ),
        ),
    )


@dataclass(frozen=True)
class _SourceEvidence:
    """What was counted, to be asked for the pairs of some sources.

    Attributes:
        exact: By comparison, the share of exactly agreeing pairs of two sources.
        possible: All pairs of two sources.
    """

    rules: TrainingRules
    counted: TrainingCounts
    exact: Mapping[str, Mapping[Numbers, float]]
    possible: Mapping[Numbers, int]

    @classmethod
    def gathered(
        cls, records: LinkageRecords, model: LinkageModel, rules: TrainingRules, counted: TrainingCounts, found: Survey
    ) -> _SourceEvidence:
        """With one more pass over the values for what agrees exactly."""
        columns = {
            comparison.name: column
            for comparison in model.comparisons
            if (column := exact_agreement_column(comparison)) is not None
        }
        exact = exact_agreement_by_sources(records, sorted(set(columns.values())))
        return cls(
            rules,
            counted,
            {name: exact[column] for name, column in columns.items()},
            {numbers: _possible(records, found.counts, numbers) for numbers in _pairs_of_sources(records)},
        )

    def of(self, pairs: Sequence[Numbers]) -> Evidence:
        """That of the pairs of some two sources and others, together."""
        theirs = self.counted.of_sources(pairs)
        return Evidence(
            deterministic=theirs.deterministic,
            possible=sum(self.possible[numbers] for numbers in pairs),
            random=theirs.at_random(),
            exact={name: self._agreement(shares, pairs) for name, shares in self.exact.items()},
            sessions=[theirs.compared(rule) for rule in self.rules.sessions],
        )

    def _agreement(self, shares: Mapping[Numbers, float], pairs: Sequence[Numbers]) -> float | None:
        """The share of each two sources by how many pairs they have, values missing or not."""
        told = [(shares[numbers], self.possible[numbers]) for numbers in pairs if numbers in shares]
        pairs_of_all = sum(possible for _, possible in told)
        return sum(share * possible for share, possible in told) / pairs_of_all if pairs_of_all else None


def _groups(plan: TrainingPlan, records: LinkageRecords) -> list[str]:
    """The group of each source; one that is in none is a group alone, under its own name."""
    groups = {source: name for name, members in plan.source_groups.items() for source in members}
    alone = set(records.sources) - groups.keys()
    if both := sorted(alone & plan.source_groups.keys()):
        raise ConfigError(f"training: source_groups: {both[0]} is a group and a source that is not in it; rename it")
    return [groups.get(source, source) for source in records.sources]


def _unknown(plan: TrainingPlan, records: LinkageRecords) -> list[str]:
    unknown = {source for members in plan.source_groups.values() for source in members} - set(records.sources)
    return [f"source_groups: no input is called {source}" for source in sorted(unknown)]


def _told(estimates: OwnEstimates) -> dict[str, Any]:
    return {"prior": estimates.parameters.prior, "matches": [round(n) for n in estimates.matches]}


def _untold(sources: SourcePair, groups: SourcePair, of_groups: OwnEstimates | None) -> str:
    few = f"sources {' and '.join(sources)}: fewer than {FEW_MATCHES} matches of theirs in every EM session"
    if of_groups is not None and max(of_groups.matches) >= FEW_MATCHES:
        return f"{few}, so their m is that of the groups {' and '.join(groups)}"
    return f"{few}, so their m is that of all sources"


def _pairs_of_sources(records: LinkageRecords) -> list[Numbers]:
    numbers = range(len(records.sources))
    pairs = combinations if records.link_type == "link_only" else combinations_with_replacement
    return list(pairs(numbers, 2))


def _possible(records: LinkageRecords, counts: Mapping[str, int], numbers: Numbers) -> int:
    left, right = (counts[records.sources[number]] for number in numbers)
    return left * right if numbers[0] != numbers[1] else left * (left - 1) // 2
