"""Journeys through the criminal courts: cases in time order, and what follows from them.

Overlaps between datasets come from here: whoever is in prison or on probation was sentenced in a
case, whoever is assessed was in prison or on probation, and whoever is released is supervised.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.families import AGE_OF_RESPONSIBILITY
from linkage.synthetic.people import FIRST_DAY, LAST_DAY
from linkage.synthetic.rates import Journeys

# A case is known by its person's number times this plus its own; number 0 is a case with neighbours.
CASES_AT_MOST = 64
NEIGHBOURS = 8
SUPERVISED = ("community", "suspended")
_GAP_BEGINS = 2021
_CROWN_BEGINS = "2013-01-01"
_LONGEST_TRIAL = 420
# The years between the first case and the last are even between these, assumed.
_SHORTEST_CAREER, _CAREER_DAYS = 500, 2500


def cases(people: DataFrame, rates: Journeys, *, seed: int) -> DataFrame:
    """One row per case of a person who comes to court, key `case`, with the person's columns.

    Adds `file` (of the case, which co-defendants share), `hearing` and `completion` at the
    magistrates' court, `sent` to the Crown Court (`trial`, `sentence` or null), `received_on` there,
    `convicted`, `disposal`, `sentenced_on`, `sentence_days` (null unless custody), `days_served` and
    `cases`, how many the person has.
    No case begins after its person's death.
    """
    person = Draws(seed, F.col("person_id"))
    counted = people.where(F.col("standing") != "none").withColumns(
        {"cases": _count(person, rates), "joint": _joint(rates, seed)}
    )
    first = F.when(F.col("joint"), 0).otherwise(1)
    numbered = counted.withColumn("number", F.explode(F.sequence(first, F.col("cases"))))
    known = numbered.withColumn("case", F.col("person_id") * CASES_AT_MOST + F.col("number"))
    block = F.floor(F.col("person_id") / NEIGHBOURS) * NEIGHBOURS
    file = F.when(F.col("number") == 0, block * CASES_AT_MOST).otherwise(F.col("case"))
    case = Draws(seed, F.col("case"))
    begun = known.withColumn("file", file).withColumns(
        {"hearing": _hearing(person, seed), "disposal": _disposal(person, case, rates), "sent": _sent(rates, seed)}
    )
    alive = F.col("death").isNull() | (F.col("hearing") < F.col("death"))
    dated = begun.where(alive).transform(_with_dates, case, rates, seed)
    return dated.drop("joint")


def _with_dates(begun: DataFrame, case: Draws, rates: Journeys, seed: int) -> DataFrame:
    file = Draws(seed, F.col("file"))
    days = F.floor(F.pow(file.uniform("completion"), F.lit(2)) * 200).cast("int")
    wait = F.when(F.col("sent") == "trial", 30 + file.uniform("wait") * _LONGEST_TRIAL).otherwise(
        20 + file.uniform("wait") * 40
    )
    supervised = F.col("disposal").isin("custody", *SUPERVISED)
    length = F.floor(14 * F.pow(F.lit(180.0), case.uniform("sentence"))).cast("int")
    return (
        begun.withColumns(
            {
                "completion": F.date_add("hearing", days),
                "convicted": supervised | ~case.happens(rates.not_convicted.rate, "not convicted"),
                "sentence_days": F.when(F.col("disposal") == "custody", length),
            }
        )
        .withColumns(
            {
                "received_on": F.when(F.col("sent").isNotNull(), F.date_add("completion", 7)),
                "days_served": F.floor(F.col("sentence_days") / 2).cast("int"),
            }
        )
        .withColumn("sentenced_on", F.coalesce(F.date_add("received_on", wait.cast("int")), "completion"))
    )


def _count(person: Draws, rates: Journeys) -> Column:
    mean = (
        F.when(F.col("standing") == "custody", rates.cases_custody.rate)
        .when(F.col("standing") == "community", rates.cases_community.rate)
        .otherwise(rates.cases_court.rate)
    )
    return 1 + person.more(mean, CASES_AT_MOST - 1, "cases")


def _joint(rates: Journeys, seed: int) -> Column:
    """Whether the person takes part in a case with neighbours, and was old enough by then."""
    person, block = Draws(seed, F.col("person_id")), _block(seed)
    grown = F.add_months("birth", 12 * (AGE_OF_RESPONSIBILITY + 2)) < _joint_hearing(seed)
    return block.happens(rates.joint.rate, "joint") & person.happens(rates.takes_part.rate, "takes part") & grown


def _block(seed: int) -> Draws:
    return Draws(seed, F.floor(F.col("person_id") / NEIGHBOURS))


def _joint_hearing(seed: int) -> Column:
    first, last = F.lit(FIRST_DAY).cast("date"), F.lit(LAST_DAY).cast("date")
    return F.date_add(first, (_block(seed).uniform("joint hearing") * F.datediff(last, first)).cast("int"))


def _hearing(person: Draws, seed: int) -> Column:
    """A day for the case, in the order of its number, in the years in which the person comes to court at all."""
    first, last = F.lit(FIRST_DAY).cast("date"), F.lit(LAST_DAY).cast("date")
    earliest = F.greatest(first, F.add_months("birth", 12 * (AGE_OF_RESPONSIBILITY + 2)))
    known = F.datediff(last, earliest)
    active = F.least(known, (_SHORTEST_CAREER + person.uniform("career") * _CAREER_DAYS).cast("int"))
    # Whoever would begin before the first day, or end after the last, is moved to it: all years have people.
    drawn = (person.uniform("begin") * (known + 0.5 * active) - 0.75 * active).cast("int")
    begin = F.date_add(earliest, F.greatest(F.lit(0), F.least(drawn, known - active)))
    place = (F.col("number") - Draws(seed, F.col("case")).uniform("place")) / F.col("cases")
    own = F.date_add(begin, (place * active).cast("int"))
    return F.when(F.col("number") == 0, _joint_hearing(seed)).otherwise(own)


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
        .when(community, case.pick(rates.community_disposals.shares, "community disposal"))
        .otherwise(case.pick(rates.other_disposals.shares, "other disposal"))
    )


def _sent(rates: Journeys, seed: int) -> Column:
    """Whether and why the case goes to the Crown Court: co-defendants go together."""
    file = Draws(seed, F.col("file"))
    shared = F.col("number") == 0
    chance = F.when(shared, rates.sent_custody.rate).otherwise(sent_chance(rates))
    why = F.when(file.happens(rates.for_trial.rate, "for trial"), "trial").otherwise("sentence")
    return F.when(file.happens(chance, "sent"), why)


def sent_chance(rates: Journeys) -> Column:
    """The chance of one of the person's own cases to go to the Crown Court."""
    return (
        F.when(F.col("standing") == "custody", rates.sent_custody.rate)
        .when(F.col("standing") == "community", rates.sent_community.rate)
        .otherwise(rates.sent_court.rate)
    )


def moved_to_common_platform(day: Column, rates: Journeys, *, seed: int) -> Column:
    """Whether the case, of that day, is missing because its court had moved to the Common Platform."""
    year = F.year(day)
    share = (
        F.when(year == _GAP_BEGINS, rates.common_platform_2021.rate)
        .when(year > _GAP_BEGINS, rates.common_platform_2022.rate)
        .otherwise(0.0)
    )
    return Draws(seed, F.col("file")).happens(share, "common platform")


def crown_covers(day: Column) -> Column:
    """Whether the Crown Court's supply had begun."""
    return day >= F.lit(_CROWN_BEGINS).cast("date")
