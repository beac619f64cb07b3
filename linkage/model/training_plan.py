"""The plan that a user writes for a model's training: the TRAINING file of `match`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _not_blank(expression: str) -> str:
    if not expression.strip():
        raise ValueError("an expression is empty")
    return expression


Expression = Annotated[str, AfterValidator(_not_blank)]
SharedValues = Annotated[tuple[Expression, ...], Field(min_length=1)]


class TrainingPlan(BaseModel):
    """How to estimate a model's parameters.

    Attributes:
        seed: Which sample is drawn; the same seed draws the same sample.
        deterministic_rules: Rules so strict that a pair they make is almost surely a match.
        recall: The share of all matches that those rules are thought to find.
        u_max_pairs: Random pairs to estimate fuzzy levels' u from, at most about this many.
        em_max_pairs: Candidate pairs of one EM session, and of one deterministic rule, at most about this many.
        em_blocking_rules: One EM session for each.
        by_source_pair: Estimate the parameters of each two sources apart, where their pairs tell enough.
        source_groups: Names of sources by a name for all of them, each in one group or none: where the pairs
            of two sources are too few to tell their m, those of their groups tell it.

    A rule is a list of expressions that both records must share, in the settings' dialect.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    deterministic_rules: Annotated[tuple[SharedValues, ...], Field(min_length=1)]
    recall: Annotated[float, Field(gt=0, le=1)]
    u_max_pairs: Annotated[int, Field(ge=1)] = 1_000_000
    em_max_pairs: Annotated[int, Field(ge=1)] = 2_000_000
    em_blocking_rules: Annotated[tuple[SharedValues, ...], Field(min_length=1)]
    by_source_pair: bool = False
    source_groups: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _groups_part_the_sources(self) -> Self:
        if self.source_groups and not self.by_source_pair:
            raise ValueError("source_groups: say by_source_pair: true, or leave the groups out")
        grouped = [source for group in self.source_groups.values() for source in group]
        if len(set(grouped)) < len(grouped):
            raise ValueError("source_groups: a source is in two groups, or twice in one")
        return self
