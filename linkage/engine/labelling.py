"""What runs in the tasks of clustering: records looked up among the members of components.

Imported by executors: DuckDB and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from linkage.engine import chunks, kernel
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
