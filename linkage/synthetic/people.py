"""The people: who they are, whom they are related to, and what stays theirs for life."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.families import (
    CHILD,
    UNIT,
    child_birth,
    head_birth,
    is_family_unit,
    is_offender,
    kin_birth,
    with_family,
)
from linkage.synthetic.geography import area_of
from linkage.synthetic.names import NameTables, as_borne_by, name_tables
from linkage.synthetic.rates import MAJORITY, NEVER_FOREIGN, Rates

FIRST_DAY = "2011-01-01"
LAST_DAY = "2022-12-31"
_TWIN_STEPS = 20
_GROWN = 18 * 365
_COLUMNS = (
    *("person_id", "head_id", "in_family_unit", "relation", "female", "birth", "death", "origin", "ethnicity"),
    *("forename1", "forename2", "surname", "married_on", "married_name", "alias_forename", "alias_surname"),
    *("alias_birth", "standing", "civil", "frailty", "foreign", "minority", "nfa", "home_area"),
)


def people(spark: SparkSession, rates: Rates, *, count: int, seed: int, partitions: int) -> DataFrame:
    """One row per person, key `person_id` from 0 to count - 1, in no order."""
    tables = name_tables()
    numbered = spark.range(0, count, 1, partitions).select(F.col("id").alias("person_id"))
    return (
        numbered.transform(with_family, rates, seed)
        .transform(_with_basics, rates, tables, seed)
        .transform(_with_names, rates, tables, seed)
        .transform(_with_life, rates, tables, seed)
        .select(*_COLUMNS)
    )


def _with_basics(family: DataFrame, rates: Rates, tables: NameTables, seed: int) -> DataFrame:
    """Sex, birth and origin, by relation to the head."""
    person, head, relation = F.col("person_id"), F.col("head_id"), F.col("relation")
    own = Draws(seed, person)
    relative = family.withColumns(
        {
            "head_female": _drawn_female(head, rates, seed),
            "head_birth": head_birth(head, F.col("in_family_unit"), rates, seed),
            "kin": F.when(relation == "partner", person).otherwise(head),
        }
    )
    same_sex = own.happens(rates.families.twin_same_sex.rate, "same sex")
    is_female = (
        F.when(relation == "twin", F.col("head_female") == same_sex)
        .when(relation == "namesake", F.col("head_female"))
        .when(relation == "partner", ~F.col("head_female"))
        .otherwise(_drawn_female(person, rates, seed))
    )
    second = F.pmod(person, F.lit(UNIT)) == UNIT - 1
    birth = F.when(relation == CHILD, child_birth(head, second, rates, seed)).otherwise(
        kin_birth(own, relation, F.col("head_birth"))
    )
    drawn = Draws(seed, F.col("kin")).pick(rates.population.origins.shares, "origin")
    return relative.withColumns({"female": is_female, "birth": birth, "drawn": drawn}).withColumns(
        {
            "ethnicity": F.substring_index("drawn", " ", 1),
            "origin": tables.origin(F.substring_index("drawn", " ", -1)),
        }
    )


def _drawn_female(person: Column, rates: Rates, seed: int) -> Column:
    """The sex of a person that no relation decides: few of those who come to court are women."""
    before_court = is_offender(person, rates, seed) & ~is_family_unit(person, rates, seed)
    share = F.when(before_court, rates.population.female.rate).otherwise(rates.population.female_elsewhere.rate)
    return Draws(seed, person).happens(share, "female")


def _with_names(basics: DataFrame, rates: Rates, tables: NameTables, seed: int) -> DataFrame:
    own, kin = Draws(seed, F.col("person_id")), Draws(seed, F.col("kin"))
    origin, female = F.col("origin"), F.col("female")
    # A twin's name is the head's moved on by some ranks, so that it is another one.
    from_head = F.col("relation").isin("namesake", "twin")
    namer = F.when(from_head, F.col("head_id")).otherwise(F.col("person_id"))
    step = F.when(F.col("relation") == "twin", own.below(_TWIN_STEPS, "twin") + 1).otherwise(0).cast("int")
    ranked = basics.withColumns(
        {
            "rank": tables.surname_rank(origin, kin.uniform("surname")),
            "forename": Draws(seed, namer).uniform("forename"),
        }
    ).withColumn("place", tables.tail_place(origin, F.col("rank")))
    second_name = F.when(
        kin.happens(rates.population.double_barrelled.rate, "double"),
        tables.common_surname(origin, kin.uniform("second surname")),
    )
    middle = tables.forename(origin, female, own.uniform("middle"))
    return ranked.withColumns(
        {
            "surname": F.concat_ws("-", tables.surname(origin, F.col("rank"), F.col("place")), second_name),
            "forename1": tables.forename(origin, female, F.col("forename"), step),
            "forename2": F.when(own.happens(rates.population.middle_name.rate, "has middle"), middle),
        }
    ).withColumn("surname", as_borne_by(F.col("surname"), origin, female))


def _with_life(named: DataFrame, rates: Rates, tables: NameTables, seed: int) -> DataFrame:
    """Marriage, other names, death, standing before the courts, and how prone to errors the person's records are."""
    own = Draws(seed, F.col("person_id"))
    population = rates.population
    first, last = F.lit(FIRST_DAY).cast("date"), F.lit(LAST_DAY).cast("date")
    dies = F.date_add(first, (own.uniform("death") * F.datediff(last, first)).cast("int"))
    grown = F.datediff(dies, "birth") > _GROWN
    shape = rates.clustering.frailty_shape.rate
    frailty = (1 - F.pow(1 - own.uniform("frailty"), F.lit(1 / shape))) * (1 + shape)
    foreign = own.happens(population.born_abroad, "foreign") & ~F.col("ethnicity").isin(*NEVER_FOREIGN)
    return named.withColumns(
        {
            **_married(own, rates, tables),
            **_also_known_as(own, rates, tables),
            "death": F.when(grown & own.happens(population.deaths.rate, "dies"), dies),
            "standing": _standing(own, rates, seed),
            "civil": is_civil(F.col("person_id"), F.col("relation") == CHILD, rates, seed),
            "frailty": frailty,
            "foreign": foreign,
            "minority": ~F.col("ethnicity").isin(*MAJORITY),
            "nfa": own.happens(population.no_fixed_abode.rate, "no fixed abode"),
            "home_area": area_of(Draws(seed, F.col("head_id"))),
        }
    )


def _married(own: Draws, rates: Rates, tables: NameTables) -> dict[str, Column]:
    # Constant hazard from 22 to 45: the year of the change is exponential, none after 45.
    changes = rates.names
    years = F.floor(F.log(1 - own.uniform("married")) / F.log(F.lit(1 - changes.surname_change.rate)))
    married = F.col("female") & (years <= 23)
    new_name = tables.common_surname(F.col("origin"), own.uniform("married name"))
    double = F.concat_ws("-", F.col("surname"), new_name)
    name = F.when(own.happens(changes.change_to_double.rate, "both names"), double).otherwise(new_name)
    return {
        "married_on": F.when(married, F.add_months("birth", ((22 + years) * 12).cast("int"))),
        "married_name": F.when(married, name),
    }


def _also_known_as(own: Draws, rates: Rates, tables: NameTables) -> dict[str, Column]:
    """The other name that some people go by: another surname, often another forename too."""
    names = rates.names
    has = own.happens(names.alias_people.rate, "alias")
    other = tables.forename(F.col("origin"), F.col("female"), own.uniform("alias forename"))
    keeps = own.happens(names.alias_keeps_forename.rate, "alias keeps forename")
    forename = F.when(keeps, F.col("forename1")).otherwise(other)
    surname = tables.common_surname(F.col("origin"), own.uniform("alias surname"))
    # Few are invented at will: day, month or year is kept, or all but some days.
    days = (own.uniform("alias days") * 700 - 350).cast("int")
    years = (1 + own.below(4, "alias years")).cast("int") * F.when(own.happens(0.5, "alias elder"), -12).otherwise(12)
    days_off = own.happens(names.alias_date_days_off.rate, "alias date")
    birth = F.when(days_off, F.date_add("birth", days)).otherwise(F.add_months("birth", years))
    return {
        "alias_forename": F.when(has, forename),
        "alias_surname": F.when(has, surname),
        "alias_birth": F.when(has, birth),
    }


def _standing(own: Draws, rates: Rates, seed: int) -> Column:
    """The worst that happens to a person before a criminal court; `none` for those who do not come there."""
    journeys, standing = rates.journeys, own.uniform("standing")
    return (
        F.when(~is_offender(F.col("person_id"), rates, seed), "none")
        .when(standing < journeys.custody.rate, "custody")
        .when(standing < journeys.custody.rate + journeys.community.rate, "community")
        .otherwise("court")
    )


def is_civil(person: Column, child: Column, rates: Rates, seed: int) -> Column:
    """Whether a person is ever a party of a civil claim; a child of a family unit is not."""
    offender = is_offender(person, rates, seed)
    share = F.when(child, 0.0).when(offender, rates.civil.of_offenders.rate).otherwise(rates.civil.of_others.rate)
    return Draws(seed, person).happens(share, "civil")
