"""Tables that tasks write themselves: Delta's reader sees what was committed and nothing else."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import InputError
from linkage.lake import commit_files, new_folder, parquet_files, tasks_share, write_rows, write_table, written_and_read

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string()), ("weight", pa.float64()), ("gamma", pa.int32())])


def _part(folder, name, rows):
    table = pa.table(list(zip(*rows, strict=True)), schema=SCHEMA)
    pq.write_table(table, f"{folder}/{name}")
    return name, (0, len(rows))


def _with_sizes(folder, files):
    return {name: ((folder / name).stat().st_size, rows) for name, (_, rows) in files}


def test_files_of_tasks_are_a_table_and_those_of_failed_attempts_are_gone(spark, tmp_path):
    folder = tmp_path / "out" / "pairs"
    assert new_folder(f"file:{folder}") == str(folder)
    files = [
        _part(folder, "one.parquet", [(1, "é", 0.5, -1), (2, None, -3.0, 2)]),
        _part(folder, "two.parquet", [(3, "b", 1.0, 0)]),
    ]
    _part(folder, "failed.parquet", [(9, "twice", 0.0, 0)])
    commit_files(str(folder), SCHEMA, _with_sizes(folder, files))
    found = spark.read.format("delta").load(str(folder))
    assert dict(found.dtypes) == {"id": "bigint", "name": "string", "weight": "double", "gamma": "int"}
    assert sorted(tuple(row) for row in found.collect()) == [(1, "é", 0.5, -1), (2, None, -3.0, 2), (3, "b", 1.0, 0)]
    assert found.count() == 3
    assert sorted(path.name for path in folder.glob("*.parquet")) == ["one.parquet", "two.parquet"]


def test_no_files_are_an_empty_table(spark, tmp_path):
    folder = new_folder(str(tmp_path / "empty"))
    commit_files(folder, SCHEMA, {})
    found = spark.read.format("delta").load(folder)
    assert (found.columns, found.collect()) == (SCHEMA.names, [])


def test_rows_of_this_process_become_a_table(spark, tmp_path):
    write_rows(spark, pa.table({"pairs": [3, 1], "key": ["0", "1"]}), f"file:{tmp_path}/counts")
    found = spark.read.format("delta").load(f"{tmp_path}/counts")
    assert sorted(tuple(row) for row in found.collect()) == [(1, "1"), (3, "0")]


def test_spark_changes_such_a_table_as_one_of_its_own(spark, tmp_path):
    path = f"{tmp_path}/counts"
    write_rows(spark, pa.table({"pairs": [3]}), path)
    write_table(spark.createDataFrame([(5,)], "pairs bigint"), path)
    assert [tuple(row) for row in spark.read.format("delta").load(path).collect()] == [(5,)]


def test_tasks_read_files_of_this_machine_and_no_others(spark, tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "people.parquet")
    (tmp_path / "people.csv").write_text("a\n1\n", encoding="utf-8")
    by_year = tmp_path / "by_year" / "year=2024"
    by_year.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), by_year / "part.parquet")
    write_table(spark.range(1), f"{tmp_path}/delta")
    assert parquet_files(spark, str(tmp_path / "people.parquet")) == [f"{tmp_path}/people.parquet"]
    for other in ("people.csv", "by_year", "delta"):
        assert parquet_files(spark, str(tmp_path / other)) is None
    assert parquet_files(spark, "s3a://bucket/people.parquet") is None
    assert tasks_share(spark, str(tmp_path))
    assert not tasks_share(spark, "hdfs://name/people")
    with pytest.raises(InputError, match="no such file or folder"):
        parquet_files(spark, str(tmp_path / "nothing"))


def test_what_is_read_back_from_scratch_is_what_was_written_and_its_plan_begins_there(spark, tmp_path):
    query = "SELECT id, date'2020-02-03' AS day, if(id = 1, 'é', null) AS name, id > 1 AS late FROM range(3)"
    made = spark.sql(query)
    read = written_and_read(made, str(tmp_path / "kept"))
    assert read.schema.simpleString() == made.schema.simpleString()
    assert sorted(read.collect()) == sorted(made.collect())
    leaf = read._jdf.queryExecution().optimizedPlan().collectLeaves().toString()
    assert "parquet" in leaf
    assert "Range" not in leaf
