"""Prototyping tables, of every supply at once: their form, their keys, their gaps, and that nobody is in them."""

from __future__ import annotations

import json
import re
from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs.harness.planning import interpreted
from linkage.synthetic.prototypes import BANNER, prototype, prototype_names

ROWS = 120
Tables = dict[str, list[dict[str, str]]]
each_table = pytest.mark.parametrize("name", prototype_names())


def all_rows(
    spark: SparkSession, names: tuple[str, ...], rows: int, seed: int, partitions: int
) -> list[tuple[str, str]]:
    """Every row of the tables as JSON, null left out: one Spark job."""
    made = []
    for name in names:
        df = prototype(spark, name, rows=rows, seed=seed, partitions=partitions)
        assert df.schema[BANNER].dataType.simpleString() == "boolean"
        schemas.load(name).check(df.drop(BANNER))
        made.append(df.select(F.lit(name).alias("name"), F.to_json(F.struct("*")).alias("row")))
    return [tuple(row) for row in reduce(DataFrame.unionByName, made).coalesce(1).collect()]


@pytest.fixture(scope="module")
def tables(spark: SparkSession) -> Tables:
    found: Tables = {name: [] for name in prototype_names()}
    with interpreted(spark, if_=True):
        rows = all_rows(spark, prototype_names(), ROWS, 7, 1)
    for name, row in rows:
        found[name].append(json.loads(row))
    return found


def test_there_is_one_of_every_supply(tables: Tables) -> None:
    assert {*schemas.value_set("source_dataset"), "hes_assaults", "civil_events"} <= tables.keys()
    assert {len(rows) for rows in tables.values()} == {ROWS}
    assert all(row[BANNER] is True for rows in tables.values() for row in rows)


@each_table
def test_keys_are_unique_and_foreign_keys_name_a_row(tables: Tables, name: str) -> None:
    schema, rows = schemas.load(name), tables[name]
    assert len({tuple(row[part] for part in schema.key) for row in rows}) == ROWS
    for key in schema.foreign_keys:
        theirs = {tuple(row[part] for part in key.references) for row in tables[key.table]}
        ours = {tuple(row[part] for part in key.columns) for row in rows}
        assert ours <= theirs
        assert len(ours) >= ROWS // 4, "and not always the same"


@each_table
def test_codes_types_and_gaps_are_those_of_the_schema(tables: Tables, name: str) -> None:
    schema, rows = schemas.load(name), tables[name]
    for column in schema.columns:
        values = [row.get(column.name) for row in rows]
        known = [value for value in values if value is not None]
        missing = 1 - len(known) / ROWS
        if not column.nullable:
            assert missing == 0, column.name
        if column.expected_missing is not None:
            # Four standard deviations of a share of so many rows, and a little.
            share = column.expected_missing
            assert missing == pytest.approx(share, abs=4 * (share * (1 - share) / ROWS) ** 0.5 + 0.01), column.name
        if column.values is not None:
            assert set(known) <= schemas.value_set(column.values).keys(), column.name
        if column.content == "date":
            assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", value) for value in known), column.name
        if column.content == "int":
            assert all(value.isdigit() for value in known), column.name


def test_gaps_that_hang_on_a_role_do(tables: Tables) -> None:
    [shares] = [c.missing_by.shares for c in schemas.load("family").columns if c.missing_by is not None]
    rows = tables["family"]
    by_role = {role: [row for row in rows if row["role"] == role] for role in shares}
    gaps = {role: sum("dob" not in row for row in found) / len(found) for role, found in by_role.items()}
    assert gaps["child"] < 0.2  # 3% expected
    assert gaps["legal_representative"] > 0.4  # 70% expected


def test_numbers_of_people_join_and_nobody_has_them(tables: Tables) -> None:
    forms = {
        "pnc": r"\d{4}/[1-9]\d{6}[A-Z]",
        "nino": r"QQ\d{6}[A-D]",
        "nhs_number": r"999\d{7}",
        "postcode": r"XA\d \dAA",
        "prison_number": r"[Q-Z]\d{4}[A-Z]{2}",
        "crn": r"[Q-Z]\d{6}",
        "surname": r"TEST[A-Z]{2}",
    }
    numbers: dict[str, dict[str, set[str]]] = {}
    for name, rows in tables.items():
        for column, form in forms.items():
            found = {row[column] for row in rows if column in row}
            assert all(re.fullmatch(form, value) for value in found), (name, column)
            if found:
                numbers.setdefault(column, {})[name] = found
    pncs = numbers["pnc"]
    assert pncs["prison"] <= pncs["pnc"]
    assert len(pncs["prison"] & pncs["probation"]) > ROWS // 8
    assert len(numbers["nino"]["dwp"] & numbers["nino"]["hmrc"]) > ROWS // 8


def test_rows_are_those_of_the_seed_on_any_partitioning(spark: SparkSession) -> None:
    names = ("family", "civil_events")
    once, again, other = (sorted(all_rows(spark, names, 20, s, p)) for s, p in ((1, 1), (1, 3), (2, 1)))
    assert once == again
    assert once != other
