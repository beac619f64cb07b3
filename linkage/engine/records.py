"""Inputs made ready to link: one frame with a source number, an ID and the compared columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.errors import ConfigError, InputError
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel, LinkType

SOURCE = "__source"
ID = "__id"
NODE = "__node"

_SOURCE_SEPARATOR = "-__-"
_INTEGERS = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)
_SIMPLE = (
    *_INTEGERS, T.StringType, T.FloatType, T.DoubleType, T.DecimalType, T.DateType,
    T.TimestampType, T.TimestampNTZType, T.BooleanType,
)  # fmt: skip


@dataclass(frozen=True)
class LinkageRecords:
    """All inputs as one frame, and what pairs of its records may be made.

    Attributes:
        frame: One row per record: `__source` (smallint), `__id` (bigint or string, unique within
            a source), and the columns that the model reads.
        sources: Source names; `__source` is a position in it. Ordered so that the left record of
            a cross-source pair, in Splink's order, is the one with the smaller number.
        link_type: Which pairs are candidates at all.
        source_column: The settings' name for the source, where a rule or level reads it.
    """

    frame: DataFrame
    sources: tuple[str, ...]
    link_type: LinkType
    source_column: str

    @property
    def id_type(self) -> T.DataType:
        """The type of `__id`: bigint or string."""
        return self.frame.schema[ID].dataType

    @property
    def columns(self) -> tuple[str, ...]:
        """The compared columns: everything but the source and the ID."""
        return tuple(name for name in self.frame.columns if name not in (SOURCE, ID))


def linkage_records(inputs: Mapping[str, DataFrame], model: LinkageModel, rules: Iterable[KeyedRule]) -> LinkageRecords:
    """Bring inputs into one frame with the columns that a model and its rules read.

    No row is added or lost.

    Args:
        inputs: Frames by source name; several unless the link type is `dedupe_only`.
        model: Its comparisons and term frequencies name the columns.
        rules: All blocking rules to come, for prediction and training.

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
    _check_types(dict(zip(names, frames, strict=True)))
    together = reduce(DataFrame.unionByName, frames)
    return LinkageRecords(together, names, model.link_type, model.source_dataset_column)


def linkage_records_of(
    frame: DataFrame, model: LinkageModel, rules: Iterable[KeyedRule], *, source: str, names: Iterable[str]
) -> LinkageRecords:
    """The same from one frame that holds the records of several sources.

    Args:
        frame: What to link.
        model: As for `linkage_records`.
        rules: As for `linkage_records`.
        source: The column that tells the source; null in no row.
        names: All its values.
    """
    ordered = _ordered_sources(tuple(names), model)
    number = F.array_position(F.array(*map(F.lit, ordered)), F.col(quoted(source))) - 1
    wanted = _wanted_columns(model, rules)
    brought = _one_frame(frame, source, wanted, model, number=number, source=F.col(quoted(source)))
    _check_types({source: brought})
    return LinkageRecords(brought, ordered, model.link_type, model.source_dataset_column)


def ids_are_nodes(records: LinkageRecords) -> bool:
    """Whether IDs are integers that tell all records apart."""
    return len(records.sources) == 1 and isinstance(records.id_type, T.LongType)


def node(records: LinkageRecords, source: Column, identifier: Column, *, seed: int) -> Column:
    """A 64-bit integer for a record, for work that needs integers.

    The ID itself where one source has integer IDs; otherwise a seeded hash, which
    `check_ids` has found free of collisions.
    """
    if ids_are_nodes(records):
        return identifier
    return F.xxhash64(source, identifier, F.lit(seed))


@dataclass(frozen=True)
class Ids:
    """What `check_ids` found.

    Attributes:
        counts: Records by source name.
        seed: One under which `node` is a key.
    """

    counts: Mapping[str, int]
    seed: int


def check_ids(records: LinkageRecords) -> Ids:
    """Check that (source, ID) is a key, and find a seed under which `node` is one too.

    Raises:
        InputError: An ID is null, or two records of one source have the same ID.
    """
    counts = _counts(records)
    for seed in range(8):
        nodes = records.frame.select(SOURCE, ID, node(records, F.col(SOURCE), F.col(ID), seed=seed).alias(NODE))
        repeated = nodes.groupBy(NODE).agg(F.count("*").alias("n")).where("n > 1")
        if repeated.isEmpty():
            return Ids(counts, seed)
        _check_ids_unique(records, nodes.join(repeated, NODE, "left_semi"))
    raise InputError("records: no collision-free 64-bit numbering found in eight tries")


def _counts(records: LinkageRecords) -> dict[str, int]:
    rows = (
        records.frame.groupBy(SOURCE)
        .agg(F.count("*").alias("n"), F.count_if(F.col(ID).isNull()).alias("missing"))
        .collect()
    )
    missing = {records.sources[row[SOURCE]]: row["missing"] for row in rows if row["missing"]}
    if missing:
        found = ", ".join(f"{name}: {missing[name]}" for name in sorted(missing))
        raise InputError(f"records with a null unique ID ({found}); give every record one")
    counted = {records.sources[row[SOURCE]]: int(row["n"]) for row in rows}
    return {name: counted.get(name, 0) for name in records.sources}


def _check_ids_unique(records: LinkageRecords, suspects: DataFrame) -> None:
    repeated = (
        suspects.groupBy(SOURCE, ID)
        .agg(F.count("*").alias("n"))
        .where("n > 1")
        .groupBy(SOURCE)
        .agg(F.count("*").alias("n"))
    ).collect()
    if repeated:
        found = ", ".join(f"{records.sources[row[SOURCE]]}: {row['n']}" for row in sorted(repeated))
        raise InputError(f"unique IDs that more than one record has ({found}); make them unique within a source")


def _ordered_sources(names: tuple[str, ...], model: LinkageModel) -> tuple[str, ...]:
    """Splink compares names for two inputs to link, else `name-__-id` as strings."""
    if model.link_type == "dedupe_only" and len(names) != 1:
        raise ConfigError(
            f"link_type dedupe_only takes one input, {len(names)} are given; use link_only or link_and_dedupe"
        )
    if model.link_type == "link_only" and len(names) < 2:
        raise ConfigError(f"link_type link_only takes several inputs, {len(names)} is given; use dedupe_only")
    for name in names:
        # Nor may one begin where a name ends: `name-__-id` must tell its source.
        if _SOURCE_SEPARATOR in name + _SOURCE_SEPARATOR[:-1]:
            raise ConfigError(f"input name {name}: must not contain {_SOURCE_SEPARATOR}, nor end in the start of it")
    if model.link_type == "link_only" and len(names) == 2:
        return tuple(sorted(names))
    return tuple(sorted(names, key=lambda name: name + _SOURCE_SEPARATOR))


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
            wanted.setdefault(column.lower(), f"blocking rule ({rule.predicate}): {column}")
    # Spark's mapInArrow takes a column's name for an expression.
    odd = [reader for column, reader in wanted.items() if {".", "`"} & set(column)]
    if odd:
        raise ConfigError(f"column with a dot or backtick in its name: {'; '.join(odd)}; rename it")
    return wanted


def _one_frame(
    frame: DataFrame, name: str, wanted: dict[str, str], model: LinkageModel, *, number: Column, source: Column
) -> DataFrame:
    """The wanted columns of one input, after the source's number and the record's ID."""
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
    return frame.select(number.cast("smallint").alias(SOURCE), *columns)


def _id_column(frame: DataFrame, column: str, name: str) -> Column:
    kind = frame.schema[column].dataType
    if isinstance(kind, _INTEGERS):
        return F.col(quoted(column)).cast("bigint").alias(ID)
    if isinstance(kind, T.StringType):
        return F.col(quoted(column)).alias(ID)
    raise InputError(
        f"input {name}: unique ID column {column} is {kind.simpleString()}; it must be a string or an integer"
    )


def _check_types(frames: Mapping[str, DataFrame]) -> None:
    first_name, first = next(iter(frames.items()))
    for name, frame in frames.items():
        for field in frame.schema:
            kind = field.dataType
            if not _is_supported(kind):
                raise InputError(
                    f"input {name}: column {field.name} is {kind.simpleString()}; the engine "
                    "compares strings, numbers, dates, timestamps, booleans and arrays of these"
                )
            if kind != first.schema[field.name].dataType:
                raise InputError(
                    f"column {field.name} is {first.schema[field.name].dataType.simpleString()} in "
                    f"input {first_name} and {kind.simpleString()} in {name}; make them the same"
                )


def _is_supported(kind: T.DataType) -> bool:
    if isinstance(kind, T.ArrayType):
        return isinstance(kind.elementType, _SIMPLE)
    return isinstance(kind, _SIMPLE)


def quoted(column: str) -> str:
    """A column's name as Spark reads it, whatever is in it."""
    return "`" + column.replace("`", "``") + "`"
