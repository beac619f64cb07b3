"""Records that every process of the tasks holds in memory, so that only their numbers have to move.

Imported by executors: NumPy and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine import reading
from linkage.engine.chunks import CHUNK_ROWS, HOLDER
from linkage.engine.reading import FilePart

Sizes = np.ndarray[Any, np.dtype[np.int64]]

# Of a record: its number, which is its place in the order that tells left from right.
ROW = "__row"


class Held:
    """All records of a run, in one piece.

    Attributes:
        table: The records, in the order of their numbers.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._more: dict[str, pa.Array] = {}
        self._longest: int | None = None
        self._sizes: Sizes | None = None

    def chunk(self, number: int) -> pa.Table:
        """Some of the records, and their numbers in the column `__row`."""
        start = number * CHUNK_ROWS
        return _numbered(self.table.slice(start, CHUNK_ROWS), start)

    def numbered(self) -> pa.Table:
        """All of them, and their numbers in the column `__row`."""
        return _numbered(self.table, 0)

    def longest(self) -> int:
        """The bytes that looking up a record's texts and arrays takes at most."""
        if self._longest is None:
            self._longest = sum(int(each.max(initial=0)) for each in self._lengths())
        return self._longest

    def sizes(self) -> Sizes:
        """The bytes of each record's texts and arrays, by number."""
        if self._sizes is None:
            self._sizes = sum(self._lengths(), np.zeros(self.table.num_rows, np.int64))
        return self._sizes

    def _lengths(self) -> Iterator[Sizes]:
        return (_bytes(column) for column in in_pieces(self.table.columns) if not pa.types.is_primitive(column.type))

    def more(self, names: Sequence[str], made: Callable[[Sequence[str]], pa.Table]) -> list[pa.Array]:
        """Further columns, each made once in each process.

        Args:
            names: What each is known by.
            made: Makes those that are not there yet, of these names: a column for each and then `__row`,
                with one row for each record in any order.
        """
        missing = [name for name in dict.fromkeys(names) if name not in self._more]
        if missing:
            self._more |= zip(missing, _in_order(made(missing)), strict=True)
        return [self._more[name] for name in names]


class Packed:
    """Records on their way to the processes: compressed, and read once by each."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __reduce__(self) -> tuple[Callable[..., Held], tuple[bytes]]:
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, self._table.schema, options=options) as stream:
            stream.write_table(self._table, max_chunksize=CHUNK_ROWS)
        return _unpacked, (sink.getvalue().to_pybytes(),)


@dataclass(frozen=True)
class InFiles:
    """Records that each process reads from their files.

    Attributes:
        order: The column to order them by within a source; None where they lie in order.
    """

    parts: tuple[FilePart, ...]
    schema: pa.Schema
    order: Order | None

    def __reduce__(self) -> tuple[Callable[..., Held], tuple[object, ...]]:
        return _from_files, (self.parts, self.schema, self.order)


@dataclass(frozen=True)
class Order:
    """How records are ordered: by source, then by ID; as text, if so it is compared."""

    source: str
    identifier: str
    as_text: bool

    def keys(self, source: pa.Array, identifier: pa.Array) -> pa.Table:
        """What is compared."""
        return pa.table({"source": source, "id": pc.cast(identifier, pa.string()) if self.as_text else identifier})

    def is_kept_by(self, keys: pa.Table) -> bool:
        """Whether keys ascend."""
        source, identifier = in_pieces(keys.columns)
        before, after = slice(0, max(0, len(source) - 1)), slice(1, None)
        in_source = pc.and_(
            pc.equal(source[before], source[after]), pc.fill_null(pc.less(identifier[before], identifier[after]), False)
        )
        return bool(pc.all(pc.or_(pc.less(source[before], source[after]), in_source)).as_py() is not False)

    def positions(self, keys: pa.Table) -> pa.Array:
        """Where the records are, in their order."""
        return pc.sort_indices(keys, sort_keys=[("source", "ascending"), ("id", "ascending")])


Value_co = TypeVar("Value_co", covariant=True)


class Broadcast(Protocol[Value_co]):
    """Spark's, as far as a task needs it."""

    @property
    def value(self) -> Value_co:
        """What every process of the tasks has."""


def with_held(
    batches: Iterator[pa.RecordBatch],
    task: Callable[..., Iterator[pa.RecordBatch]],
    records: Broadcast[Held],
    **how: object,
) -> Iterator[pa.RecordBatch]:
    """Run a task that finds the records held."""
    HOLDER[:] = [records.value]
    try:
        yield from task(batches, **how)
    finally:
        # The broadcast has them as long as it lives. A process that is used again would keep them longer.
        HOLDER.clear()


def current() -> Held:
    """What the process holds for the task that runs."""
    return cast(Held, HOLDER[0])


def in_pieces(columns: Iterable[pa.ChunkedArray]) -> list[pa.Array]:
    """Each column in one piece."""
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in columns]


def _unpacked(stream: bytes) -> Held:
    with pa.ipc.open_stream(stream) as reader:
        return Held(reader.read_all().combine_chunks())


def _from_files(parts: tuple[FilePart, ...], schema: pa.Schema, order: Order | None) -> Held:
    """Column by column: what is being read is in memory twice."""
    positions = None
    if order is not None:
        keys = [reading.column(parts, schema, name) for name in (order.source, order.identifier)]
        positions = order.positions(order.keys(*keys))
    columns = []
    for name in schema.names:
        column = reading.column(parts, schema, name)
        columns.append(column if positions is None else column.take(positions))
    return Held(pa.Table.from_arrays(columns, schema=schema))


def _bytes(column: pa.Array) -> Sizes:
    """What each value takes: a text its bytes, an array its elements."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return _integers(pc.binary_length(column))
    if pa.types.is_struct(kind):
        return sum((_bytes(field) for field in column.flatten()), np.zeros(len(column), np.int64))
    if not pa.types.is_list(kind):
        return np.full(len(column), max(1, kind.bit_width // 8), np.int64)
    elements = column.flatten()
    # Of each element, with the place where it begins, if it has one.
    before = np.concatenate([[0], np.cumsum(_bytes(elements) + (0 if pa.types.is_primitive(elements.type) else 4))])
    ends = np.cumsum(_integers(pc.list_value_length(column)))
    return np.diff(before[ends], prepend=np.int64(0)).astype(np.int64)


def _integers(lengths: pa.Array) -> Sizes:
    return np.asarray(pc.fill_null(lengths, 0).to_numpy(), dtype=np.int64)


def _numbered(records: pa.Table, start: int) -> pa.Table:
    rows = np.arange(start, start + records.num_rows, dtype=np.int32)
    return records.append_column(ROW, pa.array(rows))


def _in_order(table: pa.Table) -> list[pa.Array]:
    """The columns of a table by its last one, `__row`, which goes."""
    *columns, row = in_pieces(table.columns)
    if len(row) and not pc.all(pc.less(row.slice(0, len(row) - 1), row.slice(1))).as_py():
        positions = pc.sort_indices(row)
        columns = [column.take(positions) for column in columns]
    return columns
