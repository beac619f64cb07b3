"""People in reported crimes as the police have them, and support for victims of rape and sexual abuse."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import identifiers
from linkage.synthetic.geography import police_force_area
from linkage.synthetic.journeys import CASES_AT_MOST
from linkage.synthetic.rows import code
from linkage.synthetic.supplies.custody import known_by_now
from linkage.synthetic.supplies.spells import Period, event_draws, spells
from linkage.synthetic.world import Columns, Form, World

_PERIOD = Period("2014-01-01", "2022-12-31", age=12)
# Case files of victims, beside those of the courts' cases.
_FILES = 10_000_000 * CASES_AT_MOST


def _contacts(world: World) -> DataFrame:
    rates = world.rates.crime
    held = world.people.where(world.draws("person_id").happens(rates.police.rate, "police"))
    made = spells(held, world, "police", rates.contacts.rate, _PERIOD)
    contact = event_draws(world, "police")
    suspect = (F.col("standing") != "none") & contact.happens(rates.suspected.rate, "suspect")
    return made.withColumn("role", F.when(suspect, "suspect").otherwise(contact.pick(rates.roles.shares, "role")))


def _crime_keys(_world: World) -> Columns:
    """A near duplicate is one more person of the crime."""
    return {"crime_id": code("L", F.col("event")), "person_number": 1 + F.col("copy")}


def _file(of: str) -> Column:
    """A case file of its own for each: those of victims' services and of police contacts apart."""
    return F.lit(_FILES) * (1 if of == "police" else 2) + F.col("event")


def _crime_columns(world: World) -> Columns:
    contact = event_draws(world, "police")
    outcome = contact.pick(world.rates.crime.outcomes.shares, "outcome")
    return {
        "pnc": F.when(F.col("role") == "suspect", F.col("pnc_typed")),
        "urn": F.when(outcome == "charged", identifiers.urn(_file("police"))),
        "police_force_area_code": police_force_area(F.col("area"), F.col("district")),
        "offence_category": contact.pick(world.rates.courts.offence_categories.shares, "offence"),
        "report_date": F.col("event_date"),
        "outcome": outcome,
    }


POLICE = Form("police", "L", _contacts, _crime_columns, keys=_crime_keys)


def _supported(world: World) -> DataFrame:
    rates = world.rates.crime
    share = rates.victims.rate * F.when(F.col("female"), rates.female.rate).otherwise(rates.male.rate)
    held = world.people.where(world.draws("person_id").happens(share, "victim"))
    return spells(held, world, "victims", rates.supports.rate, _PERIOD)


def _support_columns(world: World) -> Columns:
    case, rates = event_draws(world, "victims"), world.rates.crime
    reported = case.happens(rates.reported.rate, "reported")
    return {
        "service": case.pick(rates.services.shares, "service"),
        "referral_date": F.col("event_date"),
        "end_date": known_by_now(F.date_add("event_date", 30 + case.below(500, "end").cast("int"))),
        "reported_to_police": reported.cast("int"),
        "urn": F.when(reported, identifiers.urn(_file("victims"))),
    }


VICTIMS = Form("victims", "V", _supported, _support_columns)
