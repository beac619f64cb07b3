"""The config of a pipeline, as its jobs see it: one YAML file with a section for each job."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

import schemas
from jobs.harness import config
from jobs.harness.config import Settings
from jobs.harness.keys import KeySettings
from linkage.lake import Zone


class SynthesiseSettings(Settings):
    """The synthetic population; `rates` is a YAML file, `formats` says how supplies are delivered."""

    people: int = Field(gt=0, le=10_000_000)
    seed: int
    rates: Path
    formats: dict[str, Literal["csv", "parquet"]] = Field(default_factory=dict)


class Supply(Settings):
    """One supply: where its owner put it, if not in the landing zone under its name."""

    path: str | None = None


class IngestSettings(Settings):
    """What comes in. `as_of` is the date of the supplies; nothing in them can be later.

    If more than `max_bad_share` of a supply's rows are bad, the supply itself is.
    """

    supplies: dict[str, Supply] = Field(min_length=1)
    as_of: date
    max_bad_share: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _known(self) -> IngestSettings:
        known = schemas.value_set("source_dataset")
        unknown = sorted(self.supplies.keys() - known.keys())
        if unknown:
            raise ValueError(f"no such supply: {', '.join(unknown)}; allowed: {', '.join(known)}")
        return self


class FrequencySettings(Settings):
    """How values are counted, for u and for term frequencies: once for each person of a source, so far as is known.

    Records of one source are one person's if they share the values of the first list of `persons_by` of
    which they have all. Without lists values are counted by record.
    """

    persons_by: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] = ()


class TrainSettings(Settings):
    """`model` is a Splink settings file; `training` says how to estimate what it leaves open."""

    model: Path
    training: Path


class LinkSettings(Settings):
    """Pairs below `threshold_weight` bits are not kept; more than `max_pairs` are not made.

    A block key that alone would make more than `cap_key_pairs` pairs makes none under its rule. Links
    are missed by it; the run tells how many pairs were lost. Without it no key is capped.
    """

    threshold_weight: float
    max_pairs: int = Field(gt=0)
    cap_key_pairs: int | None = Field(default=None, gt=0)


class ResolveSettings(Settings):
    """Pairs of `cluster_weight` bits or more join records into one person."""

    cluster_weight: float


class PipelineSettings(Settings):
    """A whole pipeline. `lake` is one root, or one for each zone; `runs` holds run folders."""

    name: str
    lake: str | dict[Zone, str]
    runs: Path
    key: KeySettings
    synthesise: SynthesiseSettings | None = None
    ingest: IngestSettings
    frequencies: FrequencySettings = FrequencySettings()
    train: TrainSettings
    link: LinkSettings
    resolve: ResolveSettings

    @model_validator(mode="after")
    def _weights_in_order(self) -> PipelineSettings:
        if self.resolve.cluster_weight < self.link.threshold_weight:
            raise ValueError("resolve.cluster_weight is below link.threshold_weight: such pairs would not be kept")
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options that all jobs of a pipeline have."""
    parser.add_argument("--config", type=Path, required=True, metavar="YAML", help="the pipeline, see conf/pipelines")
    parser.add_argument("--again", action="store_true", help="do the work even if nothing has changed")


def load(args: argparse.Namespace) -> Request:
    """Reads the config; raises ConfigError naming file, key and what is allowed."""
    return Request(args.config, config.load(args.config, PipelineSettings), args.again)
