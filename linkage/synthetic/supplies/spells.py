"""Events of people outside the courts: so many for each, on days of a period in which they live and are of an age."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.world import World

AT_MOST = 64  # a person's events are numbered below it


@dataclass(frozen=True)
class Period:
    """The days that a supply covers, and the least age of its people in years."""

    first: str
    last: str
    age: int = 18


def spells(people: DataFrame, world: World, dataset: str, mean: float, period: Period) -> DataFrame:
    """One row per event of the given people: adds `event` and `event_date`; `mean` events for each, geometric."""
    person = Draws(world.seed, F.xxhash64(F.lit(dataset), F.col("person_id")))
    more = (
        F.floor(F.log(1 - person.uniform("count")) / F.log(F.lit(1 - 1 / mean))).cast("int") if mean > 1 else F.lit(0)
    )
    numbers = F.sequence(F.lit(0), F.least(more, F.lit(AT_MOST - 1)))
    numbered = people.withColumn("place", F.explode(numbers))
    known = numbered.withColumn("event", F.col("person_id") * AT_MOST + F.col("place"))
    event = event_draws(world, dataset)
    first, last = F.lit(period.first).cast("date"), F.lit(period.last).cast("date")
    day = F.date_add(first, (event.uniform("day") * F.datediff(last, first)).cast("int"))
    return known.withColumn("event_date", day).where(is_there(period.age))


def event_draws(world: World, dataset: str) -> Draws:
    """Draws for an event of a dataset."""
    return Draws(world.seed, F.xxhash64(F.lit(dataset), F.col("event")))


def is_there(age: int) -> Column:
    """Whether the person lives on the day of the event and has that age in years."""
    grown = F.add_months("birth", 12 * age) <= F.col("event_date")
    return grown & (F.col("death").isNull() | (F.col("event_date") < F.col("death")))
