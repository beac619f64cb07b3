"""Each table in the folder is read, makes sense, and is checked against frames."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

import schemas
from linkage.errors import InputError
from schemas import Zone

# A key or a name must never reach a table of these zones.
WITHOUT_IDENTIFIERS = {Zone.ATTRIBUTES, Zone.LINKAGE, Zone.EVALUATION, Zone.OUTPUTS, Zone.PUBLISHED, Zone.EXTRACTS}
# The truth about synthetic rows is kept by source key until ingest replaces it.
ALLOWED = {("truth_keys", "source_key")}
# What lies in the landing zone beside supplies.
OURS = ("quarantine", "corrections", "unmapped_codes")
# What an attributes table has beside columns of its supply.
ADDED = ["record_id", "age"]
ROOT = Path(schemas.__file__).parent
TABLES = [schemas.load(name) for name in schemas.names()]
SUPPLIES = [table for table in TABLES if table.zone is Zone.LANDING and table.name not in OURS]
DATASETS = list(schemas.value_set("source_dataset"))
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@each_table
def test_columns_are_what_their_zone_allows(table: schemas.TableSchema) -> None:
    assert table.struct_type().fieldNames() == list(table.column_names)
    for column in table.columns:
        if table in SUPPLIES:
            assert column.type == "string", column.name
        if table.zone in WITHOUT_IDENTIFIERS and (table.name, column.name) not in ALLOWED:
            assert column.sensitivity is not schemas.Sensitivity.DIRECT, column.name
        if table.name.endswith("_attributes"):
            assert table.zone is Zone.ATTRIBUTES
            assert column.key in (None, schemas.KeyRole.PRIMARY), column.name
        if column.linkage:
            assert table.zone in (Zone.LANDING, Zone.IDENTIFIERS), column.name
            assert column.sensitivity in (schemas.Sensitivity.DIRECT, schemas.Sensitivity.INDIRECT), column.name


@each_table
def test_how_much_of_a_linkage_field_is_missing_is_said(table: schemas.TableSchema) -> None:
    supplied = {column.name for supply in SUPPLIES for column in supply.columns}
    for column in table.columns:
        said = [column.expected_missing, column.missing_by, column.missing_as]
        if column.linkage:
            assert not column.nullable or said != [None, None, None], column.name
        assert column.missing_as is None or column.missing_as in supplied, column.name


@each_table
def test_foreign_keys_name_rows_that_there_can_be(table: schemas.TableSchema) -> None:
    for key in table.foreign_keys:
        target = schemas.load(key.table)
        assert sorted(key.references) == sorted(target.key)
        types = [
            (table.column(o).type, target.column(t).type) for o, t in zip(key.columns, key.references, strict=True)
        ]
        assert all(ours == theirs for ours, theirs in types)


@pytest.mark.parametrize("supply", SUPPLIES, ids=lambda supply: supply.name)
def test_a_supply_says_when_and_how_it_is_keyed(supply: schemas.TableSchema) -> None:
    assert supply.key
    assert supply.owner
    assert supply.time_coverage
    if supply.event_date is not None:
        event = supply.column(supply.event_date)
        assert (event.content, event.nullable) == ("date", False)


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_dataset_has_a_supply_and_attributes_made_of_it(dataset: str) -> None:
    supply, attributes = schemas.load(dataset), schemas.load(f"{dataset}_attributes")
    assert supply in SUPPLIES
    assert supply.part_of is None
    assert attributes.part_of == dataset
    taken = [name for name in attributes.column_names if name not in ADDED]
    assert attributes.column_names == (*(a for a in ADDED if a in attributes.column_names), *taken)
    for name in taken:
        ours, theirs = attributes.column(name), supply.column(name)
        assert (ours.type, ours.values) == (theirs.content or theirs.type, theirs.values), name
        assert ours.expected_missing == theirs.expected_missing, name
    assert ("age" in attributes.column_names) == ("dob" in supply.column_names)
    assert {c.name for c in supply.columns if c.linkage}, "nothing to link on"


def test_a_shared_number_is_in_two_tables_at_least_and_of_one_type() -> None:
    types: dict[str, list[str]] = {}
    for table in SUPPLIES:
        for column in table.columns:
            types.setdefault(column.name, []).append(column.type)
    shared = {c.name for table in SUPPLIES for c in table.columns if c.key is schemas.KeyRole.SHARED}
    assert {"pnc", "cro", "prison_number", "crn", "nino", "nhs_number", "urn"} <= shared
    assert {name: set(types[name]) for name in shared if len(types[name]) < 2 or len(set(types[name])) > 1} == {}


def test_nothing_is_written_down_that_nobody_uses() -> None:
    columns = [column for table in TABLES for column in table.columns]
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT.parent / "linkage").rglob("*.py"))
    unused = set(schemas.value_set_names()) - {column.values for column in columns}
    # What standardisation reads by name, or says that its results are of, is used too.
    assert {name for name in unused if f'"{name}"' not in code and f"`{name}`" not in code} == set()
    tags = {tag.value for tag in schemas.Provenance}
    assert tags <= schemas.sources().keys()
    assert schemas.sources().keys() - tags == {known.source for known in (*columns, *TABLES) if known.source}
    shared = yaml.safe_load((ROOT / "columns.yaml").read_text(encoding="utf-8"))
    entries = [e for p in (ROOT / "tables").iterdir() for e in yaml.safe_load(p.read_text(encoding="utf-8"))["columns"]]
    assert shared.keys() - {entry.get("like") for entry in entries} == set()


def test_every_file_of_the_folder_is_a_table() -> None:
    folder = ROOT / "tables"
    assert sorted(p.name for p in folder.iterdir()) == [f"{n}.yaml" for n in schemas.names()]


def test_the_standing_of_a_tag() -> None:
    standing = {tag.value: tag.standing for tag in schemas.Provenance}
    known = dict.fromkeys(["S0", "S1", "S2", "S3", "S4", "CPR", "P"], "known")
    assert standing == known | {"K": "unchecked", "A": "assumed", "own": "own"}


def test_check_lists_all_discrepancies_at_once(spark: SparkSession) -> None:
    df = spark.createDataFrame([], "record_id string, source_dataset string, extra int, source_dataset_l string")
    with pytest.raises(InputError) as caught:
        schemas.load("clusters").check(df)
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "table clusters",
        "column record_id is string, expected bigint",
        "missing column cluster_id (bigint)",
        "unexpected column extra",
        "unexpected column source_dataset_l",
    ):
        assert part in message


def test_check_accepts_what_fits(spark: SparkSession) -> None:
    schema = schemas.load("clusters")
    schema.check(spark.createDataFrame([], schema.struct_type()))


def test_open_columns_take_any_fitting_name_of_the_right_type(spark: SparkSession) -> None:
    schema = schemas.load("scored_pairs")
    fixed = ", ".join(f"{c.name} {c.type}" for c in schema.columns)
    good = spark.createDataFrame([], f"gamma_dob int, {fixed}")
    schema.check(good)
    with pytest.raises(InputError, match="column gamma_dob is string, expected int"):
        schema.check(spark.createDataFrame([], f"{fixed}, gamma_dob string"))
    with pytest.raises(InputError, match="unexpected column delta_dob"):
        schema.check(spark.createDataFrame([], f"{fixed}, delta_dob int"))


def test_schemas_are_read_from_a_zip(tmp_path: Path) -> None:
    root = Path(schemas.__file__).parent.parent
    archive = tmp_path / "shipped.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in (root / "schemas").rglob("*.*"):
            out.write(path, path.relative_to(root))
        for name in ("__init__.py", "documents.py", "errors.py"):
            out.write(root / "linkage" / name, f"linkage/{name}")
    code = "import schemas; print(schemas.__file__, *map(schemas.load, schemas.names()), schemas.value_set_names())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(archive)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(archive))
    assert done.stdout.count("grain=") == len(schemas.names())


def test_text_among_attributes_is_a_code() -> None:
    # Of a list, or of a form that no name or address has.
    for name in schemas.names():
        if name.endswith("_attributes"):
            free = [c.name for c in schemas.load(name).columns if c.type == "string" and not c.values and not c.pattern]
            assert free == [], name
