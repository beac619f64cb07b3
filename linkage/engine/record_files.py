"""Records that tasks read from Parquet files themselves, where they can open what the driver can."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from linkage.engine import chunks, reading
from linkage.engine.packing import spread
from linkage.engine.reading import FilePart

# What a column of a file may be so that it means what Spark reads of it.
_TEXT = (pa.string(), pa.large_string())


@dataclass(frozen=True)
class RecordFiles:
    """The row groups that hold the records, in the order of sources, files and groups; and the records' schema."""

    parts: tuple[FilePart, ...]
    schema: pa.Schema

    @property
    def rows(self) -> int:
        """All records."""
        return sum(part.rows for part in self.parts)

    def packed(self, spark: SparkSession) -> DataFrame:
        """The records in chunks, read by the tasks."""
        cores = spark.sparkContext.defaultParallelism
        shares = _shared_out(self.parts, max(1, min(len(self.parts), cores)))
        positions = spark.range(0, len(shares), 1, len(shares))
        packed = positions.mapInArrow(partial(reading.read, parts=shares, schema=self.schema), chunks.SCHEMA)
        return packed if len(shares) == cores else spread(packed)


def record_files(
    files: Sequence[Sequence[str]],
    schema: pa.Schema,
    *,
    names: Mapping[str, str],
    values: Sequence[Mapping[str, int | str]],
) -> RecordFiles | None:
    """How to read the records of some files without Spark.

    Args:
        files: Paths by source; executors see the same files under them.
        schema: That of the records.
        names: By column of the records, what files call it, in any case.
        values: By source, what all its records have in a column that its files lack.

    Returns:
        None where a file's columns are not of the types of the schema to the letter, so that
        Spark's reader has to say what they mean.
    """
    parts: list[FilePart] = []
    for paths, of_source in zip(files, values, strict=True):
        for path in paths:
            found = _parts(path, schema, names, of_source)
            if found is None:
                return None
            parts += found
    return RecordFiles(tuple(parts), schema)


def _parts(
    path: str, schema: pa.Schema, names: Mapping[str, str], values: Mapping[str, int | str]
) -> list[FilePart] | None:
    """The row groups of a file; None if Spark may read it otherwise."""
    with pq.ParquetFile(path) as file:
        present = {name.lower(): name for name in file.schema_arrow.names}
        if len(present) < len(file.schema_arrow.names):
            return None
        columns: list[tuple[str | None, int | str | None]] = []
        for field in schema:
            name = present.get(names.get(field.name, field.name).lower())
            if name is not None and _is_same(file.schema_arrow.field(name).type, field.type):
                columns.append((name, None))
            elif name is None and field.name in values:
                columns.append((None, values[field.name]))
            else:
                return None
        groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
    read = {name for name, _ in columns}
    return [
        FilePart(path, number, group.num_rows, _bytes(group, read), tuple(columns))
        for number, group in enumerate(groups)
    ]


def _bytes(group: pq.RowGroupMetaData, read: Collection[str | None]) -> int:
    """Of the columns that are read; what is within a column has its name before the first dot."""
    chunks_of_group = (group.column(place) for place in range(group.num_columns))
    return sum(
        chunk.total_uncompressed_size
        for chunk in chunks_of_group
        if chunk.path_in_schema in read or chunk.path_in_schema.partition(".")[0] in read
    )


def _is_same(found: pa.DataType, wanted: pa.DataType) -> bool:
    if wanted in _TEXT:
        return found in _TEXT or (pa.types.is_dictionary(found) and found.value_type in _TEXT)
    if wanted == pa.int64():
        return bool(pa.types.is_signed_integer(found))
    return bool(found == wanted)


def _shared_out(parts: Sequence[FilePart], shares: int) -> tuple[tuple[FilePart, ...], ...]:
    """The parts in so many shares of about as many rows: the largest first, each to whoever has least."""
    loads = [0] * shares
    shared: list[list[FilePart]] = [[] for _ in range(shares)]
    for part in sorted(parts, key=lambda each: (-each.rows, each.path, each.row_group)):
        least = loads.index(min(loads))
        loads[least] += part.rows
        shared[least].append(part)
    return tuple(map(tuple, shared))
