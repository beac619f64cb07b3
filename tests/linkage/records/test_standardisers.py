"""Each cleaning function on values that are hard for a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from linkage.records import dates, identifiers, names, postcodes, sex
from tests.linkage.records.cases import Case, check, clean

SURNAMES: list[Case] = [
    ("SMITH", "SMITH", "clean stays"),
    ("  smith\t", "SMITH", "case and white space"),
    ("SMITH\n", "SMITH", "a line end is no letter"),
    ("SMITH\x1fJONES", "SMITH JONES", "nor is what stands between our own fields"),
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
    ("van 't Hof", "VAN T HOF", "a single letter is joined to nothing"),
    ("Ní Bhriain", "NIBHRIAIN", "Irish particle"),
    ("ap Rhys", "APRHYS", "Welsh particle"),
    ("bint Abdullah", "BINTABDULLAH", "Arabic particle"),
    ("du Bois", "DUBOIS", "French particle"),
    ("Hall JNR.", "HALL", "a son's suffix"),
    ("Jr", "JR", "and no other name"),
    ("Ş\u0131k", "SIK", "a dotless i"),
    ("\uff28\uff41\uff4c\uff4c", "HALL", "letters of full width"),
    ("Ǆoković", "DZOKOVIC", "one letter that is two"),
    ("Hall–Smith", "HALL SMITH", "a dash"),
    ("\u02bbAlī", "ALI", "the sign of an ayn is an apostrophe"),
    ("N/A", None, "junk with a stroke"),
    ("Unknown Female", None, "junk of two words"),
    ("Nunn", "NUNN", "not junk"),
    ("李 Li", "LI", "the Latin part of a name in two scripts"),
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
    ("D'Arcy", "DARCY", "an apostrophe joins"),
    ("Abd al-Rahman", "ABD AL RAHMAN", "no particle is joined in a forename"),
    ("Unknown", None, "junk text"),
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
    ("99990199U", "999901/99U", "no slash"),
    ("1/99W", "000001/99W", "zeros left out"),
    ("999901 / 99u", "999901/99U", "spaces and a small letter"),
    ("SF79/9999N", "SF79/9999N", "vector, file only"),
    ("SF79/09999N", "SF79/9999N", "its serial is not padded"),
    ("000000/00Z", None, "filler that passes the check"),
    ("SF00/0Z", None, "filler, file only"),
    ("999901/99V", None, "wrong check letter"),
    (None, None, "null stays"),
]

ASNS: list[Case] = [
    ("99/00ZZ/00/99901E", "99/00ZZ/00/00000099901E", "vector, zeros left out"),
    ("99/00ZZ/00/00000099901e", "99/00ZZ/00/00000099901E", "small letter"),
    ("9900zz0000000099901E", "99/00ZZ/00/00000099901E", "no slashes"),
    ("9900ZZ0099901E", None, "without slashes the sequence has eleven digits"),
    ("99/00ZZ/00/99901F", None, "wrong check letter"),
    ("99/0001/00/99901E", "99/0001/00/00000099901E", "the unit is not checked"),
    ("99/01ZZ/00/99901E", None, "the force is"),
    ("00/0000/00/0Z", None, "filler that passes the check"),
    (None, None, "null stays"),
]

URNS: list[Case] = [
    ("00ZZ9990199", "00ZZ9990199", "vector"),
    ("00/ZZ/99901/99", "00ZZ9990199", "with strokes"),
    ("00zz9990199", "00ZZ9990199", "small letters"),
    ("00ZZ0000099", None, "a serial of zeros"),
    ("00ZZ999019", None, "too short"),
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
        (identifiers.normalise_asn, ASNS),
        (identifiers.normalise_urn, URNS),
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


def test_an_invalid_identifier_is_kept_aside_and_a_valid_one_is_not(spark: SparkSession) -> None:
    values = [" 99/9999902n", "99/9999901N", "  ", None]
    found = clean(spark, lambda value: identifiers.kept_aside(value, pnc(value)), values)
    assert found == ["99/9999902N", None, None, None]


def test_sex_codes(spark: SparkSession) -> None:
    values = ["M", "male", "1", "F", "Female ", "2", "9", "X", "", None]
    assert clean(spark, sex.standardise_sex, values) == ["M", "M", "M", "F", "F", "F", None, None, None, None]


def test_sex_by_title(spark: SparkSession) -> None:
    check(
        spark,
        sex.sex_of_title,
        [
            ("Mr. Hall", "M", "title"),
            ("mrs hall", "F", "small letters"),
            ("Ms", "F", "a title alone"),
            ("Dr Hall", None, "either"),
            ("Mristin Hall", None, "a name that begins like a title"),
            ("Hall", None, "no title"),
            (None, None, "null stays"),
        ],
    )


def test_aliases_are_sorted_full_names(spark: SparkSession) -> None:
    values = ["Mr Jon O'Neil Jnr; ANNE-MARIE de la Cruz;;NOT ENTERED", "A B;a b", "MRS; unknown", "", None]
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
        postcodes.area(present),
        postcodes.standardise_history(present, F.col("earlier")),
    ).collect()
    assert [tuple(row) for row in rows] == [
        ("XA1 2", "XA1", "XA", ["VB2 2BB", "XA1 2BC"]),
        ("XA1 2", "XA1", "XA", ["XA1 2BC"]),
        (None, None, None, ["VB2 2BB"]),
        (None, None, None, None),
        (None, None, None, None),
    ]


def test_pseudo_postcodes(spark: SparkSession) -> None:
    values = ["NF1 1NF", "nf11fa", "ZZ99 3VZ", "ZZ99 3WZ", "ZZ99 3CZ", "XA1 2BC", None]
    df = spark.createDataFrame([(value,) for value in values], "p string").coalesce(1)
    kinds = [postcodes.is_pseudo, postcodes.is_no_fixed_abode, postcodes.is_unknown]
    found = [tuple(row) for row in df.select(*(kind(F.col("p")) for kind in kinds)).collect()]
    assert found == [
        (True, True, False),
        (True, True, False),
        (True, True, False),
        (True, False, True),
        (True, False, False),  # a country without more
        (False, False, False),
        (None, None, None),
    ]


def test_what_a_date_may_also_be(spark: SparkSession) -> None:
    rows = [
        (date(1985, 3, 2), date(1985, 2, 3), False, "both are months"),
        (date(1985, 2, 28), None, False, "no 28th month"),
        (date(1985, 2, 2), None, False, "the same either way"),
        (date(1985, 1, 1), None, True, "1 January, either way"),
        (date(1985, 1, 12), date(1985, 12, 1), False, "December"),
        (None, None, None, "null stays"),
    ]
    day = F.col("day")
    df = spark.createDataFrame([row[:1] for row in rows], "day date").coalesce(1)
    columns = [dates.with_day_and_month_swapped(day), dates.is_first_january(day), dates.readings(day)]
    for (given, other, first, reason), found in zip(rows, df.select(*columns).collect(), strict=True):
        both = sorted(d for d in (given, other) if d is not None) or None
        assert tuple(found) == (other, first, both), reason


def test_impossible_dates(spark: SparkSession) -> None:
    values = ["31/02/1985", "1985-13-01", "19850230", "00/00/0000", "28/02/1985", "1985-02-28", "soon", "", None]
    found = clean(spark, dates.is_impossible, values)
    assert found == [True, True, True, True, False, False, False, False, None]


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
