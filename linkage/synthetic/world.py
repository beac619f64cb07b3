"""What the supplies are made of, and the form in which each is described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.synthetic.calibration import RecordRates
from linkage.synthetic.draws import Draws, numbers
from linkage.synthetic.rates import Rates

Columns = Mapping[str, Column]


@dataclass(frozen=True)
class World:
    """The people, one row per person, their cases, one row per case, and how often what happens.

    `count` is the number of people. `forms` are those of the supplies that are made; a row of a
    supply has the place of its form there as `form`.
    """

    people: DataFrame
    cases: DataFrame
    forms: tuple[Form, ...]
    rates: Rates
    solved: RecordRates
    seed: int
    count: int

    def draws(self, entity: str) -> Draws:
        """Draws for the entity that a column identifies."""
        return Draws(self.seed, F.col(entity))

    def by_form(self, number: Callable[[Form], float]) -> Column:
        """A number of which each supply has its own, as a double."""
        values = [float(number(form)) for form in self.forms]
        return F.lit(values[0]) if len(set(values)) == 1 else F.get(numbers(values), F.col("form"))

    def is_of(self, belongs: Callable[[Form], bool]) -> Column:
        """Whether the row is of a supply whose form is one of those."""
        places = [place for place, form in enumerate(self.forms) if belongs(form)]
        return F.lit(len(places) > 0) if len(places) in {0, len(self.forms)} else F.col("form").isin(*places)

    def has(self, *names: str) -> Column:
        """Whether the row is of a supply with one of these columns."""
        return self.is_of(lambda form: not set(form.schema.column_names).isdisjoint(names))


@dataclass(frozen=True)
class RecordedWorld(World):
    """A world with `records`, one row per row of any supply, as `recording.recorded` makes them."""

    records: DataFrame

    def records_of(self, form: Form) -> DataFrame:
        """The rows of one supply."""
        return self.records.where(F.col("form") == self.forms.index(form))


@dataclass(frozen=True)
class Form:
    """How a supply of records is made.

    `events` gives one row per event that the dataset holds, with the person's columns, `event` (a
    number below 2**40 / 4, unique in the dataset) and `event_date`; a column that several supplies
    have is of one type. `columns` are the dataset's own, of rows with what `recording` adds; `keys`
    those of the key, where it is not one column made of the row's number. `others` are rows of
    nobody, organisations, as delivered.
    """

    dataset: str
    letter: str
    events: Callable[[World], DataFrame]
    columns: Callable[[World], Columns]
    keys: Callable[[World], Columns] | None = None
    others: Callable[[World], DataFrame] | None = None
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
    rows: Callable[[RecordedWorld], DataFrame]


def as_delivered(df: DataFrame, table: str, columns: Columns) -> DataFrame:
    """The columns of the table's schema, as text: those given, else the frame's own, else null."""
    own = {name: F.col(name) for name in df.columns}
    values = {**own, **columns}
    return df.select(
        *(values.get(c.name, F.lit(None)).cast("string").alias(c.name) for c in schemas.load(table).columns)
    )
