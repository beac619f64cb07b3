"""Inputs brought into one frame with a source number, an ID and the columns that a model and its rules read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from linkage.engine.column_types import INTEGERS, check_types
from linkage.engine.packing import kept, packed, spread
from linkage.engine.record_files import RecordFiles, record_files
from linkage.engine.records import ID, PERSON, SOURCE, SOURCE_SEPARATOR, LinkageRecords, backticked
from linkage.errors import ConfigError, InputError
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel, LinkType


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
    check_types(dict(zip(names, frames, strict=True)), ID)
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
    number = F.array_position(F.array(*map(F.lit, ordered)), F.col(backticked(source))) - 1
    wanted = _wanted_columns(model, rules)
    person = _person(frame, persons_by, number=number, identifier=model.unique_id_column) if persons_by else None
    brought = _one_frame(frame, source, wanted, model, number=number, source=F.col(backticked(source)), person=person)
    check_types({source: brought}, ID)
    return LinkageRecords(brought, ordered, model.link_type, kept(spread(packed(brought))))


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
        values = [F.col(backticked(column)) for column in columns]
        are_there = reduce(and_, (value.isNotNull() for value in values))
        shared.append(F.when(are_there, F.xxhash64(number, F.lit(place), *values)))
    return F.coalesce(*shared, F.xxhash64(number, F.lit(-1), F.col(backticked(identifier))))


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
            columns.append(F.col(backticked(present[column])).alias(column))
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
        return F.col(backticked(column)).cast("bigint").alias(ID)
    if isinstance(kind, T.StringType):
        return F.col(backticked(column)).alias(ID)
    raise InputError(
        f"input {name}: unique ID column {column} is {kind.simpleString()}; it must be a string or an integer"
    )
