"""Rules of schemas that take a shuffle to look at, as counts of the rows that break them.

Nothing here runs by itself: `guarded` holds what one row can break, on the way of every write;
these are for whoever wants to know how a delivery or a table stands. They give counts and never a
row, and are lazy: nothing is read until the result is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.errors import ConfigError
from schemas.loader import load, load_values
from schemas.table import ForeignKey, TableSchema
from schemas.values import Code


class Rule(StrEnum):
    """What a row breaks."""

    KEY_REPEATED = "key_repeated"
    ROW_NOT_FOUND = "row_not_found"
    CODE_OUT_OF_TIME = "code_out_of_time"


def key_counts(frames: Mapping[str, DataFrame]) -> DataFrame:
    """How many rows break the keys of their tables: one row per primary key, and per foreign key with both ends given.

    A row that repeats a key is one beyond the first with it; a row whose foreign key names no row
    of the other table is `row_not_found`. A key with a missing part is neither. Text counts
    without spaces around it, as ingest reads keys.

    Args:
        frames: Tables by name, each with at least the columns of its keys.

    Returns:
        Columns `table`, `rule`, `columns` (names joined by commas), `references` (the other table;
        null for a primary key) and `rows`.

    Raises:
        ConfigError: No table is given, one has no schema, or none has a key.

    >>> cases = spark.createDataFrame([("C1",), ("C2",), (" C2",)], "case_number string")
    >>> events = spark.createDataFrame([("C1", "1"), ("C3", "1")], "case_number string, event_number string")
    >>> found = key_counts({"civil_cases": cases, "civil_events": events})
    >>> found.orderBy("table", "rule").select("table", "rule", "rows").collect()
    [Row(table='civil_cases', rule='key_repeated', rows=1),
     Row(table='civil_events', rule='key_repeated', rows=0),
     Row(table='civil_events', rule='row_not_found', rows=1)]
    """
    schemas = {name: load(name) for name in frames}
    found = [_repeated(frames[name], schema) for name, schema in schemas.items() if schema.key]
    found += [
        _not_found(frames[name], schema, key, frames[key.table])
        for name, schema in schemas.items()
        for key in schema.foreign_keys
        if key.table in frames
    ]
    if not found:
        raise ConfigError("key_counts: no table with a key is given")
    return reduce(DataFrame.unionByName, found)


def code_counts(df: DataFrame, schema: TableSchema) -> DataFrame:
    """How many rows hold a code on a day when it was not in use: one row per column with dated codes; one pass.

    The day is the row's event date, as a date; a row without one breaks nothing.

    Args:
        df: Has the table's event date and the columns with dated codes.
        schema: Of the table. Its event date is of the type date, so it is no supply as delivered.

    Returns:
        As for `key_counts`; no row where no column has dated codes.

    Raises:
        ConfigError: The table has no event date of the type date.
    """
    day = schema.event_date
    if day is None or schema.column(day).type != "date":
        raise ConfigError(f"code_counts: table {schema.name} has no event date of the type date")
    dated = {
        column.name: _dated(str(column.values)) for column in schema.columns if column.name in dated_columns(schema)
    }
    counts = [F.sum(F.when(_out_of_time(F.col(n), F.col(day), c), 1).otherwise(0)).alias(n) for n, c in dated.items()]
    if not counts:
        return _result(df.limit(0).agg(F.lit(0).alias("rows")).limit(0), schema, Rule.CODE_OUT_OF_TIME, F.lit(""))
    narrow = df.agg(*counts).select(
        F.explode(F.array(*(F.struct(F.lit(n).alias("name"), F.col(n).alias("rows")) for n in dated))).alias("one")
    )
    return _result(narrow.select("one.*"), schema, Rule.CODE_OUT_OF_TIME, F.col("name"))


def dated_columns(schema: TableSchema) -> tuple[str, ...]:
    """The columns of a table with a code that was not in use on all days.

    >>> dated_columns(load("probation_attributes")), dated_columns(load("prison_attributes"))
    (('requirement',), ())
    """
    coded = (column for column in schema.columns if column.values is not None and column.type == "string")
    return tuple(column.name for column in coded if _dated(str(column.values)))


def _repeated(df: DataFrame, schema: TableSchema) -> DataFrame:
    keyed = _keyed(df, schema, schema.key).groupBy(*schema.key).count()
    rows = keyed.agg(F.sum(F.col("count") - 1).alias("rows"))
    return _result(rows, schema, Rule.KEY_REPEATED, F.lit(",".join(schema.key)))


def _not_found(df: DataFrame, schema: TableSchema, key: ForeignKey, target: DataFrame) -> DataFrame:
    named = _keyed(df, schema, key.columns).toDF(*key.references)
    known = _keyed(target, load(key.table), key.references)
    rows = named.join(known, on=list(key.references), how="left_anti").agg(F.count("*").alias("rows"))
    return _result(rows, schema, Rule.ROW_NOT_FOUND, F.lit(",".join(key.columns)), key.table)


def _keyed(df: DataFrame, schema: TableSchema, columns: tuple[str, ...]) -> DataFrame:
    """The columns of a key alone, without rows where a part is missing."""
    text = {c.name for c in schema.columns if c.type == "string"}
    parts = (F.nullif(F.trim(n), F.lit("")).alias(n) if n in text else F.col(n) for n in columns)
    return df.select(*parts).dropna(how="any")


def _dated(values: str) -> dict[str, Code]:
    return {code: entry for code, entry in load_values(values).codes.items() if entry.is_dated}


def _out_of_time(value: Column, day: Column, codes: Mapping[str, Code]) -> Column:
    ends = [(value == code) & (day < F.lit(e.valid_from)) for code, e in codes.items() if e.valid_from is not None]
    ends += [(value == code) & (day > F.lit(e.valid_to)) for code, e in codes.items() if e.valid_to is not None]
    return reduce(or_, ends)


def _result(rows: DataFrame, schema: TableSchema, rule: Rule, columns: Column, other: str | None = None) -> DataFrame:
    return rows.select(
        F.lit(schema.name).alias("table"),
        F.lit(rule.value).alias("rule"),
        columns.alias("columns"),
        F.lit(other).cast("string").alias("references"),
        F.coalesce("rows", F.lit(0)).cast("bigint").alias("rows"),
    )
