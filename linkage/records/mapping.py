"""A supplier's columns to those of a schema, as the feed's contract says.

Nothing is lost on the way. A code that the map does not know, and a date in none of the formats, stay as text
that no later step can take for a value: with a question mark before it. Where such a column must be filled,
the row is refused with what was delivered; elsewhere the value becomes null in the end, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

import schemas
from linkage.errors import InputError
from linkage.records.contract import Contract
from linkage.records.dates import parse_date
from linkage.records.lookup import lookup
from linkage.records.quarantine import MALFORMED, REFUSED
from linkage.records.recipe import Recipe
from linkage.records.rules import UNKNOWN_MARK, Reason

DELETED = "_deleted"
# Which files of a split delivery a row is from; passed on where a frame has it.
SIDE = "_side"
LONGEST_CODE = 100

_WHOLE_NUMBERS = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)
_PLAIN = (*_WHOLE_NUMBERS, T.StringType, T.BooleanType, T.DateType, T.TimestampType, T.TimestampNTZType)
_BROKEN_NUMBERS = (T.FloatType, T.DoubleType, T.DecimalType)
# A meaning that is nothing, among others that are texts.
_NOTHING = "\x00"
_SHORT_YEAR = re.compile(r"(?<!y)yy(?!y)")
_CENTURY_IN_MONTHS = 1200


def as_text(df: DataFrame, contract: Contract, where: str) -> DataFrame:
    """The columns of a file as text, with `_malformed` and `_refused`; one row per row.

    Raises:
        InputError: A column is of a type that has no one text: lists and the like; or a number with a
            fraction for what is no number in the schema, where 7.0 would not be the code 7; or a date for which
            the contract names formats.
    """
    numbers = {
        name
        for made, recipe in contract.columns.items()
        for name in recipe.source
        if contract.table.column(made).content in ("int", "double")
    }
    wrong = [
        f"{field.name} is {field.dataType.simpleString()}"
        for field in df.schema.fields
        if not isinstance(field.dataType, (*_PLAIN, *_BROKEN_NUMBERS) if field.name in numbers else _PLAIN)
    ]
    if wrong:
        raise InputError(f"{where}: {', '.join(wrong)}; supply text, whole numbers, days or truths there")
    formed = {name for recipe in contract.columns.values() if recipe.dates for name in recipe.source}
    days = [f.name for f in df.schema.fields if f.name in formed and not isinstance(f.dataType, T.StringType)]
    if days:
        kind = df.schema[days[0]].dataType.simpleString()
        raise InputError(f"{where}: {', '.join(days)} is {kind}, which needs no dates in the contract")
    texts = {field.name: _text(field) for field in df.schema.fields}
    nothing = F.lit(None).cast("string")
    for name in (MALFORMED, REFUSED):
        texts.setdefault(name, nothing)
    texts[REFUSED] = F.coalesce(texts[REFUSED], F.when(texts[MALFORMED].isNotNull(), F.lit(Reason.ROW_MALFORMED.value)))
    return df.select(*(text.alias(name) for name, text in texts.items()))


def to_schema(raw: DataFrame, contract: Contract, *, period_end: date, delivered: date) -> DataFrame:
    """Rows of the file as rows of the schema: all its columns as text, `_malformed`, `_refused` and `_deleted`.

    One row per row. `_refused` is the reason for which a row cannot be taken, whatever the schema's rules
    say of it, and `_malformed` then has what was delivered.

    Args:
        raw: The columns of the contract as text, `_malformed` and `_refused`, as `as_text` makes them.
        contract: Of the feed.
        period_end: The last day of the delivery's period.
        delivered: The day of the delivery; years of two digits are not after it.
    """
    schema = contract.table
    plain = {
        name: _plain(recipe, contract.nulls, delivered) for name, recipe in contract.columns.items() if not recipe.codes
    }
    coded = {name: _source(recipe, contract.nulls) for name, recipe in contract.columns.items() if recipe.codes}
    side = [name for name in (SIDE,) if name in raw.columns]
    nothing = F.lit(None).cast("string")
    absent = dict.fromkeys(contract.absent, nothing)
    delivered_row = F.to_json(F.struct(*(F.col(f"`{name}`") for name in sorted(contract.expected))))
    first = raw.select(
        *(column.alias(name) for name, column in (plain | coded | absent).items()),
        delivered_row.alias("_delivered_row"),
        _is_deleted(contract).alias(DELETED),
        MALFORMED,
        REFUSED,
        *side,
    )
    day = _code_day(contract, period_end)
    second = first.withColumns({name: _coded(F.col(name), contract.columns[name], day) for name in coded})
    taken_apart = F.col(REFUSED).isNull() | (F.col(REFUSED) != Reason.ROW_MALFORMED.value)
    refused = F.coalesce(F.col(REFUSED), F.when(~F.col(DELETED), _unusable(schema, contract)))
    return second.withColumn(REFUSED, refused).select(
        *(F.when(taken_apart, F.col(name)).alias(name) for name in schema.column_names),
        F.coalesce(MALFORMED, F.when(F.col(REFUSED).isNotNull(), F.col("_delivered_row"))).alias(MALFORMED),
        REFUSED,
        DELETED,
        *side,
    )


def unmapped(contract: Contract) -> dict[str, Column]:
    """For each column that has codes, whether a row of `to_schema` holds one that means nothing; never null."""
    found = {}
    for name, recipe in contract.columns.items():
        values = contract.table.column(name).values
        text = F.trim(name)
        if values is not None and recipe.constant is None:
            strange = ~text.isin(*schemas.value_set(values)) & (text != "")
        elif recipe.codes:
            strange = text.startswith(UNKNOWN_MARK)
        else:
            continue
        found[name] = F.coalesce(strange, F.lit(False))
    return found


def unmapped_codes(held: DataFrame, contract: Contract) -> DataFrame:
    """Rows of the table `unmapped_codes`: what rows of `to_schema` that are not deleted hold and no code map knows."""
    strange = unmapped(contract)
    empty = F.array().cast("array<struct<column: string, code: string>>")
    code = {name: F.substring(F.ltrim(F.trim(name), F.lit(UNKNOWN_MARK)), 1, LONGEST_CODE) for name in strange}
    found = [F.when(holds, F.struct(F.lit(n).alias("column"), code[n].alias("code"))) for n, holds in strange.items()]
    each = held.where(~F.col(DELETED)).select(
        F.explode(F.array_compact(F.array(*found)) if found else empty).alias("one")
    )
    return each.groupBy(F.lit(contract.feed).alias("feed"), "one.column", "one.code").agg(F.count("*").alias("rows"))


def event_day(contract: Contract) -> Column | None:
    """The day of a row's event, null where it cannot be read; None where the schema has none, or the feed."""
    name = contract.table.event_date
    return None if name is None or name not in contract.columns else parse_date(F.col(name))


def _text(field: T.StructField) -> Column:
    value = F.col(f"`{field.name}`")
    if isinstance(field.dataType, _BROKEN_NUMBERS):
        whole = value.try_cast("bigint")
        return F.when(whole == value, whole.cast("string")).otherwise(value.cast("string"))
    return value.cast("string")


def _source(recipe: Recipe, nulls: Sequence[str]) -> Column:
    if recipe.constant is not None:
        return F.lit(recipe.constant)
    parts = [_without(F.col(f"`{name}`"), nulls) for name in recipe.source]
    if recipe.join is not None:
        text = F.nullif(F.concat_ws(recipe.join, *(F.nullif(F.trim(part), F.lit("")) for part in parts)), F.lit(""))
    else:
        text = parts[0] if len(parts) == 1 else F.coalesce(*(F.nullif(F.trim(part), F.lit("")) for part in parts))
    if recipe.part is not None:
        separated = F.split(text, re.escape(recipe.part.separator))
        text = F.nullif(F.trim(F.get(separated, F.lit(recipe.part.number - 1))), F.lit(""))
    return text


def _without(text: Column, nulls: Sequence[str]) -> Column:
    return F.when(~F.trim(text).isin(*nulls), text) if nulls else text


def _plain(recipe: Recipe, nulls: Sequence[str], delivered: date) -> Column:
    text = _source(recipe, nulls)
    if recipe.dates:
        text = _date_text(text, recipe.dates, delivered)
    # A prefix before nothing is no key.
    return text if recipe.prefix is None else F.concat(F.lit(recipe.prefix), F.nullif(F.trim(text), F.lit("")))


def _date_text(text: Column, formats: Sequence[str], delivered: date) -> Column:
    """A date as YYYY-MM-DD; what fits no format stays, marked where another reading would make a date of it."""
    day = F.coalesce(*(_day(F.trim(text), form, delivered) for form in formats))
    kept = F.when(parse_date(text).isNotNull(), F.concat(F.lit(UNKNOWN_MARK), text)).otherwise(text)
    return F.coalesce(day.cast("string"), kept)


def _day(text: Column, form: str, delivered: date) -> Column:
    day = F.try_to_date(text, form)
    if not _SHORT_YEAR.search(form):
        return day
    return F.when(day > F.lit(delivered), F.add_months(day, -_CENTURY_IN_MONTHS)).otherwise(day)


def _is_deleted(contract: Contract) -> Column:
    if contract.deletions is None:
        return F.lit(False)
    return F.coalesce(F.trim(f"`{contract.deletions.column}`").isin(*contract.deletions.values), F.lit(False))


def _code_day(contract: Contract, period_end: date) -> Column:
    if contract.codes_by == "period" or contract.table.event_date is None:
        return F.lit(period_end)
    return parse_date(F.col(contract.table.event_date))


def _coded(text: Column, recipe: Recipe, day: Column) -> Column:
    """The code of the schema that a text means on a day; marked where it means nothing then.

    Without a day, only what means one thing at all times is known.
    """
    trimmed = F.trim(text)
    meaning = F.lit(None).cast("string")
    for (since, until), table in recipe.spans().items():
        found = lookup(trimmed, {code: _NOTHING if value is None else value for code, value in table.items()})
        holds = [day >= F.lit(since)] if since is not None else []
        holds += [day <= F.lit(until)] if until is not None else []
        meaning = F.coalesce(meaning, F.when(reduce(and_, holds), found) if holds else found)
    if recipe.is_dated:
        always = {code: _NOTHING if value is None else value for code, value in recipe.undoubted().items()}
        meaning = F.coalesce(meaning, F.when(day.isNull(), lookup(trimmed, always)))
    known = F.when(meaning != _NOTHING, meaning)
    strange = F.when(trimmed != "", F.concat(F.lit(UNKNOWN_MARK), trimmed))
    return F.when(meaning.isNull(), strange).otherwise(known)


def _unusable(schema: schemas.TableSchema, contract: Contract) -> Column:
    """The reason for which a row is refused because a code that must be there means nothing, else null."""
    strange = [holds for name, holds in unmapped(contract).items() if not schema.column(name).nullable]
    if not strange:
        return F.lit(None).cast("string")
    return F.when(reduce(or_, strange), F.lit(Reason.CODE_UNMAPPED.value))
