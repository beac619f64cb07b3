"""Text to plain capitals, for names and codes. Null in, null out; an empty result is null.

Latin letters lose their marks, whatever language they come from. Letters of other scripts are not
transliterated: one name has many romanisations, and the supplying systems hold Latin ones. They are
left as they are here, fall away in names and addresses, and `has_other_script` finds them.
"""

from __future__ import annotations

import re
import unicodedata

from pyspark.sql import Column
from pyspark.sql import functions as F

# Letters that become two; all others lose their marks one by one.
_TWO_LETTERS = {"Æ": "AE", "Œ": "OE", "Þ": "TH", "ẞ": "SS", "ß": "SS", "Ĳ": "IJ", "Ŋ": "NG"}
_TWO_LETTERS |= {"Ǆ": "DZ", "Ǳ": "DZ", "Ǉ": "LJ", "Ǌ": "NJ"}
# Letters whose Unicode name does not tell the plain one.
_ONE_LETTER = {"Ð": "D", "\u0131": "I", "Ə": "A", "Ɛ": "E", "Ɔ": "O", "Ɣ": "G"}
_APOSTROPHES = "\u2018\u2019\u02bb\u02bc\u02be\u02bf\u2032\uff07`\u00b4"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
_LATIN = (*range(0x00C0, 0x0250), *range(0x1E00, 0x1F00), *range(0x2C60, 0x2C80), *range(0xFF21, 0xFF3B))
_NAME_OF_LETTER = re.compile(r"(?:FULLWIDTH )?LATIN CAPITAL LETTER ([A-Z])(?: WITH .*)?")
_MARKS = "".join(map(chr, range(0x0300, 0x0370)))
_OTHER_SCRIPT = r"[\p{L}&&[^\p{IsLatin}]]"


def _letters() -> tuple[str, str]:
    """Accented Latin capitals and the letters without marks, position by position."""
    plain = _ONE_LETTER | dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, "-")
    for character in map(chr, _LATIN):
        if named := _NAME_OF_LETTER.fullmatch(unicodedata.name(character, "")):
            plain.setdefault(character, named[1])
    return "".join(plain), "".join(plain.values())


_ACCENTED, _PLAIN = _letters()


def capitals(text: Column) -> Column:
    """Capitals with accents taken off; letters of other scripts are left as they are.

    >>> spark.range(1).select(capitals(F.lit("Zoë Strauß-Łukasz"))).first()[0]
    'ZOE STRAUSS-LUKASZ'
    """
    plain = F.translate(F.upper(text), _ACCENTED + _MARKS, _PLAIN)
    for letter, letters in _TWO_LETTERS.items():
        plain = F.replace(plain, F.lit(letter), F.lit(letters))
    return F.when(text.rlike(r"\A\p{ASCII}*\z"), F.upper(text)).otherwise(plain)


def has_other_script(text: Column) -> Column:
    """Whether a text has a letter of a script other than Latin, such as Arabic, Greek or Han.

    >>> df = spark.createDataFrame([("Zoë",), ("Li 李",)], "name string")
    >>> [row[0] for row in df.select(has_other_script(F.col("name"))).collect()]
    [False, True]
    """
    return text.rlike(_OTHER_SCRIPT)


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
