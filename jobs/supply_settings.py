"""What a pipeline's config says of its supplies, and the feeds that bring them under contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

import schemas
from jobs.harness import config
from jobs.harness.config import Settings
from linkage.errors import ConfigError
from linkage.records.contract import Contract, Kind


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


class Companion(Settings):
    """A table that comes along with a supply: where its owner put it, if not in the landing zone under its name."""

    path: str | None = None


class Supply(Settings):
    """One supply: where its owner put it, if not in the landing zone under its name; or feeds under contracts.

    `deliveries` are what feeds have sent since; `held` are contracts of feeds that sent nothing and are
    taken as they stand. `companions` are tables of offences, events and the like that come along with it.
    """

    path: str | None = None
    deliveries: tuple[Delivery, ...] = ()
    held: tuple[Path, ...] = ()
    companions: dict[str, Companion] = Field(default_factory=dict)

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

    @property
    def companions(self) -> dict[str, Companion]:
        """The tables that come along with all supplies, by name."""
        return {name: one for supply in self.supplies.values() for name, one in supply.companions.items()}

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """Every feed under a contract, in the order of the config; those with nothing new have no deliveries.

        Reads the contracts, once.

        Raises:
            ConfigError: A contract is wrong, or does not go with its place in the config.
        """
        return _feeds(self.supplies)

    @model_validator(mode="after")
    def _known(self) -> IngestSettings:
        known = schemas.value_set("source_dataset")
        unknown = sorted(self.supplies.keys() - known.keys())
        if unknown:
            raise ValueError(f"no such supply: {', '.join(unknown)}; allowed: {', '.join(known)}")
        for name, supply in self.supplies.items():
            strange = sorted(supply.companions.keys() - set(schemas.companions(name))) if supply.companions else []
            if strange:
                allowed = ", ".join(schemas.companions(name)) or "none"
                raise ValueError(f"supplies.{name}.companions: no such table: {', '.join(strange)}; allowed: {allowed}")
            for number, delivery in enumerate(supply.deliveries):
                if delivery.delivered > self.as_of:
                    raise ValueError(f"supplies.{name}.deliveries.{number}: delivered after as_of, {self.as_of}")
        return self


@dataclass(frozen=True)
class Feed:
    """What one feed brings to a run: its deliveries with the contract of each, in order of their days, or none.

    On one day a full delivery comes before partial ones, and these in the order of the config. `contract` is that of
    the last; `replaced` is how many are left out, as a later full one replaces all that they say.
    """

    contract: Contract
    deliveries: tuple[tuple[Delivery, Contract], ...]
    replaced: int = 0


def _feeds(supplies: Mapping[str, Supply]) -> tuple[Feed, ...]:
    found: dict[str, list[tuple[Delivery, Contract]]] = {}
    held: dict[str, Contract] = {}
    for dataset, supply in supplies.items():
        for delivery in supply.deliveries:
            contract = _contract(delivery.contract, dataset)
            _check_companions(delivery.contract, contract, supply)
            _check_paths(delivery, contract)
            found.setdefault(contract.feed, []).append((delivery, contract))
        for path in supply.held:
            contract = _contract(path, dataset)
            _check_companions(path, contract, supply)
            if contract.feed in found:
                raise ConfigError(f"{path}: feed {contract.feed} has deliveries, so it is not held as it stands")
            held[contract.feed] = contract
    return (*map(_in_order, found.values()), *(Feed(contract, ()) for contract in held.values()))


def _in_order(pairs: Sequence[tuple[Delivery, Contract]]) -> Feed:
    """A feed's deliveries from the last full one on, in the order in which they are applied."""
    ordered = sorted(pairs, key=lambda pair: (pair[0].delivered, kind(*pair) == "partial"))
    full = [place for place, pair in enumerate(ordered) if kind(*pair) == "full"]
    replaced = full[-1] if full else 0
    return Feed(ordered[-1][1], tuple(ordered[replaced:]), replaced)


def kind(delivery: Delivery, contract: Contract) -> Kind:
    """Whether a delivery is full or partial."""
    return delivery.kind or contract.delivery


def _contract(path: Path, dataset: str) -> Contract:
    contract = config.load(path, Contract)
    if contract.dataset != dataset:
        raise ConfigError(f"{path}: is of {contract.dataset}, and stands under {dataset}")
    return contract


def _check_companions(path: Path, contract: Contract, supply: Supply) -> None:
    """Companions have keys as their owner wrote them, which would be those of other records."""
    shared = {column for name in supply.companions for column in schemas.load(name).column_names}
    prefixed = [name for name, recipe in contract.columns.items() if recipe.prefix is not None and name in shared]
    if prefixed:
        raise ConfigError(
            f"{path}: puts a prefix before {', '.join(prefixed)}, by which {', '.join(supply.companions)} would be "
            f"found and which they do not have; leave out supplies.{contract.dataset}.companions"
        )


def _check_paths(delivery: Delivery, contract: Contract) -> None:
    if (contract.split is None) != isinstance(delivery.path, str):
        how = "one path" if contract.split is None else "paths of identifiers and attributes"
        raise ConfigError(f"{delivery.contract}: a delivery of it has {how}; mend the pipeline's config")
