"""The people: who they are, whom they are related to, and what stays theirs for life.

People are numbered from 0. Up to four neighbours in number form a family whose first is its
head; what a relative shares with the head is drawn from the head's number, so families need
no join.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.synthetic import identifiers
from linkage.synthetic.draws import Draws
from linkage.synthetic.names import NameTables, as_borne_by, name_tables
from linkage.synthetic.rates import MAJORITY, NEVER_FOREIGN, Families, Rates

LARGEST_FAMILY = 4
LAST_BIRTH = "2004-12-31"
AGE_OF_RESPONSIBILITY = 10
_BIRTH_YEARS = 58
_YOUNGER = 1.3  # the higher, the more of the people are young
_FIRST_PNC_YEAR = 1995
_PNC_YEARS = 26
_TWIN_STEPS = 20


def people(spark: SparkSession, rates: Rates, *, count: int, seed: int, partitions: int) -> DataFrame:
    """One row per person, key `person_id` from 0 to count - 1, in no order."""
    tables = name_tables()
    numbered = spark.range(0, count, 1, partitions).select(F.col("id").alias("person_id"))
    return (
        numbered.transform(_with_family, rates.families, seed)
        .transform(_with_basics, rates, tables, seed)
        .transform(_with_names, rates, tables, seed)
        .transform(_with_life, rates, tables, seed)
        .transform(_with_identifiers, rates, seed)
    )


def pnc_of(person: Column, families: Families, seed: int) -> Column:
    """The PNC identifier of a person, from the person's number alone."""
    draws = Draws(seed, person)
    # A relative's birth follows the head's and is not known here, so the latest is assumed.
    birth_year = F.when(_joined(person, families, seed), F.year(F.lit(LAST_BIRTH).cast("date")))
    known = F.coalesce(birth_year, F.year(_birth(draws)))
    first = F.lit(_FIRST_PNC_YEAR) + draws.below(_PNC_YEARS, "pnc year").cast("int")
    return identifiers.pnc(person, F.greatest(first, known + AGE_OF_RESPONSIBILITY))


def _joined(person: Column, families: Families, seed: int) -> Column:
    """Whether a person belongs to the family of the one before."""
    first_of_four = F.pmod(person, F.lit(LARGEST_FAMILY)) == 0
    probability = _related(families) * LARGEST_FAMILY / (LARGEST_FAMILY - 1)
    return ~first_of_four & Draws(seed, person).happens(probability, "joined")


def _related(families: Families) -> float:
    return sum(_relations(families).values())


def _relations(families: Families) -> dict[str, float]:
    names = ("twin", "sibling", "namesake", "child", "partner")
    return {name: getattr(families, name).rate for name in names}


def _birth(draws: Draws) -> Column:
    days = F.floor(F.pow(draws.uniform("birth"), F.lit(_YOUNGER)) * (_BIRTH_YEARS * 365))
    return F.date_sub(F.lit(LAST_BIRTH).cast("date"), days.cast("int"))


def _with_family(numbered: DataFrame, families: Families, seed: int) -> DataFrame:
    person = F.col("person_id")
    joined = [_joined(person - back, families, seed) for back in range(LARGEST_FAMILY - 1)]
    places_back = F.when(~joined[0], 0).when(~joined[1], 1).when(~joined[2], 2).otherwise(3)
    relation = Draws(seed, person).pick(_relations(families), "relation")
    return numbered.select("person_id", (person - places_back).alias("head_id"), relation.alias("drawn")).select(
        "person_id", "head_id", F.when(F.col("head_id") != person, F.col("drawn")).otherwise("head").alias("relation")
    )


def _with_basics(family: DataFrame, rates: Rates, tables: NameTables, seed: int) -> DataFrame:
    """Sex, birth and origin, by relation to the head."""
    own, head = Draws(seed, F.col("person_id")), Draws(seed, F.col("head_id"))
    relation, female = F.col("relation"), rates.population.female.rate
    relative = family.withColumns(
        {
            "head_female": head.happens(female, "female"),
            "head_birth": _birth(head),
            "kin": F.when(relation == "partner", F.col("person_id")).otherwise(F.col("head_id")),
        }
    )
    same_sex = own.happens(rates.families.twin_same_sex.rate, "same sex")
    is_female = (
        F.when(relation == "twin", F.col("head_female") == same_sex)
        .when(relation == "namesake", F.col("head_female"))
        .when(relation == "partner", ~F.col("head_female"))
        .otherwise(own.happens(female, "female"))
    )
    drawn = Draws(seed, F.col("kin")).pick(rates.population.origins.shares, "origin")
    return relative.withColumns(
        {"female": is_female, "birth": _relative_birth(own, relation), "drawn": drawn}
    ).withColumns(
        {
            "ethnicity": F.substring_index("drawn", " ", 1),
            "origin": tables.origin(F.substring_index("drawn", " ", -1)),
        }
    )


def _relative_birth(own: Draws, relation: Column) -> Column:
    """A birth that fits the relation: the same day, some years apart, a generation apart."""
    head, last = F.col("head_birth"), F.lit(LAST_BIRTH).cast("date")
    apart = (300 + own.uniform("years apart") * 2200).cast("int")
    sibling = F.when(own.happens(0.5, "elder"), F.date_sub(head, apart)).otherwise(F.date_add(head, apart))
    generation = (6570 + own.uniform("generation") * 8030).cast("int")
    younger = F.date_add(head, generation)
    child = F.when(younger <= last, younger).otherwise(F.date_sub(head, generation))
    partner = F.date_add(head, ((own.uniform("partner") - 0.5) * 3000).cast("int"))
    return (
        F.when(relation == "head", head)
        .when(relation == "twin", head)
        .when(relation == "sibling", F.least(sibling, last))
        .when(relation == "partner", F.least(partner, last))
        .otherwise(child)
    )


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
    """Marriage, standing before the courts, and how prone to errors the person's records are."""
    own = Draws(seed, F.col("person_id"))
    changes, journeys, population = rates.names, rates.journeys, rates.population
    # Constant hazard from 22 to 45: the year of the change is exponential, none after 45.
    years = F.floor(F.log(1 - own.uniform("married")) / F.log(F.lit(1 - changes.surname_change.rate)))
    married = F.col("female") & (years <= 23)
    new_name = tables.common_surname(F.col("origin"), own.uniform("married name"))
    married_name = F.when(
        own.happens(changes.change_to_double.rate, "both names"), F.concat_ws("-", F.col("surname"), new_name)
    ).otherwise(new_name)
    standing = own.uniform("standing")
    shape = rates.clustering.frailty_shape.rate
    frailty = (1 - F.pow(1 - own.uniform("frailty"), F.lit(1 / shape))) * (1 + shape)
    foreign = own.happens(population.born_abroad, "foreign") & ~F.col("ethnicity").isin(*NEVER_FOREIGN)
    return named.withColumns(
        {
            "married_on": F.when(married, F.add_months("birth", ((22 + years) * 12).cast("int"))),
            "married_name": F.when(married, married_name),
            "standing": F.when(~own.happens(population.offenders.rate, "offender"), "none")
            .when(standing < journeys.custody.rate, "custody")
            .when(standing < journeys.custody.rate + journeys.community.rate, "community")
            .otherwise("court"),
            "frailty": frailty,
            "foreign": foreign,
            "minority": ~F.col("ethnicity").isin(*MAJORITY),
            "nfa": own.happens(population.no_fixed_abode.rate, "no fixed abode"),
        }
    )


def _with_identifiers(alive: DataFrame, rates: Rates, seed: int) -> DataFrame:
    person = F.col("person_id")
    own = Draws(seed, person)
    second_number = own.happens(rates.others.second_prison_number.rate, "second prison number")
    second_crn = own.happens(rates.others.second_crn.rate, "second crn")
    return alive.select(
        *("person_id", "head_id", "female", "birth", "origin", "ethnicity", "forename1", "forename2", "surname"),
        *("married_on", "married_name", "standing", "frailty", "foreign", "minority", "nfa"),
        pnc_of(person, rates.families, seed).alias("pnc"),
        identifiers.cro(person).alias("cro"),
        identifiers.prison_number(person).alias("prison_number"),
        F.when(second_number, identifiers.prison_number(person, second=True)).alias("second_prison_number"),
        identifiers.crn(person).alias("crn"),
        F.when(second_crn, identifiers.crn(person, second=True)).alias("second_crn"),
    )
