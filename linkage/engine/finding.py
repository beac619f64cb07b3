"""What runs in tasks that find some of the records: one query over each chunk.

Imported by executors: DuckDB and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from linkage.engine import chunks, kernel
from linkage.engine.kernel import KernelLimits


def find(batches: Iterator[pa.RecordBatch], sql: str, limits: KernelLimits) -> Iterator[pa.RecordBatch]:
    """Run a query over the `records` of each chunk, and give its rows."""
    with kernel.opened(limits) as connection:
        for _, records in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, records)
            yield from connection.sql(sql).to_arrow_table().to_batches()
