"""Identifiers of the justice system: one written form, check characters verified.

Null in, null out; null also for a wrong form or check character, so that nothing is linked
on it: `kept_aside` has what was written then. Idempotent. The check character is the remainder by
23 of year and serial, read as one number, looked up in `CHECK_LETTERS` (tag CPR: the Ministry's
public person-matching code). PNC, CRO, prison number and case reference number are a person's;
arrest summons number and URN are of an arrest and of a case, which several records of one person
and of several defendants share. What others than justice number people by is in `public_identifiers`.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.text import code, empty_to_null

# No I, O or S, which look like digits.
CHECK_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"

_CHECK = f"[{CHECK_LETTERS}]"
# Without the slash a year has four digits only if seven of a serial follow.
_YEAR = rf"(?:19|20)\d{{2}}(?=/|\d{{7}}{_CHECK}\z)|\d{{2}}"
_PNC = rf"\A({_YEAR})/?(\d{{1,7}}{_CHECK})\z"
# With all zeros of the serial, and with more of them before they are cut.
_PNC_WHOLE = rf"\A(?:19|20)?\d{{2}}/(?!0{{7}})\d{{7}}{_CHECK}\z"
_PNC_PADDED = r"\A(\d+):\d*(.{8})\z"
_LONG_PNC = len("1999/9999901N")
_CRO_LONG = rf"\A\d{{6}}/\d{{2}}{_CHECK}\z"
_CRO = rf"\A\d{{1,6}}/?\d{{2}}{_CHECK}\z"
_CRO_FILE = rf"\ASF\d{{2}}/?\d{{1,6}}{_CHECK}\z"
# Year, force and unit, system, sequence, of which the zeros may be left out after a slash.
_ASN_LONG = rf"\A\d{{2}}/\d{{2}}[A-Z0-9]{{2}}/\d{{2}}/\d{{11}}{_CHECK}\z"
_ASN = rf"\A(\d{{2}})/?(\d{{2}}[A-Z0-9]{{2}})/?(\d{{2}})(?:/(\d{{1,11}})|(\d{{11}}))({_CHECK})\z"


def check_letter(number: Column) -> Column:
    """The check letter of a number given as text of digits.

    >>> spark.range(1).select(check_letter(F.lit("999999901"))).first()[0]
    'N'
    """
    remainder = number.try_cast("bigint") % 23
    return F.substring(F.lit(CHECK_LETTERS), (remainder + 1).cast("int"), F.lit(1))


def _squash(text: Column) -> Column:
    return F.regexp_replace(F.upper(text), "[^A-Z0-9/]", "")


def _of_form(written: Column, form: str) -> Column:
    """The letters and digits of what was written if they have a form; most has it as it stands."""
    return F.when(written.rlike(form), written).when(code(written).rlike(form), code(written))


def normalise_pnc(pnc: Column, *, latest_year: Column) -> Column:
    """A PNC identifier as YYYY/NNNNNNND.

    Accepts the short form YY/ND with the zeros of the serial left out, and both without the
    slash. The check ignores the century. A serial of zeros is a filler and gives null.

    Args:
        pnc: the identifier as recorded.
        latest_year: year that no identifier can be later than; a short year after it is of
            the century before, a long one is wrong.

    >>> texts = ["1999/9999901N", "99/9999901n", "20/9N", "1999/9999902N", "2000/0000000Z"]
    >>> df = spark.createDataFrame([(t,) for t in texts], "t string")
    >>> [row[0] for row in df.select(normalise_pnc(F.col("t"), latest_year=F.lit(2022))).collect()]
    ['1999/9999901N', '1999/9999901N', '2020/0000009N', None, None]
    """
    padded = F.regexp_replace(F.regexp_replace(_squash(pnc), _PNC, "$1:000000$2"), _PNC_PADDED, "$1/$2")
    # As it stands or mended, with a long year or a short one. It is read often below, so it is kept short.
    whole = F.when(pnc.rlike(_PNC_WHOLE), pnc).otherwise(padded)
    number = F.substring(F.replace(whole, F.lit("/"), F.lit("")), -10, 9)
    right = whole.rlike(_PNC_WHOLE) & (check_letter(number) == F.right(whole, F.lit(1)))
    long = F.when(F.length(whole) == _LONG_PNC, F.when(F.substring(whole, 1, 4) <= latest_year.cast("string"), whole))
    return F.when(right, long.otherwise(F.concat(_century(F.substring(whole, 1, 2), latest_year), whole)))


def _century(year: Column, latest_year: Column) -> Column:
    return F.when(F.concat(F.lit("20"), year).try_cast("int") <= latest_year, F.lit("20")).otherwise(F.lit("19"))


def normalise_cro(cro: Column) -> Column:
    """A CRO number as NNNNNN/YYD, or SFYY/ND for one that is known from a file only.

    The serial of the first kind is padded with zeros, that of the second is not. A serial of
    zeros is a filler and gives null although its check character fits.

    >>> texts = ["999901/99U", "SF79/9999N", "000000/00Z", "999901/99V"]
    >>> df = spark.createDataFrame([(t,) for t in texts], "t string")
    >>> [row[0] for row in df.select(normalise_cro(F.col("t"))).collect()]
    ['999901/99U', 'SF79/9999N', None, None]
    """
    text = _squash(cro)
    letter = F.right(text, F.lit(1))
    written = F.when(text.rlike(_CRO), _court_cro(text, letter)).when(text.rlike(_CRO_FILE), _file_cro(text, letter))
    number = F.concat(F.substring(cro, 8, 2), F.substring(cro, 1, 6))
    right = (check_letter(number) == F.substring(cro, 10, 1)) & ~cro.startswith("000000")
    return F.when(cro.rlike(_CRO_LONG), F.when(right, cro)).otherwise(written)


def _court_cro(text: Column, letter: Column) -> Column:
    digits = F.lpad(F.regexp_replace(text, "[^0-9]", ""), 8, "0")
    serial, year = F.substring(digits, 1, 6), F.substring(digits, 7, 2)
    right = (check_letter(F.concat(year, serial)) == letter) & (serial != "000000")
    return F.when(right, F.concat(serial, F.lit("/"), year, letter))


def _file_cro(text: Column, letter: Column) -> Column:
    digits = F.regexp_replace(text, "[^0-9]", "")
    year = F.substring(digits, 1, 2)
    serial = F.regexp_replace(F.substring(digits, 3, 6), r"\A0+", "")
    right = (check_letter(F.concat(year, serial)) == letter) & (serial != "")
    return F.when(right, F.concat(F.lit("SF"), year, F.lit("/"), serial, letter))


def normalise_asn(asn: Column) -> Column:
    """An arrest summons number as YY/FFUU/SS/NNNNNNNNNNND.

    Accepts it without slashes, and with slashes without the leading zeros of the sequence. The
    check is over force, system, year and sequence of eleven digits; the unit, which may have
    letters, is left out (tag CPR). A sequence of zeros is a filler and gives null.

    >>> texts = ["99/00ZZ/00/99901E", "9900ZZ0000000099901E", "99/00ZZ/00/99901F"]
    >>> df = spark.createDataFrame([(t,) for t in texts], "t string")
    >>> [row[0] for row in df.select(normalise_asn(F.col("t"))).collect()]
    ['99/00ZZ/00/00000099901E', '99/00ZZ/00/00000099901E', None]
    """
    text, slash = _squash(asn), F.lit("/")
    year, unit, system, short, full, letter = (F.regexp_extract(text, _ASN, group) for group in range(1, 7))
    sequence = F.lpad(F.concat(short, full), 11, "0")
    written = F.concat(year, slash, unit, slash, system, slash, sequence, letter)
    long = F.when(asn.rlike(_ASN_LONG), asn).when(text.rlike(_ASN), written)
    return F.when(_asn_checks(long), long)


def _asn_checks(long: Column) -> Column:
    sequence = F.substring(long, 12, 11)
    number = F.concat(F.substring(long, 4, 2), F.substring(long, 9, 2), F.substring(long, 1, 2), sequence)
    return (check_letter(number) == F.substring(long, 23, 1)) & (sequence != "0" * 11)


def normalise_urn(urn: Column) -> Column:
    """A unique reference number of a police case file: force, unit, serial and year, without separators.

    It has no check character, and where the parts end is assumed. A serial of zeros gives null.

    >>> spark.range(1).select(normalise_urn(F.lit("00/zz/99901/99"))).first()[0]
    '00ZZ9990199'
    """
    return _of_form(urn, r"\A\d{2}[A-Z0-9]{2}(?!0{5})\d{7}\z")


def normalise_prison_number(number: Column) -> Column:
    """A prison number as ANNNNAA; it has no check character.

    >>> spark.range(1).select(normalise_prison_number(F.lit("z9999 zz"))).first()[0]
    'Z9999ZZ'
    """
    return _of_form(number, r"\A[A-Z]\d{4}[A-Z]{2}\z")


def normalise_crn(crn: Column) -> Column:
    """A case reference number of probation as ANNNNNN; it has no check character.

    >>> spark.range(1).select(normalise_crn(F.lit("z999999"))).first()[0]
    'Z999999'
    """
    return _of_form(crn, r"\A[A-Z]\d{6}\z")


def kept_aside(written: Column, normalised: Column) -> Column:
    """What was written as an identifier and is none, in capitals; null where it is one or nothing.

    For evidence only, such as a PNC serial in the place of the CRO: it is never linked on.

    Args:
        written: the identifier as recorded.
        normalised: what its function made of it.

    >>> written = F.lit("99/9999902n ")
    >>> spark.range(1).select(kept_aside(written, normalise_pnc(written, latest_year=F.lit(2022)))).first()[0]
    '99/9999902N'
    """
    return F.when(normalised.isNull(), empty_to_null(F.upper(F.trim(written))))
