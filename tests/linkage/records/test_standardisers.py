"""Each cleaning function on values that are hard for a reason, and on any unicode."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from linkage.records import dates, identifiers, names, postcodes, sex, text

Case = tuple[str | None, str | None, str]


def clean(spark: SparkSession, function: Callable[[Column], Column], values: list[str | None]) -> list[object]:
    df = spark.createDataFrame(list(enumerate(values)), "i int, value string").coalesce(1)
    return [row[0] for row in df.select(function(F.col("value"))).collect()]


def check(spark: SparkSession, function: Callable[[Column], Column], cases: list[Case]) -> None:
    found = clean(spark, function, [case[0] for case in cases])
    for (value, expected, reason), result in zip(cases, found, strict=True):
        assert result == expected, f"{value!r}: {reason}"


SURNAMES: list[Case] = [
    ("SMITH", "SMITH", "clean stays"),
    ("  smith\t", "SMITH", "case and white space"),
    ("SMITH\n", "SMITH", "a line end is no letter"),
    ("O'Neill", "ONEILL", "an apostrophe joins"),
    ("O\u2019Neill", "ONEILL", "so does a curly one"),
    ("O Neill", "ONEILL", "so does a particle keyed apart"),
    ("Mc Donald", "MCDONALD", "Scottish particle"),
    ("de la Cruz", "DELACRUZ", "two particles"),
    ("de O Neill", "DEONEILL", "a particle before one of a single letter"),
    ("Al-Hassan", "ALHASSAN", "Arabic article with a hyphen"),
    ("St. John", "STJOHN", "abbreviated saint"),
    ("Smith-Jones", "SMITH JONES", "double-barrelled, hyphen"),
    ("Smith Jones", "SMITH JONES", "double-barrelled, space"),
    ("Łukasiewicz", "LUKASIEWICZ", "Polish stroke"),
    ("Nguyễn", "NGUYEN", "Vietnamese double marks"),
    ("Nguye\u0302\u0303n", "NGUYEN", "the same, decomposed"),
    ("Groß", "GROSS", "one letter becomes two"),
    ("MIG_ERROR_HALL", "HALL", "migration junk"),
    ("DUPLICATE_NO_SHOW_HALL", "HALL", "junk upon junk"),
    ("Hall (deceased)", "HALL", "text in brackets"),
    ("NOT ENTERED", None, "junk text"),
    ("not-entered", None, "junk text, written otherwise"),
    ("UNKNOWN", None, "junk of one word"),
    ("MASTER", "MASTER", "a title, but also a surname"),
    ("123", None, "no letter"),
    ("", None, "empty"),
    ("   ", None, "white space only"),
    ("张伟", None, "no Latin letter"),
    (None, None, "null stays"),
]

FORENAMES: list[Case] = [
    ("JOHN", "JOHN", "clean stays"),
    ("Mr John", "JOHN", "title"),
    ("Prof. Dr. Anna", "ANNA", "two titles"),
    ("MR", None, "only a title"),
    ("Anne-Marie", "ANNE MARIE", "hyphen"),
    ("J.", "J", "initial with a stop"),
    ("Zoë", "ZOE", "accent"),
    ("NO_SHOW_Ali", "ALI", "junk prefix"),
    (None, None, "null stays"),
]

POSTCODES: list[Case] = [
    ("XA1 2BC", "XA1 2BC", "clean stays"),
    ("xa12bc", "XA1 2BC", "space put in"),
    ("Q1A 1AA", "Q1A 1AA", "letter after the digit"),
    (" VB12  3CD ", "VB12 3CD", "white space"),
    ("GIR 0AA", "GIR 0AA", "the one exception of the form"),
    ("NF1 1NF", None, "no fixed abode"),
    ("ZZ993WZ", None, "unknown address"),
    ("XA1", None, "outward code only"),
    ("XI1 1AA", None, "no I in second place"),
    ("1XA 2BC", None, "begins with a digit"),
    (None, None, "null stays"),
]

PNCS: list[Case] = [
    ("1999/9999901N", "1999/9999901N", "vector, long form"),
    ("99/9999901N", "1999/9999901N", "short form before the pivot year"),
    ("2020/0000009N", "2020/0000009N", "vector, long form"),
    ("20/9N", "2020/0000009N", "short form, zeros left out"),
    ("20209N", None, "four digits of year need seven of serial without a slash"),
    ("19999999901N", "1999/9999901N", "no slash, long"),
    ("999999901n", "1999/9999901N", "no slash, short, small letter"),
    ("1999/9999901P", None, "wrong check letter"),
    ("1999/9999911N", None, "wrong digit"),
    ("1999/9999901I", None, "I is no check letter"),
    ("2023/9999901N", None, "after the latest year"),
    ("2000/0000000Z", None, "filler that passes the check"),
    ("PNC", None, "no number"),
    (None, None, "null stays"),
]

CROS: list[Case] = [
    ("999901/99U", "999901/99U", "vector"),
    ("999901 / 99u", "999901/99U", "spaces and a small letter"),
    ("SF79/9999N", "SF79/9999N", "vector, file only"),
    ("SF79/09999N", "SF79/9999N", "its serial is not padded"),
    ("000000/00Z", None, "filler that passes the check"),
    ("SF00/0Z", None, "filler, file only"),
    ("999901/99V", None, "wrong check letter"),
    (None, None, "null stays"),
]

DATES: list[Case] = [
    ("1985-02-28", "1985-02-28", "ISO"),
    ("28/02/1985", "1985-02-28", "day first"),
    ("8.2.1985", "1985-02-08", "single digits"),
    ("19850228", "1985-02-28", "compact"),
    ("1985-02-28T00:00:00Z", "1985-02-28", "with a time"),
    ("1985-02-30", None, "no such day"),
    ("02/28/1985", None, "no such month: never read month first"),
    ("28/02/85", None, "a year of two digits is not guessed at"),
    ("1985", None, "a year is no date"),
    ("0000-00-00", None, "filler"),
    (None, None, "null stays"),
]


def pnc(value: Column) -> Column:
    return identifiers.normalise_pnc(value, latest_year=F.lit(2022))


def parsed(value: Column) -> Column:
    return dates.parse_date(value).cast("string")


@pytest.mark.parametrize(
    ("function", "cases"),
    [
        (names.standardise_surname, SURNAMES),
        (names.standardise_forename, FORENAMES),
        (postcodes.standardise_postcode, POSTCODES),
        (pnc, PNCS),
        (identifiers.normalise_cro, CROS),
        (parsed, DATES),
    ],
)
def test_hard_values(spark: SparkSession, function: Callable[[Column], Column], cases: list[Case]) -> None:
    check(spark, function, cases)


def test_numbers_without_check_letter(spark: SparkSession) -> None:
    numbers = ["Z9999ZZ", "z9999 zz", "Z999ZZ", None]
    assert clean(spark, identifiers.normalise_prison_number, numbers) == ["Z9999ZZ", "Z9999ZZ", None, None]
    assert clean(spark, identifiers.normalise_crn, ["Z999999", "z 999999", "9Z99999", None]) == [
        "Z999999",
        "Z999999",
        None,
        None,
    ]


def test_sex_codes(spark: SparkSession) -> None:
    values = ["M", "male", "1", "F", "Female ", "2", "9", "X", "", None]
    assert clean(spark, sex.standardise_sex, values) == ["M", "M", "M", "F", "F", "F", None, None, None, None]


def test_aliases_are_sorted_full_names(spark: SparkSession) -> None:
    values = ["Mr Jon O'Neil; ANNE-MARIE de la Cruz;;NOT ENTERED", "A B;a b", " ; ", "", None]
    assert clean(spark, names.standardise_aliases, values) == [
        ["ANNE MARIE DELACRUZ", "JON ONEIL"],
        ["A B"],
        None,
        None,
        None,
    ]


def test_postcode_parts_and_history(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [("XA1 2BC", "vb2 2bb;NF1 1NF; XA12BC"), ("XA1 2BC", None), (None, "vb2 2bb"), (None, ";"), (None, None)],
        "present string, earlier string",
    ).coalesce(1)
    present = F.col("present")
    rows = df.select(
        postcodes.sector(present),
        postcodes.district(present),
        postcodes.standardise_history(present, F.col("earlier")),
    ).collect()
    assert [tuple(row) for row in rows] == [
        ("XA1 2", "XA1", ["VB2 2BB", "XA1 2BC"]),
        ("XA1 2", "XA1", ["XA1 2BC"]),
        (None, None, ["VB2 2BB"]),
        (None, None, None),
        (None, None, None),
    ]


def test_birth_and_age(spark: SparkSession) -> None:
    day, hearing = date(1985, 2, 28), date(2020, 2, 27)
    rows = [
        (day, hearing, day, 34, "a day before the birthday"),
        (day, date(2020, 2, 28), day, 35, "on the birthday"),
        (date(1900, 1, 1), hearing, None, 120, "filler"),
        (date(1970, 1, 1), hearing, None, 50, "filler"),
        (date(2020, 2, 28), hearing, None, None, "born after the hearing"),
        (date(1850, 1, 1), hearing, None, 170, "too far back"),
        (day, None, day, None, "no hearing to compare with"),
        (None, hearing, None, None, "null stays"),
    ]
    df = spark.createDataFrame([row[:2] for row in rows], "birth date, day date").coalesce(1)
    birth, latest = F.col("birth"), F.col("day")
    found = df.select(dates.plausible_birth(birth, latest=latest), dates.age_in_years(birth, latest)).collect()
    for row, result in zip(rows, found, strict=True):
        assert tuple(result) == row[2:4], row[4]


STANDARDISERS: dict[str, Callable[[Column], Column]] = {
    "capitals": text.capitals,
    "code": text.code,
    "surname": names.standardise_surname,
    "forename": names.standardise_forename,
    "postcode": postcodes.standardise_postcode,
    "sex": sex.standardise_sex,
    "pnc": pnc,
    "cro": identifiers.normalise_cro,
    "prison_number": identifiers.normalise_prison_number,
    "crn": identifiers.normalise_crn,
    "date": parsed,
    "aliases": lambda value: F.array_join(names.standardise_aliases(value), names.ALIAS_SEPARATOR),
}
# Any unicode that UTF-8 can hold, and texts made of what the rules look for.
MARKERS = "MC |DE |O |MR |DUPLICATE_|MIG_ERROR_|NOT ENTERED|XA1|2BC|ZZ99|1999/|9999901N|SF79/|9999N|1985-|02|28/"
PIECE_LIST = [*"OIS09/-;'() ", *"ÉßŉﬁİǅΩ", *MARKERS.split("|")]
PIECES = st.sampled_from(PIECE_LIST)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.lists(PIECES, max_size=8).map("".join)


@given(values=st.lists(st.none() | TEXTS, min_size=60, max_size=60))
@settings(
    max_examples=3,
    phases=[Phase.generate],  # each step of a search for a smaller example would be a Spark job
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)
def test_any_text_is_cleaned_once_and_for_all(spark: SparkSession, values: list[str | None]) -> None:
    check_idempotence(spark, values)


def test_all_letters_and_many_compositions_are_cleaned_once_and_for_all(spark: SparkSession) -> None:
    letters = [chr(code) for code in (*range(1, 0x600), *range(0x1E00, 0x2200), *range(0xFB00, 0xFB20))]
    generator = random.Random(1)
    made = ["".join(generator.choices(PIECE_LIST, k=generator.randint(1, 8))) for _ in range(4_000)]
    check_idempotence(spark, [None, "", *letters, *(f"A{letter}B" for letter in letters), *made])


def check_idempotence(spark: SparkSession, values: list[str | None]) -> None:
    df = spark.createDataFrame([(value,) for value in values], "value string").coalesce(1)
    once = df.select("value", *(f(F.col("value")).alias(name) for name, f in STANDARDISERS.items()))
    twice = once.select("*", *(f(F.col(name)).alias(f"{name}_again") for name, f in STANDARDISERS.items()))
    for row in twice.collect():
        for name in STANDARDISERS:
            assert row[name] == row[f"{name}_again"], (name, row["value"])
            assert row[name] != "" or name == "capitals"
            if row["value"] is None:
                assert row[name] is None, name
