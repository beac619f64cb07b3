"""The form of a supply contract: what a supplier's files look like, and how they become a schema's columns.

A contract describes the files of one feed: those that one system sends for one dataset. It says of every
column of the file and of every column of the schema what becomes of it, so that a change on either side is
seen and not guessed at. Contracts lie in `conf/supplies/`; docs/supplies.md explains each key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

import schemas
from linkage.documents import Frozen, suggest
from linkage.records.fhir import COLUMNS as FHIR_COLUMNS
from linkage.records.recipe import Recipe

Kind = Literal["full", "partial"]


class Csv(Frozen):
    """Delimited text. `names` are the columns of files without a header; `quote: null` says that nothing is quoted."""

    type: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str | None = Field(default='"', min_length=1, max_length=1)
    encoding: Literal["utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-le", "utf-16-be"] = "utf-8"
    names: tuple[str, ...] = ()


class Columnar(Frozen):
    """Parquet files or a Delta table, which say themselves how they are written."""

    type: Literal["parquet", "delta"]


class FhirPatient(Frozen):
    """FHIR R4 resources of the type Patient, one JSON object on a line, with the columns of `linkage.records.fhir`."""

    type: Literal["fhir_patient"]


class Split(Frozen):
    """A delivery in two files, which a key joins: who people are, and what is known of them. Both have the key."""

    key: str
    identifiers: tuple[str, ...] = Field(min_length=1)
    attributes: tuple[str, ...] = Field(min_length=1)
    max_unpaired: float = Field(ge=0, le=1)


class Deletions(Frozen):
    """How a partial delivery marks rows that are to go: a column, and what it holds then."""

    column: str
    values: tuple[str, ...] = Field(min_length=1)


class Between(Frozen):
    """Bounds, either or both; they count as within."""

    min: float | None = Field(default=None, ge=0)
    max: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Between:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        return self

    def holds(self, number: float) -> bool:
        """Whether a number is within."""
        return (self.min is None or number >= self.min) and (self.max is None or number <= self.max)

    def __str__(self) -> str:
        ends = ((self.min, "at least"), (self.max, "at most"))
        return " and ".join(f"{word} {end:g}" for end, word in ends if end is not None)


class Expectations(Frozen):
    """What a delivery must be like to be taken.

    `rows`, and `share_of_held`: its rows by those that the feed held before, live ones. `delivered_within_days`
    of the end of its period. `max_outside_period`: share of rows whose event date is outside it.
    `max_unmapped`: share of a column's filled values that its code map does not know.
    """

    rows: Between
    share_of_held: Between | None = None
    delivered_within_days: int | None = Field(default=None, ge=0)
    max_outside_period: float = Field(ge=0, le=1)
    max_unmapped: float = Field(ge=0, le=1)


class Contract(Frozen):
    """The files of one feed, and how they become rows of one dataset's schema.

    The feed's name begins with the dataset's. `absent` are columns of the schema that the feed does not have,
    `ignored` those of the file that nobody needs, `nulls` texts that stand for nothing, `undecided` what a draft
    leaves open. `codes_by` says which day decides what a code with days of validity means: that of the row's
    event, or the last one of the delivery's period.
    """

    dataset: str
    feed: str = Field(pattern=r"\A[a-z][a-z0-9_]*\z")
    system: str = Field(min_length=2)
    agreement: str = Field(min_length=2)
    delivery: Kind
    format: Annotated[Csv | Columnar | FhirPatient, Field(discriminator="type")]
    expect: Expectations
    columns: dict[str, Recipe] = Field(min_length=1)
    absent: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    codes_by: Literal["event_date", "period"] = "event_date"
    split: Split | None = None
    deletions: Deletions | None = None
    undecided: tuple[str, ...] = ()

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, name: str) -> str:
        tables = map(schemas.load, schemas.names())
        known = [table.name for table in tables if table.zone is schemas.Zone.LANDING and table.owner is not None]
        if name not in known:
            raise ValueError(f"no supply '{name}'" + suggest(name, known))
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def table(self) -> schemas.TableSchema:
        """The schema that the rows come to."""
        return schemas.load(self.dataset)

    @property
    def used(self) -> frozenset[str]:
        """Columns of the file that something is made of."""
        made = {name for recipe in self.columns.values() for name in recipe.source}
        marks = {self.deletions.column} if self.deletions else set()
        return frozenset(made | marks | ({self.split.key} if self.split else set()))

    @property
    def expected(self) -> frozenset[str]:
        """Every column that the file must have, or both files together."""
        return self.used | frozenset(self.ignored)

    def sides(self) -> Mapping[str, frozenset[str]]:
        """The columns of each of the two files of a split delivery."""
        if self.split is None:
            return {}
        key = {self.split.key}
        return {
            "identifiers": frozenset(key | set(self.split.identifiers)),
            "attributes": frozenset(key | set(self.split.attributes)),
        }

    def _problems(self) -> Iterator[str]:
        if self.feed != self.dataset and not self.feed.startswith(f"{self.dataset}_"):
            yield f"feed: it begins with the dataset's name: {self.dataset}, or {self.dataset}_ and what it is called"
        if self.undecided:
            yield f"undecided: say in columns or ignored what becomes of each of these: {_listed(self.undecided)}"
        yield from self._schema_problems()
        yield from self._file_problems()
        dated = [name for name, recipe in self.columns.items() if recipe.is_dated]
        if dated and self.codes_by == "event_date" and self.table.event_date not in self.columns:
            yield f"codes of {_listed(dated)} are dated, but no event date is mapped; say codes_by: period"
        if self.deletions and self.delivery == "full":
            yield "deletions: a full delivery deletes by leaving out; say delivery: partial, or leave deletions out"

    def _schema_problems(self) -> Iterator[str]:
        table, said = self.table, {*self.columns, *self.absent}
        for name in sorted(said - set(table.column_names)):
            yield f"columns: table {self.dataset} has no column '{name}'" + suggest(name, table.column_names)
        unsaid = [name for name in table.column_names if name not in said]
        if unsaid:
            yield f"say of each of these where it comes from, in columns, or that it is absent: {_listed(unsaid)}"
        for name in sorted(set(self.columns) & set(self.absent)):
            yield f"absent: {name} is in columns too"
        for column in table.columns:
            if column.name in self.absent and not column.nullable:
                yield f"absent: {column.name} must be filled; give a source or a constant"
            if column.name in self.columns:
                yield from self.columns[column.name].problems(column)

    def _file_problems(self) -> Iterator[str]:
        for name in sorted(self.used & set(self.ignored)):
            yield f"ignored: {name} is used"
        named = self.format.names if isinstance(self.format, Csv) else ()
        known = frozenset(FHIR_COLUMNS if isinstance(self.format, FhirPatient) else named)
        if known and known != self.expected:
            yield f"the file's columns are not those of columns and ignored: {_listed(known ^ self.expected)}"
        if self.split is not None:
            both = set(self.split.identifiers) & set(self.split.attributes)
            if both or self.split.key in {*self.split.identifiers, *self.split.attributes}:
                yield "split: a column is on one side; the key is on both and is named once"
            odd = self.expected ^ {self.split.key, *self.split.identifiers, *self.split.attributes}
            if odd:
                yield f"split: these are on no side, or are neither used nor ignored: {_listed(odd)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
