"""Random pairs compared, for the u probabilities of levels that frequencies cannot give."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from functools import partial

import pyarrow as pa

from linkage.engine import chunks, kernel, kernel_sql, plans
from linkage.engine.kernel import KernelLimits
from linkage.engine.records import ID, SOURCE, LinkageRecords
from linkage.model.specification import LinkageModel


def random_pattern_counts(
    records: LinkageRecords,
    model: LinkageModel,
    *,
    max_pairs: int,
    possible: int,
    seed: int,
    by_source_pair: bool,
    limits: KernelLimits,
) -> pa.Table:
    """Count comparison vectors over all pairs of a random sample of records.

    The sample is small (a million pairs are those of 1,400 records), so it is compared in the
    driver's process. A record is in it by a hash of its ID: the same on any partitioning.

    Args:
        records: What to draw from.
        model: Its comparisons.
        max_pairs: About how many pairs to compare, at most.
        possible: How many there are.
        seed: Which sample.
        by_source_pair: Whether to count those of two sources apart.
        limits: What DuckDB may use.

    Returns:
        One row per comparison vector: a gamma per comparison, and `pairs`; with
        `source_columns` it is also per source pair, if that is asked for.
    """
    # If every record is kept with probability p, a pair is with p².
    share = min(1.0, math.sqrt(max_pairs / max(1, possible)))
    columns = ", ".join([SOURCE, ID, *(f'"{column}"' for column in kernel_sql.compared_columns(model.comparisons))])
    drawn = kernel_sql.drawn(f"hash({seed}, {SOURCE}, {ID})", share)
    task = partial(kernel.select, sql=f"SELECT {columns} FROM {chunks.RECORDS} WHERE {drawn}", limits=limits)
    sample = records.chunks.mapInArrow(task, chunks.SCHEMA).toArrow()
    cores = os.cpu_count() or 1  # of the driver
    plan = plans.random_pairs_plan(records, model, by_source_pair=by_source_pair, limits=replace(limits, threads=cores))
    batches = list(kernel.run(iter(sample.to_batches()), plan))
    fields = [pa.field(c.gamma_column, pa.int8()) for c in model.comparisons]
    sources = [pa.field(name, pa.int16()) for name in plans.source_columns(by_source_pair=by_source_pair)]
    schema = pa.schema([*sources, *fields, pa.field("pairs", pa.int64())])
    return pa.Table.from_batches(batches, schema) if batches else schema.empty_table()
