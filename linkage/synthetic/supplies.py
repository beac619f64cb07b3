"""Supplies as the departments would deliver them: text columns, codes, and some bad rows."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records.keyed_hash import SEPARATOR
from linkage.synthetic.draws import Draws
from linkage.synthetic.names import load_table, words
from linkage.synthetic.rates import Rates

_Columns = dict[str, Column]
# Keys are a permutation of the rows' numbers: the factor is odd.
_KEY_FACTOR, _KEY_SPAN = 2_654_435_761, 2**40
_OFFENCES = {
    "motoring": 0.30,
    "summary": 0.18,
    "violence": 0.14,
    "theft": 0.13,
    "drugs": 0.08,
    "public_order": 0.07,
    "damage": 0.04,
    "weapons": 0.03,
    "fraud": 0.01,
    "robbery": 0.01,
    "sexual": 0.01,
}
_PLEAS = {"guilty": 0.68, "not_guilty": 0.20, "none": 0.12}
_REQUIREMENTS = {"RAR": 0.48, "UPW": 0.38, "DRR": 0.06, "ATR": 0.05, "MHTR": 0.03}
_TERMINATIONS = {"completed": 0.70, "revoked": 0.18, "expired": 0.12}
_SENT_UP, _RECALLED, _BREACHED, _SECOND_NUMBER, _FORMER_KNOWN = 0.08, 0.25, 0.2, 0.5, 0.6
# Flaws that leave a row with a key of its own.
_KEYED_FLAWS = ("row_repeated", "date_unreadable")


def to_supply(rows: DataFrame, dataset: str, rates: Rates, *, seed: int) -> DataFrame:
    """The table that is delivered, in the form of the dataset's schema; one row per row of it."""
    draws, case = Draws(seed, F.col("record")), Draws(seed, F.col("case"))
    schema = schemas.load(dataset)
    no_ethnicity = draws.happens(F.col("gaps") * rates.datasets[dataset].missing.ethnicity, "no ethnicity")
    columns = {
        "forename1": F.col("forename1_written"),
        "forename2": F.col("middle"),
        "surname": F.col("surname_written"),
        "ethnicity": F.when(~no_ethnicity, F.col("ethnicity")),
        **{name: F.when(F.col("flaw").eqNullSafe("key_missing"), None).otherwise(part) for name, part in _key(dataset)},
        **_OWN_COLUMNS[dataset](draws, case, rates),
    }
    day = str(schema.event_date)
    columns[day] = F.when(F.col("flaw") == "date_unreadable", F.lit("not known")).otherwise(columns[day].cast("string"))
    nothing = F.lit(None)
    return rows.where(F.col("dataset") == dataset).select(
        *(
            columns.get(c.name, F.col(c.name) if c.name in rows.columns else nothing).cast("string").alias(c.name)
            for c in schema.columns
        )
    )


def truth_of(rows: DataFrame, dataset: str) -> DataFrame:
    """The person behind each key, once; keys that are missing or in conflict have none."""
    keyed = (F.col("flaw").isNull() | F.col("flaw").isin(*_KEYED_FLAWS)) & (F.col("sharing") == 0)
    return rows.where((F.col("dataset") == dataset) & keyed).select(
        F.lit(dataset).alias("source_dataset"),
        F.concat_ws(SEPARATOR, *(part for _, part in _key(dataset))).alias("source_key"),
        F.col("person_id").alias("true_person_id"),
    )


def _key(dataset: str) -> list[tuple[str, Column]]:
    code = F.lpad(F.hex(F.pmod(F.col("number") * _KEY_FACTOR, F.lit(_KEY_SPAN))), 10, "0")
    letters = {"magistrates": "C", "prison": "J", "probation": "E"}
    first, *others = schemas.load(dataset).key
    parts = [(first, F.concat(F.lit(letters[dataset]), code))]
    return parts + [(name, F.concat(F.lit("D"), F.substring(code, 9, 2))) for name in others]


def _site(letter: str) -> Column:
    return F.concat(F.lit(letter), F.lpad(F.col("site").cast("string"), 3, "0"))


def _second(name: str, draws: Draws) -> Column:
    """The person's second number of a kind, where there is one, in some records."""
    return F.when(draws.happens(_SECOND_NUMBER, name), F.coalesce(f"second_{name}", name)).otherwise(F.col(name))


def _magistrates(_draws: Draws, case: Draws, _rates: Rates) -> _Columns:
    organisation = F.col("flaw").eqNullSafe("organisation")
    companies = words(load_table("forms")["companies"])
    company = F.concat_ws(" ", F.col("surname"), case.choose(companies, "company"), F.lit("LTD"))
    personal = ("forename1_written", "middle", "aliases", "dob", "sex", "pnc")
    nobody = {name: F.when(~organisation, F.col(name)) for name in personal}
    return {
        "forename1": nobody.pop("forename1_written"),
        "forename2": nobody.pop("middle"),
        **nobody,
        "party_type": F.when(organisation, "O").otherwise("P"),
        "surname": F.when(organisation, company).otherwise(F.col("surname_written")),
        "urn": F.concat(F.lit("00ZZ"), F.lpad(case.below(100_000, "urn").cast("string"), 5, "0"), F.lit("99")),
        "court_code": _site("M"),
        "offence_category": case.pick(_OFFENCES, "offence"),
        "offence_date": F.date_sub("hearing", (10 + case.uniform("offence date") * 250).cast("int")),
        "first_hearing_date": F.col("hearing"),
        "completion_date": F.col("completion"),
        "plea": case.pick(_PLEAS, "plea"),
        "verdict": F.lit("guilty"),
        "disposal": F.col("disposal"),
        "committal": F.when(case.happens(_SENT_UP, "committal"), "sentence").otherwise("none"),
    }


def _prison(draws: Draws, case: Draws, _rates: Rates) -> _Columns:
    release = F.date_add("completion", F.col("days_served"))
    remand = case.happens(0.4, "remand")
    recall = F.date_add(release, (case.uniform("recall date") * 180).cast("int") + 1)
    return {
        "prison_number": _second("prison_number", draws),
        "nationality": F.when(F.col("foreign"), "Other").otherwise("UK"),
        "establishment_code": _site("P"),
        "custody_type": F.when(remand, "remand").otherwise("sentenced"),
        "reception_date": F.col("event_date"),
        "sentence_date": F.col("completion"),
        "release_date": release,
        "recall_date": F.when(case.happens(_RECALLED, "recall"), recall),
    }


def _probation(draws: Draws, case: Draws, rates: Rates) -> _Columns:
    known = F.col("disposal") == "custody"
    missing = rates.datasets["probation"].missing.prison_number
    dob, slash = F.col("dob"), F.lit("/")
    termination = F.date_add("event_date", (90 + case.uniform("termination") * 600).cast("int"))
    return {
        # Probation writes names in mixed case and the day first.
        **{name: F.initcap(source) for name, source in _MIXED_CASE.items()},
        "dob": F.concat(F.substring(dob, 9, 2), slash, F.substring(dob, 6, 2), slash, F.substring(dob, 1, 4)),
        "crn": _second("crn", draws),
        "prison_number": F.when(known | ~draws.happens(missing, "no prison number"), _second("prison_number", draws)),
        "previous_postcodes": F.when(draws.happens(_FORMER_KNOWN, "former postcode"), F.col("former_postcode")),
        "event_type": F.when(known, "licence").otherwise(F.col("disposal")),
        "referral_date": F.col("event_date"),
        "termination_date": termination,
        "requirement": F.when(~known, case.pick(_REQUIREMENTS, "requirement")),
        "termination_reason": case.pick(_TERMINATIONS, "termination reason"),
        "breach": case.happens(_BREACHED, "breach").cast("int"),
    }


_MIXED_CASE = {"forename1": "forename1_written", "forename2": "middle", "surname": "surname_written"}
_OWN_COLUMNS: dict[str, Callable[[Draws, Draws, Rates], _Columns]] = {
    "magistrates": _magistrates,
    "prison": _prison,
    "probation": _probation,
}
