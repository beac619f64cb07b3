"""The lake: only declared zones, only frames that fit, one commit for a reader."""

import json
from pathlib import Path

import pytest
from pyspark.errors import PySparkException

import schemas
from linkage.errors import ConfigError, InputError, RefusedError
from linkage.lake import Commit, Lake, Zone, fingerprint, write_table

TRUTH = schemas.load("truth")
COLUMNS = "record_id bigint, true_person_id bigint"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path / "lake"), frozenset({Zone.EVALUATION}), frozenset({Zone.EVALUATION}))


def test_a_table_comes_back_as_it_was_written(spark, lake):
    first = lake.overwrite(spark.createDataFrame([(1, 7), (2, 7)], COLUMNS), Zone.EVALUATION, "truth", TRUTH)
    second = lake.overwrite(spark.createDataFrame([(4, 9)], COLUMNS), Zone.EVALUATION, "truth", TRUTH)
    assert (first, second) == (Commit(0, 2), Commit(1, 1))
    assert [tuple(row) for row in lake.read(Zone.EVALUATION, "truth", TRUTH).collect()] == [(4, 9)]


def test_a_table_that_is_not_there(lake):
    assert not lake.exists(Zone.EVALUATION, "truth")
    assert lake.fingerprint(Zone.EVALUATION, "truth") is None
    with pytest.raises(InputError, match="evaluation/truth: no such table"):
        lake.read(Zone.EVALUATION, "truth", TRUTH)


def test_zones_that_were_not_declared_are_refused(spark, tmp_path):
    lake = Lake(spark, str(tmp_path), frozenset({Zone.LINKAGE}), frozenset({Zone.EVALUATION}))
    truth = spark.createDataFrame([(1, 7)], COLUMNS)
    with pytest.raises(RefusedError, match="zone identifiers: this job may not read it; it declares linkage"):
        lake.read(Zone.IDENTIFIERS, "records", TRUTH)
    with pytest.raises(RefusedError, match="zone linkage: this job may not write it; it declares evaluation"):
        lake.overwrite(truth, Zone.LINKAGE, "truth", TRUTH)
    with pytest.raises(RefusedError, match="may not write"):
        lake.deliver(truth, "prison", "parquet")
    with pytest.raises(RefusedError, match="may not open"):
        lake.path(Zone.ATTRIBUTES, "prison")
    assert not any(tmp_path.iterdir())


def test_zones_can_have_separate_roots(spark, tmp_path):
    roots = {Zone.LINKAGE: f"{tmp_path}/a/", Zone.EVALUATION: f"{tmp_path}/b"}
    lake = Lake(spark, roots, frozenset({Zone.LINKAGE, Zone.LANDING}), frozenset({Zone.EVALUATION}))
    assert lake.path(Zone.LINKAGE, "clusters") == f"{tmp_path}/a/clusters"
    assert lake.path(Zone.EVALUATION, "truth") == f"{tmp_path}/b/truth"
    with pytest.raises(ConfigError, match="zone landing: the lake has no root for it"):
        lake.path(Zone.LANDING, "prison")


def test_a_frame_that_does_not_fit_is_refused_before_anything_is_written(spark, lake):
    wrong = spark.createDataFrame([("1", 7)], "record_id string, person bigint")
    with pytest.raises(InputError) as raised:
        lake.overwrite(wrong, Zone.EVALUATION, "truth", TRUTH)
    for culprit in ("record_id is string", "missing column true_person_id", "unexpected column person"):
        assert culprit in str(raised.value)
    assert not lake.exists(Zone.EVALUATION, "truth")


def test_a_write_that_fails_leaves_the_table_as_it_was(spark, lake):
    lake.overwrite(spark.createDataFrame([(1, 7)], COLUMNS), Zone.EVALUATION, "truth", TRUTH)
    broken = spark.range(10).selectExpr("id as record_id", "if(id = 9, raise_error('no'), id) as true_person_id")
    with pytest.raises(Exception, match="USER_RAISED_EXCEPTION"):
        lake.overwrite(broken, Zone.EVALUATION, "truth", TRUTH)
    assert [tuple(row) for row in lake.read(Zone.EVALUATION, "truth", TRUTH).collect()] == [(1, 7)]


def test_a_row_that_breaks_a_rule_leaves_the_table_as_it_was(spark, lake):
    lake.overwrite(spark.createDataFrame([(1, 7)], COLUMNS), Zone.EVALUATION, "truth", TRUTH)
    with pytest.raises(PySparkException, match="evaluation/truth: column true_person_id is null in some row"):
        lake.overwrite(spark.createDataFrame([(1, 8), (2, None)], COLUMNS), Zone.EVALUATION, "truth", TRUTH)
    assert [tuple(row) for row in lake.read(Zone.EVALUATION, "truth", TRUTH).collect()] == [(1, 7)]


@pytest.mark.parametrize("zone", [Zone.IDENTIFIERS, Zone.LANDING, Zone.ATTRIBUTES, Zone.EVALUATION])
def test_the_log_of_a_personal_table_holds_no_value(spark, tmp_path, zone):
    lake = Lake(spark, str(tmp_path), frozenset({zone}), frozenset({zone}))
    schema = schemas.load("records")
    row = dict.fromkeys(schema.column_names) | {
        "record_id": 1,
        "source_dataset": "prison",
        "source_key": "A0001AA",
        "surname_std": "ZYGMUNTOWICZ",
    }
    records = spark.createDataFrame([tuple(row[name] for name in schema.column_names)], schema.struct_type())
    lake.overwrite(records, zone, "records", schema)
    log = "".join(path.read_text() for path in Path(tmp_path, f"{zone}/records/_delta_log").glob("*.json"))
    assert "surname_std" in log
    assert "ZYGMUNTOWICZ" not in log
    assert "A0001AA" not in log


def test_partitioned(spark, lake):
    df = spark.createDataFrame([(1, 7), (2, 8)], COLUMNS)
    lake.overwrite(df, Zone.EVALUATION, "truth", TRUTH, partition_by=["true_person_id"])
    assert Path(lake.path(Zone.EVALUATION, "truth"), "true_person_id=8").is_dir()


def test_a_delivery_has_a_fingerprint_that_changes(spark, tmp_path):
    lake = Lake(spark, str(tmp_path), frozenset(), frozenset({Zone.LANDING}))
    assert lake.fingerprint(Zone.LANDING, "prison") is None
    lake.deliver(spark.range(3), "prison", "csv")
    before = lake.fingerprint(Zone.LANDING, "prison")
    assert before == lake.fingerprint(Zone.LANDING, "prison")
    lake.deliver(spark.range(4), "prison", "csv")
    assert lake.fingerprint(Zone.LANDING, "prison") != before


def test_write_table_replaces_rows_and_columns(spark, tmp_path):
    path = str(tmp_path / "clusters")
    write_table(spark.range(3), path)
    write_table(spark.createDataFrame([("a",)], "cluster_id string"), path)
    assert fingerprint(spark, path).startswith("version 1 of ")
    assert spark.read.format("delta").load(path).columns == ["cluster_id"]
    last = json.loads((tmp_path / "clusters/_delta_log/00000000000000000001.json").read_text().splitlines()[0])
    assert last["commitInfo"]["operationParameters"]["mode"] == "Overwrite"
