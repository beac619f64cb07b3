"""From a specification to the supplies of every dataset and the truth behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pyspark.sql import DataFrame, SparkSession

from linkage.synthetic.addresses import with_address
from linkage.synthetic.events import DATASETS, events, with_copies
from linkage.synthetic.identifiers import LARGEST_POPULATION
from linkage.synthetic.journeys import cases
from linkage.synthetic.people import people
from linkage.synthetic.rates import Rates
from linkage.synthetic.recording import recorded
from linkage.synthetic.supplies import to_supply, truth_of


class Spec(BaseModel):
    """What to make: how many people, from which seed, at which rates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: int = Field(gt=0, le=LARGEST_POPULATION)
    seed: int
    rates: Rates


class Supplies(NamedTuple):
    """`tables` by name of the dataset, as delivered; `truth` in the form of the table truth_keys."""

    tables: Mapping[str, DataFrame]
    truth: DataFrame


def synthesise(
    spark: SparkSession,
    spec: Spec,
    *,
    partitions: int | None = None,
    keep: Callable[[DataFrame], DataFrame] = lambda df: df,
) -> Supplies:
    """The supplies of all datasets and the person behind each row, without any shuffle.

    The rows are the same whatever `partitions` is; their order is not promised.

    Args:
        spark: the session.
        spec: what to make.
        partitions: of each table; the session's default parallelism when not given.
        keep: what to do with the cases, which every table is made of, so that they are not
            made again for each: persist them or write them to scratch. Nothing by default.
    """
    parts = partitions or spark.sparkContext.defaultParallelism
    persons = people(spark, spec.rates, count=spec.people, seed=spec.seed, partitions=parts)
    journeys = keep(cases(persons, spec.rates.journeys, seed=spec.seed))
    rows = {name: _rows(journeys, name, spec) for name in DATASETS}
    tables = {
        name: to_supply(
            recorded(made, name, spec.rates, seed=spec.seed, count=spec.people), name, spec.rates, seed=spec.seed
        )
        for name, made in rows.items()
    }
    truth = [truth_of(made, name) for name, made in rows.items()]
    return Supplies(tables, reduce(DataFrame.unionByName, truth))


def _rows(journeys: DataFrame, dataset: str, spec: Spec) -> DataFrame:
    """The dataset's rows before anybody writes them down."""
    happened = events(journeys, dataset, spec.rates, seed=spec.seed)
    placed = with_address(happened, spec.rates.moves, seed=spec.seed)
    return with_copies(placed, dataset, spec.rates, seed=spec.seed)
