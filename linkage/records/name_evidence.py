"""What standardised names tell beside themselves: parts, words in any order, initials, former names.

All functions take names as `linkage.records.names` makes them. Arrays are such as
`linkage.records.histories` describes, for `arrays_to_explode` and for comparisons of arrays.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.histories import distinct_sorted
from linkage.records.text import capitals, empty_to_null


def is_initial(name: Column) -> Column:
    """Whether a name is a single letter; null for null.

    >>> spark.range(1).select(is_initial(F.lit("J"))).first()[0]
    True
    """
    return F.length(name) == 1


def initials(forename: Column, surname: Column) -> Column:
    """The first letters of forename and surname, as drug treatment services hold them; null if either is.

    >>> spark.range(1).select(initials(F.lit("ANNE"), F.lit("SMITH JONES"))).first()[0]
    'AS'
    """
    return F.concat(F.substring(forename, 1, 1), F.substring(surname, 1, 1))


def standardise_initials(initials: Column) -> Column:
    """Two initials as supplied, forename before surname, as two capitals; null for anything else.

    >>> df = spark.createDataFrame([("a.s.",), ("É S",), ("ANS",)], "i string")
    >>> [row[0] for row in df.select(standardise_initials(F.col("i"))).collect()]
    ['AS', 'ES', None]
    """
    letters = F.regexp_replace(capitals(initials), "[^A-Z]+", "")
    return F.when(F.length(letters) == 2, letters)


def surname_parts(surname: Column) -> Column:
    """The words of a surname of two letters or more, sorted: both parts of a double-barrelled one.

    A record that holds SMITH JONES then meets those that hold SMITH, JONES or JONES SMITH. Null
    for null and for a surname of single letters.

    >>> df = spark.createDataFrame([("SMITH JONES",), ("HALL",), ("X",)], "surname string")
    >>> [row[0] for row in df.select(surname_parts(F.col("surname"))).collect()]
    [['JONES', 'SMITH'], ['HALL'], None]
    """
    whole = F.when(F.length(surname) > 1, F.array(surname))
    return F.when(surname.contains(" "), distinct_sorted(_long_words(surname), but=("",))).otherwise(whole)


def name_words(*names: Column) -> Column:
    """All words of two letters or more of a record's names, sorted: the same when names are swapped.

    Forename and surname in each other's place, or keyed into one field, give the same array.
    That is kept as evidence and no name is moved: LEE, JAMES and ALI are both. Null when no name
    has such a word.

    >>> df = spark.createDataFrame([("AMIT", "PATEL"), ("PATEL", "AMIT"), (None, "AMIT PATEL")], "f string, s string")
    >>> {tuple(row[0]) for row in df.select(name_words(F.col("f"), F.col("s"))).collect()}
    {('AMIT', 'PATEL')}
    """
    return distinct_sorted(_long_words(F.concat_ws(" ", *names)), but=("",))


def full_names(forename: Column, surname: Column, aliases: Column) -> Column:
    """The recorded name, forename before surname, and all aliases, sorted.

    A name of which one half is missing is the other half; null when there is no name at all.

    Args:
        forename: first forename.
        surname: surname.
        aliases: full names, as `names.standardise_aliases` makes them.

    >>> args = F.lit("JON"), F.lit("HALL"), F.array(F.lit("JOHN HALL"))
    >>> spark.range(1).select(full_names(*args)).first()[0]
    ['JOHN HALL', 'JON HALL']
    """
    recorded = F.array(empty_to_null(F.concat_ws(" ", forename, surname)))
    return distinct_sorted(F.concat(recorded, _or_none(aliases)))


def surname_history(surname: Column, aliases: Column) -> Column:
    """The surname and the last word of each alias, sorted: the names that a person has borne.

    Of an alias the last word is taken; where it is double-barrelled, that is its second half.

    >>> spark.range(1).select(surname_history(F.lit("HALL"), F.array(F.lit("ANN SMITH")))).first()[0]
    ['HALL', 'SMITH']
    """
    # One regular expression over the joined array: going through its elements is slower.
    last_words = F.split(F.regexp_replace(F.array_join(aliases, ";"), r"[^;]* ", ""), ";")
    return distinct_sorted(F.concat(F.array(surname), _or_none(last_words)))


def _long_words(name: Column) -> Column:
    return F.split(F.trim(F.regexp_replace(name, r"\b[A-Z]\b ?", "")), " ")


def _or_none(values: Column) -> Column:
    return F.coalesce(values, F.array().cast("array<string>"))
