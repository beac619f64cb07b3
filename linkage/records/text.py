"""Text to plain capitals, for names and codes. Null in, null out; an empty result is null."""

from __future__ import annotations

import unicodedata

from pyspark.sql import Column
from pyspark.sql import functions as F

# Letters that become two; all others lose their marks one by one.
_TWO_LETTERS = {"Æ": "AE", "Œ": "OE", "Þ": "TH", "ẞ": "SS", "ß": "SS", "Ĳ": "IJ", "Ŋ": "NG"}
_ONE_LETTER = {"Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Ħ": "H", "Ŧ": "T", "\u0131": "I", "Ə": "A", "Ɓ": "B", "Ɗ": "D"}
_ONE_LETTER |= {"Ƙ": "K", "Ɨ": "I", "Ƴ": "Y"}
_PUNCTUATION = {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u2010": "-", "\u2011": "-"}
_LATIN = (*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00))
_MARKS = "".join(map(chr, range(0x0300, 0x0370)))


def _letters() -> tuple[str, str]:
    """Accented Latin capitals and the letters without marks, position by position."""
    plain = _ONE_LETTER | _PUNCTUATION
    for character in map(chr, _LATIN):
        base = unicodedata.normalize("NFD", character)[0]
        if base.isascii() and base.isupper():
            plain.setdefault(character, base)
    return "".join(plain), "".join(plain.values())


_ACCENTED, _PLAIN = _letters()


def capitals(text: Column) -> Column:
    """Capitals with accents taken off; characters of other scripts are left as they are.

    >>> spark.range(1).select(capitals(F.lit("Zoë Strauß-Łukasz"))).first()[0]
    'ZOE STRAUSS-LUKASZ'
    """
    plain = F.translate(F.upper(text), _ACCENTED + _MARKS, _PLAIN)
    for letter, letters in _TWO_LETTERS.items():
        plain = F.replace(plain, F.lit(letter), F.lit(letters))
    return F.when(text.rlike(r"\A\p{ASCII}*\z"), F.upper(text)).otherwise(plain)


def empty_to_null(text: Column) -> Column:
    """Null for an empty text; the text is evaluated once.

    >>> spark.range(1).select(empty_to_null(F.lit(""))).first()[0] is None
    True
    """
    return F.nullif(text, F.lit(""))


def code(text: Column) -> Column:
    """Letters and digits of an identifier in capitals, all else dropped.

    >>> spark.range(1).select(code(F.lit(" a-1234 bc"))).first()[0]
    'A1234BC'
    """
    squashed = F.regexp_replace(F.upper(text), "[^A-Z0-9]", "")
    return empty_to_null(F.when(text.rlike(r"\A[A-Z0-9]+\z"), text).otherwise(squashed))


def within(text: Column, codes: tuple[str, ...]) -> Column:
    """The text if it is one of `codes`, else null; spaces around it do not matter.

    >>> spark.range(1).select(within(F.lit(" W1"), ("W1", "W2"))).first()[0]
    'W1'
    """
    trimmed = F.trim(text)
    return F.when(trimmed.isin(*codes), trimmed)
