"""Which events of a journey a dataset holds, and how many rows it makes of each."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.journeys import SUPERVISED
from linkage.synthetic.rates import Flaws, Journeys, Rates

SITES = 60
COPIES = 4  # a row's number is its case's times this plus that of its copy
_GAP_BEGINS = 2021
_PROBATION_YEARS = (2014, 2020)
_ORGANISATION = "organisation"


DATASETS = ("magistrates", "prison", "probation")


def by_dataset(values: Mapping[str, float | Column]) -> Column:
    """The value of the row's own dataset."""
    (first, value), *others = values.items()
    result = F.when(F.col("dataset") == first, value)
    for name, other in others:
        result = result.when(F.col("dataset") == name, other)
    return result


def events(cases: DataFrame, rates: Journeys, *, seed: int) -> DataFrame:
    """One row per case and dataset that holds it, with `dataset` and `event_date`.

    Magistrates hold all cases but those that had moved to the Common Platform; prison, those
    that end in custody; probation, community and suspended sentences and releases on licence,
    referred from 2014 to 2020.
    """
    case = Draws(seed, F.col("case"))
    year = F.year("hearing")
    moved = (
        F.when(year == _GAP_BEGINS, rates.common_platform_2021.rate)
        .when(year > _GAP_BEGINS, rates.common_platform_2022.rate)
        .otherwise(0.0)
    )
    custody = F.col("disposal") == "custody"
    licence = custody & case.happens(rates.licence.rate, "licence")
    supervised = F.col("disposal").isin(*SUPERVISED) | licence
    dated = cases.withColumn("referral", F.date_add("completion", F.coalesce("days_served", F.lit(3))))
    referred = F.year("referral").between(*_PROBATION_YEARS)
    held = (~case.happens(moved, "common platform"), custody, supervised & referred)
    datasets = F.array_compact(F.array(*(F.when(h, F.lit(name)) for h, name in zip(held, DATASETS, strict=True))))
    day = (
        F.when(F.col("dataset") == "magistrates", F.col("hearing"))
        .when(F.col("dataset") == "prison", F.col("completion"))
        .otherwise(F.col("referral"))
    )
    return dated.withColumn("dataset", F.explode(datasets)).withColumn("event_date", day).drop("referral")


def with_copies(events: DataFrame, rates: Rates, *, seed: int) -> DataFrame:
    """One row per row of the supply: near duplicates too, and rows that are bad on purpose.

    Adds `number` (the row's, from which its key is made), `record` (what its draws hang on),
    `flaw` (null for most rows), `sharing` (above 0 for a copy that shares its key) and `site`.
    """
    draws = Draws(seed, F.xxhash64(F.col("dataset"), F.col("case")))
    share = by_dataset({name: here.near_duplicate.rate for name, here in rates.datasets.items()})
    near = draws.happens(share, "near duplicate").cast("int")
    flaw = _flaw(draws, rates.flaws)
    # A copy with the key of its original, for the two flaws that are about keys.
    sharing = F.when((F.col("copy") == 0) & F.col("flaw").isin("row_repeated", "key_conflict"), 1).otherwise(0)
    version = F.when(F.col("flaw") == "key_conflict", F.col("sharing")).otherwise(0)
    copied = events.withColumns({"flaw": flaw, "copy": F.explode(F.sequence(F.lit(0), near))})
    shared = copied.withColumn("sharing", F.explode(F.sequence(F.lit(0), sharing)))
    return shared.withColumn("number", F.col("case") * COPIES + F.col("copy")).withColumns(
        {
            "record": F.xxhash64(F.col("dataset"), F.col("number"), version),
            "site": F.pmod(F.xxhash64(F.col("dataset"), F.col("home_area")), F.lit(SITES)),
        }
    )


def _flaw(draws: Draws, rates: Flaws) -> Column:
    """The name of a flaw, null for most rows; only magistrates have organisations."""
    drawn, reached = draws.uniform("flaw"), 0.0
    flaw = F.when(F.lit(False), F.lit(None).cast("string"))
    for name in Flaws.model_fields:
        reached += getattr(rates, name).rate
        possible = (drawn < reached) & (F.col("dataset") == "magistrates") if name == _ORGANISATION else drawn < reached
        flaw = flaw.when(possible, F.lit(name))
    return flaw
