"""Identifiers that no real person has: right in form and check character, never issued.

Ranges that are not issued (all assumed): PNC serials from 1,000,000 on, while a year has
fewer; CRO serials from 300,000 on; prison numbers and case reference numbers that begin
with Q to Z, and case reference numbers with I or O. Each person's number is a permutation of
the person's own number into the range, so no two people share one: up to 18 million people
for the PNC, 21 million for the CRO, 33 million for prison numbers and 10 million for case
reference numbers.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.identifiers import check_letter

LARGEST_POPULATION = 10_000_000
_LETTERS = "QRSTUVWXYZ"

_PNC_FIRST, _PNC_SPAN = 1_000_000, 9_000_000
_CRO_FIRST, _CRO_SPAN, _CRO_YEARS = 300_000, 700_000, 30
_PRISON_SPAN = 5 * 10_000 * 676
_CRN_SPAN, _SECOND_CRN_SPAN = 10_000_000, 2_000_000


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
        _letter("ABCDEFGHIJKLMNOPQRSTUVWXYZ", F.pmod(F.floor(rest / 26), F.lit(26))),
        _letter("ABCDEFGHIJKLMNOPQRSTUVWXYZ", F.pmod(rest, F.lit(26))),
    )


def crn(person: Column, *, second: bool = False) -> Column:
    """A case reference number; the second one of a person, given by mistake, begins with I or O.

    Second ones repeat from 2 million people on.
    """
    place = _permute(person, _SECOND_CRN_SPAN if second else _CRN_SPAN, 7_654_321)
    digits = F.lpad(F.pmod(place, F.lit(1_000_000)).cast("string"), 6, "0")
    return F.concat(_letter("IO" if second else _LETTERS, F.floor(place / 1_000_000)), digits)


def _permute(person: Column, span: int, factor: int) -> Column:
    """A permutation of [0, span): the factor has no divisor in common with the span."""
    return F.pmod(F.pmod(person, F.lit(span)) * F.lit(factor) + F.lit(4_444_447), F.lit(span))


def _letter(letters: str, index: Column) -> Column:
    return F.substring(F.lit(letters), index.cast("int") + 1, F.lit(1))
