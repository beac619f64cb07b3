"""Rows packed for Spark to move: nothing added, nothing lost, nothing held for long."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import chunks


def _batches(sizes):
    start = 0
    for size in sizes:
        yield pa.record_batch({"n": pa.array(range(start, start + size), pa.int64())})
        start += size


@given(sizes=st.lists(st.integers(0, 40), max_size=20))
def test_packed_rows_come_back_in_order(sizes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_ROWS", 50)
        packed = list(chunks.pack(_batches(sizes)))
    tables = [table for _, table in chunks.unpacked(packed)]
    assert [n for table in tables for n in table["n"].to_pylist()] == list(range(sum(sizes)))
    assert [row["place"] for batch in packed for row in batch.to_pylist()] == list(range(len(packed)))
    assert [row["rows"] for batch in packed for row in batch.to_pylist()] == [len(table) for table in tables]
    assert all(50 <= len(table) < 90 for table in tables[:-1])


def test_long_values_close_a_chunk_before_many_rows_do(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 1000)
    long = [pa.record_batch({"s": ["x" * 600]}) for _ in range(4)]
    assert [batch.to_pylist()[0]["rows"] for batch in chunks.pack(iter(long))] == [2, 2]


@pytest.mark.parametrize("compression", ["lz4", None])
def test_any_type_survives(compression):
    table = pa.table(
        {
            "text": ["é", None, ""],
            "list": [["a", None], [], None],
            "when": pa.array([0, None, 1], pa.timestamp("us", tz="UTC")),
        }
    )
    [(kind, found)] = chunks.unpacked([chunks.packed(table, 3, kind="odd", compression=compression)])
    assert (kind, found) == ("odd", table)
