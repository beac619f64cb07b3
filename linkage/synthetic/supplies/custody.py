"""Time in prison and under supervision that follows from cases; prison, probation and assessments share it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.journeys import SUPERVISED
from linkage.synthetic.people import LAST_DAY
from linkage.synthetic.world import World

_REMANDED = 0.4  # of those sentenced to custody, assumed
_LONGEST_REMAND = 150
_PROBATION_YEARS = (2014, 2020)
_TO_SUPERVISION = 3


def custodies(world: World) -> DataFrame:
    """One row per case with time in custody: adds `custody_type`, `reception`, `release` and `recall` (or null)."""
    journeys, case = world.rates.journeys, world.draws("case")
    sentenced = F.col("disposal") == "custody"
    only_remand = (F.col("standing") == "custody") & case.happens(journeys.remand_only.rate, "remand only")
    made = world.cases.where("standing = 'custody'")
    remanded = ~sentenced | case.happens(_REMANDED, "remand")
    days = F.least(F.datediff("sentenced_on", "hearing"), F.lit(_LONGEST_REMAND))
    timed = made.where(sentenced | only_remand).withColumns(
        {
            "custody_type": F.when(remanded, "remand").otherwise("sentenced"),
            "reception": F.when(remanded, F.date_sub("sentenced_on", days)).otherwise(F.col("sentenced_on")),
            "release": F.least(F.date_add("sentenced_on", F.coalesce("days_served", F.lit(0))), "death"),
        }
    )
    back = F.date_add("release", (case.uniform("recall date") * 180).cast("int") + 1)
    recalled = sentenced & case.happens(journeys.licence.rate, "licence") & case.happens(journeys.recall.rate, "recall")
    received = timed.where(known_by_now(F.col("reception")).isNotNull())
    return received.withColumn("recall", known_by_now(F.when(recalled & _alive(back), back)))


def _alive(day: Column) -> Column:
    return F.col("death").isNull() | (day < F.col("death"))


def known_by_now(day: Column) -> Column:
    """A day, null when it is after the last one."""
    return F.when(day <= F.lit(LAST_DAY).cast("date"), day)


def supervisions(world: World) -> DataFrame:
    """One row per case with supervision, whenever it was: adds `event_type`, `referral` and `termination`."""
    journeys, case = world.rates.journeys, world.draws("case")
    licence = (F.col("disposal") == "custody") & case.happens(journeys.licence.rate, "licence")
    ordered = F.col("disposal").isin(*SUPERVISED)
    made = world.cases.where("standing in ('custody', 'community')")
    begin = F.date_add("sentenced_on", F.coalesce("days_served", F.lit(_TO_SUPERVISION)))
    end = F.least(F.date_add("referral", (90 + case.uniform("termination") * 600).cast("int")), "death")
    last = F.lit(LAST_DAY).cast("date")
    return (
        made.where(licence | ordered)
        .withColumns({"event_type": F.when(licence, "licence").otherwise(F.col("disposal")), "referral": begin})
        .where(_alive(F.col("referral")) & (F.col("referral") <= last))
        .withColumn("termination", end)
    )


def in_probation_supply(referral: Column) -> Column:
    """Whether a referral is of the years that the probation supply has."""
    return F.year(referral).between(*_PROBATION_YEARS)
