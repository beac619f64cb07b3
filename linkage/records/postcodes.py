"""United Kingdom postcodes: form, parts, and codes that stand for no address. Null in, null out."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records import histories
from linkage.records.text import code

# Seen by the Ministry's person-matching code (NF1) and in the NHS postcode directory (ZZ99).
NO_FIXED_ABODE = ("NF11NF", "NF11FA", "ZZ993VZ")
UNKNOWN = "ZZ993WZ"
_PSEUDO = r"\A(?:ZZ99|NF1)"
# Not a pseudo-postcode.
_SPACED = r"\A(?!ZZ99|NF1)[A-Z][A-HJ-Y]?\d[A-Z\d]? \d[A-Z]{2}\z"
_SQUASHED = r"\A(?!ZZ99|NF1)(?:[A-Z][A-HJ-Y]?\d[A-Z\d]?\d[A-Z]{2}|GIR0AA)\z"
_SECTOR = r"\A(?!ZZ99|NF1)[A-Z][A-HJ-Y]?\d[A-Z\d]?\d\z"


def standardise_postcode(postcode: Column) -> Column:
    """A postcode in capitals with one space; null for bad forms and for pseudo-postcodes.

    The form is the one of the Post Office's rules for the letters of each place; whether the
    postcode is in use is not asked. Idempotent.

    >>> codes = ["xa11bc", " XA1-1BC", "NF1 1NF", "ZZ99 3VZ", "XA1"]
    >>> df = spark.createDataFrame([(c,) for c in codes], "p string")
    >>> [row[0] for row in df.select(standardise_postcode(F.col("p"))).collect()]
    ['XA1 1BC', 'XA1 1BC', None, None, None]
    """
    squashed = code(postcode)
    spaced = F.regexp_replace(squashed, r"\A(.+)(...)\z", "$1 $2")
    return F.when(postcode.rlike(_SPACED), postcode).when(squashed.rlike(_SQUASHED), spaced)


def standardise_sector(sector: Column) -> Column:
    """A postcode sector, of a source that holds no more, with one space; null for bad forms and pseudo-postcodes.

    >>> df = spark.createDataFrame([("xa1 2",), ("XA12",), ("XA1 2BC",), ("ZZ99 3",)], "s string")
    >>> [row[0] for row in df.select(standardise_sector(F.col("s"))).collect()]
    ['XA1 2', 'XA1 2', None, None]
    """
    squashed = code(sector)
    return F.when(squashed.rlike(_SECTOR), F.regexp_replace(squashed, r"\A(.+)(.)\z", "$1 $2"))


def is_pseudo(postcode: Column) -> Column:
    """Whether a postcode stands for no fixed abode, an unknown address or the like.

    >>> spark.range(1).select(is_pseudo(F.lit("zz99 3wz"))).first()[0]
    True
    """
    return code(postcode).rlike(_PSEUDO)


def is_no_fixed_abode(postcode: Column) -> Column:
    """Whether a postcode stands for no fixed abode.

    >>> spark.range(1).select(is_no_fixed_abode(F.lit("NF1 1NF"))).first()[0]
    True
    """
    return code(postcode).isin(*NO_FIXED_ABODE)


def is_unknown(postcode: Column) -> Column:
    """Whether a postcode stands for an address that is not known.

    >>> spark.range(1).select(is_unknown(F.lit("ZZ99 3WZ"))).first()[0]
    True
    """
    return code(postcode) == UNKNOWN


def sector(postcode: Column) -> Column:
    """Outward code and first inward digit of a standardised postcode.

    >>> spark.range(1).select(sector(F.lit("XA1 2BC"))).first()[0]
    'XA1 2'
    """
    return F.substring(postcode, F.lit(1), F.length(postcode) - 2)


def district(postcode: Column) -> Column:
    """Outward code of a standardised postcode.

    >>> spark.range(1).select(district(F.lit("XA1 2BC"))).first()[0]
    'XA1'
    """
    return F.substring_index(postcode, " ", 1)


def area(postcode: Column) -> Column:
    """The letters that an outward code begins with, of a standardised postcode.

    >>> spark.range(1).select(area(F.lit("XA1 2BC"))).first()[0]
    'XA'
    """
    return F.regexp_extract(postcode, r"\A[A-Z]+", 0)


def standardise_history(present: Column, earlier: Column) -> Column:
    """All postcodes of a person, sorted, without repeats; null when there is none.

    Args:
        present: standardised postcode.
        earlier: supplied postcodes separated by semicolons.

    >>> args = F.lit("XA1 2BC"), F.lit("vb2 2bb; ZZ99 3VZ;XA12BC")
    >>> spark.range(1).select(standardise_history(*args)).first()[0]
    ['VB2 2BB', 'XA1 2BC']
    """
    return histories.standardise_history(present, earlier, standardise_postcode)
