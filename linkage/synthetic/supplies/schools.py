"""School records, and the extract of police records through which they are linked."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import identifiers
from linkage.synthetic.draws import Draws
from linkage.synthetic.families import pnc_year
from linkage.synthetic.geography import is_welsh
from linkage.synthetic.supplies.spells import event_draws
from linkage.synthetic.world import Columns, Form, World

_BORN_FROM = "1985-09-01"
_FIRST_YEAR, _LAST_YEAR = 2001, 2020
_FIRST_AGE, _YEARS = 11, 5  # years 7 to 11
_NUMBERS = 8
_REFORM = 2014


def _pupils(world: World) -> DataFrame:
    """One row per school year from 11 to 15 of the pupils of state schools in England."""
    born = world.people.where((F.col("birth") >= F.lit(_BORN_FROM).cast("date")) & ~is_welsh(F.col("home_area")))
    held = born.where(world.draws("person_id").happens(world.rates.schools.pupils.rate, "pupil"))
    numbered = held.withColumn("place", F.explode(F.sequence(F.lit(0), F.lit(_YEARS - 1))))
    cohort = F.year("birth") - F.when(F.month("birth") < 9, 1).otherwise(0)
    dated = numbered.withColumn("school_year", cohort + _FIRST_AGE + F.col("place"))
    return dated.where(F.col("school_year").between(_FIRST_YEAR, _LAST_YEAR)).withColumns(
        {
            "event": F.col("person_id") * _NUMBERS + F.col("place"),
            "event_date": F.make_date(F.col("school_year") + 1, F.lit(1), F.lit(15)),
        }
    )


def _pupil_keys(_world: World) -> Columns:
    following = F.lpad(F.pmod(F.col("school_year") + 1, F.lit(100)).cast("string"), 2, "0")
    return {
        "upn": identifiers.upn(F.col("person_id")),
        "academic_year": F.concat(F.col("school_year").cast("string"), F.lit("/"), following),
    }


def _pupil_columns(world: World) -> Columns:
    person, year, rates = world.draws("person_id"), event_draws(world, "npd"), world.rates.schools
    before = person.pick(rates.needs_before_reform.shares, "sen")
    needs = F.when(F.col("school_year") < _REFORM, before).otherwise(person.pick(rates.needs.shares, "sen"))
    last = F.col("place") == _YEARS - 1
    chance = F.when(F.col("standing") == "none", rates.excluded.rate).otherwise(rates.excluded_offenders.rate)
    excluded = year.happens(chance, "excluded")
    return {
        "census_date": F.col("event_date"),
        "attainment": F.when(last, person.pick(rates.attainment.shares, "attainment")).otherwise("not_entered"),
        "absence_percent": F.round(F.pow(year.uniform("absence"), F.lit(3)) * 60, 1),
        "exclusions": F.when(excluded, 1 + year.below(4, "exclusions")).otherwise(0),
        "sen_provision": needs,
        "social_care": person.pick(rates.social_care.shares, "social care"),
    }


NPD = Form("npd", "U", _pupils, _pupil_columns, keys=_pupil_keys)


def _offenders(world: World) -> DataFrame:
    """One row per person of the first case of their own."""
    held = world.cases.where((F.col("number") == 1) & (F.year("hearing") <= _LAST_YEAR + 1))
    return held.withColumns({"event": F.col("person_id"), "event_date": F.date_sub("hearing", 60)})


def _pnc_keys(world: World) -> Columns:
    person = F.col("person_id")
    return {"pnc": identifiers.pnc(person, pnc_year(person, world.rates, world.seed))}


def _pnc_columns(world: World) -> Columns:
    more: Column = Draws(world.seed, F.col("person_id")).below(3, "offences")
    return {"first_offence_date": F.col("event_date"), "offences": F.col("cases") + more}


PNC = Form("pnc", "N", _offenders, _pnc_columns, keys=_pnc_keys)
