"""Benefits, pay and Child Benefit."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.families import CHILD
from linkage.synthetic.rows import code
from linkage.synthetic.supplies.custody import known_by_now
from linkage.synthetic.supplies.spells import Period, event_draws, spells
from linkage.synthetic.world import Columns, Form, World

_BENEFITS = Period("2011-01-01", "2022-12-31")
_AWARDS = Period("2011-01-01", "2022-12-31", age=18)
_PAID_MONTHS = 3  # of each employment: payments are many, and one is as good for linking as the next
_LAST_PAY = Period("2014-04-30", "2022-09-30")
_UC_FROM = "2013-05-01"


def _grown(world: World) -> DataFrame:
    return world.people.where(F.col("relation") != CHILD)


def _spells(world: World) -> DataFrame:
    rates = world.rates.money
    held = _grown(world).where(world.draws("person_id").happens(rates.benefits.rate, "benefits"))
    return spells(held, world, "dwp", rates.spells.rate, _BENEFITS)


def _end(world: World, dataset: str, longest: int) -> Column:
    length = event_draws(world, dataset).below(longest, "length").cast("int")
    return known_by_now(F.date_add("event_date", 14 + length))


def _spell_columns(world: World) -> Columns:
    spell, rates = event_draws(world, "dwp"), world.rates.money
    early = F.col("event_date") < F.lit(_UC_FROM).cast("date")
    before = spell.pick(rates.kinds_before_uc.shares, "before")
    return {
        "benefit": F.when(early, before).otherwise(spell.pick(rates.kinds.shares, "benefit")),
        "start_date": F.col("event_date"),
        "end_date": _end(world, "dwp", 900),
    }


DWP = Form("dwp", "B", _spells, _spell_columns)


def _payments(world: World) -> DataFrame:
    """One row per payment: the first months of each employment."""
    rates = world.rates.money
    held = _grown(world).where(world.draws("person_id").happens(rates.employed.rate, "employed"))
    jobs = spells(held, world, "hmrc", rates.jobs.rate, _LAST_PAY).withColumnRenamed("event", "job")
    monthly = jobs.withColumn("month", F.explode(F.sequence(F.lit(0), F.lit(_PAID_MONTHS - 1))))
    return monthly.withColumns(
        {
            "event": F.col("job") * _PAID_MONTHS + F.col("month"),
            "event_date": F.add_months("event_date", F.col("month")),
        }
    )


def _payment_columns(world: World) -> Columns:
    job = world.draws("job")
    pay = 700 + 1800 * F.pow(job.uniform("pay"), F.lit(2)) + 60 * world.draws("record").uniform("hours")
    return {
        "employment_reference": code("E", F.col("job")),
        "payment_date": F.col("event_date"),
        "taxable_pay": F.round(pay, 2),
    }


HMRC = Form("hmrc", "Y", _payments, _payment_columns)


def _awards(world: World) -> DataFrame:
    """Of mothers of family units."""
    mothers = world.people.where(F.col("in_family_unit") & F.col("female") & (F.col("relation") != CHILD))
    share = world.rates.money.child_benefit.rate
    return spells(
        mothers.where(world.draws("person_id").happens(share, "child benefit")), world, "awards", 1.0, _AWARDS
    )


def _award_columns(world: World) -> Columns:
    award = event_draws(world, "awards")
    return {
        "children": 1 + award.happens(world.rates.money.two_children.rate, "second").cast("int"),
        "start_date": F.col("event_date"),
        "end_date": _end(world, "awards", 4000),
    }


CHILD_BENEFIT = Form("child_benefit", "Q", _awards, _award_columns)
