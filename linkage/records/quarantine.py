"""Rows of a supply that cannot be used: set aside with reasons, never lost, never stopping a run."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from linkage.records.keyed_hash import keyed_hash
from linkage.records.rules import Reason, Rule, row_rules, ruleset
from linkage.records.source_key import source_key
from schemas import TableSchema

REASONS = "_reasons"
# A line that a reader could not take apart, for readers that keep such lines; null for all others.
MALFORMED = "_malformed"
# Why a reader refuses a row that it keeps in `_malformed`; null there stands for `row_malformed`.
REFUSED = "_refused"
# The name of the file that a row came in, null where it is not known.
SOURCE_FILE = "_source_file"
# Of a row that was judged before and not accepted: its quarantine_id, and how many of its cells were corrected since.
SET_ASIDE, CORRECTED = "_set_aside", "_corrected"
# Which of several equal rows a row is, from 1.
COPY = "_copy"
_KEY, _ROW, _DIFFERS = "_source_key", "_row", "_differs"
# What `flag` takes beside the supply's columns, with what stands for none.
_BESIDE = {MALFORMED: "string", REFUSED: "string", SOURCE_FILE: "string", SET_ASIDE: "string", CORRECTED: "int"}


class Split(NamedTuple):
    """`accepted` has the columns of the supply and those that it came with, `quarantined` those of its table."""

    accepted: DataFrame
    quarantined: DataFrame


def flag(df: DataFrame, schema: TableSchema) -> DataFrame:
    """`df` with the column `_reasons`: codes of the broken rules, sorted, empty for a good row.

    One shuffle, by key. Of rows that are equal in every column the one of the first file by name is good and the
    others are `row_repeated`; rows that share a key and differ are all a `key_conflict`, for nobody can
    say which one is right. A line that could not be taken apart is `row_malformed`, whatever else
    is wrong with it, unless the reader says another reason in `_refused`; only a frame with the column
    `_malformed` has such lines.

    A row that was judged before and accepted stays so: of a conflict with rows that were set aside
    then (`_set_aside`), these are at fault. Rows neither multiply nor vanish.
    """
    names = schema.column_names
    missing = {name: F.lit(None).cast(kind) for name, kind in _BESIDE.items() if name not in df.columns}
    # What stands in the key's place of a malformed line may be another row's key.
    key = F.when(F.col(MALFORMED).isNull(), source_key(schema))
    content = (*names, MALFORMED)
    # A hash passes over nulls, so that alone it does not tell in which column a value is.
    row = F.xxhash64(*content, *map(F.isnull, content))
    keyed = df.withColumns(missing).select(*names, *_BESIDE, key.alias(_KEY), row.alias(_ROW))
    # Rows without a key must not meet in one partition.
    place = F.coalesce(_KEY, F.col(_ROW).cast("string"))
    by_key, equal = Window.partitionBy(place), Window.partitionBy(place, _ROW)
    differs = F.min(_ROW).over(by_key) != F.max(_ROW).over(by_key)
    # By all in which equal rows may differ, so that no partitioning decides which one is the first.
    order = (F.col(name).asc_nulls_first() for name in (SET_ASIDE, SOURCE_FILE, REFUSED))
    copy = F.row_number().over(equal.orderBy(*order))
    settled = F.max(F.col(SET_ASIDE).isNotNull()).over(by_key) & F.col(SET_ASIDE).isNull()
    judged = keyed.withColumns({_DIFFERS: differs & ~settled, COPY: copy})
    return judged.select(*names, *_BESIDE, COPY, _reasons(schema).alias(REASONS))


def _reasons(schema: TableSchema) -> Column:
    has_key = F.col(_KEY).isNotNull()
    malformed = F.array(F.coalesce(REFUSED, F.lit(Reason.ROW_MALFORMED.value)))
    rules = (
        *row_rules(schema),
        Rule(Reason.KEY_CONFLICT, has_key & F.col(_DIFFERS)),
        Rule(Reason.ROW_REPEATED, has_key & ~F.col(_DIFFERS) & (F.col(COPY) > 1)),
    )
    broken = F.sort_array(F.array_compact(F.array(*(F.when(r.broken, F.lit(r.reason.value)) for r in rules))))
    return F.when(F.col(MALFORMED).isNotNull(), malformed).otherwise(broken)


def split(flagged: DataFrame, schema: TableSchema, *, as_of: date, key: bytes) -> Split:
    """Divide flagged rows: every row is in exactly one of the two results.

    Both read `flagged`; a caller that writes both should keep it in scratch in between.

    Args:
        flagged: of `flag`.
        schema: of the supply.
        as_of: date of the supply.
        key: secret of the rows' `quarantine_id`.
    """
    quarantined = flagged.where(F.size(REASONS) > 0).select(
        quarantine_id(flagged, schema, key).alias("quarantine_id"),
        F.lit(schema.name).alias("source_dataset"),
        F.lit(as_of).alias("supplied_as_of"),
        F.col(SOURCE_FILE).alias("source_file"),
        F.col(REASONS).alias("reasons"),
        F.lit(ruleset(schema)).alias("ruleset"),
        F.col(CORRECTED).isNotNull().alias("is_corrected"),
        _row_json(schema).alias("row_json"),
    )
    return Split(accepted(flagged), quarantined)


def accepted(flagged: DataFrame) -> DataFrame:
    """The good rows of `flag`, with the columns of the supply and those that it came with."""
    return flagged.where(F.size(REASONS) == 0).drop(REASONS, COPY, *_BESIDE)


def quarantine_id(flagged: DataFrame, schema: TableSchema, key: bytes) -> Column:
    """What a row that is set aside is called, in every run and whatever corrections it gets; a letter, then hex.

    A keyed hash of dataset, content and number among equal rows: nobody without the key can tell
    whether a row is there.
    """
    content = (F.lit(schema.name), _row_json(schema), F.col(COPY).cast("string"))
    hashed = F.lower(F.lpad(F.hex(keyed_hash(flagged.sparkSession, *content, key=key)), 16, "0"))
    # With the letter no spreadsheet takes it for a number.
    return F.coalesce(SET_ASIDE, F.concat(F.lit("q"), hashed))


def _row_json(schema: TableSchema) -> Column:
    """The row as JSON, without what is null: a column that a schema gets later changes nothing."""
    return F.to_json(F.struct(*schema.column_names, MALFORMED))
