"""What runs in the tasks of clustering: records given the names of their components.

Imported by executors: DuckDB, NumPy and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.engine import chunks, held, kernel
from linkage.engine.held import Broadcast
from linkage.engine.kernel import KernelLimits

# Rows that are brought to their places at a time.
_BATCH_ROWS = 1_000_000


@dataclass(frozen=True)
class LookupPlan:
    """How to look records up.

    Attributes:
        members: SQL over the `records` of a chunk: what the query needs of them.
        query: SQL over `members` and the lookups.
        lookups: Tables of components, as Arrow IPC streams.
        places: To spread rows over, by the query's column `place`.
    """

    members: str
    query: str
    lookups: Mapping[str, bytes]
    limits: KernelLimits
    places: int = 1


@dataclass(frozen=True)
class NamingPlan:
    """How to name records that are held.

    Attributes:
        identifier: The column of their IDs.
        source: That of the numbers of their sources.
        sources: The sources' names where there are several; they are then part of rows and names.
        separator: What stands between a source's name and an ID in a name.
    """

    identifier: str
    source: str
    sources: tuple[str, ...]
    separator: str
    limits: KernelLimits


def name_held(
    batches: Iterator[pa.RecordBatch], plan: NamingPlan, roots: Broadcast[bytes], folder: str | None = None
) -> Iterator[pa.RecordBatch]:
    """Name records that are held by the first member of their component, whose number is the smallest.

    Args:
        batches: Chunks that refer to the records.
        plan: How to name them.
        roots: By a record's number that of the first member, as 32-bit integers.
        folder: As for `kernel.run`.

    Yields:
        One row per record: `unique_id`, `source_dataset` with several sources, `cluster_id`.
    """
    parts = [
        _named(np.frombuffer(roots.value, np.int32), plan, place * chunks.CHUNK_ROWS, rows)
        for batch in batches
        for place, rows in zip(batch["place"].to_pylist(), batch["rows"].to_pylist(), strict=True)
    ]
    if not parts:
        return
    with kernel.opened(plan.limits) as connection:
        connection.register("named", pa.concat_tables(parts))
        yield from kernel.emitted(connection, "SELECT * FROM named", folder, rows=chunks.CHUNK_ROWS)


def _named(roots: NDArray[np.int32], plan: NamingPlan, start: int, rows: int) -> pa.Table:
    records = held.current().table
    identifier, source = held.in_pieces([records[plan.identifier], records[plan.source]])
    first = pa.array(roots[start : start + rows])
    columns, name = {"unique_id": identifier.slice(start, rows)}, identifier.take(first).cast(pa.string())
    if plan.sources:
        names = pa.array(plan.sources, pa.string())
        columns["source_dataset"] = names.take(source.slice(start, rows))
        name = pc.binary_join_element_wise(names.take(source.take(first)), name, plan.separator)
    return pa.table({**columns, "cluster_id": name})


def look_up(
    batches: Iterator[pa.RecordBatch], plan: LookupPlan, folder: str | None = None, batch_rows: int = 65_536
) -> Iterator[pa.RecordBatch]:
    """The rows of the query over a partition's chunks of records; an empty partition gives none.

    With a folder, they are written there, as `kernel.run` does.
    """
    with kernel.opened(plan.limits) as connection:
        is_first = True
        for _, table in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, table)
            into = "CREATE TEMP TABLE members AS" if is_first else "INSERT INTO members"
            connection.execute(f"{into} {plan.members}")
            is_first = False
        if is_first:
            return
        connection.unregister(chunks.RECORDS)
        for name, table in plan.lookups.items():
            connection.register(name, chunks.read(table))
        yield from kernel.emitted(connection, plan.query, folder, rows=batch_rows)


def scatter(batches: Iterator[pa.RecordBatch], plan: LookupPlan) -> Iterator[pa.RecordBatch]:
    """The same rows without `place`, packed: chunks, one for each place and so many rows."""
    for batch in look_up(batches, plan, batch_rows=_BATCH_ROWS):
        order, slices = chunks.by_place(batch.column("place"))
        ordered = pa.Table.from_batches([batch]).drop_columns("place").take(order)
        for place, start, rows in slices:
            yield chunks.packed(ordered.slice(start, rows), place)
