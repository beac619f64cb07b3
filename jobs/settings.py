"""The config of a pipeline, as its jobs see it: one YAML file with a section for each job."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

import schemas
from jobs.evaluation import EvaluateSettings
from jobs.harness import config
from jobs.harness.config import Settings
from jobs.harness.keys import KeySettings
from linkage.errors import ConfigError
from linkage.lake import LakeRoots
from linkage.quality.linkage_error import TruthBasis
from linkage.records.contract import Contract, Kind
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


class Period(Settings):
    """The days that a delivery covers; both count."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.last < self.first:
            raise ValueError("last is before first")
        return self


class TwoFiles(Settings):
    """Where the two files of a split delivery are."""

    identifiers: str
    attributes: str


class Delivery(Settings):
    """Files as a supplier sent them, under their feed's contract; `kind` where it is not the one that is agreed.

    `delivered` is the day on which they came, `period` the days that they cover.
    """

    contract: Path
    path: str | TwoFiles
    delivered: date
    period: Period
    kind: Literal["full", "partial"] | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The one path, or both."""
        return (self.path,) if isinstance(self.path, str) else (self.path.identifiers, self.path.attributes)


class Supply(Settings):
    """One supply: where its owner put it, if not in the landing zone under its name; or feeds under contracts.

    `deliveries` are what feeds have sent since; `held` are contracts of feeds that sent nothing and are
    taken as they stand.
    """

    path: str | None = None
    deliveries: tuple[Delivery, ...] = ()
    held: tuple[Path, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Supply:
        if self.path is not None and self.has_feeds:
            raise ValueError("give a path, to files with our own column names, or deliveries and held, under contracts")
        return self

    @property
    def has_feeds(self) -> bool:
        """Whether it comes under contracts."""
        return bool(self.deliveries or self.held)


class IngestSettings(Settings):
    """What comes in. `as_of` is the date of the supplies; nothing in them can be later.

    If more than `max_bad_share` of a supply's rows are bad, the supply itself is; organisations are not bad
    rows. `corrections` are a file with cells of rows that were set aside before, as the table of that name
    is described. `synthetic` takes National Insurance numbers that are never issued, as a pipeline that
    makes its own supplies does. No count below `smallest_count` is told of the data's quality.
    """

    supplies: dict[str, Supply] = Field(min_length=1)
    as_of: date
    max_bad_share: float = Field(ge=0, le=1)
    corrections: str | None = None
    synthetic: bool = False
    smallest_count: int = Field(default=10, gt=0)

    @model_validator(mode="after")
    def _known(self) -> IngestSettings:
        known = schemas.value_set("source_dataset")
        unknown = sorted(self.supplies.keys() - known.keys())
        if unknown:
            raise ValueError(f"no such supply: {', '.join(unknown)}; allowed: {', '.join(known)}")
        for name, supply in self.supplies.items():
            for number, delivery in enumerate(supply.deliveries):
                if delivery.delivered > self.as_of:
                    raise ValueError(f"supplies.{name}.deliveries.{number}: delivered after as_of, {self.as_of}")
        return self


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options that all jobs of a pipeline have."""
    parser.add_argument("--config", type=Path, required=True, metavar="YAML", help="the pipeline, see conf/pipelines")
    parser.add_argument("--again", action="store_true", help="do the work even if nothing has changed")


def load(args: argparse.Namespace) -> Request:
    """Reads the config and its contracts; raises ConfigError naming file, key and what is allowed."""
    settings = config.load(args.config, PipelineSettings)
    feeds(settings.ingest)
    return Request(args.config, settings, args.again)


@dataclass(frozen=True)
class Feed:
    """What one feed brings to a run: its deliveries with the contract of each, in order of their days, or none.

    On one day a full delivery comes before partial ones. `contract` is that of the last.
    """

    contract: Contract
    deliveries: tuple[tuple[Delivery, Contract], ...]


def feeds(ingest: IngestSettings) -> list[Feed]:
    """Every feed under a contract, in the order of the config; those with nothing new have no deliveries.

    Raises:
        ConfigError: A contract is wrong, or does not go with its place in the config.
    """
    found: dict[str, list[tuple[Delivery, Contract]]] = {}
    held: dict[str, Contract] = {}
    for dataset, supply in ingest.supplies.items():
        for delivery in supply.deliveries:
            contract = _contract(delivery.contract, dataset)
            _check_paths(delivery, contract)
            found.setdefault(contract.feed, []).append((delivery, contract))
        for path in supply.held:
            contract = _contract(path, dataset)
            if contract.feed in found:
                raise ConfigError(f"{path}: feed {contract.feed} has deliveries, so it is not held as it stands")
            held[contract.feed] = contract
    ordered = [sorted(pairs, key=lambda pair: (pair[0].delivered, kind(*pair))) for pairs in found.values()]
    return [Feed(pairs[-1][1], tuple(pairs)) for pairs in ordered] + [Feed(c, ()) for c in held.values()]


def kind(delivery: Delivery, contract: Contract) -> Kind:
    """Whether a delivery is full or partial."""
    return delivery.kind or contract.delivery


def _contract(path: Path, dataset: str) -> Contract:
    contract = config.load(path, Contract)
    if contract.dataset != dataset:
        raise ConfigError(f"{path}: is of {contract.dataset}, and stands under {dataset}")
    return contract


def _check_paths(delivery: Delivery, contract: Contract) -> None:
    if (contract.split is None) != isinstance(delivery.path, str):
        how = "one path" if contract.split is None else "paths of identifiers and attributes"
        raise ConfigError(f"{delivery.contract}: a delivery of it has {how}; mend the pipeline's config")
