"""Records that tasks read from Parquet files themselves, where they can open what the driver can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from linkage.engine import chunks, reading
from linkage.engine.packing import spread
from linkage.engine.reading import FilePart

# What a column of a file may be so that it means what Spark reads of it.
_TEXT = (pa.string(), pa.large_string())


def packed_files(
    spark: SparkSession,
    files: Mapping[int, Sequence[str]],
    schema: pa.Schema,
    *,
    names: Mapping[str, str],
    values: Mapping[int, Mapping[str, int | str]],
) -> DataFrame | None:
    """The records of some files in chunks, read by the tasks.

    Args:
        spark: The session.
        files: Paths by the number of their source; executors see the same files under them.
        schema: That of the records.
        names: By column of the records, what files call it, in any case.
        values: By source, what all its records have in a column that its files lack.

    Returns:
        As `linkage.engine.chunks` says; None where a file's columns are not of the types of the
        schema to the letter, so that Spark's reader has to say what they mean.
    """
    parts: list[tuple[int, FilePart]] = []
    for source, paths in files.items():
        for path in paths:
            found = _parts(path, schema, names, values[source])
            if found is None:
                return None
            parts += found
    cores = spark.sparkContext.defaultParallelism
    shares = _shared_out(parts, max(1, min(len(parts), cores)))
    positions = spark.range(0, len(shares), 1, len(shares))
    packed = positions.mapInArrow(partial(reading.read, parts=shares, schema=schema), chunks.SCHEMA)
    return packed if len(shares) == cores else spread(packed)


def _parts(
    path: str, schema: pa.Schema, names: Mapping[str, str], values: Mapping[str, int | str]
) -> list[tuple[int, FilePart]] | None:
    """The row groups of a file with their numbers of rows; None if Spark may read it otherwise."""
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
        rows = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
    return [(count, FilePart(path, group, tuple(columns))) for group, count in enumerate(rows)]


def _is_same(found: pa.DataType, wanted: pa.DataType) -> bool:
    if wanted in _TEXT:
        return found in _TEXT or (pa.types.is_dictionary(found) and found.value_type in _TEXT)
    if wanted == pa.int64():
        return pa.types.is_signed_integer(found)
    return bool(found == wanted)


def _shared_out(parts: Sequence[tuple[int, FilePart]], shares: int) -> tuple[tuple[FilePart, ...], ...]:
    """The parts in so many shares of about as many rows: the largest first, each to whoever has least."""
    loads = [0] * shares
    shared: list[list[FilePart]] = [[] for _ in range(shares)]
    for rows, part in sorted(parts, key=lambda each: (-each[0], each[1].path, each[1].row_group)):
        least = loads.index(min(loads))
        loads[least] += rows
        shared[least].append(part)
    return tuple(map(tuple, shared))
