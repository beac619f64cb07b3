"""Supplies as the departments would deliver them: text columns, codes, and some bad rows."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.rows import keys
from linkage.synthetic.world import Form, RecordedWorld, as_delivered


def deliver(world: RecordedWorld, form: Form) -> DataFrame:
    """The table that is delivered, in the form of the dataset's schema; one row per row of it."""
    columns = dict(form.columns(world))
    for name, part in keys(form, world).items():
        columns[name] = F.when(~F.col("flaw").eqNullSafe("key_missing"), part)
    day = form.schema.event_date
    if day is not None:
        written = columns.get(day, F.col("event_date")).cast("string")
        columns[day] = F.when(F.col("flaw").eqNullSafe("date_unreadable"), F.lit("not known")).otherwise(written)
    delivered = as_delivered(world.records_of(form), form.dataset, columns)
    return delivered if form.others is None else delivered.unionByName(form.others(world))
