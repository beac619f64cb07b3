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
# A first round of so many pairs; each further one, of these times as many, for what was seen too little in the last.
_FIRST_ROUND, _ROUND = 1_000_000, math.sqrt(10)
# Pairs of a level that are enough: were they independent, its u would be known to 5% (one standard error), its
# weight to 0.07 bits. Pairs of one sample share records, and a level that few values make is known less well.
_ENOUGH = 400

# One row per comparison, gamma and, if asked for, source pair.
_COMPARISON, _GAMMA, _PAIRS = "comparison", "gamma", "pairs"


def random_level_counts(
    records: LinkageRecords,
    wanted: Mapping[Comparison, Sequence[int]],
    *,
    max_pairs: int,
    possible: int,
    seed: int,
    by_source_pair: bool,
    limits: KernelLimits,
) -> pa.Table:
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
        by_source_pair: Whether to count those of two sources apart; then no comparison is left out.
        limits: What DuckDB may use.

    Returns:
        One row per comparison and gamma: `comparison` (its name), `gamma` (null where no level takes
        a pair) and `pairs`; with `plans.source_columns` it is also per source pair, if that is asked for.
    """
    largest = min(max_pairs, possible)
    sample = _sample(records, list(wanted), _share(largest, possible), seed=seed, limits=limits)
    counts: dict[str, pa.Table] = {}
    for size in [largest] if by_source_pair else _rounds(largest):
        # What an earlier round has settled needs no larger sample.
        still = [c for c, gammas in wanted.items() if c.name not in counts or not _settled(counts[c.name], gammas)]
        if not still:
            break
        drawn = pa.scalar(kernel_sql.drawn_below(_share(size, possible)), pa.uint64())
        of_round = sample.filter(pc.less_equal(sample[_DRAW], drawn)).drop_columns(_DRAW)
        counts |= _level_counts(records, still, of_round, by_source_pair=by_source_pair, limits=limits)
    sources = [pa.field(name, pa.int16()) for name in plans.source_columns(by_source_pair=by_source_pair)]
    fields = [pa.field(_COMPARISON, pa.string()), pa.field(_GAMMA, pa.int8()), *sources, pa.field(_PAIRS, pa.int64())]
    return pa.concat_tables([pa.schema(fields).empty_table(), *counts.values()])


def _rounds(largest: int) -> Iterable[float]:
    size: float = _FIRST_ROUND
    while size < largest:
        yield size
        size *= _ROUND
    yield largest


def _share(pairs: float, possible: int) -> float:
    """If every record is kept with probability p, a pair is with p²."""
    return min(1.0, math.sqrt(pairs / max(1, possible)))


def _settled(counts: pa.Table, gammas: Sequence[int]) -> bool:
    seen = dict(zip(counts[_GAMMA].to_pylist(), counts[_PAIRS].to_pylist(), strict=True))
    return all(seen.get(gamma, 0) >= _ENOUGH for gamma in gammas)


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
    records: LinkageRecords,
    comparisons: Sequence[Comparison],
    sample: pa.Table,
    *,
    by_source_pair: bool,
    limits: KernelLimits,
) -> dict[str, pa.Table]:
    if not sample.num_rows:
        return {}
    # Of the driver, but no more than Spark may use.
    cores = min(os.cpu_count() or 1, records.frame.sparkSession.sparkContext.defaultParallelism)
    packed = chunks.packed(sample, 0, compression=None)

    def compared(share: int) -> list[pa.RecordBatch]:
        plan = plans.random_pairs_plan(
            records, comparisons, by_source_pair=by_source_pair, share=share, shares=cores, limits=limits
        )
        return list(kernel.run(iter([packed]), plan))

    # DuckDB itself would compare so few records with all others in one thread.
    with ThreadPoolExecutor(cores) as pool:
        batches = [batch for found in pool.map(compared, range(cores)) for batch in found]
    if not batches:
        return {}
    each = [_COMPARISON, _GAMMA, *plans.source_columns(by_source_pair=by_source_pair)]
    counted = pa.Table.from_batches(batches).group_by(each).aggregate([(_PAIRS, "sum")]).rename_columns([*each, _PAIRS])
    return {c.name: counted.filter(pc.equal(counted[_COMPARISON], c.name)) for c in comparisons}
