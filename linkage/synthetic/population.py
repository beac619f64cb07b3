"""From a specification to the supplies of every dataset and the truth behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import NamedTuple

from pydantic import Field, field_validator
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from linkage.documents import Frozen
from linkage.synthetic.calibration import record_rates
from linkage.synthetic.delivery import deliver
from linkage.synthetic.identifiers import LARGEST_POPULATION
from linkage.synthetic.journeys import cases
from linkage.synthetic.people import people
from linkage.synthetic.rates import Rates
from linkage.synthetic.recording import recorded
from linkage.synthetic.rows import rows, together, truth
from linkage.synthetic.supplies import crown
from linkage.synthetic.supplies.registry import COMPANIONS, FORMS
from linkage.synthetic.world import RecordedWorld, World

# Datasets for which only people who come to a criminal court are needed.
_OF_OFFENDERS = frozenset({"magistrates", "crown", "prison", "probation", "oasys", "pnc"})


def known_datasets(datasets: tuple[str, ...]) -> tuple[str, ...]:
    """Names of datasets, if all of them can be made; raises ValueError with those that cannot."""
    unknown = sorted(set(datasets) - FORMS.keys())
    if unknown:
        raise ValueError(f"no such dataset: {', '.join(unknown)}; allowed: {', '.join(FORMS)}")
    return datasets


class Spec(Frozen):
    """What to make: how many people, from which seed, at which rates, and which of their supplies.

    `companions` says whether tables of offences, events and the like come along.
    """

    people: int = Field(gt=0, le=LARGEST_POPULATION)
    seed: int
    rates: Rates
    datasets: tuple[str, ...] = Field(default=tuple(FORMS), min_length=1)
    companions: bool = True

    _datasets_known = field_validator("datasets")(known_datasets)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are delivered."""
        others = (c.name for name in self.datasets if self.companions for c in COMPANIONS.get(name, ()))
        return (*self.datasets, *others)

    @property
    def linked_courts(self) -> bool:
        """Whether there are cases of two courts to link."""
        return {"magistrates", "crown"} <= set(self.datasets)


class Supplies(NamedTuple):
    """`tables` by name, as delivered; `truth` in the form of the table truth_keys.

    `case_links` in that of truth_case_links, null unless both criminal courts are made.
    """

    tables: Mapping[str, DataFrame]
    truth: DataFrame
    case_links: DataFrame | None


def synthesise(
    spark: SparkSession,
    spec: Spec,
    *,
    partitions: int | None = None,
    keep: Callable[[DataFrame], DataFrame] = lambda df: df,
) -> Supplies:
    """The supplies of the datasets and the person behind each row.

    Nothing is shuffled but time in custody, by person, and what makes links of cases. The rows are the same
    whatever `partitions` is; their order is not promised.

    Args:
        spark: the session.
        spec: what to make.
        partitions: of each table; the session's default parallelism when not given.
        keep: what to do with the people, their cases and their records, of which all tables are
            made, so that they are not made again for each: write them to scratch and read them
            back, which also keeps plans short, or persist them. Nothing by default.
    """
    parts = partitions or spark.sparkContext.defaultParallelism
    world = recorded_world(world_of(spark, spec, partitions=parts, keep=keep), keep=keep)
    made = {form.dataset: deliver(world, form) for form in world.forms}
    if spec.companions:
        made |= {c.name: c.rows(world) for name in spec.datasets for c in COMPANIONS.get(name, ())}
    # Episodes of the hospital side are no records: nobody links them here.
    linked = [form for form in world.forms if form.dataset in schemas.value_set("source_dataset")]
    return Supplies(made, truth(world, linked), crown.case_links(world) if spec.linked_courts else None)


def world_of(
    spark: SparkSession, spec: Spec, *, partitions: int, keep: Callable[[DataFrame], DataFrame] = lambda df: df
) -> World:
    """The people whom the datasets need, their cases, and the rates solved for the agreement that is wanted."""
    everybody = people(spark, spec.rates, count=spec.people, seed=spec.seed, partitions=partitions)
    if _OF_OFFENDERS.issuperset(spec.datasets):
        everybody = everybody.where(F.col("standing") != "none")
    kept = keep(everybody)
    return World(
        people=kept,
        cases=keep(cases(kept, spec.rates.journeys, seed=spec.seed)),
        forms=tuple(FORMS[name] for name in spec.datasets),
        rates=spec.rates,
        solved=record_rates(spec.rates),
        seed=spec.seed,
        count=spec.people,
    )


def recorded_world(world: World, *, keep: Callable[[DataFrame], DataFrame]) -> RecordedWorld:
    """The same with the records of all supplies."""
    # Kept before they are recorded, for Spark would push all that is recorded below the union, into each supply.
    unrecorded = keep(together([rows(world, form) for form in world.forms]))
    given = {field.name: getattr(world, field.name) for field in fields(world)}
    return RecordedWorld(**given, records=keep(recorded(unrecorded, world)))
