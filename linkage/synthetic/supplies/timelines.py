"""Numbered events of a case, of which each may or may not have happened."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def with_timeline(cases: DataFrame, steps: Sequence[tuple[str, Column, Column]]) -> DataFrame:
    """One row per event of a case: adds `event_number`, from 1, `event_type` and `event_date`.

    Args:
        cases: one row per case.
        steps: in time order: the kind of event, whether it happened, its day.
    """
    happened = F.array_compact(
        F.array(
            *(
                F.when(did, F.struct(F.lit(kind).alias("event_type"), day.alias("event_date")))
                for kind, did, day in steps
            )
        )
    )
    exploded = cases.drop("event_date").select("*", F.posexplode(happened).alias("place", "step"))
    return exploded.select("*", (F.col("place") + 1).alias("event_number"), "step.event_type", "step.event_date")
