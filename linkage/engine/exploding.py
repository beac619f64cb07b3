"""What runs in the tasks before the shuffle: records exploded into key rows, each with its place.

Imported by executors: DuckDB and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine import chunks, kernel
from linkage.engine.kernel import KernelLimits

# The columns of key rows, besides what they carry.
RULE, SIDE, KEY = "__rule", "__side", "__key"
# Set in the rows of a split key: which part of its records a row belongs to.
PART = "__part"
# The key before it was split, where a pair may meet under several keys.
WHOLE = "__whole"

# Key rows that are placed at a time where some are chosen or split.
CHOSEN_ROWS = 500_000


@dataclass(frozen=True)
class Entry:
    """Key rows that a record gets: for one rule and side, where its key column is not null.

    Attributes:
        key: The key's column in the explosion's query.
    """

    key: str
    rule: int
    side: int


@dataclass(frozen=True)
class ExplosionPlan:
    """How to explode.

    Attributes:
        query: SQL over `records` and the lookups: the columns to carry, the key columns and `__draw`,
            a hash of the record.
        carried: The columns to carry.
        entries: The key rows that a record may get.
        lookups: Tables for the query, as Arrow IPC streams.
        shared: The set of shared keys, one bit for each value of the first `shared_width` bits.
        chosen: SQL over `rows` (row, rule, side, key, draw) that gives row, rule, side, key, part,
            whole: which of them to take, and which to split; None takes all as they are.
        places: To spread the rows over, by key.
        with_whole: Whether rows tell the key that they had before it was split.
    """

    query: str
    carried: tuple[str, ...]
    entries: tuple[Entry, ...]
    shared: bytes
    shared_width: int
    chosen: str | None
    places: int
    limits: KernelLimits
    with_whole: bool = False
    lookups: Mapping[str, bytes] = field(default_factory=dict)


def explode(batches: Iterator[pa.RecordBatch], plan: ExplosionPlan) -> Iterator[pa.RecordBatch]:
    """Explode chunks of records into chunks of key rows, one for each place.

    A record multiplies by its keys and vanishes where it has none that another record shares.
    The rows hold the carried columns, `__rule`, `__side`, `__key`, `__part` and, if asked for, `__whole`.
    """
    shared = pa.Array.from_buffers(pa.bool_(), 1 << plan.shared_width, [None, pa.py_buffer(plan.shared)])
    with kernel.opened(plan.limits) as connection:
        for name, table in plan.lookups.items():
            connection.register("lookup", chunks.read(table))
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM lookup")
        names = ("rule", "side", "key", "part", *(["whole"] if plan.with_whole else []))
        for _, records in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, records)
            found = connection.sql(plan.query).to_arrow_table().combine_chunks()
            carried, rows = found.select(plan.carried), _rows(found, plan, shared)
            if plan.chosen is None:
                rows = rows.append_column("part", pa.nulls(len(rows), pa.int16())).append_column("whole", rows["key"])
                yield from _placed(carried, rows, names, plan.places)
                continue
            # A hot key's rows may be a hundred times its records: never all of them at once.
            connection.register("rows", rows)
            for part in connection.sql(plan.chosen).to_arrow_reader(CHOSEN_ROWS):
                yield from _placed(carried, pa.Table.from_batches([part]), names, plan.places)


def _rows(found: pa.Table, plan: ExplosionPlan, shared: pa.BooleanArray) -> pa.Table:
    """Positions, rules, sides and keys of the key rows that may be shared; a record may have a list of keys."""
    unused = pa.scalar(64 - plan.shared_width, pa.uint64())
    parts = []
    for entry in plan.entries:
        keys, records = _flat(found[entry.key]), None
        if pa.types.is_list(keys.type):
            keys, records = pc.list_flatten(keys), pc.cast(pc.list_parent_indices(keys), pa.uint64())
        is_shared = shared.take(pc.cast(pc.shift_right(keys, unused), pa.int64()))
        positions = pc.indices_nonzero(pc.fill_null(is_shared, False))
        rows = positions if records is None else records.take(positions)
        columns = {
            "row": rows,
            "rule": pa.repeat(pa.scalar(entry.rule, pa.int16()), len(rows)),
            "side": pa.repeat(pa.scalar(entry.side, pa.int8()), len(rows)),
            "key": keys.take(positions),
        }
        if plan.chosen is not None:
            columns["draw"] = _flat(found["__draw"]).take(rows)
        parts.append(pa.table(columns))
    return pa.concat_tables(parts).combine_chunks()


def _placed(carried: pa.Table, rows: pa.Table, names: Sequence[str], places: int) -> Iterator[pa.RecordBatch]:
    """The rows with what they carry, a chunk for each place."""
    # The last 32 bits of a key, spread evenly; the first ones are the same for keys of one survey's place.
    low = pc.bit_wise_and(_flat(rows["key"]), pa.scalar(0xFFFFFFFF, pa.uint64()))
    product = pc.multiply(low, pa.scalar(places, pa.uint64()))
    place = pc.cast(pc.shift_right(product, pa.scalar(32, pa.uint64())), pa.int32())
    order, slices = chunks.by_place(place)
    sorted_rows = rows.take(order)
    wide = carried.take(_flat(sorted_rows["row"]))
    for name in names:
        wide = wide.append_column(f"__{name}", sorted_rows[name])
    for number, start, count in slices:
        yield chunks.packed(wide.slice(start, count), number)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
