"""What goes wrong when a person is recorded, as functions of a clean value and of draws."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws, text_table
from linkage.synthetic.names import load_table

_KEYS = "QWERTYUIOPASDFGHJKLZXCVBNM"
_NEIGHBOURS = "WERTYUIOPOSDFGHJKLKXCVBNMN"
_DIGITS = "0123456789"
JUNK_PREFIXES = ["MIG_ERROR_", "NO_SHOW_", "DUPLICATE_"]


def typo(name: Column, draws: Draws, salt: str, *, slips: Mapping[str, float]) -> Column:
    """One letter replaced by its neighbour on the keyboard, left out, doubled, or exchanged with the next.

    Args:
        name: a name in capitals.
        draws: of the record.
        salt: of this name's draws.
        slips: the share of each kind: `neighbour`, `left_out`, `doubled`, `exchanged`.
    """
    place = (draws.uniform(f"{salt} place") * F.length(name)).cast("int") + 1
    kind = draws.pick(slips, f"{salt} kind")
    letter, following = F.substring(name, place, F.lit(1)), F.substring(name, place + 1, F.lit(1))
    instead = (
        F.when(kind == "neighbour", F.concat(F.translate(letter, _KEYS, _NEIGHBOURS), following))
        .when(kind == "left_out", following)
        .when(kind == "doubled", F.concat(letter, letter, following))
        .otherwise(F.concat(following, letter))
    )
    return F.concat(F.substring(name, F.lit(1), place - 1), instead, F.substring(name, place + 2, F.length(name)))


def misheard(name: Column) -> Column:
    """The first group of letters that sounds like another exchanged for it.

    >>> spark.range(1).select(misheard(F.lit("PHILIP"))).first()[0]
    'FILIP'
    """
    pairs = load_table("forms")["sounds"]
    result = F.when(F.lit(False), name)
    for sound, other in pairs:
        result = result.when(F.contains(name, F.lit(sound)), F.replace(name, F.lit(sound), F.lit(other)))
    return result.otherwise(name)


def nickname(forename: Column) -> Column:
    """The usual short form of a forename; the forename itself if it has none.

    >>> spark.range(1).select(nickname(F.lit("ROBERT"))).first()[0]
    'BOB'
    """
    short = load_table("forms")["nicknames"]
    # Not str_to_map: Spark takes two seconds to be ready for it.
    forms = F.map_from_arrays(text_table(list(short)), text_table(list(short.values())))
    return F.coalesce(F.element_at(forms, forename), forename)


def wrong_date(
    birth: Column, draws: Draws, *, transposed: Column, digit: Column, years_off: Column, of_day: float
) -> Column:
    """The date with day and month exchanged, a digit of it wrong, or its year a few off.

    A date that cannot be exchanged (a day above 12) stays as it is. A wrong digit is the last of the
    day, in a share `of_day` if the date then exists, or the last of the year.
    """
    text = F.date_format(birth, "yyyy-MM-dd")
    exchanged = F.concat(F.substring(text, 1, 5), F.substring(text, 9, 2), F.lit("-"), F.substring(text, 6, 2))
    off = (draws.uniform("years off") * 5 + 1).cast("int") * F.when(draws.happens(0.5, "earlier"), -1).otherwise(1)
    day = other_digit(text, F.lit(10), draws, "digit of day")
    year = F.date_format(F.add_months(birth, 12 * _within_decade(F.year(birth), draws)), "yyyy-MM-dd")
    exists = F.dayofmonth(F.last_day(birth)) >= F.substring(day, 9, 2).cast("int")
    mistyped = F.when(draws.happens(of_day, "of day") & exists & ~day.endswith("00"), day).otherwise(year)
    return (
        F.when(transposed & (F.dayofmonth(birth) <= 12), exchanged)
        .when(digit, mistyped)
        .when(years_off, F.date_format(F.add_months(birth, off * 12), "yyyy-MM-dd"))
        .otherwise(text)
    )


def _within_decade(year: Column, draws: Draws) -> Column:
    """Years to add so that another one of the same decade results."""
    last = F.pmod(year, F.lit(10))
    other = F.pmod(last + 1 + draws.below(9, "digit of year").cast("int"), F.lit(10))
    return other - last


def other_digit(text: Column, place: Column, draws: Draws, salt: str) -> Column:
    """The text with the digit at `place` (from 1) raised by 1 to 9, without carrying; a letter stays."""
    digit = F.substring(text, place, F.lit(1))
    raised = F.pmod(digit.try_cast("int") + 1 + draws.below(9, salt).cast("int"), F.lit(10)).cast("string")
    return F.overlay(text, F.coalesce(raised, digit), place)


def mistyped_postcode(postcode: Column, draws: Draws, *, in_digit: float) -> Column:
    """A postcode with its sector digit wrong, in a share `in_digit`, or its last letter."""
    length = F.length(postcode)
    letter = F.translate(F.right(postcode, F.lit(1)), _KEYS, _NEIGHBOURS)
    return F.when(
        draws.happens(in_digit, "postcode place"), other_digit(postcode, length - 2, draws, "postcode digit")
    ).otherwise(F.concat(F.substring(postcode, F.lit(1), length - 1), letter))


def short_pnc(pnc: Column) -> Column:
    """A PNC identifier in the short form: two digits of year, no leading zeros.

    >>> spark.range(1).select(short_pnc(F.lit("1999/0000901N"))).first()[0]
    '99/901N'
    """
    return F.concat(F.substring(pnc, 3, 3), F.regexp_replace(F.substring(pnc, 6, 8), "^0+", ""))
