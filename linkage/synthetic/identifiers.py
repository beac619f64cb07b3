"""Identifiers that no real person has: right in form and check character, never issued.

Ranges that are not issued: PNC serials from 1,000,000 on, while a year has fewer (A); CRO serials
from 300,000 on (A); prison numbers and case reference numbers that begin with Q to Z, and case
reference numbers with I or O (A); NHS numbers from 999 on (P), and those from 900 on, which are
needed beyond 900,000 people (K); National Insurance numbers that begin with Q (K), QQ up to a
million people; pupil numbers of local authority 999 (A); police force 00 (A). Each person's number
is a permutation of the person's own number into the range, so no two people share one: up to 18
million people for the PNC, 21 million for the CRO, 33 million for prison numbers, 10 million for
case reference numbers, 26 million for National Insurance numbers, 90 million for NHS numbers and
1,000 million for pupil numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.identifiers import check_letter
from linkage.records.public_identifiers import UPN_LETTERS

LARGEST_POPULATION = 10_000_000
FORCE = "00"
_LETTERS = "QRSTUVWXYZ"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NO_DIGIT_ZERO = ord("0")

_PNC_FIRST, _PNC_SPAN = 1_000_000, 9_000_000
_CRO_FIRST, _CRO_SPAN, _CRO_YEARS = 300_000, 700_000, 30
_PRISON_SPAN = 5 * 10_000 * 676
_CRN_SPAN = 10_000_000
_NINO_SPAN = 1_000_000
_NHS_SPAN, _NHS_PREFIX = 900_000, 999
_UPN_SPAN = 1_000_000_000
_URN_UNITS, _URN_SERIALS, _URN_FIRST_YEAR = 676, 100_000, 23


def pnc(person: Column, earliest_year: Column) -> Column:
    """The PNC identifier of a person, in the long form.

    Args:
        person: number of the person, below 18 million.
        earliest_year: the year of the identifier is this one or the next.
    """
    # The parity of the year divides the population in two, so that serials suffice.
    block = F.floor(person / _PNC_SPAN).cast("int")
    year = earliest_year + F.pmod(earliest_year + block, F.lit(2))
    serial = (_permute(person, _PNC_SPAN, 7_368_787) + _PNC_FIRST).cast("string")
    text = year.cast("string")
    return F.concat(text, F.lit("/"), serial, check_letter(F.concat(F.substring(text, 3, 2), serial)))


def cro(person: Column) -> Column:
    """The CRO number of a person; its year says nothing about the person."""
    place = _permute(person, _CRO_SPAN * _CRO_YEARS, 16_777_213)
    serial = (F.pmod(place, F.lit(_CRO_SPAN)) + _CRO_FIRST).cast("string")
    year = (F.floor(place / _CRO_SPAN) + (100 - _CRO_YEARS)).cast("string")
    return F.concat(serial, F.lit("/"), year, check_letter(F.concat(year, serial)))


def prison_number(person: Column, *, second: bool = False) -> Column:
    """A prison number; the second one of a person begins with V to Z, the first with Q to U."""
    place = _permute(person, _PRISON_SPAN, 23_456_789)
    letters = _LETTERS[5:] if second else _LETTERS[:5]
    digits = F.lpad(F.pmod(place, F.lit(10_000)).cast("string"), 4, "0")
    rest = F.floor(place / 10_000)
    return F.concat(
        _letter(letters, F.floor(rest / 676)),
        digits,
        _letter(_ALPHABET, F.pmod(F.floor(rest / 26), F.lit(26))),
        _letter(_ALPHABET, F.pmod(rest, F.lit(26))),
    )


def crn(person: Column) -> Column:
    """A case reference number."""
    return _crn(_permute(person, _CRN_SPAN, 7_654_321), _LETTERS)


def second_crn(person: Column, share: float) -> Column:
    """The number that a `share` of people were given by mistake beside their first; null for the others.

    It begins with I or O, and is one of two million.
    """
    return F.when(*_counted(person, share, lambda place: _crn(place, "IO")))


def second_pnc(person: Column, share: float, earliest_year: Column) -> Column:
    """Another PNC identifier that a `share` of people have been given; null for the others."""
    return F.when(*_counted(person, share, lambda place: pnc(place + LARGEST_POPULATION, earliest_year)))


def second_cro(person: Column, share: float) -> Column:
    """Another CRO number that a `share` of people have been given; null for the others."""
    return F.when(*_counted(person, share, lambda place: cro(place + LARGEST_POPULATION)))


def _counted(person: Column, share: float, make: Callable[[Column], Column]) -> tuple[Column, Column]:
    """Whether a person is among a `share` of people, a fifth at most, and what is made of the place among them.

    They are every so-manieth of a permutation, so that their places have no gaps and numbers do not run out.
    """
    if not share:
        return F.lit(False), F.lit(None).cast("string")
    step = max(round(1 / share), 5)
    place = _permute(person, _CRN_SPAN, 3_456_787)
    return F.pmod(place, F.lit(step)) == 0, make(F.floor(place / step))


def _crn(place: Column, letters: str) -> Column:
    digits = F.lpad(F.pmod(place, F.lit(1_000_000)).cast("string"), 6, "0")
    return F.concat(_letter(letters, F.floor(place / 1_000_000)), digits)


def nino(person: Column) -> Column:
    """A National Insurance number: QQ for the first million people, QA to QZ beyond."""
    digits = F.lpad(_permute(person, _NINO_SPAN, 765_433).cast("string"), 6, "0")
    # Q is the 17th letter: the first block takes it, the others follow round the alphabet.
    block = F.pmod(F.floor(person / _NINO_SPAN) + 16, F.lit(26))
    return F.concat(F.lit("Q"), _letter(_ALPHABET, block), digits, _letter("ABCD", F.pmod(person, F.lit(4))))


def nhs_number(person: Column) -> Column:
    """An NHS number of ten digits: 999 for the first 900,000 people, 998 and so on down beyond."""
    place = _permute(person, _NHS_SPAN, 654_323)
    block = (F.lit(_NHS_PREFIX) - F.floor(person / _NHS_SPAN)).cast("string")
    first = F.concat(block, F.lpad(F.floor(place / 9).cast("string"), 5, "0"))
    total = F.lit(0)
    for position in range(8):
        total = total + (F.ascii(F.substring(first, position + 1, 1)) - _NO_DIGIT_ZERO) * (10 - position)
    # One ninth digit (weight 2, whose inverse is 6) would leave the remainder 1, for which there is no check.
    bad = F.pmod((1 - total) * 6, F.lit(11))
    ninth = F.pmod(place, F.lit(9))
    ninth = ninth + F.when(ninth >= bad, 1).otherwise(0)
    check = F.pmod(-(total + ninth * 2), F.lit(11))
    return F.concat(first, ninth.cast("string"), check.cast("string"))


def upn(person: Column) -> Column:
    """A unique pupil number of local authority 999."""
    digits = F.concat(F.lit("999"), F.lpad(_permute(person, _UPN_SPAN, 765_432_101).cast("string"), 9, "0"))
    total = F.lit(0)
    for position in range(12):
        total = total + (F.ascii(F.substring(digits, position + 1, 1)) - _NO_DIGIT_ZERO) * (position + 2)
    return F.concat(_letter(UPN_LETTERS, F.pmod(total, F.lit(23))), digits)


def urn(file: Column) -> Column:
    """The unique reference number of a case file: force 00, and a year later than any supply.

    Args:
        file: number of the case file, below 5 thousand million.
    """
    span = _URN_UNITS * _URN_SERIALS
    place = _permute(file, span, 48_271_333)
    unit, year = F.floor(place / _URN_SERIALS), F.floor(file / span) + _URN_FIRST_YEAR
    return F.concat(
        F.lit(FORCE),
        _letter(_ALPHABET, F.floor(unit / 26)),
        _letter(_ALPHABET, F.pmod(unit, F.lit(26))),
        F.lpad(F.pmod(place, F.lit(_URN_SERIALS)).cast("string"), 5, "0"),
        year.cast("string"),
    )


def asn(case: Column, year: Column) -> Column:
    """The arrest summons number of an arrest: force 00, unit ZZ, system 00.

    Args:
        case: number of the defendant's case, below 10 to the 11th; one arrest has one number.
        year: of the arrest.
    """
    years, sequence = F.substring(year.cast("string"), 3, 2), F.lpad((case + 1).cast("string"), 11, "0")
    letter = check_letter(F.concat(F.lit(FORCE + "00"), years, sequence))
    return F.concat(years, F.lit(f"/{FORCE}ZZ/00/"), sequence, letter)


def _permute(person: Column, span: int, factor: int) -> Column:
    """A permutation of [0, span): the factor has no divisor in common with the span."""
    return F.pmod(F.pmod(person, F.lit(span)) * F.lit(factor) + F.lit(4_444_447), F.lit(span))


def _letter(letters: str, index: Column) -> Column:
    return F.substring(F.lit(letters), index.cast("int") + 1, F.lit(1))
