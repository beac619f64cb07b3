"""What the supplies are made of, and the form in which each is described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.synthetic.calibration import RecordRates
from linkage.synthetic.draws import Draws
from linkage.synthetic.rates import Rates

Columns = Mapping[str, Column]


@dataclass(frozen=True)
class World:
    """The people, one row per person, and how often what happens. `count` is the number of people."""

    people: DataFrame
    rates: Rates
    solved: RecordRates
    seed: int
    count: int

    def draws(self, entity: str) -> Draws:
        """Draws for the entity that a column identifies."""
        return Draws(self.seed, F.col(entity))


@dataclass(frozen=True)
class Form:
    """How a supply of records is made.

    `events` gives one row per event that the dataset holds, with the person's columns, `event` (a
    number below 2**40 / 4, unique in the dataset) and `event_date`; `columns` the columns that are
    the dataset's own, of rows with what `recording` adds; `keys` those of the key, where it is not
    one column made of the row's number. `others` are rows of nobody, organisations, as delivered.
    """

    dataset: str
    letter: str
    events: Callable[[World], DataFrame]
    columns: Callable[[World], Columns]
    keys: Callable[[World], Columns] | None = None
    others: Callable[[World], DataFrame] | None = None
    pseudo_postcodes: Mapping[str, float] = field(default_factory=lambda: {"ZZ99 3VZ": 0.6, "ZZ99 3WZ": 0.4})
    false_identities: bool = False
    with_organisations: bool = False

    @property
    def schema(self) -> schemas.TableSchema:
        """The schema of the supply."""
        return schemas.load(self.dataset)


@dataclass(frozen=True)
class Companion:
    """A table beside a supply: `rows` gives it in the form of its schema, all columns as text."""

    name: str
    rows: Callable[[World], DataFrame]


def as_delivered(df: DataFrame, table: str, columns: Columns) -> DataFrame:
    """The columns of the table's schema, as text: those given, else the frame's own, else null."""
    nothing = F.lit(None)
    return df.select(
        *(
            columns.get(c.name, F.col(c.name) if c.name in df.columns else nothing).cast("string").alias(c.name)
            for c in schemas.load(table).columns
        )
    )
