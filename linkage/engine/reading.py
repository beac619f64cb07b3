"""What runs in the tasks that open Parquet files themselves: their rows as chunks.

A row that goes from a file through Spark to a task is taken apart and put together three times;
here columns stay columns. Imported by executors: PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.engine import chunks
from linkage.errors import InputError, LinkageError


@dataclass(frozen=True)
class FilePart:
    """A row group of a file, and where the columns of its records come from.

    Attributes:
        rows: How many it has.
        size: The bytes of these columns as the file has them, without its compression.
        columns: For each column of the records the column of the file, or a value that all have.
    """

    path: str
    row_group: int
    rows: int
    size: int
    columns: tuple[tuple[str | None, int | str | None], ...]


def _check_text(values: pa.Table | pa.ChunkedArray) -> None:
    """Parquet's reader takes any bytes for text."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        raise InputError("a column holds text that is not valid Unicode; write the input as UTF-8") from None


def read(
    batches: Iterator[pa.RecordBatch], parts: Sequence[Sequence[FilePart]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Read the parts whose positions come in, each partition its own; no row is added or lost.

    Args:
        batches: Positions in `parts`, in the first column.
        parts: What each partition reads.
        schema: That of the records.

    Raises:
        InputError: A text is not valid Unicode.
    """
    place = 0
    for batch in batches:
        for position in batch.column(0).to_pylist():
            for part in parts[position]:
                for table in tables(part, schema):
                    yield chunks.packed(table, place)
                    place += 1


def tables(part: FilePart, schema: pa.Schema, *, rows: int | None = None) -> Iterator[pa.Table]:
    """The records of a part in small tables, of as many rows and bytes as a chunk; `InputError` if it is damaged.

    With `rows` they have no more than so many.
    """
    most = min(rows or chunks.CHUNK_ROWS, chunks.CHUNK_ROWS)
    wanted = list(dict.fromkeys(name for name, _ in part.columns if name is not None))
    with _opened(part.path) as file:
        for batch in file.iter_batches(most, row_groups=[part.row_group], columns=wanted):
            columns = [
                pa.repeat(pa.scalar(value, field.type), batch.num_rows)
                if name is None
                else batch.column(name).cast(field.type)
                for (name, value), field in zip(part.columns, schema, strict=True)
            ]
            table = pa.Table.from_arrays(columns, schema=schema)
            _check_text(table)
            few = max(1, chunks.CHUNK_BYTES * table.num_rows // max(1, table.nbytes))
            yield from (table.slice(start, few) for start in range(0, table.num_rows, few))


@contextmanager
def _opened(path: str) -> Iterator[pq.ParquetFile]:
    """A file, with all that goes wrong in it told by its name; PyArrow's own words may quote it."""
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, pa.ArrowException):
        raise InputError(f"{path}: cannot be read as parquet; it is missing, damaged or cut short") from None


def column(parts: Sequence[FilePart], schema: pa.Schema, of_records: str) -> pa.Array:
    """One column of the records of all parts, in one piece.

    Raises:
        InputError: A file is damaged, or its text is not valid Unicode.
        LinkageError: The column is larger than one piece can be.
    """
    place, field = schema.get_field_index(of_records), schema.field(of_records)
    pieces: list[pa.Array] = []
    for part in parts:
        name, value = part.columns[place]
        if name is None:
            pieces.append(pa.repeat(pa.scalar(value, field.type), part.rows))
            continue
        with _opened(part.path) as file:
            found = file.read_row_group(part.row_group, columns=[name]).column(0)
        _check_text(found)
        pieces += found.cast(field.type).chunks
    try:
        return pa.chunked_array(pieces, field.type).combine_chunks()
    except pa.ArrowInvalid:
        raise LinkageError(
            f"column {of_records}: more than 2 GiB, which no process can hold; set spark.linkage.records.memory to 0MB"
        ) from None
