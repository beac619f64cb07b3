"""What runs in the tasks of a survey: keys, values and IDs of records counted, all in one shuffle.

A first task takes each chunk of records apart into hashes and sends every hash to the place that
its top bits say; there a second task counts them. Imported by executors: DuckDB and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine import chunks, kernel
from linkage.engine.kernel import KernelLimits

# Bits of the set of shared keys for each of them, at least: of other keys one in eight passes at most.
_BITS_OF_A_KEY = 8


@dataclass(frozen=True)
class Count:
    """One kind of hash to count.

    Attributes:
        kind: Its name, and that of the table that the counting statements read.
        hashes: SQL over the `records` of a chunk, with a column `key` (UBIGINT) among others.
        counted: Run once over all hashes of a place.
        results: SQL by the kind of its result.
    """

    kind: str
    hashes: str
    counted: str
    results: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CountingPlan:
    """What to count.

    Attributes:
        counts: The kinds.
        shared: The kind whose query gives keys to remember as a set of bits; it has one column.
        place_bits: Hashes are sent to 2 ** place_bits places.
    """

    counts: tuple[Count, ...]
    shared: str
    place_bits: int
    limits: KernelLimits


def scatter(batches: Iterator[pa.RecordBatch], plan: CountingPlan) -> Iterator[pa.RecordBatch]:
    """Send the hashes of chunks of records to their places: chunks, one per kind and place."""
    with kernel.opened(plan.limits) as connection:
        for _, table in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, table)
            for count in plan.counts:
                hashes = connection.sql(count.hashes).to_arrow_table()
                order, slices = chunks.by_place(_top_bits(hashes["key"], plan.place_bits))
                ordered = hashes.take(order)
                for place, start, rows in slices:
                    yield chunks.packed(ordered.slice(start, rows), place, kind=count.kind, compression=None)


def gather(batches: Iterator[pa.RecordBatch], plan: CountingPlan) -> Iterator[pa.RecordBatch]:
    """Count the hashes of one place: a chunk per result."""
    found: dict[str, list[pa.Table]] = {}
    for kind, table in chunks.unpacked(batches):
        found.setdefault(kind, []).append(table)
    with kernel.opened(plan.limits) as connection:
        for count in plan.counts:
            tables = found.pop(count.kind, None)
            if tables is None:
                continue
            place = _top_bits(tables[0]["key"].slice(0, 1), plan.place_bits)[0].as_py()
            connection.register(count.kind, pa.concat_tables(tables))
            connection.execute(count.counted)
            for kind, sql in count.results:
                result = connection.sql(sql).to_arrow_table()
                if kind == plan.shared:
                    result = _bits(result.column(0), plan.place_bits)
                yield chunks.packed(result, place, kind=kind, compression=None)
            connection.unregister(count.kind)


def _top_bits(key: pa.ChunkedArray, bits: int) -> pa.ChunkedArray:
    return pc.shift_right(key, pa.scalar(64 - bits, pa.uint64()))


def _bits(keys: pa.ChunkedArray, place_bits: int) -> pa.Table:
    """The set of keys of a place: bit n stands for those whose next `width` bits are n."""
    width = max(3, (len(keys) * _BITS_OF_A_KEY - 1).bit_length())
    below_place = pa.scalar((1 << (64 - place_bits)) - 1, pa.uint64())
    position = pc.shift_right(pc.bit_wise_and(keys, below_place), pa.scalar(64 - place_bits - width, pa.uint64()))
    position = pc.unique(pc.cast(position, pa.int64()))
    # Where nothing points to a position, its entry is null: the validity bitmap is the set.
    entries = pc.inverse_permutation(position, max_index=(1 << width) - 1)
    if isinstance(entries, pa.ChunkedArray):
        entries = entries.combine_chunks()
    validity = entries.buffers()[0]
    bits = validity.slice(0, 1 << (width - 3)).to_pybytes() if validity is not None else b"\xff" * (1 << (width - 3))
    return pa.table({"width": pa.array([width], pa.int32()), "bits": pa.array([bits], pa.binary())})
