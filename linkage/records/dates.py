"""Dates from text, and which dates of birth to believe. Null in, null out."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

# 1900-01-01 and 1970-01-01 are known fillers of the probation system (tag CPR).
PLACEHOLDERS = (date(1900, 1, 1), date(1970, 1, 1))
# Nobody in these datasets, which begin in 2011, was born before this (assumed).
EARLIEST_BIRTH = date(1890, 1, 1)

_MONTHS = 12

_ISO = r"\A\d{4}-\d{2}-\d{2}\z"
_DAY_FIRST_PADDED = r"\A\d{2}/\d{2}/\d{4}\z"
# Day first, year first or compact: of the groups one of each kind holds something, the others are empty.
_ANY_FORM = (
    r"\A(?:(?:(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})|(\d{4})-(\d{1,2})-(\d{1,2}))(?:[T ].*)?|(\d{4})(\d{2})(\d{2}))\z"
)
_YEAR_FIRST = "$3$4$7-$2$5$8-$1$6$9"


def parse_date(text: Column) -> Column:
    """A date from YYYY-MM-DD, DD/MM/YYYY (also with . or -) or YYYYMMDD, with or without a time.

    Null for anything else and for dates that do not exist. A date with the month in words or
    a year of two digits is not guessed at; the day comes first, as in the United Kingdom.

    >>> texts = ["1985-02-28", "28/02/1985", "19850228", "1985-02-28 00:00:00", "31/02/1985", "1985"]
    >>> df = spark.createDataFrame([(t,) for t in texts], "text string")
    >>> [str(row[0]) for row in df.select(parse_date(F.col("text"))).collect()]
    ['1985-02-28', '1985-02-28', '1985-02-28', '1985-02-28', 'None', 'None']
    """
    trimmed = F.trim(text)
    rearranged = F.when(trimmed.rlike(_ANY_FORM), F.regexp_replace(trimmed, _ANY_FORM, _YEAR_FIRST))
    hyphen = F.lit("-")
    padded = F.concat(F.substring(text, 7, 4), hyphen, F.substring(text, 4, 2), hyphen, F.substring(text, 1, 2))
    iso = F.when(text.rlike(_ISO), text).when(text.rlike(_DAY_FIRST_PADDED), padded).otherwise(rearranged)
    return iso.try_cast("date")


def is_placeholder(day: Column) -> Column:
    """Whether a date is a filler that stands for an unknown date of birth.

    >>> spark.range(1).select(is_placeholder(F.to_date(F.lit("1900-01-01")))).first()[0]
    True
    """
    return day.isin(*PLACEHOLDERS)


def plausible_birth(day: Column, *, latest: Column) -> Column:
    """A date of birth that can be believed; null for fillers, for the far past and after `latest`.

    Args:
        day: date of birth.
        latest: date by which the person was there, such as that of the hearing; null means
            that it is not known and not looked at.

    >>> days = [("1985-02-28",), ("1970-01-01",), ("2031-01-01",)]
    >>> df = spark.createDataFrame(days, "d string").select(F.to_date("d").alias("d"))
    >>> latest = F.to_date(F.lit("2020-01-01"))
    >>> [str(row[0]) for row in df.select(plausible_birth(F.col("d"), latest=latest)).collect()]
    ['1985-02-28', 'None', 'None']
    """
    believed = (day >= F.lit(EARLIEST_BIRTH)) & ~is_placeholder(day) & ((day <= latest) | latest.isNull())
    return F.when(believed, day)


def other_births(texts: Column, *, latest: Column) -> Column:
    """Dates of birth separated by semicolons that can be read and believed, sorted, without repeats.

    Null when there is none.

    Args:
        texts: dates in the forms of `parse_date`.
        latest: as for `plausible_birth`.

    >>> texts, latest = F.lit("1985-02-28; 28/02/1985;1900-01-01;soon"), F.lit(date(2020, 1, 1))
    >>> spark.range(1).select(other_births(texts, latest=latest).cast("array<string>")).first()[0]
    ['1985-02-28']
    """
    # Parsed by itself: what a lambda reads several times is written as often.
    days = F.transform(F.split(texts, ";"), lambda text: parse_date(F.trim(text)))
    believed = F.transform(days, lambda day: plausible_birth(day, latest=latest))
    distinct = F.array_sort(F.array_distinct(F.array_compact(believed)))
    # Few records have any, and going through an array is slow.
    return F.nullif(F.when(texts.isNotNull(), distinct), F.array().cast("array<date>"))


def is_impossible(text: Column) -> Column:
    """Whether a text has the form of a date and there is no such day, as opposed to no date at all.

    >>> df = spark.createDataFrame([("31/02/1985",), ("28/02/1985",), ("soon",)], "text string")
    >>> [row[0] for row in df.select(is_impossible(F.col("text"))).collect()]
    [True, False, False]
    """
    return F.trim(text).rlike(_ANY_FORM) & parse_date(text).isNull()


def is_first_january(day: Column) -> Column:
    """Whether a date is 1 January, which also stands for a year of birth of which no more is known.

    >>> spark.range(1).select(is_first_january(F.to_date(F.lit("1985-01-01")))).first()[0]
    True
    """
    return (F.month(day) == 1) & (F.dayofmonth(day) == 1)


def with_day_and_month_swapped(day: Column) -> Column:
    """The other date that the same digits are, read month first; null when there is no other.

    >>> days = [("1985-03-02",), ("1985-02-28",), ("1985-02-02",)]
    >>> df = spark.createDataFrame(days, "d string").select(F.to_date("d").alias("d"))
    >>> [str(row[0]) for row in df.select(with_day_and_month_swapped(F.col("d"))).collect()]
    ['1985-02-03', 'None', 'None']
    """
    swappable = (F.dayofmonth(day) <= _MONTHS) & (F.dayofmonth(day) != F.month(day))
    return F.when(swappable, F.make_date(F.year(day), F.dayofmonth(day), F.month(day)))


def readings(day: Column) -> Column:
    """A date and the other one that its digits may be, sorted: one element, or two; null for null.

    For blocking and comparison of arrays: records of one person of which one has day and month
    exchanged hold the same array.

    >>> day = F.to_date(F.lit("1985-03-02"))
    >>> spark.range(1).select(readings(day).cast("array<string>")).first()[0]
    ['1985-02-03', '1985-03-02']
    """
    other = with_day_and_month_swapped(day)
    both = F.sort_array(F.array(day, other))
    return F.when(other.isNotNull(), both).when(day.isNotNull(), F.array(day))


def age_in_years(birth: Column, day: Column) -> Column:
    """Completed years from `birth` to `day`; null when either is, or when it would be negative.

    >>> day = lambda text: F.to_date(F.lit(text))
    >>> spark.range(1).select(age_in_years(day("1985-02-28"), day("2020-02-27"))).first()[0]
    34
    """
    years = F.year(day) - F.year(birth)
    before = F.month(day) * 100 + F.dayofmonth(day) < F.month(birth) * 100 + F.dayofmonth(birth)
    return F.when(birth <= day, years - before.cast("int"))
