"""Identifiers that other public bodies give people: NHS number, National Insurance number, UPN.

Null in, null out; null also for a wrong form or check digit, so that nothing is linked on it
(`identifiers.kept_aside` has what was written then). Idempotent. Forms and weights are those of
the public descriptions (tags K and P); tests compare them with python-stdnum's.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.text import code

# The letters of a UPN's check: A is 0, and there is no I, O or S.
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
# GOV.UK's example of a National Insurance number begins with QQ; no number that was issued begins with Q.
SYNTHETIC_NINO_LETTER = "Q"

_REPEATED = r"\A(\d)\1{9}\z"
_NINO = (
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]?",
    rf"{SYNTHETIC_NINO_LETTER}[A-Z]\d{{6}}[A-D]?",
)
_DIGIT_ZERO = ord("0")


def _weighted_sum(digits: Column, first: int, weights: range) -> Column:
    """The sum of digits times weights; `first` is the place, from 1, of the first of them in the text."""
    places = enumerate(weights, first)
    return reduce(add, ((F.ascii(F.substring(digits, place, 1)) - _DIGIT_ZERO) * weight for place, weight in places))


def normalise_nhs_number(number: Column) -> Column:
    """An NHS number as ten digits.

    The last digit is 11 less the remainder by 11 of the others, weighted 10 to 2; 11 counts as 0,
    and no number has a remainder that would make it 10. One digit ten times passes the check and
    is a filler: null. Numbers from 999 on are right and never issued: synthetic data has those.

    >>> texts = ["999 000 0018", "9990000019", "0000000000"]
    >>> df = spark.createDataFrame([(t,) for t in texts], "t string")
    >>> [row[0] for row in df.select(normalise_nhs_number(F.col("t"))).collect()]
    ['9990000018', None, None]
    """
    text = code(number)
    # With weight 1 for the check digit itself the sum must be divisible.
    right = _weighted_sum(text, 1, range(10, 0, -1)) % 11 == 0
    return F.when(text.rlike(r"\A\d{10}\z") & ~text.rlike(_REPEATED), F.when(right, text))


def normalise_nino(nino: Column, *, synthetic: bool = False) -> Column:
    """A National Insurance number as two letters and six digits.

    There is no check digit. The suffix A to D is checked and left out: it does not part persons,
    and many systems do not hold it. Letters and prefixes that are never used give null.

    Args:
        nino: the number as recorded.
        synthetic: take prefixes with Q first too, which are never issued and which synthetic data has.

    >>> df = spark.createDataFrame([("ab 12 34 56 c",), ("QQ123456C",), ("GB123456A",)], "t string")
    >>> [row[0] for row in df.select(normalise_nino(F.col("t"))).collect()]
    ['AB123456', None, None]
    >>> df.select(normalise_nino(F.col("t"), synthetic=True)).collect()[1][0]
    'QQ123456'
    """
    text = code(nino)
    forms = "|".join(_NINO if synthetic else _NINO[:1])
    return F.when(text.rlike(rf"\A(?:{forms})\z"), F.substring(text, 1, 8))


def normalise_upn(upn: Column) -> Column:
    """A unique pupil number as a letter and twelve digits.

    The letter is the remainder by 23 of the digits, weighted 2 to 13. A temporary number, which
    ends with a letter and does not last, gives null, and so does one of zeros.

    >>> df = spark.createDataFrame([("g999999900001",), ("B801200005001",), ("Q207000016049",)], "t string")
    >>> [row[0] for row in df.select(normalise_upn(F.col("t"))).collect()]
    ['G999999900001', 'B801200005001', None]
    """
    text = code(upn)
    place = _weighted_sum(text, 2, range(2, 14)) % 23 + 1
    right = F.substring(F.lit(UPN_LETTERS), place, F.lit(1)) == F.substring(text, 1, 1)
    return F.when(text.rlike(rf"\A[{UPN_LETTERS}](?!0{{12}})\d{{12}}\z"), F.when(right, text))
