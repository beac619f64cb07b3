"""What each supplied linkage field becomes: the first of two steps from a supply's row to a record.

Everything that reads a field as supplied stands here, so that the second step (`standardise`) sees
short, clean values only: a row is copied between steps, and each copy costs. What a supply does
not have is a typed null, which costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import reduce
from operator import add, or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records import addresses, dates, identifiers, names, postcodes, public_identifiers, sex
from linkage.records.evidence import FLAG, Evidence
from linkage.records.histories import standardise_history
from linkage.records.name_evidence import standardise_initials
from schemas import TableSchema

# What is passed to the second step and is no column of a record.
WORDS, INITIALS, PARSED_DOB, SECTOR, ADDRESS, LOST = (
    "_words",
    "_initials",
    "_parsed_dob",
    "_sector",
    "_address",
    "_lost",
)

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
_KINDS = {WORDS: "array<string>", "name_aliases_std": "array<string>", PARSED_DOB: "date", "dob_aliases": "array<date>"}

_Function = Callable[[Column], Column]


def linkage_fields(supply: TableSchema) -> tuple[str, ...]:
    """The columns of a supply that may be linked on, in its order."""
    return tuple(column.name for column in supply.columns if column.linkage)


def parsed_fields(supply: TableSchema, *, as_of: date, synthetic: bool) -> dict[str, Column]:
    """Standardised values by name, and what of the supplied ones was lost, as flags of `evidence.FLAG`.

    Args:
        supply: schema of the supply; its linkage fields are taken, and no other column.
        as_of: date of the supply; no identifier can be of a later year.
        synthetic: take National Insurance numbers that are never issued.
    """
    fields = linkage_fields(supply)
    normalise = _normalisers(as_of, synthetic=synthetic)
    made = {name: _made(name, function, field, fields) for name, (function, field) in _of_one_field(as_of).items()}
    made |= {f"{kind}_std": _made(f"{kind}_std", normalise[kind], kind, fields) for kind in NUMBERS}
    forenames = [F.col(name) for name in names.FORENAMES if name in fields]
    made[WORDS] = names.forename_words(*forenames) if forenames else _nothing(WORDS)
    if "sex" not in fields:
        made["sex"] = _made("sex", sex.sex_of_title, "title", fields)
    for kind, earlier in NUMBERS.items():
        if earlier is not None:
            made[f"{kind}_history_std"] = _history(made[f"{kind}_std"], earlier, normalise[kind], fields)
    postcode = made["postcode_std"]
    made["postcode_history_std"] = _history(postcode, "previous_postcodes", postcodes.standardise_postcode, fields)
    numbers = [kind for kind in NUMBERS if kind in fields]
    return made | {"identifiers_aside": _aside(numbers, made), LOST: _lost(fields, made)}


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


def _history(present: Column, earlier: str, standardise: _Function, fields: tuple[str, ...]) -> Column:
    """All values of a kind; most records have no earlier one, and an array of one needs no sorting."""
    alone = F.when(present.isNotNull(), F.array(present))
    if earlier not in fields:
        return alone
    return F.when(F.col(earlier).isNull(), alone).otherwise(standardise_history(present, F.col(earlier), standardise))


def _aside(numbers: list[str], made: dict[str, Column]) -> Column:
    """What stood in the place of identifiers and is none, as kind and text."""
    if not numbers:
        return F.lit(None).cast("array<string>")
    lost = {kind: _is_lost(kind, made[f"{kind}_std"]) for kind in numbers}
    texts = (
        F.when(holds, F.concat(F.lit(f"{kind} "), identifiers.kept_aside(F.col(kind), made[f"{kind}_std"])))
        for kind, holds in lost.items()
    )
    return F.when(reduce(or_, map(_is_true, lost.values())), F.array_compact(F.array(*texts)))


def _lost(fields: tuple[str, ...], made: dict[str, Column]) -> Column:
    """A flag for each field that held something of which nothing was made."""
    flags = [
        F.when(_is_lost(field, made[name]), F.lit(FLAG[finding])).otherwise(F.lit(0))
        for field, (name, finding) in _UNUSABLE.items()
        if field in fields
    ]
    if "postcode" in fields:
        flags.append(F.when(_is_lost("postcode", made["postcode_std"]), _postcode_flag()).otherwise(F.lit(0)))
    return reduce(add, flags, F.lit(0))


def _postcode_flag() -> Column:
    """Why a postcode is none; asked of lost ones only, as few are and the question is dear."""
    postcode = F.col("postcode")
    return (
        F.when(postcodes.is_no_fixed_abode(postcode), F.lit(FLAG[Evidence.POSTCODE_NO_FIXED_ABODE]))
        .when(postcodes.is_pseudo(postcode), F.lit(FLAG[Evidence.POSTCODE_PSEUDO]))
        .otherwise(F.lit(FLAG[Evidence.POSTCODE_INVALID]))
    )


def _is_lost(field: str, made: Column) -> Column:
    return made.isNull() & (F.trim(F.col(field)) != "")


def _is_true(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))
