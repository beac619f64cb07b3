"""Journeys through the justice system: cases in time order, and what follows from them.

Overlaps between datasets come from here: whoever is in prison or on probation was sentenced
in a case, and whoever is released is supervised.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.people import AGE_OF_RESPONSIBILITY
from linkage.synthetic.rates import Journeys

FIRST_DAY = "2011-01-01"
LAST_DAY = "2022-12-31"
# A case is known by its person's number times this plus its own.
CASES_AT_MOST = 64
_OTHER_DISPOSALS = {"fine": 0.62, "absolute": 0.16, "other": 0.22}
_COMMUNITY_DISPOSALS = {"community": 0.7, "suspended": 0.3}
SUPERVISED = tuple(_COMMUNITY_DISPOSALS)


def cases(people: DataFrame, rates: Journeys, *, seed: int) -> DataFrame:
    """One row per case of a person who comes to court, key `case`, with the person's columns.

    Adds `hearing`, `completion`, `disposal`, `sentence_days` (null unless custody) and
    `days_served`.
    """
    person = Draws(seed, F.col("person_id"))
    mean = (
        F.when(F.col("standing") == "custody", rates.cases_custody.rate)
        .when(F.col("standing") == "community", rates.cases_community.rate)
        .otherwise(rates.cases_court.rate)
    )
    count = 1 + F.floor(F.log(1 - person.uniform("cases")) / F.log(1 - 1 / mean)).cast("int")
    counted = people.where(F.col("standing") != "none").withColumn("cases", F.least(count, F.lit(CASES_AT_MOST - 1)))
    numbered = counted.withColumn("number", F.explode(F.sequence(F.lit(1), F.col("cases"))))
    known = numbered.withColumn("case", F.col("person_id") * CASES_AT_MOST + F.col("number"))
    case = Draws(seed, F.col("case"))
    dated = known.withColumns({"hearing": _hearing(person, case), "disposal": _disposal(person, case, rates)})
    custody = F.col("disposal") == "custody"
    completion = F.date_add("hearing", F.floor(F.pow(case.uniform("completion"), F.lit(2)) * 200).cast("int"))
    length = F.floor(14 * F.pow(F.lit(180.0), case.uniform("sentence"))).cast("int")
    return (
        dated.withColumns({"completion": completion, "sentence_days": F.when(custody, length)})
        .withColumn("days_served", F.floor(F.col("sentence_days") / 2).cast("int"))
        .drop("cases", "number", "standing")
    )


def _hearing(person: Draws, case: Draws) -> Column:
    """A day for the case, in the order of its number, between the first case and the last day."""
    first, last = F.lit(FIRST_DAY).cast("date"), F.lit(LAST_DAY).cast("date")
    earliest = F.greatest(first, F.add_months("birth", 12 * (AGE_OF_RESPONSIBILITY + 2)))
    begin = F.date_add(earliest, (F.pow(person.uniform("begin"), F.lit(2)) * F.datediff(last, earliest)).cast("int"))
    place = (F.col("number") - case.uniform("place")) / F.col("cases")
    return F.date_add(begin, (place * F.datediff(last, begin)).cast("int"))


def _disposal(person: Draws, case: Draws, rates: Journeys) -> Column:
    """The worst that happens to a person happens in one case at least."""
    worst = (person.uniform("worst") * F.col("cases")).cast("int") + 1 == F.col("number")
    in_custody, in_community = F.col("standing") == "custody", F.col("standing") == "community"
    custody = in_custody & (worst | case.happens(rates.further_custody.rate, "custody"))
    community = (in_community & worst) | (
        (in_custody | in_community) & case.happens(rates.further_community.rate, "community")
    )
    return (
        F.when(custody, F.lit("custody"))
        .when(community, case.pick(_COMMUNITY_DISPOSALS, "community disposal"))
        .otherwise(case.pick(_OTHER_DISPOSALS, "other disposal"))
    )
