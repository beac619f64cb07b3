"""What each supplied linkage field becomes, in two steps from a supply's row to a record.

The first makes one value of one field. The second reads values that are made: written into one
step, each of its many readings would repeat the whole expression, and planning would take longer than
the work. There is no third, since a row is copied between steps. What a supply does not have is a
typed null, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import reduce
from operator import add, or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records import addresses, dates, identifiers, names, postcodes, public_identifiers, sex
from linkage.records.evidence import Evidence
from linkage.records.histories import standardise_history
from linkage.records.name_evidence import standardise_initials
from schemas import TableSchema

# What is passed to the second step and is no column of a record.
WORDS, INITIALS, PARSED_DOB = "_words", "_initials", "_parsed_dob"
SECTOR, ADDRESS, GIVEN = "_sector", "_address", "_given"

# Identifiers, and the column of a supply with further ones of the same person.
NUMBERS: dict[str, str | None] = {
    "pnc": "previous_pncs",
    "cro": "previous_cros",
    "prison_number": "previous_prison_numbers",
    "crn": "previous_crns",
    "nino": None,
    "nhs_number": None,
    "upn": None,
    "asn": None,
    "urn": None,
}
# Of a field that held something of which nothing was made: what is made of it, and the evidence that it leaves.
_UNUSABLE = {
    "forename1": (WORDS, Evidence.FORENAME_UNUSABLE),
    "initials": (INITIALS, Evidence.INITIALS_UNUSABLE),
    "surname": ("surname_std", Evidence.SURNAME_UNUSABLE),
    "dob": (PARSED_DOB, Evidence.DOB_UNREADABLE),
    "sex": ("sex", Evidence.SEX_UNUSABLE),
    "postcode_sector": (SECTOR, Evidence.POSTCODE_INVALID),
    **{kind: (f"{kind}_std", Evidence(f"{kind}_invalid")) for kind in NUMBERS},
}
# What is not looked at in a supply that has the better one.
_BETTER = {"title": "sex", "postcode_sector": "postcode"}
_KINDS = {WORDS: "array<string>", "name_aliases_std": "array<string>", PARSED_DOB: "date", "dob_aliases": "array<date>"}

_Function = Callable[[Column], Column]


def linkage_fields(supply: TableSchema) -> tuple[str, ...]:
    """The columns of a supply that may be linked on, in its order."""
    return tuple(column.name for column in supply.columns if column.linkage)


def used_fields(supply: TableSchema) -> tuple[str, ...]:
    """The linkage fields that a record is made of: none that says less than another one that the supply has."""
    fields = linkage_fields(supply)
    return tuple(name for name in fields if _BETTER.get(name) not in fields)


def parsed_fields(fields: tuple[str, ...], *, as_of: date, synthetic: bool) -> dict[str, Column]:
    """The first step: standardised values by name, and what the second step needs of the supplied ones.

    Args:
        fields: supplied columns that records are made of, which all rows have.
        as_of: date of the supply; no identifier can be of a later year.
        synthetic: take National Insurance numbers that are never issued.
    """
    normalise = _normalisers(as_of, synthetic=synthetic)
    made = {name: _made(name, function, field, fields) for name, (function, field) in _of_one_field(as_of).items()}
    made |= {f"{kind}_std": _made(f"{kind}_std", normalise[kind], kind, fields) for kind in NUMBERS}
    forenames = [F.col(name) for name in names.FORENAMES if name in fields]
    made[WORDS] = names.forename_words(*forenames) if forenames else _nothing(WORDS)
    if "title" in fields:
        made["sex"] = F.coalesce(made["sex"], sex.sex_of_title(F.col("title")))
    flags = (F.when(F.trim(name) != "", F.lit(bit)).otherwise(F.lit(0)) for name, bit in _bits(fields).items())
    made[GIVEN] = reduce(add, flags, F.lit(0))
    return made | {raw(name): F.col(name) for name in _passed_on(fields)}


def finished_fields(fields: tuple[str, ...], *, as_of: date, synthetic: bool) -> dict[str, Column]:
    """The second step, over the columns of the first: histories, and identifiers that are none."""
    normalise = _normalisers(as_of, synthetic=synthetic)
    made = {
        f"{kind}_history_std": _history(f"{kind}_std", earlier, normalise[kind], fields)
        for kind, earlier in NUMBERS.items()
        if earlier is not None
    }
    standardise = postcodes.standardise_postcode
    made["postcode_history_std"] = _history("postcode_std", "previous_postcodes", standardise, fields)
    return made | {"identifiers_aside": _aside(fields)}


def _passed_on(fields: tuple[str, ...]) -> list[str]:
    """Supplied values that the second step reads, in few rows."""
    earlier = [name for name in NUMBERS.values() if name is not None]
    return [name for name in (*NUMBERS, *earlier, "previous_postcodes", "postcode", "title") if name in fields]


def raw(name: str) -> str:
    """What a supplied value is called in the second step."""
    return f"_raw_{name}"


def _bits(fields: tuple[str, ...]) -> dict[str, int]:
    """A bit for each field that may hold something of which nothing can be made."""
    return {name: 1 << place for place, name in enumerate((*_UNUSABLE, "postcode")) if name in fields}


def _of_one_field(as_of: date) -> dict[str, tuple[_Function, str]]:
    """Values that are made of one field of the supply, whatever else it has."""
    return {
        INITIALS: (standardise_initials, "initials"),
        "surname_std": (names.standardise_surname, "surname"),
        "name_aliases_std": (names.standardise_aliases, "aliases"),
        PARSED_DOB: (dates.parse_date, "dob"),
        "dob_aliases": (lambda texts: dates.other_births(texts, latest=F.lit(as_of)), "alias_dobs"),
        "sex": (sex.standardise_sex, "sex"),
        "postcode_std": (postcodes.standardise_postcode, "postcode"),
        SECTOR: (postcodes.standardise_sector, "postcode_sector"),
        ADDRESS: (addresses.standardise_address, "address_line1"),
        "lad_code_std": (addresses.standardise_lad_code, "lad_code"),
    }


def _normalisers(as_of: date, *, synthetic: bool) -> dict[str, _Function]:
    return {
        "pnc": lambda text: identifiers.normalise_pnc(text, latest_year=F.lit(as_of.year)),
        "cro": identifiers.normalise_cro,
        "prison_number": identifiers.normalise_prison_number,
        "crn": identifiers.normalise_crn,
        "nino": lambda text: public_identifiers.normalise_nino(text, synthetic=synthetic),
        "nhs_number": public_identifiers.normalise_nhs_number,
        "upn": public_identifiers.normalise_upn,
        "asn": identifiers.normalise_asn,
        "urn": identifiers.normalise_urn,
    }


def _made(name: str, function: _Function, field: str, fields: tuple[str, ...]) -> Column:
    return function(F.col(field)) if field in fields else _nothing(name)


def _nothing(name: str) -> Column:
    return F.lit(None).cast(_KINDS.get(name, "string"))


def _history(present: str, earlier: str, standardise: _Function, fields: tuple[str, ...]) -> Column:
    """All values of a kind."""
    value = F.col(present)
    if earlier not in fields:
        return F.when(value.isNotNull(), F.array(value))
    return standardise_history(value, F.col(raw(earlier)), standardise)


def _aside(fields: tuple[str, ...]) -> Column:
    """What stood in the place of identifiers and is none, as kind and text."""
    numbers = [kind for kind in NUMBERS if kind in fields]
    if not numbers:
        return F.lit(None).cast("array<string>")
    lost = {kind: _is_lost(kind, f"{kind}_std", fields) for kind in numbers}
    written = {kind: identifiers.kept_aside(F.col(raw(kind)), F.col(f"{kind}_std")) for kind in numbers}
    texts = (F.when(lost[kind], F.concat(F.lit(f"{kind} "), written[kind])) for kind in numbers)
    return F.when(reduce(or_, lost.values()), F.array_compact(F.array(*texts)))


def lost_fields(fields: tuple[str, ...]) -> dict[Evidence, Column]:
    """What was lost, by the evidence that it leaves: fields that held something of which nothing was made.

    Over the columns of the first step.
    """
    found = {finding: _is_lost(field, name, fields) for field, (name, finding) in _UNUSABLE.items() if field in fields}
    if "postcode" in fields:
        lost, postcode = _is_lost("postcode", "postcode_std", fields), F.col(raw("postcode"))
        # Of text without a letter or digit both are not known.
        no_fixed_abode, pseudo = (
            F.coalesce(found_in(postcode), F.lit(False))
            for found_in in (postcodes.is_no_fixed_abode, postcodes.is_pseudo)
        )
        found |= {
            Evidence.POSTCODE_NO_FIXED_ABODE: lost & no_fixed_abode,
            Evidence.POSTCODE_PSEUDO: lost & pseudo & ~no_fixed_abode,
            # Of a supply with sectors or one with postcodes; no row has both.
            Evidence.POSTCODE_INVALID: (lost & ~pseudo) | found.get(Evidence.POSTCODE_INVALID, F.lit(False)),
        }
    return found


def _is_lost(field: str, made: str, fields: tuple[str, ...]) -> Column:
    """Whether a field held something of which nothing was made; never null."""
    return F.col(made).isNull() & (F.col(GIVEN).bitwiseAND(_bits(fields)[field]) != 0)
