"""Addresses in one written form, their parts, and addresses that are nobody's own. Null in, null out.

Whether an address exists is not asked; that needs a gazetteer. Abbreviations, the words for having no
abode and those for prisons, courts and hostels are general knowledge (tags K and A).
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.text import capitals, empty_to_null

# The captured letters of a street's type, at the end of a line, are its abbreviation.
_TYPES = (
    *("(ST)(?:REET)?", "(R)OA(D)|(RD)", "(AV)(?:ENUE|E)?", "(L)A(N)E|(LN)", "(CL)(?:OSE)?", "(DR)(?:IVE)?"),
    *("(CRES)(?:CENT)?", "(G)AR(D)E(NS)|(GDNS)", "(SQ)(?:UARE)?", "(TER)(?:RACE|R)?", "(PL)(?:ACE)?"),
    *("(C)OUR(T)|(CT)", "(GR)(?:OVE|V)?", "(P)AR(K)|(PK)", "(GRN)|(GR)EE(N)"),
)
_TYPE_AT_END = rf"(?<= )(?:{'|'.join(_TYPES)})(?=,|\z)"
_GROUPS = "".join(f"${number}" for number in range(1, sum(t.count("(") - t.count("(?") for t in _TYPES) + 1))
# What a standardised line of a street ends with, these beside the abbreviations.
_SHORT = "ST|RD|AV|LN|CL|DR|CRES|GDNS|SQ|TER|PL|CT|GR|PK|GRN|WAY|HILL|MEWS|WALK|RISE|ROW|VIEW|YARD|WHARF"

# Districts, unitary authorities, metropolitan districts and London boroughs; unitary authorities of Wales (tag K).
_LAD = r"\A(?:E0[6-9]|W06)\d{6}\z"

_LINE_START, _LINE_END = r"(?:\A|, )", r"(?=,|\z)"
_NUMBER = r"\d{1,4}[A-Z]?(?:[-/]\d{1,4}[A-Z]?)?"
_FLAT_WORD = r"(?:FLAT|FLT|APARTMENT|APT|UNIT|ROOM)"
_FLAT_NUMBER = r"(?:\d{1,4}[A-Z]?|[A-Z]\d{0,3})(?![A-Z0-9])"
_FLAT = rf"\b{_FLAT_WORD} ({_FLAT_NUMBER})"
# A line starts, with or without its flat.
_START = rf"{_LINE_START}(?:{_FLAT_WORD} {_FLAT_NUMBER} )?"
_HOUSE = rf"{_START}({_NUMBER})(?:,? (?=[A-Z])|{_LINE_END})"
_STREET = rf"{_START}(?:{_NUMBER} )?([A-Z][A-Z ]*?) (?:{_SHORT}){_LINE_END}"

_NO_FIXED_ABODE = (
    rf"{_LINE_START}(?:OF )?(?:N[ /]?F[ /]?A|NO FIXED (?:ABODE|ADDRESS|ADDR)|HOMELESS|ROUGH SLEEPER|SLEEPING ROUGH)"
    rf"{_LINE_END}"
)
_UNKNOWN = r"\A(?:UNKNOWN|NOT KNOWN|ADDRESS (?:UNKNOWN|NOT KNOWN)|NOT ENTERED|NO ADDRESS|N/A)\z"
_PRISON = r"\bHM ?(?:P|YOI|PRISON)\b|\bHMPYOI\b|\bYOUNG OFFENDERS? INSTITUT(?:ION|E)\b|\bREMAND CENTRE\b"
# Behind a number it is a block of flats.
_COURT = rf"\bMAGISTRATES C(?:OUR)?T\b|{_LINE_START}[A-Z ]+ (?:CROWN|COUNTY|FAMILY) C(?:OUR)?T(?: CENTRE)?{_LINE_END}"
_HOSTEL = rf"\b(?:HOSTEL|NIGHT SHELTER|APPROVED PREMISES){_LINE_END}"


def standardise_address(*lines: Column) -> Column:
    """The lines of an address as one text: capitals, lines parted by a comma and a space, types abbreviated.

    Stops and apostrophes vanish, other punctuation but - and / inside a line becomes a space, empty
    lines close up, and the type of a street at the end of a line is in its short form. Null when no
    line holds anything. Idempotent.

    >>> rows = [("Flat 3, 12a St. Mary's  Road", None, "Xtown"), (None, " ", "")]
    >>> df = spark.createDataFrame(rows, "a string, b string, c string")
    >>> [row[0] for row in df.select(standardise_address(F.col("a"), F.col("b"), F.col("c"))).collect()]
    ['FLAT 3, 12A ST MARYS RD, XTOWN', None]
    """
    text = F.translate(F.replace(capitals(F.concat_ws(",", *lines)), F.lit("&"), F.lit(" AND ")), ".'", "")
    spaced = F.regexp_replace(F.regexp_replace(text, "[^A-Z0-9,/-]+", " "), " ?,[ ,]*", ", ")
    trimmed = F.trim(spaced, F.lit(" ,"))
    return empty_to_null(F.regexp_replace(trimmed, _TYPE_AT_END, _GROUPS))


def flat_number(address: Column) -> Column:
    """The number or letter of the flat in a standardised address; null when it names none.

    >>> spark.range(1).select(flat_number(F.lit("FLAT 3B, 12 HIGH ST"))).first()[0]
    '3B'
    """
    return empty_to_null(F.regexp_extract(address, _FLAT, 1))


def house_number(address: Column) -> Column:
    """The first number that begins a line of a standardised address, or follows its flat; null when none does.

    >>> df = spark.createDataFrame([("FLAT 3, 12A HIGH ST",), ("ROSE COTTAGE, HIGH ST",)], "a string")
    >>> [row[0] for row in df.select(house_number(F.col("a"))).collect()]
    ['12A', None]
    """
    return empty_to_null(F.regexp_extract(address, _HOUSE, 1))


def street(address: Column) -> Column:
    """The name of the first street in a standardised address, without its number and type.

    Null when no line ends with the type of a street. Road for Street is a common slip, so the type
    is no part of what is compared.

    >>> spark.range(1).select(street(F.lit("12A ST MARYS RD, XTOWN"))).first()[0]
    'ST MARYS'
    """
    return empty_to_null(F.regexp_extract(address, _STREET, 1))


def address_key(address: Column, postcode: Column) -> Column:
    """House number and postcode, on which records of one home meet; null when either is.

    Null also for a prison, a court or a hostel: whoever was there would meet.

    Args:
        address: standardised address.
        postcode: standardised postcode.

    >>> rows = [("FLAT 3, 12A HIGH ST", "XA1 2BC"), ("ROSE COTTAGE", "XA1 2BC"), ("12 HIGH ST HOSTEL", "XA1 2BC")]
    >>> df = spark.createDataFrame(rows, "a string, p string")
    >>> [row[0] for row in df.select(address_key(F.col("a"), F.col("p"))).collect()]
    ['12A XA1 2BC', None, None]
    """
    number = F.regexp_extract(address, _HOUSE, 1)
    own = postcode.isNotNull() & (number != "") & institution(address).isNull()
    return F.when(own, F.concat(number, F.lit(" "), postcode))


def standardise_lad_code(lad_code: Column) -> Column:
    """The code of a local authority district of England or Wales; null for any other form.

    >>> df = spark.createDataFrame([("e09000033 ",), ("W06000015",), ("E12000001",)], "c string")
    >>> [row[0] for row in df.select(standardise_lad_code(F.col("c"))).collect()]
    ['E09000033', 'W06000015', None]
    """
    written = F.upper(F.trim(lad_code))
    return F.when(written.rlike(_LAD), written)


def is_no_fixed_abode(address: Column) -> Column:
    """Whether a line of a standardised address says that there is no fixed abode.

    >>> df = spark.createDataFrame([("NFA",), ("12 HIGH ST",)], "a string")
    >>> [row[0] for row in df.select(is_no_fixed_abode(F.col("a"))).collect()]
    [True, False]
    """
    return address.rlike(_NO_FIXED_ABODE)


def is_unknown(address: Column) -> Column:
    """Whether a standardised address says no more than that it is not known.

    >>> spark.range(1).select(is_unknown(F.lit("ADDRESS NOT KNOWN"))).first()[0]
    True
    """
    return address.rlike(_UNKNOWN)


def institution(address: Column) -> Column:
    """`prison`, `court` or `hostel` where a standardised address is one's, else null.

    Hundreds of people share such an address, or give it for want of their own: two records that
    agree on it say little. Found by words that homes hardly have; many institutions are missed.

    >>> df = spark.createDataFrame([("HMP XTOWN",), ("XTOWN MAGISTRATES CT",), ("12 CROWN CT",)], "a string")
    >>> [row[0] for row in df.select(institution(F.col("a"))).collect()]
    ['prison', 'court', None]
    """
    return (
        F.when(address.rlike(_PRISON), F.lit("prison"))
        .when(address.rlike(_COURT), F.lit("court"))
        .when(address.rlike(_HOSTEL), F.lit("hostel"))
    )
