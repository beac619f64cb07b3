"""What the criminal courts' supplies have in common: case numbers, offences, pleas."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import identifiers
from linkage.synthetic.draws import Draws
from linkage.synthetic.names import load_table, words
from linkage.synthetic.rates import Courts
from linkage.synthetic.weights import is_missing
from linkage.synthetic.world import Columns, World

_OFFENCES_AT_MOST = 8  # of a case
_CODES = 60  # different offences of a category; the later ones are rare


def case_numbers(world: World) -> dict[str, Column]:
    """`urn` of the case file, which co-defendants share, and `asn` of the defendant's arrest."""
    urn = identifiers.urn(F.col("file"))
    asn = identifiers.asn(F.col("case"), F.year("hearing"))
    return {
        "urn": F.when(~is_missing(world, "urn"), urn),
        "asn": F.when(~is_missing(world, "asn"), asn),
    }


def without_person(world: World, columns: Columns) -> dict[str, Column]:
    """The columns of a defendant: where the flaw says so, an organisation and nothing of a person."""
    organisation = F.col("flaw").eqNullSafe("organisation")
    companies = words(load_table("forms")["companies"])
    company = F.concat_ws(" ", F.col("last"), world.draws("case").choose(companies, "company"), F.lit("LTD"))
    personal = ("forename1", "forename2", "forename3", "aliases", "dob", "sex", "pnc", "nino")
    return {
        **{name: F.when(~organisation, columns.get(name, F.col(name))) for name in personal if name in columns},
        "party_type": F.when(organisation, "O").otherwise("P"),
        "surname": F.when(organisation, company).otherwise(F.col("surname")),
    }


def offence_category(case: Draws, rates: Courts) -> Column:
    """The group of a case's principal offence."""
    return case.pick(rates.offence_categories.shares, "offence")


def offence_date(case: Draws) -> Column:
    """The day of a case's principal offence."""
    return F.date_sub("hearing", (10 + case.uniform("offence date") * 250).cast("int"))


def with_offences(rows: DataFrame, world: World) -> DataFrame:
    """One row per offence of a row's case: adds `offence_number`, from 1, and what is known of each.

    The first is the principal one, whose group and date are those of the case.
    """
    case, rates = world.draws("case"), world.rates.courts
    count = 1 + case.more(rates.offences.rate, _OFFENCES_AT_MOST, "offences")
    numbered = rows.withColumn("offence_number", F.explode(F.sequence(F.lit(1), count)))
    offence = Draws(world.seed, F.xxhash64(F.lit("offence"), F.col("case"), F.col("offence_number")))
    principal = F.col("offence_number") == 1
    place = F.floor(F.pow(offence.uniform("code"), F.lit(3)) * _CODES)
    other = offence.pick(rates.offence_categories.shares, "category")
    category = F.when(principal, offence_category(case, rates)).otherwise(other)
    pleas = rates.pleas.shares
    prefix = F.upper(F.substring(F.col("offence_category"), 1, 2))
    return numbered.withColumns(
        {
            "offence_category": category,
            "offence_date": F.date_sub(
                offence_date(case), F.when(principal, 0).otherwise(offence.below(30, "day").cast("int"))
            ),
            "plea": F.when(principal, case.pick(pleas, "plea")).otherwise(offence.pick(pleas, "plea")),
        }
    ).withColumn("offence_code", F.concat(prefix, F.lit("99"), F.lpad(place.cast("string"), 3, "0")))
