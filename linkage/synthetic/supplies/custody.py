"""Time in prison and under supervision that follows from cases; prison, probation and assessments share it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from linkage.synthetic.journeys import SUPERVISED
from linkage.synthetic.people import LAST_DAY
from linkage.synthetic.world import World

_LONGEST_REMAND = 150
_PROBATION_YEARS = (2014, 2020)
_TO_SUPERVISION = 3


def custodies(world: World) -> DataFrame:
    """One row per case with time in custody: adds `custody_type`, `reception`, `release` and `recall` (or null)."""
    journeys, case = world.rates.journeys, world.draws("case")
    sentenced = F.col("disposal") == "custody"
    only_remand = (F.col("standing") == "custody") & case.happens(journeys.remand_only.rate, "remand only")
    made = world.cases.where("standing = 'custody'")
    remanded = ~sentenced | case.happens(journeys.remanded.rate, "remand")
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


def custodial_journeys(spells: DataFrame) -> DataFrame:
    """One row per custodial journey, of rows of `custodies`: spells of one person that connect are one journey.

    Whoever is received while in custody, or on the day of release, goes on with the journey, as a prison's system has
    it; so no two journeys of one person share a day. A journey has the columns of its first spell, but the last
    `release`, the longest sentence that is known by now (`sentence_days` and `sentenced_on`, null if there is
    none), and the `recall` after its last release, unless the person is received again before it.

    One shuffle, by person. Rows can only become fewer; the number of the first case is the journey's.
    """
    in_order = Window.partitionBy("person_id").orderBy("reception", "case")
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    journey = Window.partitionBy("person_id", "journey")
    free = F.max("release").over(before)
    is_sentence = F.col("sentence_days").isNotNull() & known_by_now(F.col("sentenced_on")).isNotNull()
    begun = spells.withColumn("begins", free.isNull() | (F.col("reception") > free))
    joined = begun.withColumn("journey", F.count_if("begins").over(so_far)).withColumns(
        {
            "longest": F.max(F.when(is_sentence, F.struct("sentence_days", "sentenced_on"))).over(journey),
            "recall": F.max_by("recall", F.struct("release", "case")).over(journey),
            "release": F.max("release").over(journey),
        }
    )
    firsts = joined.where("begins").withColumn("following", F.lead("reception").over(in_order))
    recalled = F.col("following").isNull() | (F.col("recall") < F.col("following"))
    known = {
        "sentence_days": F.col("longest.sentence_days"),
        "sentenced_on": F.col("longest.sentenced_on"),
        "recall": F.when(recalled, F.col("recall")),
    }
    return firsts.withColumns(known).drop("begins", "journey", "longest", "following")


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
