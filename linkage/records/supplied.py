"""What a supply says of a row, by the names of its schema: the same for every dataset."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records import dates
from schemas import TableSchema


def supplied(supply: TableSchema, name: str) -> Column:
    """The column `name` as delivered; null in every row of a supply that has no such column."""
    return F.col(name) if name in supply.column_names else F.lit(None).cast("string")


def latest_date(supply: TableSchema, *, as_of: date) -> Column:
    """The date of the row's event if it can be read, else that of the supply: nothing in the row is later."""
    if supply.event_date is None:
        return F.lit(as_of)
    return F.coalesce(dates.parse_date(F.col(supply.event_date)), F.lit(as_of))
