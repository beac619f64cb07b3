"""The rules of a schema that only rows can break, held while the rows are on their way."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.errors import InputError
from schemas.loader import value_set
from schemas.table import Column as SchemaColumn
from schemas.table import TableSchema


def guarded(df: DataFrame, schema: TableSchema, where: str) -> DataFrame:
    """`df`, where a row fails when it breaks a rule: null where that is not allowed, or no code of a value set.

    Rows neither multiply nor vanish; no pass over the data is added, and Spark leaves out what it
    knows to hold. What fails names the column and the rule, never the value.

    Keys are not looked at, as that takes a shuffle (`key_counts` does it for whoever asks); whoever
    makes a table makes them unique.
    Ingest finds record IDs that are there twice before it writes any, and other tables by record
    take theirs from these; the truth has one row for each key that synthesis gave; the kernel makes
    each pair under its first rule only; resolve finds person IDs that are there twice; `persons`
    and `linkage_error` come out of a grouping, and `models` is one row.

    Args:
        df: has the columns of the schema, as `TableSchema.check` says.
        schema: of the table.
        where: what a message calls the table, such as `linkage/clusters`.

    >>> from schemas import load
    >>> df = spark.createDataFrame([(5, 1)], "record_id bigint, true_person_id bigint")
    >>> guarded(df, load("truth"), "evaluation/truth").first()
    Row(record_id=5, true_person_id=1)
    """
    held = {column.name: _held(column, where) for column in schema.columns if column.values or not column.nullable}
    return df.withColumns(held) if held else df


def _held(column: SchemaColumn, where: str) -> Column:
    value = F.col(f"`{column.name}`")
    missing = _fail(column, f"{where}: column {column.name} is null in some row")
    if column.values is not None:
        codes = tuple(value_set(column.values))
        known = (
            F.forall(value, lambda one: one.isin(*codes)) if column.type.startswith("array<") else value.isin(*codes)
        )
        strange = _fail(column, f"{where}: column {column.name} has a value that is not in the set {column.values}")
        value = F.when(~known, strange).otherwise(value)
    return value if column.nullable else F.coalesce(value, missing)


def _fail(column: SchemaColumn, message: str) -> Column:
    """A value that cannot be computed: the message says whose error it is, as in the traceback of a task."""
    return F.raise_error(f"{InputError.__module__}.{InputError.__name__}: {message}").cast(column.spark_type)
