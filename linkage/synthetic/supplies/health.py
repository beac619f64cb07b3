"""Deaths, hospital episodes, and the counts that the hospital side makes of them."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.geography import is_welsh, police_force_area, region
from linkage.synthetic.rows import code
from linkage.synthetic.supplies.spells import Period, event_draws, spells
from linkage.synthetic.world import Columns, Companion, Form, World, as_delivered

_PERIOD = Period("2012-04-01", "2022-12-31", age=10)
# Codes of the blocks that the programme's document S4 names.
_CAUSES = {"drug": "X42", "alcohol": "K70", "suicide": "X70", "homicide": "X99", "other": "I25"}
_OF_WHY = {"sharp": "X99", "firearm": "X95", "assault": "Y04"}
_DIAGNOSIS = {"sharp": "S21", "firearm": "S21", "assault": "S02", "poisoning": "T40", "mental_behavioural": "F11"}
_ASSAULTS = ("sharp", "firearm", "assault")
_ALL = "all"


def _deaths(world: World) -> DataFrame:
    died = world.people.where(F.col("death").isNotNull())
    return died.withColumns({"event": F.col("person_id"), "event_date": F.col("death")})


def _chosen(values: dict[str, str], of: Column) -> Column:
    result = F.lit(None).cast("string")
    for name, value in values.items():
        result = F.when(of == name, value).otherwise(result)
    return result


def _death_columns(world: World) -> Columns:
    person = world.draws("person_id")
    group = person.pick(world.rates.health.causes_of_death.shares, "cause of death")
    inquest = F.when(group == "other", 7).otherwise(200)
    registered = F.date_add("event_date", (inquest * (0.5 + person.uniform("inquest"))).cast("int"))
    return {
        "death_date": F.col("event_date"),
        "registration_date": registered,
        "cause": _chosen(_CAUSES, group),
        "cause_group": group,
    }


MORTALITY = Form("mortality", "Z", _deaths, _death_columns)


def _episodes(world: World) -> DataFrame:
    """One row per finished episode for assault or drugs: adds `why`, `episode_order` and `sort`, in both countries."""
    rates = world.rates.health
    share = F.when(F.col("standing") == "none", rates.hospital_others.rate).otherwise(rates.hospital.rate)
    people = world.people.where(world.draws("person_id").happens(share, "hospital"))
    episode = event_draws(world, "hes")
    order = F.when(episode.happens(rates.first_episode.rate, "first"), "1").otherwise("later")
    return spells(people, world, "hes", rates.episodes.rate, _PERIOD).withColumns(
        {"why": episode.pick(rates.why.shares, "why"), "episode_order": order}
    )


def _english(world: World) -> DataFrame:
    return _episodes(world).where(~is_welsh(F.col("home_area")))


def _episode_columns(world: World) -> Columns:
    stay = event_draws(world, "hes").below(6, "stay").cast("int")
    return {
        "spell_key": code("L", F.col("event")),
        "episode_status": F.lit("3"),
        "admission_date": F.date_sub("event_date", stay),
        "episode_end_date": F.col("event_date"),
        "primary_diagnosis": _chosen(_DIAGNOSIS, F.col("why")),
        "cause": _chosen(_OF_WHY, F.col("why")),
        "region_code": region(F.col("area")),
        "police_force_area_code": police_force_area(F.col("area"), F.col("district")),
    }


HES = Form("hes_episodes", "G", _english, _episode_columns)


def _counted(world: World, *, welsh: bool) -> DataFrame:
    """Episodes with the dimensions of the aggregate supplies, at the home that the person was born to."""
    here = is_welsh(F.col("home_area")) if welsh else ~is_welsh(F.col("home_area"))
    young = F.add_months("birth", 25 * 12) > F.col("event_date")
    district = F.pmod(F.xxhash64("head_id"), F.lit(20))
    return (
        _episodes(world)
        .where(here)
        .select(
            F.trunc("event_date", "month").cast("string").alias("month"),
            "why",
            "episode_order",
            F.when(young, "under_25").otherwise("25_plus").alias("age_band"),
            F.when(F.col("female"), "F").otherwise("M").alias("sex"),
            "ethnicity",
            region(F.col("home_area")).alias("region"),
            police_force_area(F.col("home_area"), district).alias("police_force_area"),
            _chosen(_DIAGNOSIS, F.col("why")).alias("diagnosis"),
        )
    )


def _with_measures(episodes: DataFrame) -> DataFrame:
    """Each episode once as a finished episode, and the first of a spell as an admission too."""
    measures = F.array_compact(F.array(F.lit("FCE"), F.when(F.col("episode_order") == "1", F.lit("FAE"))))
    causes = F.array_compact(F.array(F.lit("assault"), F.when(F.col("why") == "sharp", F.lit("sharp"))))
    assaults = episodes.where(F.col("why").isin(*_ASSAULTS)).withColumn("measure", F.explode(measures))
    return assaults.withColumn("cause", F.explode(causes))


def _margin(counted: DataFrame, tabulation: str, geography: str, by: tuple[str, ...] = ()) -> DataFrame:
    """A tabulation by month and one kind of area, and by one more dimension or none."""
    kept = {name: F.col(name) if name in by else F.lit(_ALL) for name in ("age_band", "sex", "ethnicity")}
    cells = counted.select(
        F.lit(tabulation).alias("tabulation"),
        "measure",
        "cause",
        "month",
        F.lit(geography).alias("geography_type"),
        F.col(geography).alias("geography_code"),
        *(column.alias(name) for name, column in kept.items()),
    )
    return cells.groupBy(*cells.columns).agg(F.count(F.lit(1)).alias("episodes"))


def _assaults(world: World) -> DataFrame:
    counted = _with_measures(_counted(world, welsh=False))
    sharp = counted.where("cause = 'sharp'")
    margins = [
        _margin(sharp, "sharp_biannual", "region"),
        *(_margin(sharp, "sharp_biannual", "region", (by,)) for by in ("age_band", "sex", "ethnicity")),
        _margin(sharp, "sharp_monthly", "police_force_area"),
        _margin(sharp, "sharp_monthly", "police_force_area", ("age_band",)),
        _margin(counted.where("cause = 'assault'"), "assault_monthly", "police_force_area"),
        _margin(counted.where("cause = 'assault'"), "assault_monthly", "police_force_area", ("age_band",)),
    ]
    return as_delivered(reduce(DataFrame.unionByName, margins), "hes_assaults", {})


def _drugs(world: World) -> DataFrame:
    admitted = _counted(world, welsh=False).where("episode_order = '1'")
    cells = admitted.where("why != 'assault'").select(
        F.col("why").alias("cause"),
        "diagnosis",
        "month",
        F.lit("region").alias("geography_type"),
        F.col("region").alias("geography_code"),
        "age_band",
        "sex",
        F.lit(_ALL).alias("ethnicity"),
    )
    counted = cells.groupBy(*cells.columns).agg(F.count(F.lit(1)).alias("episodes"))
    return as_delivered(counted, "hes_drugs", {})


def _wales(world: World) -> DataFrame:
    counted = _with_measures(_counted(world, welsh=True))
    both = counted.withColumn("age_band", F.explode(F.array(F.col("age_band"), F.lit(_ALL))))
    keys = ("measure", "cause", "month", "police_force_area", "age_band")
    cells = both.groupBy(*keys).agg(F.count(F.lit(1)).alias("episodes"))
    return as_delivered(cells, "pedw_assaults", {"police_force_area_code": F.col("police_force_area")})


COMPANIONS = (
    Companion("hes_assaults", _assaults),
    Companion("hes_drugs", _drugs),
    Companion("pedw_assaults", _wales),
)
