"""A person as one record has it: the state at the day of the event, then the clerk's errors.

Errors gather on people (frailty) and on sites, and are likelier for some groups. Each step
adds or replaces columns and leaves the number of rows alone.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic import errors
from linkage.synthetic.draws import Draws
from linkage.synthetic.events import by_dataset
from linkage.synthetic.names import name_tables
from linkage.synthetic.people import pnc_of
from linkage.synthetic.rates import Rates

_PSEUDO_POSTCODES = {
    "magistrates": {"ZZ99 3VZ": 0.6, "ZZ99 3WZ": 0.4},
    "prison": {"NF1 1NF": 1.0},
    "probation": {"NF1 1NF": 0.9, "NF1 1FA": 0.1},
}


def recorded(rows: DataFrame, rates: Rates, *, seed: int, count: int) -> DataFrame:
    """Fills the identifying columns of the rows of all datasets, errors included.

    Args:
        rows: one row per record with the columns of the person, `event_date`, `site` (a
            number), `dataset`, `record` (what the draws hang on) and the address.
        rates: how often what goes wrong.
        seed: of the population.
        count: number of people, from whom identifiers are borrowed.
    """
    draws = Draws(seed, F.col("record"))
    return (
        rows.transform(_with_proneness, rates, seed)
        .transform(_as_named_then, draws, rates)
        .transform(_with_name_errors, draws, rates)
        .transform(_with_names_written, draws, rates)
        .transform(_with_date_and_sex, draws, rates)
        .transform(_with_postcode, draws, rates)
        .transform(_with_numbers, draws, rates, count=count)
    )


def _here(rates: Rates, name: str) -> Column:
    """The rate `name` of the row's dataset."""
    return by_dataset({dataset: getattr(here, name).rate for dataset, here in rates.datasets.items()})


def _missing(rates: Rates, name: str) -> Column:
    """The share of rows without a value in the row's dataset."""
    return by_dataset({dataset: getattr(here.missing, name) for dataset, here in rates.datasets.items()})


def _weight(flag: str, multiplier: float, share: float) -> Column:
    """The multiplier where `flag` holds, and less than 1 elsewhere, so that the mean stays 1."""
    mean = 1 + share * (multiplier - 1)
    return F.when(F.col(flag), multiplier / mean).otherwise(1 / mean)


def _with_proneness(rows: DataFrame, rates: Rates, seed: int) -> DataFrame:
    """How much likelier than usual errors and gaps are in this record."""
    clustering = rates.clustering
    spread = Draws(seed, F.xxhash64(F.col("dataset"), F.col("site"))).uniform("site") * 2 - 1
    site = 1 + spread * clustering.site_spread.rate
    share = rates.population.minority
    minority = _weight("minority", clustering.minority_typo.rate, share)
    gaps = _weight("minority", clustering.minority_missing.rate, share)
    return rows.withColumns(
        {"prone": F.col("frailty") * site, "typing": F.col("frailty") * site * minority, "gaps": site * gaps}
    )


def _as_named_then(rows: DataFrame, draws: Draws, rates: Rates) -> DataFrame:
    """The name in use on the day: married, false, short, with or without a second forename."""
    tables, names = name_tables(), rates.names
    origin, british = F.col("origin"), F.lit(0)
    false = draws.happens(F.col("prone") * names.false_identity.rate, "false identity")
    married = F.coalesce(F.col("married_on") <= F.col("event_date"), F.lit(False))
    # The share without is of all records, also of people who have no second forename.
    without = 1 - (1 - _missing(rates, "forename2")) / rates.population.middle_name.rate
    initial = F.when(draws.happens(names.middle_initial.rate, "initial"), F.substring("forename2", 1, 1))
    return rows.withColumns({"false": false, "married": married}).withColumns(
        {
            "known_as": F.concat_ws(" ", F.col("forename1"), F.col("surname")),
            "last": F.when(F.col("false"), tables.common_surname(british, draws.uniform("false surname")))
            .when(F.col("married"), F.col("married_name"))
            .otherwise(F.col("surname")),
            "first": F.when(F.col("false"), tables.forename(origin, F.col("female"), draws.uniform("false forename")))
            .when(draws.happens(_here(rates, "nickname"), "nickname"), errors.nickname(F.col("forename1")))
            .otherwise(F.col("forename1")),
            "middle": F.when(
                ~F.col("false") & ~draws.happens(without, "no middle"), F.coalesce(initial, F.col("forename2"))
            ),
        }
    )


def _with_name_errors(rows: DataFrame, draws: Draws, rates: Rates) -> DataFrame:
    """Typing and hearing errors, each in one of the two names."""
    names, typing = rates.names, F.col("typing")
    of_last = draws.happens(0.55, "error in surname")
    kind = draws.uniform("name error")
    share = typing * names.typo.rate
    target = F.when(of_last, F.col("last")).otherwise(F.col("first"))
    wrong = F.when(kind < share, errors.typo(F.col("target"), draws, "name")).when(
        kind < share + typing * names.sound.rate, errors.misheard(F.col("target"))
    )
    return (
        rows.withColumns({"target": target, "of_last": of_last})
        .withColumn("wrong", wrong)
        .withColumns(
            {
                "last": F.when(F.col("of_last"), F.coalesce("wrong", "last")).otherwise(F.col("last")),
                "first": F.when(~F.col("of_last"), F.coalesce("wrong", "first")).otherwise(F.col("first")),
            }
        )
    )


def _with_names_written(rows: DataFrame, draws: Draws, rates: Rates) -> DataFrame:
    """Names in their fields: exchanged, with junk, with aliases beside them."""
    names = rates.names
    swap = F.col("prone") * _weight("minority", rates.clustering.minority_swap.rate, rates.population.minority)
    swapped = draws.happens(swap * names.swapped.rate, "swapped")
    junk = draws.uniform("junk")
    prefix = F.when(junk < names.junk.rate, draws.choose(errors.JUNK_PREFIXES, "junk prefix")).otherwise("")
    lost = F.when((junk >= names.junk.rate) & (junk < 2 * names.junk.rate), F.lit("NOT ENTERED"))
    alias = F.when(
        (F.col("false") | F.col("married") | draws.happens(0.5, "alias kind")),
        F.col("known_as"),
    ).otherwise(F.concat_ws(" ", errors.nickname(F.col("forename1")), F.col("surname")))
    return rows.withColumns({"swapped": swapped}).withColumns(
        {
            "surname_written": F.concat(prefix, F.when(F.col("swapped"), F.col("first")).otherwise(F.col("last"))),
            "forename1_written": F.coalesce(lost, F.when(F.col("swapped"), F.col("last")).otherwise(F.col("first"))),
            "aliases": F.when(draws.happens(_here(rates, "alias"), "alias"), alias),
        }
    )


def _with_date_and_sex(rows: DataFrame, draws: Draws, rates: Rates) -> DataFrame:
    dates, prone, gaps = rates.dates, F.col("prone"), F.col("gaps")
    person = Draws(draws.seed, F.col("person_id"))
    january = F.col("foreign") & person.happens(dates.first_january.rate, "first january")
    invented = F.date_add("birth", (draws.uniform("false birth") * 3000 - 1500).cast("int"))
    stated = F.when(F.col("false"), invented).when(january, F.trunc("birth", "year")).otherwise(F.col("birth"))
    wrong = errors.wrong_date(
        F.col("stated"),
        draws,
        transposed=draws.happens(prone * dates.transposed.rate, "transposed"),
        digit=draws.happens(prone * dates.digit.rate, "digit wrong"),
        years_off=draws.happens(prone * dates.years_off.rate, "year wrong"),
    )
    filler = F.when(draws.happens(0.6, "filler"), F.lit("1900-01-01")).otherwise("1970-01-01")
    sex = F.when(F.col("female") == draws.happens(rates.others.sex_wrong.rate, "sex wrong"), F.lit("M")).otherwise("F")
    return rows.withColumn("stated", stated).withColumns(
        {
            "dob": F.when(
                ~draws.happens(gaps * _missing(rates, "dob"), "no dob"),
                F.when(draws.happens(_here(rates, "placeholder_dob"), "placeholder"), filler).otherwise(wrong),
            ),
            "sex": F.when(~draws.happens(gaps * _missing(rates, "sex"), "no sex"), sex),
        }
    )


def _with_postcode(rows: DataFrame, draws: Draws, rates: Rates) -> DataFrame:
    more = _weight("nfa", rates.clustering.no_fixed_abode_postcode.rate, rates.population.no_fixed_abode.rate)
    missing = draws.happens(F.col("gaps") * more * _missing(rates, "postcode"), "no postcode")
    pseudo = draws.happens(more * _here(rates, "pseudo_postcode"), "pseudo postcode")
    mistyped = draws.happens(F.col("typing") * rates.others.postcode_typo.rate, "postcode typo")
    written = (
        F.when(
            pseudo, by_dataset({name: draws.pick(codes, "which pseudo") for name, codes in _PSEUDO_POSTCODES.items()})
        )
        .when(mistyped, errors.mistyped_postcode(F.col("postcode"), draws))
        .otherwise(F.col("postcode"))
    )
    street = F.when(pseudo, F.lit("NO FIXED ABODE")).otherwise(F.col("address_line1"))
    return rows.withColumns({"postcode": F.when(~missing, written), "address_line1": F.when(~missing, street)})


def _with_numbers(rows: DataFrame, draws: Draws, rates: Rates, *, count: int) -> DataFrame:
    """PNC, CRO and prison number as recorded: missing, mistyped, another person's, short."""
    others, gaps = rates.others, F.col("gaps")
    foreign = _weight("foreign", rates.clustering.foreign_pnc_missing.rate, rates.population.foreign_national.rate)
    another = draws.happens(others.pnc_borrowed.rate, "borrowed") | (
        F.col("false") & draws.happens(rates.names.false_with_other_pnc.rate, "false pnc")
    )
    pnc = F.when(another, pnc_of(draws.below(count, "lender"), rates.families, draws.seed)).otherwise(F.col("pnc"))
    place = (draws.uniform("pnc place") * 7).cast("int") + 6
    mistyped = draws.happens(F.col("prone") * others.pnc_mistyped.rate, "pnc wrong")
    typed = F.when(mistyped, errors.other_digit(F.col("pnc"), place, draws, "pnc digit")).otherwise(F.col("pnc"))
    from_pnc = F.concat(F.substring("pnc", 7, 6), F.lit("/"), F.substring("pnc", 3, 2), F.substring("pnc", 13, 1))
    cro = (
        F.when(draws.happens(others.cro_from_pnc.rate, "cro from pnc"), from_pnc)
        .when(draws.happens(others.cro_junk.rate, "cro junk"), "000000/00Z")
        .otherwise(F.col("cro"))
    )
    return (
        rows.withColumn("pnc", F.when(~draws.happens(gaps * foreign * _missing(rates, "pnc"), "no pnc"), pnc))
        .withColumn("cro", F.when(~draws.happens(gaps * _missing(rates, "cro"), "no cro"), cro))
        .withColumn("pnc", typed)
        .withColumn(
            "pnc",
            F.when(draws.happens(others.pnc_short_form.rate, "short"), errors.short_pnc(F.col("pnc"))).otherwise(
                F.col("pnc")
            ),
        )
    )
