"""Treatment for drugs and alcohol, in England under one of three profiles of identifiers, and in Wales."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import identifiers
from linkage.synthetic.draws import Draws
from linkage.synthetic.geography import is_welsh
from linkage.synthetic.rows import code, keys, whole
from linkage.synthetic.supplies.custody import known_by_now, supervisions
from linkage.synthetic.supplies.probation import main_requirement
from linkage.synthetic.supplies.spells import Period, event_draws, is_there, spells
from linkage.synthetic.weights import is_missing
from linkage.synthetic.world import Columns, Companion, Form, RecordedWorld, World, as_delivered

_PERIOD = Period("2012-01-01", "2022-09-30")
_SERVICES = 5


def _referred(world: World) -> DataFrame:
    """Episodes that a requirement of an order led to."""
    case, rates, requirement = world.draws("case"), world.rates.treatment, F.col("requirement")
    made = supervisions(world).withColumn("requirement", main_requirement(world))
    share = F.when(requirement == "ATR", rates.reached_atr.rate).when(requirement == "DRR", rates.reached_drr.rate)
    days = F.when(case.happens(rates.soon.rate, "soon"), case.below(21, "days")).otherwise(21 + case.below(150, "days"))
    held = made.where(case.happens(F.coalesce(share, F.lit(0.0)), "treated"))
    # Odd numbers: those of other episodes are even.
    known = {"event": F.col("case") * 2 + 1, "event_date": F.date_add("referral", days.cast("int"))}
    return held.withColumns(known).select(*world.people.columns, *known)


def _episodes(world: World) -> DataFrame:
    """One row per episode, of referrals by courts and of others alike; adds `end`."""
    rates, person = world.rates.treatment, world.draws("person_id")
    treated = person.happens(rates.people.rate, "treatment")
    people = world.people.where((F.col("standing") != "none") & treated)
    others = spells(people, world, "treatment", rates.episodes.rate, _PERIOD)
    even = others.withColumn("event", F.col("event") * 2).select(*world.people.columns, "event", "event_date")
    end = F.date_add("event_date", 20 + event_draws(world, "treatment").below(400, "length").cast("int"))
    return even.unionByName(_referred(world)).where(is_there(_PERIOD.age)).withColumn("end", end)


def _english(world: World) -> DataFrame:
    episode, rates = event_draws(world, "treatment"), world.rates.treatment
    prison = (F.col("standing") == "custody") & episode.happens(rates.prison.rate, "prison")
    profile = F.when(prison, "prison").when(episode.happens(rates.with_surname.rate, "profile"), "initials_surname")
    return (
        _episodes(world)
        .where(~is_welsh(F.col("home_area")))
        .withColumn("identifier_profile", profile.otherwise("initials_area"))
    )


def _initials() -> Column:
    """From the name before its surname is left out; those of junk are left out with it."""
    return F.concat(F.substring("first", 1, 1), F.substring("last", 1, 1))


def _about(world: World) -> dict[str, Column]:
    episode, rates = event_draws(world, "treatment"), world.rates.treatment
    over = known_by_now(F.col("end"))
    outcome = F.when(over.isNull(), "in_treatment").otherwise(episode.pick(rates.outcomes.shares, "outcome"))
    return {
        "initials": F.when(~is_missing(world, "initials"), _initials()),
        "postcode_sector": F.regexp_replace("postcode", "..$", ""),
        "substance": world.draws("person_id").pick(rates.substances.shares, "substance"),
        "referral_source": episode.pick(rates.sources.shares, "source"),
        "outcome": outcome,
    }


def _english_columns(world: World) -> Columns:
    full = F.col("identifier_profile") == "prison"
    number = identifiers.prison_number(F.col("person_id"))
    service = F.pmod(F.xxhash64("event"), F.lit(_SERVICES))
    area = F.concat(F.lit("T"), F.lpad(F.col("area").cast("string"), 3, "0"))
    with_nino = F.col("identifier_profile") == "initials_surname"
    return {
        **_about(world),
        "client_reference": F.when(full, number).otherwise(code("N", F.col("person_id") * _SERVICES + service)),
        "forename1": F.when(full, F.col("forename1")),
        "aliases": F.when(with_nino, F.col("aliases")),
        "treatment_area": F.when(~is_missing(world, "treatment_area"), area),
        "nino": F.when(with_nino, F.col("nino")),
        "prison_number": F.when(full, number),
        "triage_date": F.col("event_date"),
        "discharge_date": known_by_now(F.col("end")),
    }


NDTMS = Form("ndtms", "T", _english, _english_columns)


def _modalities(world: RecordedWorld) -> DataFrame:
    episode, rates = event_draws(world, "treatment"), world.rates.treatment
    count = 1 + episode.happens(rates.second_modality.rate, "second").cast("int")
    numbered = whole(world, NDTMS).withColumn("modality_number", F.explode(F.sequence(F.lit(1), count)))
    part = Draws(world.seed, F.xxhash64(F.lit("modality"), F.col("event"), F.col("modality_number")))
    start = F.date_add("event_date", part.below(15, "start").cast("int"))
    columns = {
        **keys(NDTMS, world),
        "modality": part.pick(rates.modalities.shares, "modality"),
        "start_date": start,
        "end_date": known_by_now(F.greatest("end", start)),
    }
    return as_delivered(numbered, "ndtms_modalities", columns)


MODALITIES = Companion("ndtms_modalities", _modalities)


def _welsh(world: World) -> DataFrame:
    return _episodes(world).where(is_welsh(F.col("home_area")))


def _welsh_columns(world: World) -> Columns:
    started = event_draws(world, "treatment").happens(world.rates.treatment.started.rate, "started")
    return {
        **_about(world),
        "referral_date": F.col("event_date"),
        "treatment_start_date": F.when(started, F.date_add("event_date", 14)),
        "end_date": known_by_now(F.col("end")),
    }


WNDSM = Form("wndsm", "W", _welsh, _welsh_columns)
