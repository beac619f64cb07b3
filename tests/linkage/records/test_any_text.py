"""Any text goes through every standardiser: no exception, null stays null, and what is standard stays as it is."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from linkage.records import (
    addresses,
    dates,
    ethnicity,
    identifiers,
    name_evidence,
    names,
    nicknames,
    organisations,
    postcodes,
    public_identifiers,
    sex,
    text,
)
from linkage.records.histories import SEPARATOR

Function = Callable[[Column], Column]


def pnc(value: Column) -> Column:
    return identifiers.normalise_pnc(value, latest_year=F.lit(2022))


def parsed(value: Column) -> Column:
    return dates.parse_date(value).cast("string")


def joined(function: Function) -> Function:
    """An array as the text that it would be supplied as."""
    return lambda value: F.array_join(function(value), SEPARATOR)


# Once is enough: what these return, they return again.
IDEMPOTENT: dict[str, Function] = {
    "capitals": text.capitals,
    "code": text.code,
    "surname": names.standardise_surname,
    "forename": names.standardise_forename,
    "aliases": joined(names.standardise_aliases),
    "postcode": postcodes.standardise_postcode,
    "postcode_history": joined(lambda value: postcodes.standardise_history(F.lit(None).cast("string"), value)),
    "address": addresses.standardise_address,
    "sex": sex.standardise_sex,
    "ethnicity": ethnicity.standardise_ethnicity,
    "ethnicity_16": ethnicity.to_16,
    "date": parsed,
    "pnc": pnc,
    "cro": identifiers.normalise_cro,
    "asn": identifiers.normalise_asn,
    "urn": identifiers.normalise_urn,
    "prison_number": identifiers.normalise_prison_number,
    "crn": identifiers.normalise_crn,
    "nhs_number": public_identifiers.normalise_nhs_number,
    "nino": public_identifiers.normalise_nino,
    "upn": public_identifiers.normalise_upn,
}
# These answer a question, or give a part or several values: what they return is not what they take.
OTHERS: dict[str, Function] = {
    "has_other_script": text.has_other_script,
    "forename_words": names.forename_words,
    "is_initial": name_evidence.is_initial,
    "initials": lambda value: name_evidence.initials(value, value),
    "surname_parts": name_evidence.surname_parts,
    "name_words": lambda value: name_evidence.name_words(value, value),
    "full_names": lambda value: name_evidence.full_names(value, value, names.standardise_aliases(value)),
    "surname_history": lambda value: name_evidence.surname_history(value, names.standardise_aliases(value)),
    "formal_forenames": nicknames.formal_forenames,
    "is_pseudo": postcodes.is_pseudo,
    "is_no_fixed_abode": postcodes.is_no_fixed_abode,
    "is_unknown": postcodes.is_unknown,
    "sector": postcodes.sector,
    "district": postcodes.district,
    "area": postcodes.area,
    "flat_number": addresses.flat_number,
    "house_number": addresses.house_number,
    "street": addresses.street,
    "has_no_fixed_abode": addresses.is_no_fixed_abode,
    "is_unknown_address": addresses.is_unknown,
    "institution": addresses.institution,
    "sex_of_title": sex.sex_of_title,
    "ethnic_group": ethnicity.ethnic_group,
    "observed_group": ethnicity.observed_group,
    "is_impossible": dates.is_impossible,
    "is_organisation": organisations.is_organisation,
    "kept_aside": lambda value: identifiers.kept_aside(value, identifiers.normalise_crn(value)),
    "pnc_check_letter": identifiers.check_letter,
    "readings": lambda value: dates.readings(dates.parse_date(value)),
    "age": lambda value: dates.age_in_years(dates.parse_date(value), F.lit("2020-01-01").cast("date")),
}
# Only these may return an empty text: the first for an empty one, the others for what is not standardised.
MAY_BE_EMPTY = {
    "capitals",
    "sector",
    "district",
    "area",
    "initials",
    "ethnic_group",
    "ethnicity_16",
    "pnc_check_letter",
}

MARKERS = "MC |DE |LA |O |NI |VAN |MR | JR| AND |&|DUPLICATE_|MIG_ERROR_|NOT ENTERED|UNKNOWN|XA1|2BC|ZZ99|NF1|1NF"
MARKERS += "|1999/|9999901N|99/|00ZZ/|SF79/|9999N|1985-|02|28/|QQ|123456|C|FLAT 3|12A|HIGH|STREET|RD|NFA|HMP|LTD|T/A"
PIECE_LIST = [
    *"OIS09/-;'\"`() ,.\t\n\\",
    *"ÉßŉﬁİǅΩ",
    "é\u0301",
    "أحمد",
    "\u202e",
    "👩\u200d👧",
    "\U0001d4d0",
    *MARKERS.split("|"),
]
# Any unicode that UTF-8 can hold, and texts made of what the rules look for.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.lists(st.sampled_from(PIECE_LIST), max_size=8).map(
    "".join
)
LENGTH = 10_000
# What a regular expression may loop or recurse on.
REPEATED = [
    "A",
    "a",
    "0",
    " ",
    "'",
    "(",
    "()",
    "(A",
    ";",
    ",",
    "é",
    "e\u0301",
    "א",
    "👩",
    "A ",
    "O ",
    "DE ",
    "MR ",
    " JR",
]
REPEATED += [
    "MR JR ",
    "DUPLICATE_",
    "A;",
    "MR ;",
    "FLAT 3 ",
    "1 ",
    "A, ",
    "1, ",
    "NFA ",
    " LTD",
    "AND ",
    "XA1 2BC;",
    "-",
    "/",
]


@given(values=st.lists(TEXTS, min_size=100, max_size=100))
@settings(
    max_examples=4,  # the first is of empty texts
    phases=[Phase.generate],  # each step of a search for a smaller example would be a Spark job
    suppress_health_check=list(HealthCheck),
)
def test_any_unicode(spark: SparkSession, values: list[str]) -> None:
    check(spark, values)


def test_all_letters_and_many_compositions(spark: SparkSession) -> None:
    letters = [chr(code) for code in (*range(1, 0x600), *range(0x1E00, 0x2200), *range(0x2C60, 0x2C80))]
    letters += [chr(code) for code in (*range(0xFB00, 0xFB20), *range(0xFF00, 0xFF60))]
    generator = random.Random(1)
    made = ["".join(generator.choices(PIECE_LIST, k=generator.randint(1, 8))) for _ in range(4_000)]
    check(spark, [None, "", *letters, *(f"A{letter}B" for letter in letters), *made])


def test_ten_thousand_characters(spark: SparkSession) -> None:
    check(spark, [(piece * LENGTH)[:LENGTH] for piece in REPEATED])


def check(spark: SparkSession, values: list[str | None]) -> None:
    df = spark.createDataFrame([(value,) for value in values], "value string").coalesce(1)
    once = df.select("value", *(f(F.col("value")).alias(name) for name, f in (IDEMPOTENT | OTHERS).items()))
    twice = once.select("*", *(f(F.col(name)).alias(f"{name}_again") for name, f in IDEMPOTENT.items()))
    for row in twice.collect():
        for name in IDEMPOTENT:
            assert row[name] == row[f"{name}_again"], (name, row["value"][:80])
        for name in IDEMPOTENT.keys() | OTHERS.keys():
            assert row[name] != "" or name in MAY_BE_EMPTY, (name, row["value"][:80])
            assert row[name] != [], (name, row["value"][:80])
            assert row["value"] is not None or row[name] is None, name
