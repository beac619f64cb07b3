"""Each table in the folder is read, makes sense, and is checked against frames."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

import schemas
from linkage.errors import ConfigError, InputError

ZONES = {
    "landing",
    "identifiers",
    "attributes",
    "linkage",
    "evaluation",
    "published",
    "extracts",
    "outputs",
    "audit",
}
# A key or a name must never reach a table of these zones.
WITHOUT_IDENTIFIERS = {"attributes", "linkage", "evaluation", "outputs"}
# The truth about synthetic rows is kept by source key until ingest replaces it.
ALLOWED = {("truth_keys", "source_key")}


@pytest.mark.parametrize("name", schemas.names())
def test_table_is_well_formed(name: str) -> None:
    schema = schemas.load(name)
    assert schema.name == name
    assert schema.zone in ZONES
    assert schema.struct_type().fieldNames() == list(schema.column_names)
    for column in schema.columns:
        assert len(column.description) > 3
        assert column.key is not schemas.KeyRole.PRIMARY or not column.nullable
        if column.values:
            assert schemas.value_set(column.values)
        if schema.zone == "landing":
            assert column.type == "string" or column.name == "reasons"
        if schema.zone in WITHOUT_IDENTIFIERS and (name, column.name) not in ALLOWED:
            assert column.sensitivity is not schemas.Sensitivity.DIRECT


def test_every_file_of_the_folder_is_a_table() -> None:
    folder = Path(schemas.__file__).parent / "tables"
    assert sorted(p.name for p in folder.iterdir()) == [f"{n}.yaml" for n in schemas.names()]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="no schema for table 'nothing'"):
        schemas.load("nothing")
    with pytest.raises(ConfigError, match="no value set 'nothing'"):
        schemas.value_set("nothing")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "varchar"}, "unknown type"),
        ({"colour": "red"}, "Extra inputs"),
        ({"sensitivity": "secret"}, "direct identifier"),
        ({"expected_missing": 2}, "less than or equal to 1"),
    ],
)
def test_columns_with_mistakes_are_refused(change: dict[str, object], reason: str) -> None:
    good = {
        "name": "a",
        "type": "int",
        "description": "A",
        "sensitivity": "none",
        "provenance": "own",
    }
    schemas.Column.model_validate(good)
    with pytest.raises(ValidationError, match=reason):
        schemas.Column.model_validate(good | change)


def test_tables_with_mistakes_are_refused() -> None:
    column = {
        "name": "a",
        "type": "int",
        "description": "A",
        "sensitivity": "none",
        "provenance": "own",
    }
    table = {"name": "t", "description": "T", "grain": "g", "zone": "linkage", "key": []}
    with pytest.raises(ValidationError, match="names a column twice"):
        schemas.TableSchema.model_validate(table | {"columns": [column, column]})
    with pytest.raises(ValidationError, match="primary columns"):
        schemas.TableSchema.model_validate(table | {"columns": [column], "key": ["a"]})


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
        for name in ("__init__.py", "errors.py"):
            out.write(root / "linkage" / name, f"linkage/{name}")
    code = "import schemas; print(schemas.__file__, *map(schemas.load, schemas.names()))"
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
