"""Statutory homelessness, with its cases and support needs, and contacts of people who sleep rough."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.geography import DISTRICTS, is_welsh, local_authority
from linkage.synthetic.rows import code
from linkage.synthetic.supplies.custody import known_by_now
from linkage.synthetic.supplies.spells import Period, event_draws, spells
from linkage.synthetic.world import Columns, Companion, Form, World, as_delivered

_PERIOD = Period("2018-04-01", "2022-12-31")
_STREET = Period("2014-01-01", "2022-12-31")


def _households(world: World) -> DataFrame:
    """One row per case of a person in England, who stands for the household."""
    rates = world.rates.housing
    share = rates.homeless.rate * F.when(F.col("nfa"), rates.no_fixed_abode.rate).otherwise(1.0)
    homeless = world.draws("person_id").happens(share, "homeless") & ~is_welsh(F.col("home_area"))
    return spells(world.people.where(homeless), world, "homelessness", rates.cases.rate, _PERIOD)


def _case_reference(_world: World) -> Columns:
    """A near duplicate is one more person of the case."""
    return {"case_reference": code("H", F.col("event")), "person_number": 1 + F.col("copy")}


HOMELESSNESS = Form("homelessness", "H", _households, lambda _world: {}, keys=_case_reference)


def _cases(world: World) -> DataFrame:
    case, rates = event_draws(world, "homelessness"), world.rates.housing
    temporary = case.happens(rates.temporary.rate, "temporary")
    ended = known_by_now(F.date_add("event_date", 56 + case.below(400, "ended").cast("int")))
    columns = {
        "case_reference": code("H", F.col("event")),
        "lad_code": local_authority(F.col("home_area"), case.below(DISTRICTS, "district")),
        "application_date": F.col("event_date"),
        "duty": case.pick(rates.duties.shares, "duty"),
        "duty_end_date": ended,
        "outcome": F.when(ended.isNotNull(), case.pick(rates.outcomes.shares, "outcome")),
        "temporary_accommodation_date": F.when(temporary, known_by_now(F.date_add("event_date", 20))),
        "household_size": F.when(F.col("in_family_unit"), 2 + case.below(3, "size")).otherwise(1),
    }
    return as_delivered(_households(world), "homelessness_cases", columns)


def _support_needs(world: World) -> DataFrame:
    case, shares = event_draws(world, "homelessness"), world.rates.housing.needs.shares
    needs = F.array_compact(F.array(*(F.when(case.happens(share, n), F.lit(n)) for n, share in shares.items())))
    held = _households(world).select("event", F.explode(needs).alias("support_need"))
    return as_delivered(held, "homelessness_support_needs", {"case_reference": code("H", F.col("event"))})


COMPANIONS = (Companion("homelessness_cases", _cases), Companion("homelessness_support_needs", _support_needs))


def _contacts(world: World) -> DataFrame:
    rates = world.rates.housing
    met = F.col("nfa") & world.draws("person_id").happens(rates.rough_sleeping.rate, "sleeps rough")
    return spells(world.people.where(met), world, "rough_sleeping", rates.contacts.rate, _STREET)


def _contact_columns(world: World) -> Columns:
    contact = event_draws(world, "rough_sleeping")
    return {
        "nationality": F.when(F.col("foreign"), "Other").otherwise("UK"),
        "contact_type": contact.pick(world.rates.housing.met.shares, "met"),
        "contact_date": F.col("event_date"),
    }


ROUGH_SLEEPING = Form("rough_sleeping", "R", _contacts, _contact_columns)
