"""Which events of a journey a dataset holds, and how many rows it makes of each."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.rates import Flaws, Journeys, Rates

SITES = 60
COPIES = 4  # a row's number is its case's times this plus that of its copy
_GAP_BEGINS = 2021


def _magistrates(cases: DataFrame, rates: Journeys, case: Draws) -> DataFrame:
    """All cases but those that had moved to the Common Platform."""
    year = F.year("hearing")
    moved = F.when(year == _GAP_BEGINS, rates.common_platform_2021.rate).when(
        year > _GAP_BEGINS, rates.common_platform_2022.rate
    )
    kept = ~case.happens(F.coalesce(moved, F.lit(0.0)), "common platform")
    return cases.where(kept).withColumn("event_date", F.col("hearing"))


def _prison(cases: DataFrame, _rates: Journeys, _case: Draws) -> DataFrame:
    """Cases that end in custody."""
    return cases.where(F.col("disposal") == "custody").withColumn("event_date", F.col("completion"))


def _probation(cases: DataFrame, rates: Journeys, case: Draws) -> DataFrame:
    """Community and suspended sentences, and releases on licence, referred from 2014 to 2020."""
    licence = (F.col("disposal") == "custody") & case.happens(rates.licence.rate, "licence")
    referral = F.date_add("completion", F.coalesce("days_served", F.lit(3)))
    supervised = cases.where(F.col("disposal").isin("community", "suspended") | licence)
    return supervised.withColumn("event_date", referral).where(F.year("event_date").between(2014, 2020))


_EVENTS: dict[str, Callable[[DataFrame, Journeys, Draws], DataFrame]] = {
    "magistrates": _magistrates,
    "prison": _prison,
    "probation": _probation,
}
DATASETS = tuple(_EVENTS)


def events(cases: DataFrame, dataset: str, rates: Rates, *, seed: int) -> DataFrame:
    """The cases that the dataset has a row of, with `event_date`."""
    return _EVENTS[dataset](cases, rates.journeys, Draws(seed, F.col("case")))


def with_copies(events: DataFrame, dataset: str, rates: Rates, *, seed: int) -> DataFrame:
    """One row per row of the supply: near duplicates too, and rows that are bad on purpose.

    Adds `number` (the row's, from which its key is made), `record` (what its draws hang on),
    `flaw` (null for most rows), `sharing` (above 0 for a copy that shares its key) and `site`.
    """
    draws = Draws(seed, F.xxhash64(F.lit(dataset), F.col("case")))
    near = draws.happens(rates.datasets[dataset].near_duplicate.rate, "near duplicate").cast("int")
    flaw = _flaw(draws, rates.flaws, with_organisations=dataset == "magistrates")
    # A copy with the key of its original, for the two flaws that are about keys.
    sharing = F.when((F.col("copy") == 0) & F.col("flaw").isin("row_repeated", "key_conflict"), 1).otherwise(0)
    version = F.when(F.col("flaw") == "key_conflict", F.col("sharing")).otherwise(0)
    copied = events.withColumns({"flaw": flaw, "copy": F.explode(F.sequence(F.lit(0), near))})
    shared = copied.withColumn("sharing", F.explode(F.sequence(F.lit(0), sharing)))
    return shared.withColumn("number", F.col("case") * COPIES + F.col("copy")).withColumns(
        {
            "record": F.xxhash64(F.lit(dataset), F.col("number"), version),
            "site": F.pmod(F.xxhash64(F.lit(dataset), F.col("home_area")), F.lit(SITES)),
        }
    )


def _flaw(draws: Draws, rates: Flaws, *, with_organisations: bool) -> Column:
    """The name of a flaw, null for most rows."""
    drawn, reached = draws.uniform("flaw"), 0.0
    flaw = F.when(F.lit(False), F.lit(None).cast("string"))
    for name in Flaws.model_fields:
        if name == "organisation" and not with_organisations:
            continue
        reached += getattr(rates, name).rate
        flaw = flaw.when(drawn < reached, F.lit(name))
    return flaw
