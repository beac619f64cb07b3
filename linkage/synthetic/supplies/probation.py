"""Probation: a row for each event of a service user, and tables of what supervision consists of."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.rows import keys, whole
from linkage.synthetic.supplies.courts import with_offences
from linkage.synthetic.supplies.custody import in_probation_supply, known_by_now, supervisions
from linkage.synthetic.world import Columns, Companion, Form, RecordedWorld, World, as_delivered

_RAR_FROM = "2015-02-01"
_PSS_DAYS = 2 * 365  # post-sentence supervision is for sentences of less than two years (K)


def main_requirement(world: World) -> Column:
    """The main requirement of a community or suspended sentence order; null on licence."""
    case, rates = world.draws("case"), world.rates.probation
    early = F.col("referral") < F.lit(_RAR_FROM).cast("date")
    before = case.pick(rates.requirements_before_rar.shares, "requirement")
    drawn = F.when(early, before).otherwise(case.pick(rates.requirements.shares, "requirement"))
    return F.when(F.col("event_type") != "licence", drawn)


def _events(world: World) -> DataFrame:
    held = supervisions(world).where(in_probation_supply(F.col("referral")))
    return held.withColumns({"event": F.col("case"), "event_date": F.col("referral")})


def _columns(world: World) -> Columns:
    case, rates = world.draws("case"), world.rates.probation
    over = known_by_now(F.col("termination"))
    return {
        # Probation writes names in mixed case and the day first.
        **{name: F.initcap(name) for name in ("forename1", "forename2", "forename3", "surname", "aliases")},
        "dob": _day_first(F.col("dob")),
        "alias_dobs": _day_first(F.col("alias_dobs")),
        "referral_date": F.col("referral"),
        "termination_date": over,
        "requirement": main_requirement(world),
        "termination_reason": F.when(over.isNotNull(), case.pick(rates.terminations.shares, "termination reason")),
        "breach": case.happens(rates.breached.rate, "breach").cast("int"),
    }


def _day_first(day: Column) -> Column:
    slash = F.lit("/")
    return F.concat(F.substring(day, 9, 2), slash, F.substring(day, 6, 2), slash, F.substring(day, 1, 4))


FORM = Form("probation", "E", _events, _columns)


def _offences(world: RecordedWorld) -> DataFrame:
    return as_delivered(with_offences(whole(world, FORM), world), "probation_offences", keys(FORM, world))


def _numbered(rows: DataFrame, world: World) -> tuple[DataFrame, Draws, Column]:
    """One row per part of an event: adds `part`, from 1; gives draws for it, and the day on which it began."""
    case, rates = world.draws("case"), world.rates.probation
    more = enumerate((rates.second_part.rate, rates.third_part.rate), 1)
    count = sum((case.happens(share, f"part {n}").cast("int") for n, share in more), F.lit(1))
    numbered = rows.withColumn("part", F.explode(F.sequence(F.lit(1), count)))
    part = Draws(world.seed, F.xxhash64(F.lit("part"), F.col("case"), F.col("part")))
    return numbered, part, F.date_add("referral", part.below(28, "start").cast("int"))


def _requirements(world: RecordedWorld) -> DataFrame:
    ordered = whole(world, FORM).where("event_type != 'licence'")
    numbered, part, start = _numbered(ordered, world)
    rates, first = world.rates.probation, F.col("part") == 1
    further = part.pick(rates.requirements_before_rar.shares, "requirement")
    end = known_by_now(F.greatest(F.date_add(start, part.below(400, "length").cast("int") + 14), start))
    columns = {
        **keys(FORM, world),
        "requirement_number": F.col("part"),
        "requirement": F.when(first, main_requirement(world)).otherwise(further),
        "start_date": start,
        "end_date": end,
        "termination_reason": F.when(end.isNotNull(), part.pick(rates.terminations.shares, "termination")),
    }
    return as_delivered(numbered, "probation_requirements", columns)


def _licence_conditions(world: RecordedWorld) -> DataFrame:
    numbered, part, start = _numbered(whole(world, FORM).where("event_type = 'licence'"), world)
    columns = {
        **keys(FORM, world),
        "condition_number": F.col("part"),
        "condition": part.pick(world.rates.probation.conditions.shares, "condition"),
        "start_date": start,
        "end_date": known_by_now(F.greatest("termination", start)),
    }
    return as_delivered(numbered, "probation_licence_conditions", columns)


def _pss_requirements(world: RecordedWorld) -> DataFrame:
    """Of short sentences only, when the licence has ended, and since the law has it."""
    short = (F.col("event_type") == "licence") & (F.col("sentence_days") < _PSS_DAYS)
    since = F.col("referral") >= F.lit(_RAR_FROM).cast("date")
    numbered, part, _ = _numbered(whole(world, FORM).where(short & since), world)
    begin = F.date_add("referral", F.col("days_served"))
    columns = {
        **keys(FORM, world),
        "requirement_number": F.col("part"),
        "requirement": part.pick(world.rates.probation.supervision_requirements.shares, "pss"),
        "start_date": begin,
        "end_date": known_by_now(F.date_add(begin, 365)),
    }
    return as_delivered(numbered, "probation_pss_requirements", columns)


COMPANIONS = (
    Companion("probation_offences", _offences),
    Companion("probation_requirements", _requirements),
    Companion("probation_licence_conditions", _licence_conditions),
    Companion("probation_pss_requirements", _pss_requirements),
)
