"""The blocking rules of the justice model: what may part two records of one person, and which rule is for it."""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyspark.sql.pandas.types import to_arrow_schema

import schemas
from linkage.model.blocking import keyed_rules
from linkage.model.splink_settings import parse_settings

MODEL = Path("conf/models/justice.json")


def _lives(postcode, house=None, *, before=()):
    return {
        "postcode_std": postcode,
        "postcode_district_std": postcode.split()[0],
        "postcode_history_std": sorted([postcode, *before]),
        "address_key_std": house and f"{house} {postcode}",
    }


def _named(forename, surname, second=None, *, also=()):
    return {
        "forename1_std": forename,
        "forename2_std": second,
        "surname_std": surname,
        "full_names_std": sorted([f"{forename} {surname}", *also]),
        "initials_std": forename[0] + surname[0],
    }


# One record, and what another one may hold instead.
ONE = {
    **_named("ANNA", "HALLAM", "MARIE"),
    "dob": date(1985, 3, 10),
    "dob_swapped": date(1985, 10, 3),
    "sex": "F",
    **_lives("XA1 2BC", "12"),
    "asn_std": "99/00ZZ/00/99901E",
}
OTHER_ARREST = {"asn_std": "99/00ZZ/00/99902F"}
MOVED = OTHER_ARREST | _lives("VB7 3DE", "3")
IN_DISTRICT = OTHER_ARREST | _lives("XA1 9DE", "3")
IN_AREA = OTHER_ARREST | _lives("XA9 3DE", "3")
OTHER_NAME = _named("ZOE", "QUINN")
NO_DATE = {"dob": None, "dob_swapped": None}
WRONG_DAY, WRONG_YEAR = NO_DATE | {"dob": date(1985, 3, 19)}, NO_DATE | {"dob": date(1983, 3, 10)}
EXCHANGED = {"dob": date(1985, 10, 3), "dob_swapped": date(1985, 3, 10)}
NEAR_DATE, OTHER_DATE = NO_DATE | {"dob": date(1987, 9, 30)}, NO_DATE | {"dob": date(1999, 9, 30)}

ONE_PERSON = {
    "no date, the forename short": MOVED | NO_DATE | _named("ANN", "HALLAM"),
    "no date, a slip in the surname": MOVED | NO_DATE | _named("ANNA", "HALLMA"),
    "forename and surname exchanged": MOVED | _named("HALLAM", "ANNA"),
    "another name and date, at home": OTHER_ARREST | OTHER_NAME | OTHER_DATE,
    "another name and date, a former home": MOVED | OTHER_NAME | NEAR_DATE | _lives("VB7 3DE", before=["XA1 2BC"]),
    "another name beside the known one": IN_DISTRICT | _named("ZOE", "QUINN", also=["ANNA HALLAM"]) | OTHER_DATE,
    "a new surname and a wrong year": MOVED | WRONG_YEAR | _named("ANNA", "QUINN", "MARIE"),
    "the same, no second forename": IN_AREA | WRONG_YEAR | _named("ANNA", "QUINN"),
    "the second forename alone, and a wrong year": IN_AREA | WRONG_YEAR | _named("ZOE", "QUINN", "MARIE"),
    "a slip in the surname and a wrong year": MOVED | WRONG_YEAR | _named("ANNA", "HALLMA"),
    "a slip in the forename and a wrong year": MOVED | WRONG_YEAR | _named("ANAN", "HALLAM"),
    "slips in both names and a wrong day": MOVED | WRONG_DAY | _named("ANNE", "HALLMA"),
    "another forename, day and month exchanged": MOVED | EXCHANGED | _named("ZOE", "HALLAM"),
    "nothing but the arrest": MOVED | OTHER_NAME | OTHER_DATE | {"asn_std": ONE["asn_std"]},
}
STRANGERS = {
    "the same name": MOVED | OTHER_DATE,
    "a surname, no date": MOVED | NO_DATE | _named("ZOE", "HALLAM"),
    "date of birth and sex": MOVED | OTHER_NAME,
    "forename and birthday, far away": MOVED | WRONG_YEAR | _named("ANNA", "QUINN"),
    "a house, of the other sex": OTHER_ARREST | OTHER_NAME | NEAR_DATE | {"sex": "M"},
    "a postcode, of another age": OTHER_ARREST | OTHER_NAME | OTHER_DATE | _lives("XA1 2BC", "3"),
}


@pytest.mark.parametrize("swapped", [False, True])
def test_errors_do_not_part_records_of_one_person(swapped):
    """Each has a rule of its own, so none is left out unnoticed; what strangers share makes no pair."""
    found = _rules_by_pair(ONE_PERSON | STRANGERS, swapped=swapped)
    rules = {name: len(made) for name, made in found.items()}
    assert rules == dict.fromkeys(ONE_PERSON, 1) | dict.fromkeys(STRANGERS, 0)
    assert len(set().union(*found.values())) == len(ONE_PERSON)


def _rules_by_pair(others, *, swapped):
    """The numbers of the rules that make a pair of ONE and each other record."""
    model = parse_settings(MODEL.read_text(encoding="utf-8"), where=str(MODEL))
    rules = keyed_rules(model.blocking_rules, model.dialect, where=str(MODEL))
    schema = pa.schema([field.with_nullable(True) for field in to_arrow_schema(schemas.load("records").struct_type())])
    sides = [ONE] * len(others), [ONE | other for other in others.values()]
    with duckdb.connect() as connection:
        for side, rows in zip("rl" if swapped else "lr", sides, strict=True):
            # What a record does not have is null.
            connection.register(side, pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema))
        made = ", ".join(f"coalesce(({rule.predicate}), false)" for rule in rules)
        found = connection.sql(f"SELECT {made} FROM l POSITIONAL JOIN r").fetchall()
    return {
        name: {rule.match_key for rule, is_made in zip(rules, row, strict=True) if is_made}
        for name, row in zip(others, found, strict=True)
    }
