"""The form of a table's schema: frozen, unknown keys refused, checked against a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pydantic import Field, field_validator, model_validator
from pyspark.sql import DataFrame
from pyspark.sql import types as T

from linkage.documents import Frozen, suggest
from linkage.errors import InputError
from schemas.vocabulary import KeyRole, Provenance, Sensitivity, Zone

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
_CODED = ("string", "array<string>")
# Where what people are called may be, and nowhere else.
_WITH_IDENTIFIERS = (Zone.LANDING, Zone.IDENTIFIERS)


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


class MissingBy(Frozen):
    """Expected missingness where it depends on another column: a share for each code of `column`."""

    column: str
    shares: dict[str, float] = Field(min_length=1)

    @field_validator("shares")
    @classmethod
    def _are_shares(cls, shares: dict[str, float]) -> dict[str, float]:
        wrong = [code for code, share in shares.items() if not 0 <= share <= 1]
        if wrong:
            raise ValueError(f"not a share between 0 and 1: {', '.join(wrong)}")
        return shares


class Column(Frozen):
    """One column of a table.

    `source` names the document in `sources.yaml` where `provenance` alone does not; `content` is
    the type that the text of a raw column must be readable as; `values` names a value set; `pattern` is what the whole
    of a code looks like that no value set lists, so that nothing else can pass for one;
    `time_coverage` is the table's unless given. How much is missing is said in one of three ways:
    `expected_missing`, a share between 0 and 1 of the rows; `missing_by`, shares that depend on
    another column; `missing_as`, the supply's column that it is made of. The first two have a tag
    of their own. A column that cannot be null is never missing.
    """

    name: str
    type: str
    description: str = Field(min_length=4)
    sensitivity: Sensitivity
    provenance: Provenance
    source: str | None = None
    nullable: bool = True
    linkage: bool = False
    key: KeyRole | None = None
    content: str | None = None
    values: str | None = None
    pattern: str | None = None
    time_coverage: str | None = None
    expected_missing: float | None = Field(default=None, ge=0, le=1)
    missing_by: MissingBy | None = None
    missing_as: str | None = None
    missing_provenance: Provenance | None = None
    note: str | None = None

    @field_validator("type", "content")
    @classmethod
    def _known_type(cls, value: str | None) -> str | None:
        if value is not None:
            data_type(value)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        if self.key is KeyRole.PRIMARY and self.nullable:
            raise ValueError("a primary column has nullable: false")
        if self.content is not None and self.type != "string":
            raise ValueError(f"content is for text; the type is {self.type}")
        if self.values is not None and self.type not in _CODED:
            raise ValueError(f"values are for {' or '.join(_CODED)}; the type is {self.type}")
        if self.pattern is not None and (self.type != "string" or self.values is not None):
            raise ValueError("pattern is for text without values")
        said = [n for n in ("expected_missing", "missing_by", "missing_as") if getattr(self, n) is not None]
        if len(said) > 1:
            raise ValueError(f"missingness is said twice: {', '.join(said)}")
        if said and not self.nullable:
            raise ValueError(f"{said[0]}: a column with nullable: false is never missing")
        if (self.missing_provenance is not None) != bool(set(said) - {"missing_as"}):
            raise ValueError("missing_provenance is the tag of expected_missing or missing_by: give both or none")
        return self

    @property
    def spark_type(self) -> T.DataType:
        """The Spark type of the column."""
        return data_type(self.type)


class OpenColumn(Frozen):
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


class ForeignKey(Frozen):
    """Columns that name a row of another table: `references` are the columns of that table's key, in this order."""

    columns: tuple[str, ...] = Field(min_length=1)
    table: str
    references: tuple[str, ...]

    @model_validator(mode="after")
    def _paired(self) -> ForeignKey:
        if len(self.columns) != len(self.references):
            raise ValueError(f"{len(self.columns)} columns cannot name {len(self.references)} of {self.table}")
        return self


class TableSchema(Frozen):
    """One table: its grain, zone, keys and columns in order.

    `part_of` is the table whose companion this one is; `owner` the department that supplies it;
    `event_date` names the column with the date of the event that made the row; `note` has what a
    user must know about the whole.
    """

    name: str
    description: str = Field(min_length=4)
    grain: str = Field(min_length=4)
    zone: Zone
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    open_columns: tuple[OpenColumn, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    part_of: str | None = None
    owner: str | None = None
    event_date: str | None = None
    time_coverage: str | None = None
    provenance: Provenance = Provenance.OWN
    source: str | None = None
    note: str | None = None

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
        if self.zone is Zone.LANDING and self.time_coverage is None and self.provenance is not Provenance.OWN:
            raise ValueError(f"table {self.name}: a supply has a time_coverage")
        return self

    @model_validator(mode="after")
    def _roles(self) -> TableSchema:
        named = {name for key in self.foreign_keys for name in key.columns}
        for name in sorted(named - set(self.column_names)):
            raise ValueError(f"foreign_keys: no column {name}" + suggest(name, self.column_names))
        for column in self.columns:
            foreign = column.key is KeyRole.FOREIGN
            if foreign != (column.name in named) and column.key is not KeyRole.PRIMARY:
                said = "foreign in no foreign key" if foreign else "in a foreign key, so its key is foreign or primary"
                raise ValueError(f"column {column.name} is {said}")
            if column.linkage and self.zone not in _WITH_IDENTIFIERS:
                raise ValueError(f"column {column.name}: linkage fields are in {' and '.join(_WITH_IDENTIFIERS)} only")
            if column.missing_by is not None and column.missing_by.column not in self.column_names:
                known = suggest(column.missing_by.column, self.column_names)
                raise ValueError(f"column {column.name}: missing_by: no column {column.missing_by.column}{known}")
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the fixed columns, in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """The fixed column `name`; raises KeyError where there is none."""
        return {c.name: c for c in self.columns}[name]

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
