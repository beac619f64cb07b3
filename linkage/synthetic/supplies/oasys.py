"""OASys: assessments of people in prison and under supervision, several in a journey."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.geography import is_capital
from linkage.synthetic.supplies.custody import custodies, in_probation_supply, supervisions
from linkage.synthetic.world import Columns, Form, World

_PROLIFIC = 4  # cases
_COMPANIES_UNTIL = "2021-06-26"  # until when community rehabilitation companies worked (P)
# Where a stage is between start and end of the time in custody or under supervision: its form, not how often it is.
_PLACES = {"pre_sentence": -0.1, "start": 0.02, "review": 0.5, "termination": 0.95}
_LATEST = "2022-12-31"


def _events(world: World) -> DataFrame:
    """One row per assessment of an episode, of the people who are assessed at all."""
    begun = {"custody": ("reception", "release"), "supervision": ("referral", "termination")}
    made = {
        "custody": custodies(world).where("sentence_days is not null"),
        "supervision": supervisions(world).where(in_probation_supply(F.col("referral"))),
    }
    episodes = [
        made[kind]
        .withColumns({"kind": F.lit(place), "begin": F.col(begin), "end": F.col(end)})
        .drop("custody_type", "reception", "release", "recall", "event_type", "referral", "termination")
        for place, (kind, (begin, end)) in enumerate(begun.items())
    ]
    together = episodes[0].unionByName(episodes[1]).where(_is_assessed(world))
    episode = Draws(world.seed, F.xxhash64(F.lit("assessment"), F.col("case"), F.col("kind")))
    shares = world.rates.oasys.stages.shares
    stages = F.array_compact(
        F.array(*(F.when(episode.happens(share, name), F.lit(name)) for name, share in shares.items()))
    )
    staged = together.withColumn("stages", stages).select("*", F.posexplode("stages").alias("place", "stage"))
    after = F.lit(0.0)
    for name, place in _PLACES.items():
        after = F.when(F.col("stage") == name, place).otherwise(after)
    day = F.date_add("begin", (F.least(F.datediff("end", "begin"), F.lit(900)) * after).cast("int") - 3)
    latest = F.lit(_LATEST).cast("date")
    kept = staged.withColumn("event_date", day).where((F.col("event_date") <= latest) & _is_held(world))
    number = (F.col("case") * 2 + F.col("kind")) * len(_PLACES) + F.col("place")
    return kept.withColumn("event", number).drop("stages")


def _is_assessed(world: World) -> Column:
    """Whether the person is ever assessed; prolific ones are those with several cases."""
    journeys, person = world.rates.journeys, world.draws("person_id")
    prolific = F.col("cases") >= _PROLIFIC
    return person.happens(
        F.when(prolific, journeys.assessed_prolific.rate).otherwise(journeys.assessed.rate), "assessed"
    )


def _is_held(world: World) -> Column:
    """Fewer assessments are known of the capital before the companies' work ended."""
    early = F.col("event_date") < F.lit(_COMPANIES_UNTIL).cast("date")
    share = world.rates.journeys.assessed_in_company_areas.rate
    case = world.draws("case")
    return ~(early & is_capital(F.col("home_area"))) | case.happens(share, "company area")


def _columns(world: World) -> Columns:
    """Needs lean on the person: who has one need has more of the others, and has them again."""
    person, record, rates = world.draws("person_id"), world.draws("record"), world.rates.oasys
    need, severe = person.uniform("need"), rates.significant.rate
    answers = {name: _level(person.uniform(name), need, share, severe) for name, share in rates.needs.shares.items()}
    flags = {
        name: person.happens(share * (0.5 + need), f"flag {name}").cast("int").cast("string")
        for name, share in rates.flags.shares.items()
    }
    no_answer = rates.no_answer.rate
    given = {n: F.when(~record.happens(no_answer, f"no {n}"), a) for n, a in {**answers, **flags}.items()}
    # The form of a score, between 0 and 100.
    score = F.round((0.15 + 0.6 * need) * 100 * (0.6 + 0.4 * record.uniform("score")), 1)
    return {
        **given,
        "assessment_date": F.col("event_date"),
        "employment_status": person.pick(rates.employment.shares, "employment"),
        "ogrs": score,
        "ovp": F.round(score * (0.3 + 0.4 * person.uniform("violence")), 1),
    }


def _level(own: Column, need: Column, share: float, significant: float) -> Column:
    has = own < share * (0.5 + need)
    return F.when(~has, "0").when(own < share * (0.5 + need) * significant, "2").otherwise("1")


FORM = Form("oasys", "A", _events, _columns)
