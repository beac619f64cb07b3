"""The form of a table's schema: frozen, unknown keys refused, checked against a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from linkage.errors import InputError

_ATOMIC: dict[str, T.DataType] = {
    "bigint": T.LongType(),
    "boolean": T.BooleanType(),
    "date": T.DateType(),
    "double": T.DoubleType(),
    "int": T.IntegerType(),
    "string": T.StringType(),
    "timestamp": T.TimestampType(),
}
_ARRAY = "array<"


class Sensitivity(StrEnum):
    """What a column can give away about a person."""

    DIRECT = "direct identifier"
    INDIRECT = "indirect identifier"
    SPECIAL = "special category"
    NONE = "none"


class KeyRole(StrEnum):
    """The part of a column in keys: `primary` identifies the row, `foreign` another table's."""

    PRIMARY = "primary"
    FOREIGN = "foreign"


class Provenance(StrEnum):
    """Where the knowledge of a column comes from.

    S0-S4: a source document of the programme; CPR: the Ministry of Justice's public
    person-matching code; P: a public page; K: general knowledge, unchecked; A: assumed;
    OWN: a column that this project makes.
    """

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    CPR = "CPR"
    PUBLIC = "P"
    KNOWLEDGE = "K"
    ASSUMED = "A"
    OWN = "own"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def data_type(name: str) -> T.DataType:
    """The Spark type of a type name: an atomic one or `array<…>` of it.

    >>> data_type("array<string>").simpleString()
    'array<string>'

    Raises:
        ValueError: the name is not a type that tables may use.
    """
    if name in _ATOMIC:
        return _ATOMIC[name]
    if name.startswith(_ARRAY) and name.endswith(">"):
        return T.ArrayType(data_type(name[len(_ARRAY) : -1]))
    raise ValueError(f"unknown type '{name}', one of {', '.join(_ATOMIC)} or array<…> of these")


class Column(_Frozen):
    """One column of a table.

    `content` is the type that the text of a raw column must be readable as; `values` names a
    value set of `value_sets.yaml`; `expected_missing` is a share between 0 and 1.
    """

    name: str
    type: str
    description: str
    sensitivity: Sensitivity
    provenance: Provenance
    nullable: bool = True
    linkage: bool = False
    key: KeyRole | None = None
    content: str | None = None
    values: str | None = None
    time_coverage: str | None = None
    expected_missing: float | None = Field(default=None, ge=0, le=1)
    note: str | None = None

    @field_validator("type", "content")
    @classmethod
    def _known_type(cls, value: str | None) -> str | None:
        if value is not None:
            data_type(value)
        return value

    @property
    def spark_type(self) -> T.DataType:
        """The Spark type of the column."""
        return data_type(self.type)


class OpenColumn(_Frozen):
    """Columns whose names depend on a model: every name that fits `pattern` is welcome."""

    pattern: str
    type: str
    description: str
    sensitivity: Sensitivity

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        data_type(value)
        return value


class TableSchema(_Frozen):
    """One table: its grain, zone, key and columns in order.

    `event_date` names the column with the date of the event that made the row.
    """

    name: str
    description: str
    grain: str
    zone: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    open_columns: tuple[OpenColumn, ...] = ()
    event_date: str | None = None
    time_coverage: str | None = None
    provenance: Provenance = Provenance.OWN

    @model_validator(mode="after")
    def _consistent(self) -> TableSchema:
        names = self.column_names
        if len(set(names)) < len(names):
            raise ValueError(f"table {self.name} names a column twice")
        primary = tuple(c.name for c in self.columns if c.key is KeyRole.PRIMARY)
        if self.event_date is not None and self.event_date not in names:
            raise ValueError(f"table {self.name}: no column {self.event_date} for its event date")
        if set(primary) != set(self.key):
            raise ValueError(f"table {self.name}: key {self.key} but primary columns {primary}")
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the fixed columns, in order."""
        return tuple(c.name for c in self.columns)

    def struct_type(self) -> T.StructType:
        """The fixed columns as a Spark schema."""
        return T.StructType([T.StructField(c.name, c.spark_type, nullable=c.nullable) for c in self.columns])

    def check(self, df: DataFrame) -> None:
        """Compare the columns and types of `df` with the schema. Reads no data: for rules on rows, see `guarded`.

        Raises:
            InputError: with one line that lists every discrepancy.
        """
        problems = list(self.discrepancies(df))
        if problems:
            raise InputError(f"table {self.name} does not fit its schema: {'; '.join(problems)}")

    def discrepancies(self, df: DataFrame) -> Iterator[str]:
        """Each way in which the columns of `df` differ from the schema, as a phrase."""
        found = {f.name: f.dataType.simpleString() for f in df.schema.fields}
        seen: set[str] = set()
        for name in (f.name for f in df.schema.fields):
            if name in seen:
                yield f"column {name} is there twice"
            seen.add(name)
        for column in self.columns:
            if column.name not in found:
                yield f"missing column {column.name} ({column.type})"
            elif found[column.name] != column.type:
                yield f"column {column.name} is {found[column.name]}, expected {column.type}"
        for name in sorted(found.keys() - set(self.column_names)):
            opened = self._open(name)
            if opened is None:
                yield f"unexpected column {name}"
            elif found[name] != opened.type:
                yield f"column {name} is {found[name]}, expected {opened.type}"

    def _open(self, name: str) -> OpenColumn | None:
        return next((o for o in self.open_columns if fnmatchcase(name, o.pattern)), None)
