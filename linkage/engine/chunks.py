"""Rows packed into Arrow: Spark moves chunks of bytes, and only tasks look inside.

A column of a million strings costs Spark seconds to turn into rows and back; a chunk of them is
one value. So records are packed once, and what is exploded from them is shuffled packed too.
Imported by executors: PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

# How a chunk travels through Spark: which partition it is for, what it holds, how many rows, how many bytes they
# take in memory, the rows.
SCHEMA = "place int, kind string, rows bigint, size bigint, chunk binary"

RECORDS = "records"
# A chunk that the process holds already: its place is its number, and no rows come with it.
HELD = "held"

# A chunk is closed at whichever comes first.
CHUNK_ROWS = 65_536
CHUNK_BYTES = 32 * 1024 * 1024

_KIND = b"linkage.kind"


class Holder(Protocol):
    """Who holds the records of a process."""

    def chunk(self, number: int) -> pa.Table:
        """Some of them."""


# Who holds those of the task that runs; see `linkage.engine.held`.
HOLDER: list[Holder] = []

_ARROW_SCHEMA = pa.schema(
    [
        pa.field("place", pa.int32()),
        pa.field("kind", pa.string()),
        pa.field("rows", pa.int64()),
        pa.field("size", pa.int64()),
        pa.field("chunk", pa.binary()),
    ]
)


def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Pack a partition's rows into chunks; no row is added or lost.

    Args:
        batches: Rows as Spark hands them over, in small batches.

    Yields:
        One row of `SCHEMA` per chunk; `place` counts up from 0.
    """
    held: list[pa.RecordBatch] = []
    place = 0
    for batch in batches:
        held.append(batch)
        full = sum(one.num_rows for one in held) >= CHUNK_ROWS or sum(one.nbytes for one in held) >= CHUNK_BYTES
        if full:
            yield packed(pa.Table.from_batches(held), place)
            held, place = [], place + 1
    if held:
        yield packed(pa.Table.from_batches(held), place)


def packed(table: pa.Table, place: int, *, kind: str = RECORDS, compression: str | None = "lz4") -> pa.RecordBatch:
    """One chunk as one row of `SCHEMA`.

    Args:
        table: Its rows.
        place: The partition that it is for.
        kind: What it holds.
        compression: None for what does not compress, such as hashes.
    """
    content = written(table, compression=compression)
    ends = pa.py_buffer((0).to_bytes(4, "little") + content.size.to_bytes(4, "little"))
    chunk = pa.Array.from_buffers(pa.binary(), 1, [None, ends, content])
    numbers = (pa.array([number], pa.int64()) for number in (table.num_rows, table.nbytes))
    values = [pa.array([place], pa.int32()), pa.array([kind]), *numbers, chunk]
    return pa.RecordBatch.from_arrays(values, schema=_ARROW_SCHEMA)


def by_place(place: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, list[tuple[int, int, int]]]:
    """How to bring rows to their places: their order, and (place, start, rows) of each place in it."""
    counts = {each["values"]: each["counts"] for each in pc.value_counts(place).to_pylist()}
    starts = accumulate((counts[number] for number in sorted(counts)), initial=0)
    return pc.sort_indices(place), [
        (number, start, counts[number]) for number, start in zip(sorted(counts), starts, strict=False)
    ]


def unpacked(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, pa.Table]]:
    """The kind and the rows of each chunk, without copying where it is not compressed."""
    for batch in batches:
        for place, kind, chunk in zip(*(batch.column(name) for name in ("place", "kind", "chunk")), strict=True):
            if kind.as_py() == HELD:
                yield RECORDS, HOLDER[0].chunk(place.as_py())
            else:
                yield kind.as_py(), read(chunk.as_buffer())


def telling(table: pa.Table, kind: str) -> pa.Table:
    """The table, with its kind in its schema.

    >>> told(telling(pa.table({"n": [1]}), "counts"))
    'counts'
    """
    return table.replace_schema_metadata({_KIND: kind})


def told(table: pa.Table) -> str:
    """The kind that a table tells."""
    return str(table.schema.metadata[_KIND].decode())


def written(table: pa.Table, *, compression: str | None) -> pa.Buffer:
    """A table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
        stream.write_table(table.combine_chunks())
    return sink.getvalue()


def read(stream: pa.Buffer | bytes) -> pa.Table:
    """The table of an Arrow IPC stream."""
    with pa.ipc.open_stream(stream) as reader:
        return reader.read_all()
