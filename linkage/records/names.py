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

# Between forenames of several fields, which no system has in its names.
_FIELD = "\x1f"
_BRACKETS = rf"\([^(){_FIELD}]*\)"
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


def _without(text: Column, prefixes: tuple[str, ...], junk: tuple[str, ...]) -> Column:
    """What each field holds without prefixes; nothing of a field that holds junk then."""
    start = rf"(?:\G|(?<={_FIELD}))"
    ends = rf"{start}(?:{'|'.join(junk)})(?={_FIELD}|\z)"
    return F.regexp_replace(text, f"{_leading(prefixes, start)}|{ends}", "")


def _is_plain(names: Column, junk: tuple[str, ...]) -> Column:
    """Whether each field holds one word of plain letters which is no junk: most do, and need no cleaning."""
    rest: dict[str, list[str]] = {}
    for text in junk:
        if " " not in text:
            rest.setdefault(text[0], []).append(text[1:])
    # By first letters: every name is tried against these, and few against more than one list.
    found = "|".join(f"[{first}{first.lower()}](?i:{'|'.join(ends)})" for first, ends in rest.items())
    word = rf"(?!(?:{found})(?:{_FIELD}|\z))[A-Za-z]+"
    return names.rlike(rf"\A{word}(?:{_FIELD}{word})*\z")


def standardise_surname(name: Column) -> Column:
    """A surname without accents, punctuation, brackets, junk and JNR or SNR; particles joined.

    Hyphens become spaces, so that both halves of a double-barrelled name can be found
    (`name_evidence.surname_parts`).

    >>> names = ["O'Brien ", "Mac Donald", "van der Berg", "Smith-Jones", "MIG_ERROR_Hall", "Not entered"]
    >>> df = spark.createDataFrame([(n,) for n in names], "name string")
    >>> [row[0] for row in df.select(standardise_surname(F.col("name"))).collect()]
    ['OBRIEN', 'MACDONALD', 'VANDERBERG', 'SMITH JONES', 'HALL', None]
    """
    name = F.translate(name, _FIELD, " ")
    joined = F.regexp_replace(F.regexp_replace(_letters_only(name), _SUFFIX, ""), _PARTICLE, "$1")
    junk = _TEXTS + _PREFIXES
    return empty_to_null(F.when(_is_plain(name, junk), F.upper(name)).otherwise(_without(joined, _PREFIXES, junk)))


def standardise_forename(name: Column) -> Column:
    """A forename field, possibly of several words, without titles, punctuation and junk.

    >>> names = ["Mr. John", "Anne-Marie", "DUPLICATE_Zoë (AKA Jo)", "Mrs", "N'Golo"]
    >>> df = spark.createDataFrame([(n,) for n in names], "name string")
    >>> [row[0] for row in df.select(standardise_forename(F.col("name"))).collect()]
    ['JOHN', 'ANNE MARIE', 'ZOE', None, 'NGOLO']
    """
    return empty_to_null(_forenames(F.translate(name, _FIELD, " ")))


def forename_words(*fields: Column) -> Column:
    """The forenames of several fields as an array of at most three: first, second, the rest.

    Missing fields close up, so two names keyed into one field come out as two. Null when no
    field holds a name.

    >>> df = spark.createDataFrame([("mary jane", None, "B"), (None, " ", None)], "a string, b string, c string")
    >>> [row[0] for row in df.select(forename_words(F.col("a"), F.col("b"), F.col("c"))).collect()]
    [['MARY', 'JANE', 'B'], None]
    """
    # All fields go through as one text: a plan with the same steps for each takes three times as long to make.
    return F.split(empty_to_null(_forenames(F.concat_ws(_FIELD, *fields))), " ", 3)


def _forenames(fields: Column) -> Column:
    """The words of all fields, each cleaned by itself; empty when none is left."""
    prefixes, junk = _PREFIXES + _TITLES, _TEXTS + _PREFIXES + _TITLES
    letters = F.regexp_replace(_letters_only(fields, keep=_FIELD), f" ?{_FIELD} ?", _FIELD)
    rest = F.trim(F.regexp_replace(_without(letters, prefixes, junk), f"{_FIELD}+", " "))
    return F.when(_is_plain(fields, junk), F.translate(F.upper(fields), _FIELD, " ")).otherwise(rest)


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
