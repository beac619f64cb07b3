"""Records handed to every process of the tasks once, where they fit its memory: then only their numbers move."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.engine import chunks
from linkage.engine.held import Held, in_pieces
from linkage.engine.packing import parallelism
from linkage.engine.records import ID, SOURCE, LinkageRecords

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
    size = records.chunks.agg(F.sum("rows"), F.sum("size")).first()
    rows, needed = (0, 0) if size is None or size[0] is None else size
    if not rows or needed > memory or rows > _MOST_RECORDS:
        return records
    batches = records.chunks.toArrow().to_batches()
    table = pa.concat_tables([table for _, table in chunks.unpacked(batches)])
    del batches
    held = Held(_ordered(table, records), chunks.CHUNK_ROWS)
    records.chunks.unpersist()
    spark = records.frame.sparkSession
    return replace(
        records,
        chunks=_references(spark, held, parallelism(records.frame)),
        held=spark.sparkContext.broadcast(held),
        bounds=_bounds(held.table, len(records.sources)),
    )


def _ordered(table: pa.Table, records: LinkageRecords) -> pa.Table:
    """The records by source and ID, as Splink compares them."""
    keys = pa.table({"source": table[SOURCE], "id": table[ID]})
    if records.link_type != "dedupe_only":
        keys = keys.set_column(1, "id", pc.cast(table[ID], pa.string()))
    if _is_sorted(keys):
        return table
    order = pc.sort_indices(keys, sort_keys=[("source", "ascending"), ("id", "ascending")])
    return table.take(order)


def _is_sorted(keys: pa.Table) -> bool:
    source, identifier = in_pieces([keys["source"], keys["id"]])
    before, after = slice(0, max(0, len(source) - 1)), slice(1, None)
    same = pc.equal(source[before], source[after])
    in_source = pc.and_kleene(same, pc.less(identifier[before], identifier[after]))
    return pc.all(pc.or_kleene(pc.less(source[before], source[after]), in_source), skip_nulls=False).as_py() is not False


def _bounds(table: pa.Table, sources: int) -> tuple[int, ...]:
    """The number of the first record of each source but the first."""
    counts = {row["values"]: row["counts"] for row in pc.value_counts(table[SOURCE]).to_pylist()}
    return tuple(sum(counts.get(source, 0) for source in range(number)) for number in range(1, sources))


def _references(spark: SparkSession, held: Held, parts: int) -> DataFrame:
    """A row for each chunk that says which it is."""
    sizes = held.chunks()
    rows, bytes_ = (F.array(*[F.lit(each[n]).cast("bigint") for each in sizes]) for n in (0, 1))
    number = F.col("id").cast("int")
    return spark.range(0, len(sizes), 1, min(parts, len(sizes))).select(
        number.alias("place"),
        F.lit(chunks.HELD).alias("kind"),
        F.get(rows, number).alias("rows"),
        F.get(bytes_, number).alias("size"),
        F.lit(None).cast("binary").alias("chunk"),
    )
