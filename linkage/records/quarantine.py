"""Rows of a supply that cannot be used: set aside with reasons, never lost, never stopping a run.

The rules come from the schema of the supply: its key, the columns that must be filled, and
those whose text must be readable as a date or a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import and_, or_
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from linkage.records.dates import parse_date
from linkage.records.names import FORENAMES
from linkage.records.organisations import is_organisation
from linkage.records.source_key import source_key
from schemas import Column as SchemaColumn
from schemas import TableSchema

REASONS = "_reasons"
# A line that a reader could not take apart, for readers that keep such lines; null for all others.
MALFORMED = "_malformed"
# Why a reader refuses a row that it keeps in `_malformed`; null there stands for `row_malformed`.
REFUSED = "_refused"
LONGEST_TEXT = 4_000
_KEY = "_source_key"
_IDENTITY = ("surname", "dob", "pnc", "cro", "prison_number", "crn")


class Reason(StrEnum):
    """Why a row is not accepted."""

    KEY_MISSING = "key_missing"
    KEY_CONFLICT = "key_conflict"
    ROW_REPEATED = "row_repeated"
    MANDATORY_MISSING = "mandatory_missing"
    MANDATORY_UNREADABLE = "mandatory_unreadable"
    TEXT_TOO_LONG = "text_too_long"
    NOTHING_TO_LINK_ON = "nothing_to_link_on"
    NOT_A_PERSON = "not_a_person"
    ROW_MALFORMED = "row_malformed"
    CODE_UNMAPPED = "code_unmapped"
    SPLIT_KEY_MISSING = "split_key_missing"
    SPLIT_KEY_REPEATED = "split_key_repeated"
    SPLIT_UNPAIRED = "split_unpaired"


@dataclass(frozen=True)
class Rule:
    """A reason and the condition under which a row is set aside for it; null does not hold."""

    reason: Reason
    broken: Column


class Split(NamedTuple):
    """`accepted` has the columns of the supply, `quarantined` those of the table quarantine."""

    accepted: DataFrame
    quarantined: DataFrame


def row_rules(schema: TableSchema) -> tuple[Rule, ...]:
    """The rules that can be judged on a row alone."""
    mandatory = [c for c in schema.columns if not c.nullable and c.name not in schema.key]
    rules = [
        Rule(Reason.KEY_MISSING, _any(_blank(name) for name in schema.key)),
        Rule(Reason.TEXT_TOO_LONG, _any(F.length(name) > LONGEST_TEXT for name in schema.column_names)),
    ]
    if mandatory:
        rules.append(Rule(Reason.MANDATORY_MISSING, _any(_blank(c.name) for c in mandatory)))
    readable = [c for c in mandatory if c.content]
    if readable:
        rules.append(Rule(Reason.MANDATORY_UNREADABLE, _any(_unreadable(c) for c in readable)))
    identity = [name for name in _IDENTITY if name in schema.column_names]
    if identity:
        rules.append(Rule(Reason.NOTHING_TO_LINK_ON, ~_any(~_blank(name) for name in identity)))
    if "party_type" in schema.column_names:
        rules.append(Rule(Reason.NOT_A_PERSON, (F.col("party_type") == "O") | _named_as_organisation(schema)))
    return tuple(rules)


def flag(df: DataFrame, schema: TableSchema) -> DataFrame:
    """`df` with the column `_reasons`: codes of the broken rules, sorted, empty for a good row.

    One shuffle, by key. Of rows that are equal in every column one is good and the others are
    `row_repeated`; rows that share a key and differ are all a `key_conflict`, for nobody can
    say which one is right. A line that could not be taken apart is `row_malformed`, whatever else
    is wrong with it, unless the reader says another reason in `_refused`; only a frame with the column
    `_malformed` has such lines.
    """
    names = schema.column_names
    df = df.withColumns({name: F.lit(None).cast("string") for name in (MALFORMED, REFUSED) if name not in df.columns})
    # What stands in the key's place of a malformed line may be another row's key.
    key = F.when(F.col(MALFORMED).isNull(), source_key(schema))
    keyed = df.select(*names, MALFORMED, REFUSED, key.alias(_KEY), F.xxhash64(*names).alias("_row"))
    # Rows without a key must not meet in one partition.
    by_key = Window.partitionBy(F.coalesce(_KEY, F.col("_row").cast("string")))
    differs = F.min("_row").over(by_key) != F.max("_row").over(by_key)
    copy = F.row_number().over(by_key.orderBy("_row"))
    has_key = F.col(_KEY).isNotNull()
    rules = (
        *row_rules(schema),
        Rule(Reason.KEY_CONFLICT, has_key & F.col("_differs")),
        Rule(Reason.ROW_REPEATED, has_key & ~F.col("_differs") & (F.col("_copy") > 1)),
    )
    broken = F.sort_array(F.array_compact(F.array(*(F.when(r.broken, F.lit(r.reason.value)) for r in rules))))
    malformed = F.array(F.coalesce(REFUSED, F.lit(Reason.ROW_MALFORMED.value)))
    judged = keyed.withColumns({"_differs": differs, "_copy": copy})
    reasons = F.when(F.col(MALFORMED).isNotNull(), malformed).otherwise(broken)
    return judged.select(*names, MALFORMED, reasons.alias(REASONS))


def split(flagged: DataFrame, schema: TableSchema) -> Split:
    """Divide flagged rows: every row is in exactly one of the two results.

    Both read `flagged`; a caller that writes both should keep it in scratch in between.
    """
    good = F.size(REASONS) == 0
    row = F.to_json(F.struct(*schema.column_names, MALFORMED))
    quarantined = flagged.where(~good).select(
        F.lit(schema.name).alias("source_dataset"), F.col(REASONS).alias("reasons"), row.alias("row_json")
    )
    return Split(flagged.where(good).drop(REASONS, MALFORMED), quarantined)


def _blank(name: str) -> Column:
    return F.col(name).isNull() | (F.trim(name) == "")


def _unreadable(column: SchemaColumn) -> Column:
    text = F.col(column.name)
    parsed = parse_date(text) if column.content == "date" else F.trim(text).try_cast(str(column.content))
    return ~_blank(column.name) & parsed.isNull()


def _named_as_organisation(schema: TableSchema) -> Column:
    """Whether the surname is an organisation's and no forename stands beside it, whatever the type says."""
    forenames = (_blank(name) for name in FORENAMES if name in schema.column_names)
    return reduce(and_, forenames, is_organisation(F.col("surname")))


def _any(conditions: Iterable[Column]) -> Column:
    return reduce(or_, conditions)
