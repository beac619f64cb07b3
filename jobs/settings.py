"""The config of a pipeline, as its jobs see it: one YAML file with a section for each job."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from jobs.evaluation import EvaluateSettings
from jobs.harness import config
from jobs.harness.config import Settings
from jobs.harness.keys import KeySettings
from jobs.supply_settings import IngestSettings
from linkage.lake import LakeRoots
from linkage.quality.linkage_error import TruthBasis
from linkage.synthetic import known_datasets


class SynthesiseSettings(Settings):
    """The synthetic population. `rates` is a YAML file; `profile` another one with the rates that differ from it.

    `datasets` are those that are made, all unless given; `companions` says whether their tables of offences,
    events and the like come along. `formats` says how tables are delivered.
    """

    people: int = Field(gt=0, le=10_000_000)
    seed: int
    rates: Path
    profile: Path | None = None
    datasets: tuple[str, ...] | None = Field(default=None, min_length=1)
    companions: bool = True
    formats: dict[str, Literal["csv", "parquet"]] = Field(default_factory=dict)

    @field_validator("datasets")
    @classmethod
    def _known(cls, datasets: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return datasets and known_datasets(datasets)


class FrequencySettings(Settings):
    """How values are counted, for u and for term frequencies: once for each person of a source, so far as is known.

    Records of one source are one person's if they share the values of the first list of `persons_by` of
    which they have all. Without lists values are counted by record.
    """

    persons_by: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()


class TrainSettings(Settings):
    """`model` is a Splink settings file; `training` says how to estimate what it leaves open.

    Instead of both, `trained_in` names the lake of a pipeline whose model is taken as it is.
    """

    model: Path | None = None
    training: Path | None = None
    trained_in: LakeRoots | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TrainSettings:
        given = [name for name in ("model", "training", "trained_in") if getattr(self, name) is not None]
        if given not in (["model", "training"], ["trained_in"]):
            raise ValueError("give model and training, or trained_in alone")
        return self


class LinkSettings(Settings):
    """Pairs below `threshold_weight` bits are not kept; more than `max_pairs` are not made.

    A block key that alone would make more than `cap_key_pairs` pairs makes none under its rule. Links
    are missed by it; the run tells how many pairs were lost. Without it no key is capped.
    """

    threshold_weight: float
    max_pairs: int = Field(gt=0)
    cap_key_pairs: int | None = Field(default=None, gt=0)


class ResolveSettings(Settings):
    """Pairs of `cluster_weight` bits or more join records into one person.

    With `also_cluster_weights`, clusters at these weights, too, and how they nest, are in the table `nested_clusters`.
    """

    cluster_weight: float
    also_cluster_weights: tuple[float, ...] = ()


class PipelineSettings(Settings):
    """A whole pipeline. `lake` is one root, or one for each zone; `runs` holds run folders."""

    name: str
    lake: LakeRoots
    runs: Path
    key: KeySettings
    synthesise: SynthesiseSettings | None = None
    ingest: IngestSettings
    frequencies: FrequencySettings = FrequencySettings()
    train: TrainSettings
    link: LinkSettings
    resolve: ResolveSettings
    evaluate: EvaluateSettings = Field(default_factory=EvaluateSettings)

    @property
    def truth_basis(self) -> TruthBasis:
        """Where the truth comes from that the persons found are measured against."""
        return self.evaluate.basis or (TruthBasis.GIVEN if self.synthesise is None else TruthBasis.SYNTHETIC)

    @model_validator(mode="after")
    def _weights_in_order(self) -> PipelineSettings:
        for name, weights in (
            ("cluster_weight", (self.resolve.cluster_weight,)),
            ("also_cluster_weights", self.resolve.also_cluster_weights),
        ):
            if any(not weight >= self.link.threshold_weight for weight in weights):
                raise ValueError(f"resolve.{name} is below link.threshold_weight: such pairs would not be kept")
        return self


@dataclass(frozen=True)
class Request:
    """What the command line of a pipeline's job asks for."""

    path: Path
    config: PipelineSettings
    again: bool

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.config.runs

    @property
    def named(self) -> dict[str, Any]:
        """What the manifest of a run says of its config."""
        return {"path": str(self.path), "sha256": config.digest(self.config)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options that all jobs of a pipeline have."""
    parser.add_argument("--config", type=Path, required=True, metavar="YAML", help="the pipeline, see conf/pipelines")
    parser.add_argument("--again", action="store_true", help="do the work even if nothing has changed")


def looked_at(path: Path) -> Request:
    """A pipeline that a job looks at and does no stage of: its config without its contracts.

    Raises:
        ConfigError: Naming file, key and what is allowed.
    """
    return Request(path, config.load(path, PipelineSettings), again=False)


def load(args: argparse.Namespace) -> Request:
    """Reads the config and its contracts; raises ConfigError naming file, key and what is allowed."""
    request = replace(looked_at(args.config), again=args.again)
    # Refused before anything starts.
    _ = request.config.ingest.feeds
    return request
