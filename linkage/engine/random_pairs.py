"""Random pairs compared, for the u probabilities of levels that frequencies cannot give."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine import chunks, kernel, kernel_sql, plans
from linkage.engine.kernel import KernelLimits
from linkage.engine.records import ID, SOURCE, LinkageRecords
from linkage.model.specification import Comparison

_DRAW = "__draw"
# A first round of so many pairs; each further one, of these times as many, is for what the one before saw too little of.
_FIRST_ROUND, _ROUND = 1_000_000, math.sqrt(10)
# Pairs of a level that are enough: its u is then known to 5% (one standard error), its weight to 0.07 bits.
_ENOUGH = 400

Counts = dict[int, float]


def random_level_counts(
    records: LinkageRecords,
    wanted: Mapping[Comparison, Sequence[int]],
    *,
    max_pairs: int,
    possible: int,
    seed: int,
    limits: KernelLimits,
) -> dict[str, Counts]:
    """Count the levels that random pairs of records reach.

    All pairs of a random sample of records are compared. It is small (a million pairs are those of
    1,400 records), so that is done in the driver's process. A record is in it by a hash of its ID:
    the same on any partitioning. A comparison whose levels have all been seen often enough is left
    out of the larger samples.

    Args:
        records: What to draw from.
        wanted: Comparisons, and the gammas of each that have to be seen.
        max_pairs: About how many pairs to compare, at most.
        possible: How many there are.
        seed: Which sample.
        limits: What DuckDB may use.

    Returns:
        By the comparison's name, pairs by gamma.
    """
    counts: dict[str, Counts] = {}
    largest = min(max_pairs, possible)
    sample = _sample(records, list(wanted), _share(largest, possible), seed=seed, limits=limits)
    for size in _rounds(largest):
        # What an earlier round has settled needs no larger sample.
        open_ = [c for c, gammas in wanted.items() if not _settled(counts.get(c.name, {}), gammas)]
        if not open_:
            break
        drawn = pa.scalar(kernel_sql.drawn_below(_share(size, possible)), pa.uint64())
        pairs_of = sample.filter(pc.less_equal(sample[_DRAW], drawn)).drop_columns(_DRAW)
        counts |= _level_counts(records, open_, pairs_of, limits)
    return counts


def _rounds(largest: int) -> Iterable[float]:
    size: float = _FIRST_ROUND
    while size < largest:
        yield size
        size *= _ROUND
    yield largest


def _share(pairs: float, possible: int) -> float:
    """If every record is kept with probability p, a pair is with p²."""
    return min(1.0, math.sqrt(pairs / max(1, possible)))


def _settled(counts: Counts, gammas: Sequence[int]) -> bool:
    return bool(counts) and all(counts.get(gamma, 0.0) >= _ENOUGH for gamma in gammas)


def _sample(
    records: LinkageRecords, comparisons: Sequence[Comparison], share: float, *, seed: int, limits: KernelLimits
) -> pa.Table:
    """Records drawn, each with the number that it was drawn by."""
    columns = ", ".join([SOURCE, ID, *(f'"{column}"' for column in kernel_sql.compared_columns(comparisons))])
    draw = f"hash({seed}, {SOURCE}, {ID})"
    sql = f"SELECT {columns}, {draw} AS {_DRAW} FROM {chunks.RECORDS} WHERE {kernel_sql.drawn(draw, share)}"
    task = records.task(partial(kernel.select, sql=sql, limits=limits))
    drawn = records.chunks.mapInArrow(task, chunks.SCHEMA).toArrow()
    tables = [table for _, table in chunks.unpacked(drawn.to_batches())]
    return pa.concat_tables(tables) if tables else pa.table({_DRAW: pa.array([], pa.uint64())})


def _level_counts(
    records: LinkageRecords, comparisons: Sequence[Comparison], sample: pa.Table, limits: KernelLimits
) -> dict[str, Counts]:
    if not sample.num_rows:
        return {comparison.name: {} for comparison in comparisons}
    cores = os.cpu_count() or 1  # of the driver
    packed = chunks.packed(sample, 0, compression=None)

    def compared(share: int) -> list[pa.RecordBatch]:
        plan = plans.random_pairs_plan(records, comparisons, share, cores, limits=limits)
        return list(kernel.run(iter([packed]), plan))

    # DuckDB itself would compare so few records with all others in one thread.
    with ThreadPoolExecutor(cores) as pool:
        batches = [batch for found in pool.map(compared, range(cores)) for batch in found]
    counts: dict[str, Counts] = {comparison.name: {} for comparison in comparisons}
    for row in pa.Table.from_batches(batches).to_pylist() if batches else ():
        for comparison in comparisons:
            of_level, gamma = counts[comparison.name], row[comparison.gamma_column]
            of_level[gamma] = of_level.get(gamma, 0.0) + row["pairs"]
    return counts
