"""Records that every process of the tasks holds in memory, so that only their numbers have to move.

Imported by executors: PyArrow only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

# Of a record: its number, which is its place in the order that tells left from right.
ROW = "__row"


class Held:
    """All records of a run, in one piece.

    It travels compressed and is read once by each process.

    Attributes:
        table: The records, in the order of their numbers.
    """

    def __init__(self, table: pa.Table, chunk_rows: int) -> None:
        self.table = table.combine_chunks()
        self._chunk_rows = chunk_rows
        self._more: dict[str, pa.Table] = {}

    def __reduce__(self) -> tuple[Callable[..., Held], tuple[bytes, int]]:
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, self.table.schema, options=options) as stream:
            stream.write_table(self.table, max_chunksize=self._chunk_rows)
        return _read, (sink.getvalue().to_pybytes(), self._chunk_rows)

    def chunk(self, number: int) -> pa.Table:
        """Some of the records, and their numbers in the column `__row`."""
        start = number * self._chunk_rows
        records = self.table.slice(start, self._chunk_rows)
        rows = pa.array(range(start, start + records.num_rows), pa.int32())
        return records.append_column(ROW, rows)

    def chunks(self) -> list[tuple[int, int]]:
        """(rows, bytes) of each chunk."""
        starts = range(0, self.table.num_rows, self._chunk_rows)
        found = (self.table.slice(start, self._chunk_rows) for start in starts)
        return [(table.num_rows, table.nbytes) for table in found]

    def more(self, name: str, made: Callable[[], pa.Table]) -> pa.Table:
        """Further columns, made once in each process: one row for each record, in order."""
        if name not in self._more:
            self._more[name] = _in_order(made())
        return self._more[name]


class Broadcast(Protocol):
    """Spark's, as far as a task needs it."""

    @property
    def value(self) -> Held:
        """What every process of the tasks has."""


def with_held(
    batches: Iterator[pa.RecordBatch],
    task: Callable[..., Iterator[pa.RecordBatch]],
    records: Broadcast,
    **how: object,
) -> Iterator[pa.RecordBatch]:
    """Run a task that finds the records held."""
    _CURRENT[:] = [records.value]
    yield from task(batches, **how)


def current() -> Held:
    """What the process holds for the task that runs."""
    return _CURRENT[0]


_CURRENT: list[Held] = []


def in_pieces(columns: Iterable[pa.ChunkedArray]) -> list[pa.Array]:
    """Each column in one piece."""
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in columns]


def _read(stream: bytes, chunk_rows: int) -> Held:
    with pa.ipc.open_stream(stream) as reader:
        return Held(reader.read_all(), chunk_rows)


def _in_order(table: pa.Table) -> pa.Table:
    """A table by its column `__row`, which goes."""
    [row] = in_pieces([table[ROW]])
    if len(row) and not pc.all(pc.less(row.slice(0, len(row) - 1), row.slice(1))).as_py():
        table = table.take(pc.sort_indices(row))
    return table.drop_columns(ROW).combine_chunks()
