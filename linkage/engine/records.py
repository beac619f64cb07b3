"""Inputs made ready to link: one frame with a source number, an ID and the compared columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_

import duckdb
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from linkage.engine import held
from linkage.engine.column_types import INTEGERS, check_types
from linkage.engine.held import Broadcast, Held
from linkage.engine.kernel import KernelLimits, connect
from linkage.engine.packing import kept, packed, spread
from linkage.engine.record_files import RecordFiles, record_files
from linkage.errors import ConfigError, InputError
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel, LinkType

SOURCE = "__source"
ID = "__id"
PERSON = "__person"

# From a partition's chunks to rows.
Task = Callable[..., Iterator[pa.RecordBatch]]

SOURCE_SEPARATOR = "-__-"


@dataclass(frozen=True)
class LinkageRecords:
    """All inputs as one frame, and what pairs of its records may be made.

    Attributes:
        frame: One row per record: `__source` (smallint), `__id` (bigint or string, unique within
            a source), and the columns that the model reads; where values are counted once for each person,
            also `__person` (bigint), the same for records of one source that are taken for one person's.
        sources: Source names; `__source` is a position in it. Ordered so that the left record of
            a cross-source pair, in Splink's order, is the one with the smaller number.
        link_type: Which pairs are candidates at all.
        chunks: The same rows packed, as `linkage.engine.chunks` says. Kept, compressed, from their
            first use until the caller clears Spark's cache, so that passes over them read no input.
        files: Where tasks can read the rows themselves.
        held: The same rows in one piece that every process of the tasks has, in the order of their
            numbers; the chunks then only refer to it. See `linkage.engine.holding`.
        bounds: The number of the first record of each source but the first, of records that are held.
        rows: How many there are, of records that are held.
    """

    frame: DataFrame
    sources: tuple[str, ...]
    link_type: LinkType
    chunks: DataFrame
    files: RecordFiles | None = None
    held: Broadcast[Held] | None = None
    bounds: tuple[int, ...] = ()
    rows: int | None = None

    def task(self, task: Task) -> Task:
        """A task over chunks, or over what was made of them, that finds the records if they are held."""
        return task if self.held is None else partial(held.with_held, task=task, records=self.held)

    @property
    def id_type(self) -> T.DataType:
        """The type of `__id`: bigint or string."""
        return self.frame.schema[ID].dataType

    @property
    def columns(self) -> tuple[str, ...]:
        """The compared columns: everything but the source and the ID."""
        return tuple(name for name in self.frame.columns if name not in (SOURCE, ID, PERSON))

    @property
    def has_persons(self) -> bool:
        """Whether values are counted once for each person of a source, and not for each record."""
        return PERSON in self.frame.columns

    def count(self) -> int:
        """How many records there are; counted where they are neither held nor in files."""
        if self.rows is not None:
            return self.rows
        if self.files is not None:
            return self.files.rows
        row = self.chunks.agg(F.sum("rows")).first()
        return 0 if row is None or row[0] is None else int(row[0])


def linkage_records(
    inputs: Mapping[str, DataFrame],
    model: LinkageModel,
    rules: Iterable[KeyedRule],
    *,
    files: Mapping[str, Sequence[str]] | None = None,
) -> LinkageRecords:
    """Bring inputs into one frame with the columns that a model and its rules read.

    No row is added or lost.

    Args:
        inputs: Frames by source name; several unless the link type is `dedupe_only`.
        model: Its comparisons and term frequencies name the columns.
        rules: All blocking rules to come, for prediction and training.
        files: By source name the Parquet files that hold the rows of the frame, if executors can open
            them: tasks then read them without Spark.

    Raises:
        ConfigError: The model reads a column that is not there, or the number of inputs does not
            fit the link type.
        InputError: A column has a type that cannot be compared, or inputs differ in its type.
    """
    names = _ordered_sources(tuple(inputs), model)
    wanted = _wanted_columns(model, rules)
    frames = [
        _one_frame(inputs[name], name, wanted, model, number=F.lit(number), source=F.lit(name))
        for number, name in enumerate(names)
    ]
    check_types(dict(zip(names, frames, strict=True)))
    together = reduce(DataFrame.unionByName, frames)
    found = None if files is None else _files(together, names, model, files)
    made = spread(packed(together)) if found is None else found.packed(together.sparkSession)
    return LinkageRecords(together, names, model.link_type, kept(made), found)


def linkage_records_of(
    frame: DataFrame,
    model: LinkageModel,
    rules: Iterable[KeyedRule],
    *,
    source: str,
    names: Iterable[str],
    persons_by: Sequence[Sequence[str]] = (),
) -> LinkageRecords:
    """The same from one frame that holds the records of several sources.

    Args:
        frame: What to link.
        model: As for `linkage_records`.
        rules: As for `linkage_records`.
        source: The column that tells the source; null in no row.
        names: All its values.
        persons_by: Lists of columns: records of one source that share the values of the first list of which
            they have all are taken for one person's when values are counted. So a name does not look
            common because one who bears it has many records. None counts records.

    Raises:
        ConfigError: As for `linkage_records`.
        InputError: As for `linkage_records`.
    """
    ordered = _ordered_sources(tuple(names), model)
    number = F.array_position(F.array(*map(F.lit, ordered)), F.col(quoted(source))) - 1
    wanted = _wanted_columns(model, rules)
    person = _person(frame, persons_by, number=number, identifier=model.unique_id_column) if persons_by else None
    brought = _one_frame(frame, source, wanted, model, number=number, source=F.col(quoted(source)), person=person)
    check_types({source: brought})
    return LinkageRecords(brought, ordered, model.link_type, kept(spread(packed(brought))))


@contextmanager
def empty_database(records: LinkageRecords, table: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with the records' columns and no row, to try SQL on before any work."""
    schema = to_arrow_schema(T.StructType(list(records.frame.schema)), timezone="UTC")
    with connect(KernelLimits(memory="256MB", scratch=""), "") as connection:
        connection.register("incoming", schema.empty_table())
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM incoming")
        yield connection


def ids_are_nodes(records: LinkageRecords) -> bool:
    """Whether IDs are integers that tell all records apart."""
    return len(records.sources) == 1 and isinstance(records.id_type, T.LongType)


def node_sql(records: LinkageRecords, source: str, identifier: str, *, seed: int) -> str:
    """A 64-bit integer for a record, in SQL, for work that needs integers.

    The ID itself where one source has integer IDs; otherwise a seeded hash, which a survey has
    found free of collisions.
    """
    if ids_are_nodes(records):
        return identifier
    return f"CAST(hash({seed}, CAST({source} AS SMALLINT), {identifier}) >> 1 AS BIGINT)"


def refuse_repeated_ids(records: LinkageRecords) -> None:
    """Say in which sources records share an ID, if any do.

    Raises:
        InputError: Two records of one source have the same ID.
    """
    repeated = (
        records.frame.groupBy(SOURCE, ID)
        .agg(F.count("*").alias("n"))
        .where("n > 1")
        .groupBy(SOURCE)
        .agg(F.count("*").alias("n"))
    ).collect()
    if repeated:
        found = ", ".join(f"{records.sources[row[SOURCE]]}: {row['n']}" for row in sorted(repeated))
        raise InputError(f"unique IDs that more than one record has ({found}); make them unique within a source")


def possible_pairs(records: LinkageRecords, counts: Sequence[int]) -> int:
    """Pairs that the link type allows among so many records of each source.

    >>> from types import SimpleNamespace
    >>> possible_pairs(SimpleNamespace(link_type="dedupe_only"), [4])
    6
    >>> possible_pairs(SimpleNamespace(link_type="link_only"), [2, 3])
    6
    """
    total = sum(counts)
    if records.link_type == "link_only":
        return (total * total - sum(count * count for count in counts)) // 2
    return total * (total - 1) // 2


def check_number_of_inputs(number: int, link_type: LinkType) -> None:
    """Refuse what a link type cannot link.

    Raises:
        ConfigError: It takes another number of inputs.
    """
    if link_type == "dedupe_only" and number != 1:
        raise ConfigError(
            f"link_type dedupe_only takes one input, {number} are given; use link_only or link_and_dedupe"
        )
    if link_type == "link_only" and number < 2:
        raise ConfigError(f"link_type link_only takes several inputs, {number} is given; use dedupe_only")


def _ordered_sources(names: tuple[str, ...], model: LinkageModel) -> tuple[str, ...]:
    """Splink compares names for two inputs to link, else `name-__-id` as strings."""
    check_number_of_inputs(len(names), model.link_type)
    for name in names:
        # Nor may one begin where a name ends: `name-__-id` must tell its source.
        if SOURCE_SEPARATOR in name + SOURCE_SEPARATOR[:-1]:
            raise ConfigError(f"input name {name}: must not contain {SOURCE_SEPARATOR}, nor end in the start of it")
    if model.link_type == "link_only" and len(names) == 2:
        return tuple(sorted(names))
    return tuple(sorted(names, key=lambda name: name + SOURCE_SEPARATOR))


def _wanted_columns(model: LinkageModel, rules: Iterable[KeyedRule]) -> dict[str, str]:
    """Column by what needs it, the first reader named, without repetition."""
    wanted: dict[str, str] = {}
    for comparison in model.comparisons:
        for column in comparison.columns:
            wanted.setdefault(column.lower(), f"comparison {comparison.name}: {column}")
    for column in model.term_frequency_columns:
        wanted.setdefault(column.lower(), f"term-frequency adjustment: {column}")
    for rule in rules:
        for column in rule.columns:
            wanted.setdefault(column.lower(), f"blocking rule ({rule.told}): {column}")
    # Spark's mapInArrow takes a column's name for an expression.
    odd = [reader for column, reader in wanted.items() if {".", "`", '"'} & set(column)]
    if odd:
        raise ConfigError(f"column with a dot, backtick or quotation mark in its name: {'; '.join(odd)}; rename it")
    return wanted


def _files(
    together: DataFrame, names: Sequence[str], model: LinkageModel, files: Mapping[str, Sequence[str]]
) -> RecordFiles | None:
    schema = to_arrow_schema(together.schema, timezone="UTC")
    return record_files(
        [files[name] for name in names],
        pa.schema([pa.field(field.name, field.type) for field in schema]),
        names={ID: model.unique_id_column, SOURCE: ""},
        values=[{SOURCE: number, model.source_dataset_column.lower(): name} for number, name in enumerate(names)],
    )


def _person(frame: DataFrame, persons_by: Sequence[Sequence[str]], *, number: Column, identifier: str) -> Column:
    """The person of a record within its source; a record that has no whole list of values is one alone."""
    present = {column.lower() for column in frame.columns}
    if missing := [column for columns in persons_by for column in columns if column.lower() not in present]:
        raise ConfigError(f"persons_by: no such column: {', '.join(dict.fromkeys(missing))}")
    shared = []
    for place, columns in enumerate(persons_by):
        values = [F.col(quoted(column)) for column in columns]
        are_there = reduce(and_, (value.isNotNull() for value in values))
        shared.append(F.when(are_there, F.xxhash64(number, F.lit(place), *values)))
    return F.coalesce(*shared, F.xxhash64(number, F.lit(-1), F.col(quoted(identifier))))


def _one_frame(
    frame: DataFrame,
    name: str,
    wanted: dict[str, str],
    model: LinkageModel,
    *,
    number: Column,
    source: Column,
    person: Column | None = None,
) -> DataFrame:
    """The wanted columns of one input, after the source's number and the record's ID, and before its person."""
    present = {column.lower(): column for column in frame.columns}
    unique_id = model.unique_id_column.lower()
    if unique_id not in present:
        raise ConfigError(f"input {name}: no column {model.unique_id_column}, the settings' unique_id_column_name")
    columns = [_id_column(frame, present[unique_id], name)]
    missing = []
    for column, reader in wanted.items():
        if column in present:
            columns.append(F.col(quoted(present[column])).alias(column))
        elif column == model.source_dataset_column.lower():
            columns.append(source.alias(column))
        else:
            missing.append(reader)
    if missing:
        raise ConfigError(f"input {name}: no such column: {'; '.join(missing)}")
    last = [] if person is None else [person.alias(PERSON)]
    return frame.select(number.cast("smallint").alias(SOURCE), *columns, *last)


def _id_column(frame: DataFrame, column: str, name: str) -> Column:
    kind = frame.schema[column].dataType
    if isinstance(kind, INTEGERS):
        return F.col(quoted(column)).cast("bigint").alias(ID)
    if isinstance(kind, T.StringType):
        return F.col(quoted(column)).alias(ID)
    raise InputError(
        f"input {name}: unique ID column {column} is {kind.simpleString()}; it must be a string or an integer"
    )


def quoted(column: str) -> str:
    """A column's name as Spark reads it, whatever is in it."""
    return "`" + column.replace("`", "``") + "`"
