"""Users' own files: what can be read, and a line that names the culprit for what cannot."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import InputError
from linkage.lake import read_input


def _rows(df):
    return sorted(tuple(row) for row in df.collect())


def test_parquet_file_folder_and_delta_are_the_same(spark, tmp_path):
    rows = spark.createDataFrame([(1, "a"), (2, None)], "id bigint, name string").coalesce(1)
    rows.write.parquet(str(tmp_path / "folder"))
    rows.write.format("delta").save(str(tmp_path / "delta"))
    [file] = (tmp_path / "folder").glob("*.parquet")
    file.rename(tmp_path / "people")  # known by its content, not by its name
    for path in ("people", "delta"):
        assert _rows(read_input(spark, str(tmp_path / path))) == [(1, "a"), (2, None)]
    rows.write.mode("append").parquet(str(tmp_path / "folder"))
    assert _rows(read_input(spark, f"file://{tmp_path}/folder")) == [(1, "a"), (2, None)]
    assert _rows(read_input(spark, str(tmp_path / "folder"))) == [(1, "a"), (2, None)]


@pytest.mark.parametrize("packed", [False, True])
def test_csv_is_strings_with_empty_as_null(spark, tmp_path, packed):
    text = '\ufeffid,Full name,x\n01,"",\n2,"say ""hi"", you","two\nlines"\n3,O\'Néill,\n'
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    df = read_input(spark, str(path))
    assert df.columns == ["id", "Full name", "x"]
    assert _rows(df) == [("01", None, None), ("2", 'say "hi", you', "two\nlines"), ("3", "O'Néill", None)]


def test_csv_with_a_header_only_has_no_rows(spark, tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n")
    assert read_input(spark, str(tmp_path / "a.csv")).count() == 0


def test_csv_folder(spark, tmp_path):
    (tmp_path / "1.csv").write_text("id,name\n1,a\n")
    (tmp_path / "2.csv").write_text("id,name\n2,b\n")
    (tmp_path / "_SUCCESS").touch()
    assert _rows(read_input(spark, str(tmp_path))) == [("1", "a"), ("2", "b")]
    (tmp_path / "3.csv").write_text("name,id\nc,3\n")
    with pytest.raises(InputError, match=r"3\.csv: its header differs from that of .*1\.csv"):
        read_input(spark, str(tmp_path))


@pytest.mark.parametrize("narrow", [False, True])
def test_csv_rows_that_do_not_fit_the_header(spark, tmp_path, narrow):
    path = tmp_path / "a.csv"
    path.write_text("id,name,x\n1,a,b\n2,b\n" if narrow else "id,name,x\n1,a,b\n3,a,b,c\n")
    with pytest.raises(InputError, match=r"a\.csv: 1 rows have too few or too many fields"):
        read_input(spark, str(path))
    kept = read_input(spark, str(path), malformed_column="_malformed").collect()
    assert [row["_malformed"] for row in kept] == [None, "2,b" if narrow else "3,a,b,c"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no such file or folder"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"id,name,ID\n1,a,2\n", "names a column twice: columns 1, 3"),
        ("a.csv", b"id,,name, \n1,a,2,3\n", "no name for column 2, 4"),
        ("a.csv", b"\n1,2\n", "no name for column 1"),
        ("a.csv", b"id,n\xe9e\n1,2\n", "cannot be read as CSV in UTF-8"),
        ("a.csv.gz", b"id,name\n", "cannot be read as CSV in UTF-8"),
        ("a.csv", b"id,name\n1,Zo\xeb\n", "line 2 cannot be read as CSV in UTF-8"),  # Latin-1
        (
            "a.csv",
            b"id,name\n1,a\n2,\xed\xa0\x80\n",
            "line 3 cannot be read as CSV in UTF-8",
        ),  # half of a surrogate pair
        ("a.csv", b"id,name\n1,Zo\xc3", "line 2 cannot be read as CSV in UTF-8"),  # cut within a letter
        ("a.csv.gz", gzip.compress(b"id,name\n1,\xff\n"), "line 2 cannot be read as CSV in UTF-8"),
        ("a.parquet", b"PAR1 and then nothing", "not a whole Parquet file"),
        ("a.parquet", b"id,name\n1,a\n", "not a whole Parquet file"),
        ("a.parquet", b"PAR1PAR1", "cannot be read as parquet"),
        ("a.xlsx", b"PK\x03\x04", "neither Parquet nor CSV"),
    ],
)
def test_files_that_cannot_be_read(spark, tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_input(spark, str(path))
    assert name in str(raised.value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_empty_folder(spark, tmp_path):
    with pytest.raises(InputError, match="the folder holds no files"):
        read_input(spark, str(tmp_path))


def test_a_parquet_file_cut_short_anywhere(spark, tmp_path):
    spark.range(1000).coalesce(1).write.parquet(str(tmp_path / "whole"))
    [file] = (tmp_path / "whole").glob("*.parquet")
    content = file.read_bytes()
    for length in (1, 10, len(content) // 2, len(content) - 1):
        (tmp_path / "cut.parquet").write_bytes(content[:length])
        with pytest.raises(InputError, match=r"cut\.parquet: not a whole Parquet file"):
            read_input(spark, str(tmp_path / "cut.parquet"))


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_in_a_folder_of_its_own_is_refused_and_not_passed_over(spark, tmp_path, name):
    nested = tmp_path / "2023"
    nested.mkdir()
    for folder in (tmp_path, nested):
        if name == "a.csv":
            (folder / name).write_text("id,name\n1,a\n")
        else:
            pq.write_table(pa.table({"id": [1]}), folder / name)
    with pytest.raises(
        InputError, match=f"2023/{name}: lies in a folder of its own .*put an input's files side by side"
    ):
        read_input(spark, str(tmp_path))
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=f"2023/{name}: lies in a folder of its own"):
        read_input(spark, str(tmp_path))


def test_folders_may_give_the_values_of_a_column_and_then_all_files_lie_in_one(spark, tmp_path):
    for year in ("2023", "2024"):
        (tmp_path / f"year={year}").mkdir()
        (tmp_path / f"year={year}" / "a.csv").write_text("id\n1\n")
    assert _rows(read_input(spark, str(tmp_path))) == [("1", 2023), ("1", 2024)]
    (tmp_path / "b.csv").write_text("id\n2\n")
    with pytest.raises(InputError, match="lies in a folder of its own"):
        read_input(spark, str(tmp_path))


def test_a_delta_table_that_lost_its_log(spark, tmp_path):
    (tmp_path / "_delta_log").mkdir()
    with pytest.raises(InputError, match="cannot be read as delta"):
        read_input(spark, str(tmp_path))
