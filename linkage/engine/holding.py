"""Records handed to every process of the tasks once, where they fit its memory: then only their numbers move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.engine import chunks, reading
from linkage.engine.held import Broadcast, Held, InFiles, Order, Packed
from linkage.engine.packing import parallelism
from linkage.engine.reading import FilePart
from linkage.engine.record_files import RecordFiles
from linkage.engine.records import ID, SOURCE, LinkageRecords

# What is derived of records and held beside them, at most, as a share of what they take: codes of keys, frequencies.
_BESIDE = 0.5
# A column of Arrow text in one piece has no more.
_MOST_BYTES = 2**31 - 1
# To tell how large records are.
_PARTS_LOOKED_AT, _ROWS_LOOKED_AT = 8, 4000
# Numbers of records are 32 bits wide.
_MOST_RECORDS = 2**31 - 1


def hold(records: LinkageRecords, *, memory: int) -> LinkageRecords:
    """Give each process of the tasks all records, numbered in the order that tells left from right.

    Key rows then carry a number instead of the compared columns, and a pair's values are looked up:
    a record takes part under several rules, and each of its rows would carry all of it.

    Args:
        records: What to hold.
        memory: Bytes that each process may use for them; if they need more, the records come back as they are.
    """
    order = Order(SOURCE, ID, as_text=records.link_type != "dedupe_only")
    if records.files is not None:
        return _held_from_files(records, records.files, order, memory)
    size = records.chunks.agg(F.sum("rows"), F.sum("size")).first()
    rows, needed = (0, 0) if size is None or size[0] is None else size
    if not _fits(rows, needed, memory):
        return records
    batches = records.chunks.toArrow().to_batches()
    table = pa.concat_tables([table for _, table in chunks.unpacked(batches)]).combine_chunks()
    records.chunks.unpersist()
    keys = order.keys(table[SOURCE], table[ID])
    ordered = table if order.is_kept_by(keys) else table.take(order.positions(keys))
    counts = {row["values"]: row["counts"] for row in pc.value_counts(table[SOURCE]).to_pylist()}
    of_sources = [counts.get(number, 0) for number in range(len(records.sources))]
    return _held(records, Packed(ordered), table.num_rows, of_sources)


def _held_from_files(records: LinkageRecords, files: RecordFiles, order: Order, memory: int) -> LinkageRecords:
    place = files.schema.get_field_index(SOURCE)
    by_source: list[list[FilePart]] = [[] for _ in records.sources]
    for part in files.parts:
        _, source = part.columns[place]
        by_source[int(source or 0)].append(part)
    counts = [sum(part.rows for part in parts) for parts in by_source]
    each = (_bytes_of_a_record(parts, files.schema) for parts in by_source)
    if not _fits(files.rows, sum(rows * size for rows, size in zip(counts, each, strict=True)), memory):
        return records
    source, identifier = (reading.column(files.parts, files.schema, name) for name in (SOURCE, ID))
    in_order = order.is_kept_by(order.keys(source, identifier))
    return _held(records, InFiles(files.parts, files.schema, None if in_order else order), files.rows, counts)


def _fits(rows: int, needed: float, memory: int) -> bool:
    return 0 < rows <= _MOST_RECORDS and needed <= _MOST_BYTES and needed * (1 + _BESIDE) <= memory


def _bytes_of_a_record(parts: Sequence[FilePart], schema: pa.Schema) -> float:
    """In memory, by the first ones of some parts, the last among them; at least what they take in the files.

    Files take less where values repeat, the first records less where columns filled in the course of time.
    """
    filled = [part for part in parts if part.rows]
    looked_at = filled[:: -max(1, len(filled) // _PARTS_LOOKED_AT)]
    firsts = [
        table
        for part in looked_at
        if (table := next(reading.tables(part, schema, rows=_ROWS_LOOKED_AT), None)) is not None
    ]
    rows = sum(table.num_rows for table in firsts)
    if not rows:
        return 0.0
    in_memory = sum(int(table.nbytes) for table in firsts) / rows
    in_files = sum(part.size for part in filled) / sum(part.rows for part in filled)
    return float(max(in_memory, in_files))


def _held(records: LinkageRecords, content: Packed | InFiles, rows: int, counts: Sequence[int]) -> LinkageRecords:
    """Records of no known source, which a survey refuses, come last."""
    spark = records.frame.sparkSession
    # Each process of the tasks gets a `Held` of the content.
    held = cast(Broadcast[Held], spark.sparkContext.broadcast(content))
    return replace(
        records,
        chunks=_references(spark, rows, parallelism(records.frame)),
        held=held,
        bounds=tuple(accumulate(counts[:-1])),
        rows=rows,
    )


def _references(spark: SparkSession, rows: int, parts: int) -> DataFrame:
    """A row for each chunk that says which it is."""
    count = -(-rows // chunks.CHUNK_ROWS)
    left = F.lit(rows) - F.col("id") * chunks.CHUNK_ROWS
    return spark.range(0, count, 1, min(parts, count)).select(
        F.col("id").cast("int").alias("place"),
        F.lit(chunks.HELD).alias("kind"),
        F.least(left, F.lit(chunks.CHUNK_ROWS)).cast("bigint").alias("rows"),
        F.lit(None).cast("bigint").alias("size"),
        F.lit(None).cast("binary").alias("chunk"),
    )
