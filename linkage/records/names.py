"""Names as they are compared: capitals A-Z and single spaces. Null in, null out.

All functions are idempotent. Junk prefixes and texts are those that the Ministry of
Justice's public person-matching code takes out (tag CPR of the schemas) and a few of the
same kind (assumed). A name without a single Latin letter becomes null; of a name with both, the
Latin part stays.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.histories import distinct_sorted
from linkage.records.text import capitals, empty_to_null

ALIAS_SEPARATOR = ";"
# The fields of a supply, in order.
FORENAMES = ("forename1", "forename2", "forename3")

_PREFIXES = ("MIG ERROR", "NO SHOW", "DUPLICATE")
_TITLES = ("MR", "MRS", "MS", "MISS", "MASTER", "DR", "PROF", "REV", "SIR", "LORD", "LADY")
_TEXTS = (
    *("NOT ENTERED", "NOT KNOWN", "NOT STATED", "NOT APPLICABLE", "NOT GIVEN", "NOT PROVIDED", "NOT RECORDED"),
    *("NOT AVAILABLE", "NO NAME", "NO FORENAME", "NO SURNAME", "NO MIDDLE NAME", "UNKNOWN", "UNKNOWN UNKNOWN"),
    *("UNKNOWN MALE", "UNKNOWN FEMALE", "UNNAMED", "WITHHELD", "NULL", "NONE", "N A"),
)
# Tell father from son, or nothing; fathers and sons are parted by their dates of birth.
_SUFFIXES = "JNR|SNR|JR|SR|ESQ"
# Keyed apart or together; joined to what follows. Joining must never make another particle
# or title out of two, or out of one and a word, or the functions would not be idempotent.
_PARTICLES = (
    "MC|MAC|FITZ|O|NI|NIC|ST|AP|DE|DEL|DI|DA|DO|DOS|DAS|DU|LA|LE|VAN|VON|DER|DEN|TER|TEN|ZU"
    "|AL|EL|UL|UD|UR|ABU|BIN|BINT|IBN|BEN"
)

_ONE_WORD = r"\A[A-Za-z]+\z"
_BRACKETS = r"\([^()]*\)"
_SUFFIX = rf"(?<=[A-Z]) (?:{_SUFFIXES})\b"
# Before a word of two letters or more, which another particle is too unless it is O.
_BEFORE_WORD = "(?=(?:O )*[A-Z]{2})"
_PARTICLE = rf"\b({_PARTICLES}) {_BEFORE_WORD}"
_INNER_PARTICLE = rf"(?<= )({_PARTICLES}) {_BEFORE_WORD}"
_JUNK_ALIAS = rf"(?:\A|(?<={ALIAS_SEPARATOR}))(?:{'|'.join(_TEXTS + _PREFIXES + _TITLES)})(?={ALIAS_SEPARATOR}|\z)"


def _leading(words: tuple[str, ...], start: str = r"\G") -> str:
    r"""One of the words at the start or after another one: \G, for a repeated group exhausts the stack."""
    return rf"{start}(?:{'|'.join(words)}) "


def _letters_only(name: Column, keep: str = "") -> Column:
    """Capitals A-Z, `keep` and single spaces; apostrophes and what is in brackets vanish."""
    bare = F.replace(F.regexp_replace(capitals(name), _BRACKETS, " "), F.lit("'"), F.lit(""))
    return F.trim(F.regexp_replace(bare, rf"[^A-Z{keep}]+", " "))


def _cleaned(name: Column, rest: Column, junk: tuple[str, ...]) -> Column:
    """One plain word in capitals, anything else as `rest`; null when nothing or junk is left."""
    text = F.when(name.rlike(_ONE_WORD), F.upper(name)).otherwise(rest)
    return F.when(~text.isin("", *junk), text)


def standardise_surname(name: Column) -> Column:
    """A surname without accents, punctuation, brackets, junk and JNR or SNR; particles joined.

    Hyphens become spaces, so that both halves of a double-barrelled name can be found
    (`name_evidence.surname_parts`).

    >>> names = ["O'Brien ", "Mac Donald", "van der Berg", "Smith-Jones", "MIG_ERROR_Hall", "Not entered"]
    >>> df = spark.createDataFrame([(n,) for n in names], "name string")
    >>> [row[0] for row in df.select(standardise_surname(F.col("name"))).collect()]
    ['OBRIEN', 'MACDONALD', 'VANDERBERG', 'SMITH JONES', 'HALL', None]
    """
    joined = F.regexp_replace(F.regexp_replace(_letters_only(name), _SUFFIX, ""), _PARTICLE, "$1")
    return _cleaned(name, F.regexp_replace(joined, _leading(_PREFIXES), ""), _TEXTS + _PREFIXES)


def standardise_forename(name: Column) -> Column:
    """A forename field, possibly of several words, without titles, punctuation and junk.

    >>> names = ["Mr. John", "Anne-Marie", "DUPLICATE_Zoë (AKA Jo)", "Mrs", "N'Golo"]
    >>> df = spark.createDataFrame([(n,) for n in names], "name string")
    >>> [row[0] for row in df.select(standardise_forename(F.col("name"))).collect()]
    ['JOHN', 'ANNE MARIE', 'ZOE', None, 'NGOLO']
    """
    titles = _PREFIXES + _TITLES
    return _cleaned(name, F.regexp_replace(_letters_only(name), _leading(titles), ""), _TEXTS + titles)


def forename_words(*fields: Column) -> Column:
    """The forenames of several fields as an array of at most three: first, second, the rest.

    Missing fields close up, so two names keyed into one field come out as two. Null when no
    field holds a name.

    >>> df = spark.createDataFrame([("mary jane", None, "B"), (None, " ", None)], "a string, b string, c string")
    >>> [row[0] for row in df.select(forename_words(F.col("a"), F.col("b"), F.col("c"))).collect()]
    [['MARY', 'JANE', 'B'], None]
    """
    words = F.concat_ws(" ", *(standardise_forename(field) for field in fields))
    return F.split(empty_to_null(words), " ", 3)


def standardise_aliases(names: Column) -> Column:
    """Other full names, separated by semicolons, as a sorted array without repeats.

    A name has its forenames first. Null when none is left.

    >>> df = spark.createDataFrame([("Mr Jo O'Neil; JO ONEIL;unknown",), (";",)], "names string")
    >>> [row[0] for row in df.select(standardise_aliases(F.col("names"))).collect()]
    [['JO ONEIL'], None]
    """
    apart = F.regexp_replace(_letters_only(names, keep=ALIAS_SEPARATOR), " ?; ?", ALIAS_SEPARATOR)
    plain = F.regexp_replace(apart, _SUFFIX, "")
    untitled = F.regexp_replace(plain, _leading(_PREFIXES + _TITLES, rf"(?:\G|(?<={ALIAS_SEPARATOR}))"), "")
    joined = F.regexp_replace(untitled, _INNER_PARTICLE, "$1")
    return distinct_sorted(F.split(F.regexp_replace(joined, _JUNK_ALIAS, ""), ALIAS_SEPARATOR), but=("",))
