"""What a supply says of a row, by the names of its schema: the same for every dataset."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.records import dates
from schemas import TableSchema

AGE, _LATEST, _PARSED = "_age", "_latest", "_parsed"
# Before, no supply has events (assumed): what stands there is a filler, or another year mistyped.
_EARLIEST_EVENT = date(1950, 1, 1)
# Of a row whose supply has no event date: that of the case which it names.
CASE_DAY = "_case_day"


def supplied(supply: TableSchema, name: str) -> Column:
    """The column `name` as delivered; null in every row of a supply that has no such column."""
    return F.col(name) if name in supply.column_names else F.lit(None).cast("string")


def event_day(rows: DataFrame, supply: TableSchema) -> Column:
    """The day of a row's event, the supply's own or that of the row's case; null where neither is there or readable."""
    if supply.event_date is not None:
        return dates.parse_date(F.col(supply.event_date))
    return F.col(CASE_DAY) if CASE_DAY in rows.columns else F.lit(None).cast("date")


def believed_day(rows: DataFrame, supply: TableSchema, *, as_of: date) -> Column:
    """The same if it can be believed, else null: not later than the supply, nor a filler or slip of long ago."""
    day = event_day(rows, supply)
    return F.when(day.between(F.lit(_EARLIEST_EVENT), F.lit(as_of)), day)


def latest_birth(rows: DataFrame, supply: TableSchema, *, as_of: date) -> Column:
    """The last day on which the row's person can have been born: that of the row's event, or else of the supply.

    Of a case only the supply's day: a child may be born, and join it, while it goes on.
    """
    if supply.event_date is None:
        return F.lit(as_of)
    return F.coalesce(believed_day(rows, supply, as_of=as_of), F.lit(as_of))


def with_age(rows: DataFrame, supply: TableSchema, *, as_of: date) -> DataFrame:
    """`rows` with `_age`, in completed years at the event, null where no date of birth can be believed or it is later.

    In three steps, each of which reads what the one before has made: Spark joins steps by writing a value
    wherever it is read, unless it is read several times.

    Args:
        rows: With the supply's columns, and `_case_day` if its cases are known; rows neither multiply nor vanish.
        supply: Its schema.
        as_of: Date of the supply, which stands in where a row has no date of its event that can be believed.
    """
    at = F.coalesce(believed_day(rows, supply, as_of=as_of), F.lit(as_of))
    made = {_LATEST: at, _PARSED: dates.parse_date(supplied(supply, "dob"))}
    latest = F.col(_LATEST)
    dated = rows.withColumns(made).withColumn(_PARSED, dates.plausible_birth(F.col(_PARSED), latest=latest))
    return dated.withColumn(AGE, dates.age_in_years(F.col(_PARSED), latest)).drop(_LATEST, _PARSED)
