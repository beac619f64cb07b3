"""Who belongs together: people are numbered from 0, and neighbours in number are related.

Four neighbours are a unit. In some units they are a family that comes before a family court: two
parents, the first of whom is the head, and two children. In the others some are related to the one
before. What a relative shares with the head is drawn from the head's number, so families need no
join. Everything here follows from numbers alone, so one person's row can say what another's has.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws
from linkage.synthetic.rates import Families, Rates

UNIT = 4
LAST_BIRTH = "2004-12-31"
LAST_CHILD = "2018-12-31"
AGE_OF_RESPONSIBILITY = 10
_BIRTH_YEARS = 58
_FIRST_PNC_YEAR = 1995
_PNC_YEARS = 26
# Parents of a family unit: born in the span of days before this one.
_LAST_PARENT, _PARENT_DAYS = "1995-12-31", 30 * 365
CHILD = "child of unit"


def unit_of(person: Column) -> Column:
    """The number of a person's unit."""
    return F.floor(person / UNIT)


def is_family_unit(person: Column, rates: Rates, seed: int) -> Column:
    """Whether the person's unit is a family that comes before a family court."""
    return Draws(seed, unit_of(person)).happens(rates.population.family_units.rate, "family unit")


def is_offender(person: Column, rates: Rates, seed: int) -> Column:
    """Whether the person comes to a criminal court; children of family units do not."""
    population, grown = rates.population, F.pmod(person, F.lit(UNIT)) < UNIT // 2
    share = F.when(
        is_family_unit(person, rates, seed), F.when(grown, population.family_offenders.rate).otherwise(0.0)
    ).otherwise(population.offenders.rate)
    return Draws(seed, person).happens(share, "offender")


def with_family(numbered: DataFrame, rates: Rates, seed: int) -> DataFrame:
    """Adds `head_id`, `in_family_unit` and `relation` to the head: `head`, a kind of kin, or a child of the unit."""
    person = F.col("person_id")
    family, place = is_family_unit(person, rates, seed), F.pmod(person, F.lit(UNIT))
    joined = [_joined(person - back, rates, seed) for back in range(UNIT - 1)]
    back = F.when(~joined[0], 0).when(~joined[1], 1).when(~joined[2], 2).otherwise(3)
    drawn = Draws(seed, person).pick(_relations(rates.families), "relation")
    placed = numbered.select("person_id", family.alias("in_family_unit"), back.alias("back"))
    in_unit = F.when(place == 0, "head").when(place == 1, "partner").otherwise(CHILD)
    return placed.select(
        "person_id",
        "in_family_unit",
        (person - F.when(F.col("in_family_unit"), place).otherwise(F.col("back"))).alias("head_id"),
        F.when(F.col("in_family_unit"), in_unit).when(F.col("back") > 0, drawn).otherwise("head").alias("relation"),
    )


def _joined(person: Column, rates: Rates, seed: int) -> Column:
    """Whether a person of no family unit is related to the one before."""
    related = sum(_relations(rates.families).values())
    return (F.pmod(person, F.lit(UNIT)) != 0) & Draws(seed, person).happens(related * UNIT / (UNIT - 1), "joined")


def _relations(families: Families) -> dict[str, float]:
    names = ("twin", "sibling", "namesake", "child", "partner")
    return {name: getattr(families, name).rate for name in names}


def head_birth(head: Column, in_family_unit: Column, rates: Rates, seed: int) -> Column:
    """The date of birth of the head of a family, or of somebody without one."""
    draws = Draws(seed, head)
    days = F.floor(F.pow(draws.uniform("birth"), F.lit(rates.population.youth.rate)) * (_BIRTH_YEARS * 365))
    parent = F.date_sub(F.lit(_LAST_PARENT).cast("date"), (draws.uniform("birth") * _PARENT_DAYS).cast("int"))
    return F.when(in_family_unit, parent).otherwise(F.date_sub(F.lit(LAST_BIRTH).cast("date"), days.cast("int")))


def child_birth(head: Column, second: Column, rates: Rates, seed: int) -> Column:
    """The date of birth of a child of a family unit: the second some years after the first, or its twin."""
    draws = Draws(seed, head)
    first = F.date_add(head_birth(head, F.lit(True), rates, seed), (7000 + draws.uniform("child") * 5000).cast("int"))
    twins = draws.happens(rates.families.twin_children.rate, "twin children")
    apart = F.when(twins, 0).otherwise((330 + draws.uniform("gap") * 1500).cast("int"))
    return F.least(F.date_add(first, F.when(second, apart).otherwise(0)), F.lit(LAST_CHILD).cast("date"))


def kin_birth(own: Draws, relation: Column, head: Column) -> Column:
    """A date of birth that fits the relation to the head: the same day, some years or a generation apart."""
    last = F.lit(LAST_BIRTH).cast("date")
    apart = (300 + own.uniform("years apart") * 2200).cast("int")
    sibling = F.when(own.happens(0.5, "elder"), F.date_sub(head, apart)).otherwise(F.date_add(head, apart))
    generation = (6570 + own.uniform("generation") * 8030).cast("int")
    younger = F.date_add(head, generation)
    child = F.when(younger <= last, younger).otherwise(F.date_sub(head, generation))
    partner = F.date_add(head, ((own.uniform("partner") - 0.5) * 3000).cast("int"))
    return (
        F.when(relation.isin("head", "twin"), head)
        .when(relation == "sibling", F.least(sibling, last))
        .when(relation == "partner", F.least(partner, last))
        .otherwise(child)
    )


def pnc_year(person: Column, rates: Rates, seed: int) -> Column:
    """The year from which a person can have a PNC identifier, from the person's number alone."""
    # A relative's birth follows the head's and is not known here, so the latest is assumed.
    family = is_family_unit(person, rates, seed)
    birth_year = F.year(head_birth(person, family, rates, seed))
    known = F.when(family | _joined(person, rates, seed), F.year(F.lit(LAST_BIRTH).cast("date"))).otherwise(birth_year)
    first = F.lit(_FIRST_PNC_YEAR) + Draws(seed, person).below(_PNC_YEARS, "pnc year").cast("int")
    return F.greatest(first, known + AGE_OF_RESPONSIBILITY)
