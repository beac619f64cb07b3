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
        keep: what to do with the rows of all datasets, so that they are not made again for
            each table: persist them or write them to scratch. Nothing by default.
    """
    parts = partitions or spark.sparkContext.defaultParallelism
    rates, seed = spec.rates, spec.seed
    rows = (
        people(spark, rates, count=spec.people, seed=seed, partitions=parts)
        .transform(cases, rates.journeys, seed=seed)
        .transform(events, rates.journeys, seed=seed)
        .transform(with_address, rates.moves, seed=seed)
        .transform(with_copies, rates, seed=seed)
        .transform(recorded, rates, seed=seed, count=spec.people)
    )
    kept = keep(rows)
    tables = {name: to_supply(kept, name, rates, seed=seed) for name in DATASETS}
    truth = [truth_of(kept, name) for name in DATASETS]
    return Supplies(tables, reduce(DataFrame.unionByName, truth))
