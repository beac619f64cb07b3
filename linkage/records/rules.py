"""The rules by which ingest accepts a supply and each of its rows, as data and as conditions.

What a rule means is in the value sets `quarantine_reason` (of a row) and `supply_fault` (of a whole
supply). The conditions come from the schema of the supply: its key, the columns that must be
filled, and those whose text must be readable as a date or a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column
from pyspark.sql import functions as F

import schemas
from linkage.records.dates import parse_date
from linkage.records.names import FORENAMES
from linkage.records.organisations import is_organisation
from linkage.records.text import within
from schemas import Column as SchemaColumn
from schemas import TableSchema

LONGEST_TEXT = 4_000
# What a supplier's code that means nothing has before it.
UNKNOWN_MARK = "?"
# To be raised when a condition comes to mean something else without a change in what `ruleset` looks at.
EDITION = 2
_IDENTITY = ("surname", "dob", "pnc", "cro", "prison_number", "crn", "nino", "nhs_number", "upn")


class Level(StrEnum):
    """What breaks a rule: a row is set aside, a supply stops the run before anything is written."""

    ROW = "row"
    SUPPLY = "supply"


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


class Fault(StrEnum):
    """Why a supply is not accepted."""

    COLUMNS_DIFFER = "columns_differ"
    TOO_MANY_BAD_ROWS = "too_many_bad_rows"
    TOO_MANY_WITHOUT_PARENT = "too_many_without_parent"
    CORRECTION_REPEATED = "correction_repeated"
    CORRECTION_OF_NO_COLUMN = "correction_of_no_column"


# Rows that are left out as they should be; a supply may have any number of them.
NO_FAULT = frozenset({Reason.NOT_A_PERSON})


@dataclass(frozen=True)
class RuleEntry:
    """A rule as it is documented; `is_fault` says whether breaking it speaks against the supply."""

    code: str
    level: Level
    description: str
    is_fault: bool


@dataclass(frozen=True)
class Rule:
    """A reason and the condition under which a row is set aside for it; null does not hold."""

    reason: Reason
    broken: Column


def rule_entries() -> tuple[RuleEntry, ...]:
    """All rules of both levels, those of rows first.

    >>> [entry.code for entry in rule_entries() if not entry.is_fault]
    ['not_a_person']
    """
    rows, supplies = schemas.value_set("quarantine_reason"), schemas.value_set("supply_fault")
    return (
        *(RuleEntry(r.value, Level.ROW, rows[r.value], r not in NO_FAULT) for r in Reason),
        *(RuleEntry(f.value, Level.SUPPLY, supplies[f.value], True) for f in Fault),
    )


def ruleset(schema: TableSchema) -> str:
    """The version of the rules for a supply: another one when any rule, or what the schema demands, is another.

    >>> ruleset(schemas.load("prison")) == ruleset(schemas.load("crown"))
    False
    """
    demands = [(c.name, c.nullable, c.content, c.values) for c in schema.columns]
    entries = [(e.code, e.level, e.description, e.is_fault) for e in rule_entries()]
    content = json.dumps([EDITION, LONGEST_TEXT, _IDENTITY, schema.key, demands, entries])
    return f"{EDITION}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def row_rules(schema: TableSchema) -> tuple[Rule, ...]:
    """The rules that can be judged on a row alone."""
    mandatory = [c for c in schema.columns if not c.nullable and c.name not in schema.key]
    rules = [
        Rule(Reason.KEY_MISSING, _any(is_blank(name) for name in schema.key)),
        Rule(Reason.TEXT_TOO_LONG, _any(F.length(name) > LONGEST_TEXT for name in schema.column_names)),
    ]
    if mandatory:
        rules.append(Rule(Reason.MANDATORY_MISSING, _any(is_blank(c.name) for c in mandatory)))
    # Keys of supplies stay text; those of tables beside them are written as what they must be.
    typed = mandatory if schema.part_of is None else [c for c in schema.columns if not c.nullable]
    readable = [c for c in typed if c.content or c.values]
    if readable:
        rules.append(Rule(Reason.MANDATORY_UNREADABLE, _any(_unreadable(c) for c in readable)))
    identity = [name for name in _IDENTITY if name in schema.column_names]
    if identity:
        rules.append(Rule(Reason.NOTHING_TO_LINK_ON, ~_any(~is_blank(name) for name in identity)))
    if "party_type" in schema.column_names:
        rules.append(Rule(Reason.NOT_A_PERSON, (F.trim("party_type") == "O") | _named_as_organisation(schema)))
    return tuple(rules)


def is_blank(name: str) -> Column:
    """Whether a column of text is null or holds spaces only.

    >>> df = spark.createDataFrame([(" ",), (None,), ("A",)], "a string")
    >>> [row[0] for row in df.select(is_blank("a")).collect()]
    [True, True, False]
    """
    return F.col(name).isNull() | (F.trim(name) == "")


def _unreadable(column: SchemaColumn) -> Column:
    text = F.col(column.name)
    if column.values is not None:
        read = within(text, tuple(schemas.value_set(column.values)))
    elif column.content == "date":
        read = parse_date(text)
    else:
        read = F.trim(text).try_cast(str(column.content))
    return ~is_blank(column.name) & read.isNull()


def _named_as_organisation(schema: TableSchema) -> Column:
    """Whether the surname is an organisation's and no forename stands beside it, whatever the type says."""
    forenames = (is_blank(name) for name in FORENAMES if name in schema.column_names)
    return reduce(and_, forenames, is_organisation(F.col("surname")))


def _any(conditions: Iterable[Column]) -> Column:
    return reduce(or_, conditions)
