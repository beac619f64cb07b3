"""The columns of Parquet files: as Spark would read them, or left to Spark."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.lake.parquet import schema_of

PLAIN = {
    "text": pa.array(["a", None]),
    "long text": pa.array(["a", None], pa.large_string()),
    "category": pa.array(["a", None]).dictionary_encode(),
    "yes": pa.array([True, None]),
    "byte": pa.array([1, None], pa.int8()),
    "short": pa.array([1, None], pa.int16()),
    "int": pa.array([1, None], pa.int32()),
    "long": pa.array([1, None], pa.int64()),
    "float": pa.array([0.5, None], pa.float32()),
    "double": pa.array([0.5, None], pa.float64()),
    "day": pa.array([dt.date(2000, 1, 2), None]),
}


def _written(path, table):
    pq.write_table(table, path)
    return str(path)


def test_plain_columns_are_those_that_spark_would_find(spark, tmp_path):
    name = _written(tmp_path / "a.parquet", pa.table(PLAIN))
    assert schema_of([name]) == spark.read.parquet(name).schema


def test_files_that_spark_wrote_say_so_too(spark, tmp_path):
    sql = "SELECT 'a' AS text, 1 AS n, 2L AS long, CAST(3 AS SMALLINT) AS short, DATE'2000-01-02' AS day, 0.5D AS x"
    spark.sql(sql).repartition(2).write.parquet(str(tmp_path / "folder"))
    names = sorted(map(str, (tmp_path / "folder").glob("*.parquet")))
    assert schema_of(names) == spark.read.parquet(str(tmp_path / "folder")).schema


@pytest.mark.parametrize(
    "odd",
    [
        pa.array([dt.datetime(2000, 1, 2, tzinfo=dt.UTC)]),  # of which zone?
        pa.array([1], pa.uint8()),  # a wider type in Spark
        pa.array([b"a"]),  # text in some files of old
        pa.array([1], pa.decimal128(9, 2)),
        pa.array([["a"]]),
    ],
    ids=lambda array: str(array.type),
)
def test_other_types_are_left_to_spark(tmp_path, odd):
    assert schema_of([_written(tmp_path / "a.parquet", pa.table({"a": [1], "odd": odd}))]) is None


def test_files_that_do_not_agree_are_left_to_spark(tmp_path):
    one = _written(tmp_path / "a.parquet", pa.table({"n": pa.array([1], pa.int32())}))
    other = _written(tmp_path / "b.parquet", pa.table({"n": pa.array([1], pa.int64())}))
    assert schema_of([one]) is not None
    assert schema_of([one, other]) is None


def test_names_that_differ_in_case_only_are_left_to_spark(tmp_path):
    assert schema_of([_written(tmp_path / "a.parquet", pa.table({"n": [1], "N": [2]}))]) is None


def test_a_damaged_file_is_left_to_spark(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    assert schema_of([str(tmp_path / "a.parquet")]) is None
