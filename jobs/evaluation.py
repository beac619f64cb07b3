"""The section of a pipeline's config that says how the persons found are measured."""

from __future__ import annotations

from pydantic import field_validator

from jobs.harness.config import Settings
from linkage.lake import LakeRoots
from linkage.quality.linkage_error import TruthBasis
from linkage.records.subgroups import SUBGROUPS


class EvaluateSettings(Settings):
    """How the persons found are measured against the truth.

    `basis` says where the truth comes from; unless given, it is synthetic where the pipeline makes its
    people. `subgroups` are columns of the table of that name. `beside` names the lake of another run
    whose measures are shown beside these.
    """

    basis: TruthBasis | None = None
    subgroups: tuple[str, ...] = SUBGROUPS
    beside: LakeRoots | None = None

    @field_validator("subgroups")
    @classmethod
    def _known(cls, subgroups: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(subgroups) - set(SUBGROUPS))
        if unknown:
            raise ValueError(f"no such subgroup: {', '.join(unknown)}; allowed: {', '.join(SUBGROUPS)}")
        return subgroups
