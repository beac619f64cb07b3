"""What runs in the tasks of a survey: keys, values and IDs of records hashed and counted.

Where every process holds all records, each task counts some of the kinds over all of them, and no hash
moves. Else a first task takes each chunk of records apart into hashes and sends every hash to the
place that its top bits say; there a second task counts them. Imported by executors: DuckDB, NumPy and
PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.engine import chunks, held, kernel
from linkage.engine.kernel import KernelLimits
from linkage.engine.tally import Hashes, Tally, set_of_bits, tallied

# What may be counted: records and missing IDs by source; IDs; keys; values.
SOURCES, IDS, KEYS, VALUES = "sources", "ids", "keys", "values"
# What comes of it.
REPEATED_IDS, SIZES, HOTTEST_KEYS, SHARED_KEYS = "repeated IDs", "sizes", "hottest keys", "shared keys"
CAPPED_KEYS, TOTALS, PRESENT = "capped keys", "totals", "present"

# Bits of the set of shared keys for each of them, at least: of other keys one in eight passes at most.
_BITS_OF_A_KEY = 8


@dataclass(frozen=True)
class Counted:
    """What is counted.

    Attributes:
        kind: One of the above.
        position: Which of its kind.
        hashes: SQL over `records`: `key` (UBIGINT, nulls do not count) and, with several parts,
            `part`; where a key counts once for each person, `person`; of sources `source`, `n` and `missing`.
        parts: Into how many parts the rows fall.
        pairing: Which of them make pairs, as for `linkage.engine.tally.Tally`.
        kept: What the chunk with the keys that occur several times is called; None keeps none.
        once: Whether a key counts once for each person; all of a kind do, or none.
    """

    kind: str
    position: int
    hashes: str
    parts: int = 1
    pairing: tuple[tuple[int, int], ...] = ()
    kept: str | None = None
    once: bool = False


@dataclass(frozen=True)
class Cap:
    """Which keys make no pair: those that would make more than so many.

    Attributes:
        pairs: So many.
        told: Capped keys that a place tells of each position, at most.
    """

    pairs: int
    told: int


@dataclass(frozen=True)
class CountingPlan:
    """What to count.

    Attributes:
        counts: What, each of one kind beside the others of that kind.
        hottest: Of the keys under each position tell those with most pairs: so many of a place.
        hot_pairs: And all that have so many pairs.
        place_bits: Hashes are sent to 2 ** place_bits places.
        cap: Which keys count apart, and in none of the other results.
    """

    counts: tuple[Counted, ...]
    hottest: int
    hot_pairs: int
    place_bits: int
    limits: KernelLimits
    cap: Cap | None = None


def count_held(
    batches: Iterator[pa.RecordBatch], plan: CountingPlan, shares: Sequence[Sequence[int]]
) -> Iterator[pa.RecordBatch]:
    """Count some kinds over all records: a chunk per result, of place 0.

    Args:
        batches: Positions in `shares`, in the first column.
        plan: What to count; its hashes go to one place.
        shares: Which of the plan's counts each partition makes.
    """
    mine = [plan.counts[number] for batch in batches for each in batch.column(0).to_pylist() for number in shares[each]]
    with kernel.opened(plan.limits) as connection:
        connection.register(chunks.RECORDS, held.current().table)
        tables = ((count, _counting(connection.sql(count.hashes).to_arrow_table(), count)) for count in mine)
        yield from _results(tables, plan, place=0, bits_of_a_key=_BITS_OF_A_KEY * len(shares))


def scatter(batches: Iterator[pa.RecordBatch], plan: CountingPlan) -> Iterator[pa.RecordBatch]:
    """Send the hashes of chunks of records to their places: chunks, one per kind and place."""
    kinds = {kind: _together(list(counts)) for kind, counts in groupby(plan.counts, key=lambda count: count.kind)}
    with kernel.opened(plan.limits) as connection:
        for _, table in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, table)
            for kind, sql in kinds.items():
                hashes = connection.sql(sql).to_arrow_table()
                if kind == SOURCES:
                    yield chunks.packed(hashes, 0, kind=kind)
                    continue
                order, slices = chunks.by_place(_top_bits(hashes["key"], plan.place_bits))
                ordered = hashes.take(order)
                for place, start, rows in slices:
                    yield chunks.packed(ordered.slice(start, rows), place, kind=kind, compression=None)


def gather(batches: Iterator[pa.RecordBatch], plan: CountingPlan) -> Iterator[pa.RecordBatch]:
    """Count the hashes of one place: a chunk per result."""
    found: dict[str, list[pa.Table]] = {}
    for kind, table in chunks.unpacked(batches):
        found.setdefault(kind, []).append(table)
    keyed = next((tables[0]["key"] for kind, tables in found.items() if kind != SOURCES), None)
    place = 0 if keyed is None else _top_bits(keyed.slice(0, 1), plan.place_bits)[0].as_py()
    together = {kind: pa.concat_tables(tables) for kind, tables in found.items()}
    del found
    tables = ((count, _of(together[count.kind], count)) for count in plan.counts if count.kind in together)
    yield from _results(tables, plan, place=place, bits_of_a_key=_BITS_OF_A_KEY)


def _together(counts: Sequence[Counted]) -> str:
    """The hashes of one kind in one query, of a chunk's equal ones only one, and how many they are.

    So a key that all records have is not sent once for each of them.
    """
    [kind] = {count.kind for count in counts}
    if kind == SOURCES:
        return counts[0].hashes
    has_parts = any(count.parts > 1 for count in counts)
    given = ", ".join(["key", *["part"] * has_parts, *["person"] * counts[0].once])
    parts = ["" if count.parts > 1 or not has_parts else ", 0::TINYINT AS part" for count in counts]
    rows = " UNION ALL ".join(
        f"SELECT {given}, {count.position}::SMALLINT AS position FROM (SELECT *{part} FROM ({count.hashes}))"
        for count, part in zip(counts, parts, strict=True)
    )
    return f"SELECT *, count(*) AS n FROM ({rows}) WHERE key IS NOT NULL GROUP BY ALL"


def _of(hashes: pa.Table, count: Counted) -> pa.Table:
    if "position" in hashes.column_names:
        hashes = hashes.filter(pc.equal(hashes["position"], pa.scalar(count.position, hashes["position"].type)))
    return _counting(hashes, count)


def _counting(hashes: pa.Table, count: Counted) -> pa.Table:
    """The rows that count: keys that are there, each once for a person where that is asked for."""
    if "key" in hashes.column_names and hashes["key"].null_count:
        hashes = hashes.filter(hashes["key"].is_valid())
    if count.once:
        names = ["key", "person", *["part"] * (count.parts > 1)]
        hashes = hashes.select(names).group_by(names, use_threads=False).aggregate([]).drop_columns("person")
    return hashes


def _results(
    tables: Iterable[tuple[Counted, pa.Table]], plan: CountingPlan, *, place: int, bits_of_a_key: int
) -> Iterator[pa.RecordBatch]:
    shared: list[Hashes] = []
    for count, rows in tables:
        if count.kind == SOURCES:
            yield chunks.packed(rows, place, kind=SOURCES)
        elif rows.num_rows:
            found = tallied(rows, count.parts, count.pairing)
            if count.kind == KEYS and plan.cap is not None:
                above = found.pairs > plan.cap.pairs
                yield chunks.packed(_capped(found.where(above), count.position, plan.cap), place, kind=CAPPED_KEYS)
                found = found.where(~above)
            for kind, table in _told(found, count, plan):
                yield chunks.packed(table, place, kind=kind, compression=None)
            if count.kind == KEYS:
                shared.append(found.keys[found.pairs > 0])
    if shared:
        bits = set_of_bits(np.concatenate(shared), plan.place_bits, bits_of_a_key)
        yield chunks.packed(bits, place, kind=SHARED_KEYS, compression=None)


def _told(found: Tally, count: Counted, plan: CountingPlan) -> Iterator[tuple[str, pa.Table]]:
    if count.kind == IDS:
        yield REPEATED_IDS, _one_row(n=np.count_nonzero(found.rows > 1))
    elif count.kind == KEYS:
        yield from _of_keys(found, count.position, plan)
    else:
        yield from _of_values(found, count)


def _of_keys(found: Tally, position: int, plan: CountingPlan) -> Iterator[tuple[str, pa.Table]]:
    is_shared = found.pairs > 0
    yield (
        SIZES,
        _one_row(
            position=position,
            rows=found.rows.sum(),
            keys=len(found.keys),
            shared_keys=np.count_nonzero(is_shared),
            shared_rows=found.rows[is_shared].sum(),
            pairs=found.pairs.sum(),
            largest_key_pairs=found.pairs.max(initial=0),
        ),
    )
    yield HOTTEST_KEYS, _rows(found, found.hottest(plan.hottest, plan.hot_pairs), position)


def _capped(found: Tally, position: int, cap: Cap) -> pa.Table:
    return _rows(found, np.arange(min(len(found.keys), cap.told)), position)


def _rows(found: Tally, places: NDArray[np.intp], position: int) -> pa.Table:
    """What was found of some keys."""
    columns = {"key": found.keys[places], "n": found.rows[places], "pairs": found.pairs[places]}
    return pa.table({"position": np.full(len(places), position, np.int16), **columns})


def _of_values(found: Tally, count: Counted) -> Iterator[tuple[str, pa.Table]]:
    repeated = found.rows > 1
    yield (
        TOTALS,
        _one_row(
            position=count.position,
            values=len(found.keys),
            repeated=np.count_nonzero(repeated),
            present=found.rows.sum(),
            agreeing=found.pairs.sum(),
        ),
    )
    for part, times in enumerate(found.counts):
        yield PRESENT, _one_row(position=count.position, part=part, n=times.sum())
    if count.kept is not None:
        yield count.kept, pa.table({"key": found.keys[repeated], "n": found.rows[repeated]})


def _one_row(**numbers: int | np.integer) -> pa.Table:
    return pa.table({name: pa.array([int(number)], pa.int64()) for name, number in numbers.items()})


def _top_bits(key: pa.ChunkedArray, bits: int) -> pa.ChunkedArray:
    return pc.shift_right(key, pa.scalar(64 - bits, pa.uint64()))
