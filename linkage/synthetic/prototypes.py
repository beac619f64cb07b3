"""Prototyping tables: the form of the real ones with made-up rows, for code that is written before access is given.

A prototype is made of a table's schema alone, so it has its columns, types, codes and expected missingness, and
keys that join; each column is drawn by itself, so no relation between columns, and nothing of a person, is in it.
Names, places and numbers are such that nobody has them. This is no data to measure anything on: for that there
are the supplies that `synthesise` makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from linkage.synthetic import identifiers
from linkage.synthetic.draws import Draws
from schemas import TableSchema, Zone

BANNER = "is_synthetic"
_BIRTHS, _DAYS = ("1945-01-01", 60 * 365), ("2015-01-01", 6 * 365)
_AMOUNTS = 100
# How many values a part of a key has: codes have as many as there are; a table's first text has what is left over.
_MONTHS, _NUMBERS, _TEXTS = 72, 2, 50
# Prime, and larger than any number of rows: numbers of rows times it, modulo the keys there are, repeat none.
_SPREAD = 2_654_435_761
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def prototype_names() -> tuple[str, ...]:
    """The tables that there are prototypes of: everything that is supplied."""
    tables = map(schemas.load, schemas.names())
    return tuple(t.name for t in tables if t.zone is Zone.LANDING and t.owner is not None)


def prototype(spark: SparkSession, name: str, *, rows: int, seed: int, partitions: int | None = None) -> DataFrame:
    """A prototype of one table: its columns, and `is_synthetic`, which is true in every row.

    Primary keys are unique. A foreign key names a row of the other table's prototype, if that has as many rows;
    numbers of people (PNC, NINO and their like) are those of as many people as there are rows, the same in every
    table, and so join many to many. Rows are the same whatever `partitions` is; their order is not promised.

    Args:
        spark: The session.
        name: A table that `prototype_names` has.
        rows: How many; the same for all tables that shall join.
        seed: Another seed draws otherwise.
        partitions: The session's default parallelism when not given.

    >>> df = prototype(spark, "civil_events", rows=3, seed=1)
    >>> df.select("case_number", "event_number", "is_synthetic").orderBy("case_number", "event_number").collect()
    [Row(case_number='PROTO-00000000', event_number='1', is_synthetic=True),
     Row(case_number='PROTO-00000000', event_number='2', is_synthetic=True),
     Row(case_number='PROTO-00000001', event_number='1', is_synthetic=True)]
    """
    schema = schemas.load(name)
    numbered = spark.range(0, rows, 1, partitions or spark.sparkContext.defaultParallelism)
    table = _Table(schema, F.col("id"), rows, seed)
    columns = [_with_gaps(table, column).cast(column.type).alias(column.name) for column in schema.columns]
    return numbered.select(*columns, F.lit(True).alias(BANNER))


class _Table(NamedTuple):
    """A table to draw, and which row of it."""

    schema: TableSchema
    row: Column
    rows: int
    seed: int

    def draws(self, column: str) -> Draws:
        """Draws that no other column shares."""
        return Draws(self.seed, F.xxhash64(F.lit(f"{self.schema.name}.{column}"), self.row))

    @property
    def person(self) -> Column:
        """The person whose numbers the row has."""
        return self.draws("person").below(self.rows, "person")


def _with_gaps(table: _Table, column: schemas.Column) -> Column:
    """A column's value, missing as often as its schema expects."""
    value, draws = _value(table, column), table.draws(column.name)
    if column.nullable and column.missing_by is not None:
        decisive = _value(table, table.schema.column(column.missing_by.column))
        for code, share in column.missing_by.shares.items():
            value = F.when(~((decisive == code) & draws.happens(share, "missing")), value)
    elif column.nullable and column.expected_missing:
        value = F.when(~draws.happens(column.expected_missing, "missing"), value)
    return value


def _value(table: _Table, column: schemas.Column) -> Column:
    keyed = _key(table).get(column.name)
    if keyed is not None:
        return keyed
    draws = table.draws(column.name)
    if column.values is not None:
        return draws.choose(list(schemas.value_set(column.values)), "code")
    if column.content == "date":
        return _day(draws, *(_BIRTHS if column.name == "dob" else _DAYS))
    if column.content is not None:
        return draws.below(_AMOUNTS, "amount").cast("string")
    if column.name in _OF_PEOPLE:
        return _OF_PEOPLE[column.name](table.person)
    return _TEXT_OF.get(column.name, _any_text(column.name))(draws)


def _key(table: _Table) -> Mapping[str, Column]:
    """The columns of the table's key and of its foreign keys, as functions of the row."""
    return _key_of_child(table) if table.schema.foreign_keys else _key_of_its_own(table)


def _key_of_its_own(table: _Table) -> Mapping[str, Column]:
    """Parts whose places are the digits of a number that no other row has; the first text takes what is left over."""
    columns = [table.schema.column(name) for name in table.schema.key]
    free = next((c for c in columns if _is_text(c)), None)
    others = [column for column in columns if column is not free]
    possible = prod(map(_size, others))
    spare = max(_TEXTS if others else 1, -(-table.rows // possible))
    number = F.pmod(table.row * F.lit(_SPREAD), F.lit(spare * possible))
    made, rest = _parts(others, number, most=possible)
    return made if free is None else {**made, free.name: _key_part(free, rest)}


def _key_of_child(table: _Table) -> Mapping[str, Column]:
    """Parts of its own, and those of the row that each foreign key names.

    Rows are numbered within their parent, two to one; a child whose own part is a text has any parent.
    """
    schema = table.schema
    foreign = {name for key in schema.foreign_keys for name in key.columns}
    own = [schema.column(name) for name in schema.key if name not in foreign]
    texts = [column for column in own if _is_text(column)]
    made, rest = _parts([column for column in own if column not in texts], table.row, most=_NUMBERS)
    made |= {column.name: _key_part(column, table.row) for column in texts}
    for key in schema.foreign_keys:
        parent = table.draws(key.table).below(table.rows, "parent") if texts else rest
        theirs = _key(_Table(schemas.load(key.table), parent, table.rows, table.seed))
        made |= {ours: theirs[name] for ours, name in zip(key.columns, key.references, strict=True)}
    return made


def _parts(columns: Sequence[schemas.Column], number: Column, *, most: int) -> tuple[dict[str, Column], Column]:
    """Parts of a key by the digits of a number, no more than `most` values of each; and what is left of it."""
    made = {}
    for column in columns:
        size = min(_size(column), most)
        made[column.name] = _key_part(column, F.pmod(number, F.lit(size)))
        number = F.floor(number / size)
    return made, number


def _is_text(column: schemas.Column) -> bool:
    return column.values is None and column.content is None


def _size(column: schemas.Column) -> int:
    if column.values is not None:
        return len(schemas.value_set(column.values))
    return {"date": _MONTHS, "int": _NUMBERS}.get(str(column.content), _NUMBERS)


def _key_part(column: schemas.Column, place: Column) -> Column:
    """The value of a key's part at a place from 0."""
    if column.values is not None:
        codes = list(schemas.value_set(column.values))
        return F.get(F.array(*map(F.lit, codes)), place.cast("int"))
    if column.content == "date":
        return F.add_months(F.lit(_DAYS[0]).cast("date"), place.cast("int")).cast("string")
    if column.content == "int":
        return (place + 1).cast("string")
    if column.name == "academic_year":
        return F.concat((place + 2015).cast("string"), F.lit("/"), (place + 16).cast("string"))
    return _OF_PEOPLE.get(column.name, _proto)(place)


def _proto(place: Column) -> Column:
    return F.concat(F.lit("PROTO-"), F.lpad(place.cast("string"), 8, "0"))


def _day(draws: Draws, first: str, days: int) -> Column:
    return F.date_add(F.lit(first).cast("date"), draws.below(days, "day").cast("int")).cast("string")


def _name(draws: Draws, salt: str = "name") -> Column:
    """TEST and two letters: a word that is a name in form, and nobody's."""
    return F.concat(F.lit("TEST"), _letter(draws, f"{salt} 1"), _letter(draws, f"{salt} 2"))


def _letter(draws: Draws, salt: str) -> Column:
    return F.substring(F.lit(_LETTERS), draws.below(len(_LETTERS), salt).cast("int") + 1, F.lit(1))


def _sector(draws: Draws) -> Column:
    """A postcode sector of an area that begins with X, which no real one does (K)."""
    district, digit = draws.below(9, "district") + 1, draws.below(10, "sector")
    return F.concat(F.lit("XA"), district.cast("string"), F.lit(" "), digit.cast("string"))


def _postcode(draws: Draws) -> Column:
    return F.concat(_sector(draws), F.lit("AA"))


def _area(first: str, length: int) -> Callable[[Draws], Column]:
    """Codes of statistics with numbers that no area has (K)."""
    return lambda draws: F.concat(F.lit(first), F.lpad(draws.below(90, "area").cast("string"), length, "0"))


def _any_text(name: str) -> Callable[[Draws], Column]:
    word = name.upper().replace("_", " ")
    return lambda draws: F.concat(F.lit(f"{word} "), draws.below(_TEXTS, "text").cast("string"))


# What a person has one of, from the person's number; no such number was ever issued.
_OF_PEOPLE: Mapping[str, Callable[[Column], Column]] = {
    "pnc": lambda person: identifiers.pnc(person, F.lit(2000)),
    "cro": identifiers.cro,
    "prison_number": identifiers.prison_number,
    "crn": identifiers.crn,
    "nino": identifiers.nino,
    "nhs_number": identifiers.nhs_number,
    "upn": identifiers.upn,
    "urn": identifiers.urn,
    "asn": lambda person: identifiers.asn(person, F.lit(2000)),
}
_TEXT_OF: Mapping[str, Callable[[Draws], Column]] = {
    "forename1": _name,
    "forename2": _name,
    "forename3": _name,
    "surname": _name,
    "aliases": lambda draws: F.concat_ws(" ", _name(draws, "fore"), _name(draws, "sur")),
    "initials": lambda draws: F.concat(_letter(draws, "first"), _letter(draws, "last")),
    "title": lambda draws: draws.choose(["MR", "MRS", "MS"], "title"),
    "nationality": lambda draws: draws.choose(["UK", "Other"], "nationality"),
    "postcode": _postcode,
    "previous_postcodes": _postcode,
    "postcode_sector": _sector,
    "lsoa_code": _area("E0199", 4),
    "lad_code": _area("E0699", 4),
    "region_code": _area("E1299", 4),
    "police_force_area_code": _area("E2399", 4),
}
