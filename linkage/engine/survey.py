"""All that is counted before pairs are made, in one pass: records, IDs, block keys, values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine import chunks, counting, survey_sql
from linkage.engine.counting import Cap, CountingPlan
from linkage.engine.frequencies import ColumnTotals, ValueFrequencies, kind_of
from linkage.engine.kernel import KernelLimits
from linkage.engine.keys import KeyColumn, key_columns
from linkage.engine.packing import parallelism
from linkage.engine.records import LinkageRecords, possible_pairs, refuse_repeated_ids
from linkage.engine.sizes import CappedKeys, HotKey, KeySizes, SharedKeys, rule_size
from linkage.errors import ConfigError, InputError
from linkage.model.blocking import KeyedRule

# Numberings of records to try.
_SEEDS = 8
# Hashes that one task counts; they sit in its memory.
_HASHES_OF_A_TASK = 8_000_000
# Every task gets all capped keys; 8 MB of hashes.
MOST_CAPPED_KEYS = 1_000_000


@dataclass(frozen=True)
class Survey:
    """What a survey found.

    Attributes:
        counts: Records by source name.
        seed: One under which `linkage.engine.records.node_sql` tells all records apart.
        sizes: Of every rule.
        frequencies: Of every column asked for.
    """

    counts: Mapping[str, int]
    seed: int
    sizes: KeySizes
    frequencies: ValueFrequencies

    @property
    def records(self) -> int:
        """All records."""
        return sum(self.counts.values())


def survey(
    records: LinkageRecords,
    rules: Sequence[KeyedRule],
    columns: Sequence[str],
    *,
    limits: KernelLimits,
    cap_key_pairs: int | None = None,
) -> Survey:
    """Count records by source, keys and pairs by rule, and values by column.

    Where records are not held, what was counted of values stays cached, hashes and integers, until the
    caller clears Spark's cache.

    Args:
        records: What to count.
        rules: All rules that will be used.
        columns: Columns whose values to count, in lower case; nulls are not values.
        limits: What a task's DuckDB may use.
        cap_key_pairs: A key that would make more pairs than this makes none; None caps no key.

    Raises:
        ConfigError: More than `MOST_CAPPED_KEYS` keys are above the cap.
        InputError: A record is of no known source, an ID is null, or two records of one source have
            the same ID.
    """
    keys = key_columns(records, rules)
    place_bits = _place_bits(records, max(1, len(keys) + len(columns)))
    # Hashes spread evenly: a place with twice its share says that there are too many, and need not tell all.
    told = 2 * MOST_CAPPED_KEYS // (1 << place_bits)
    cap = None if cap_key_pairs is None else Cap(cap_key_pairs, told + 1)
    plan = CountingPlan(
        counts=(
            *survey_sql.key_counts(records, keys),
            *survey_sql.value_counts(records, columns),
            survey_sql.node_count(records, 0),
            survey_sql.source_count(),
        ),
        hottest=survey_sql.HOTTEST,
        hot_pairs=survey_sql.HOT_PAIRS,
        cap=cap,
        place_bits=place_bits,
        limits=limits,
    )
    counted = _counted(records, plan)
    if records.held is None:
        counted = counted.persist(StorageLevel.MEMORY_AND_DISK)
    found = _by_kind(counted.where(~F.col("kind").startswith(kind_of(""))))
    counts = _counts(records, found.get(counting.SOURCES, ()))
    if cap is not None:
        _refuse_many_capped(found.get(counting.CAPPED_KEYS, ()), cap)
    return Survey(
        counts=counts,
        seed=_seed(records, found, plan),
        sizes=_sizes(rules, keys, found, plan),
        frequencies=ValueFrequencies(_totals(records, columns, found), counted),
    )


def _place_bits(records: LinkageRecords, hashes_of_a_record: int) -> int:
    """Bits of the number of places that hashes are sent to; none where they stay."""
    if records.held is not None:
        return 0
    hashes = records.count() * hashes_of_a_record
    return (max(parallelism(records.frame), -(-hashes // _HASHES_OF_A_TASK), 2) - 1).bit_length()


def _seed(records: LinkageRecords, found: Mapping[str, Sequence[tuple[int, pa.Table]]], plan: CountingPlan) -> int:
    """A seed without two records of one node: 0 but by rare chance."""
    for seed in range(_SEEDS):
        if seed:
            refuse_repeated_ids(records)
            alone = replace(plan, counts=(survey_sql.node_count(records, seed),))
            found = _by_kind(_counted(records, alone))
        if not sum(table["n"][0].as_py() for _, table in found.get(counting.REPEATED_IDS, ())):
            return seed
    raise InputError(f"records: no collision-free 64-bit numbering found in {_SEEDS} tries")


def _counted(records: LinkageRecords, plan: CountingPlan) -> DataFrame:
    """One chunk per place and result."""
    if records.held is not None:
        return _counted_where_held(records, plan)
    hashes = records.chunks.mapInArrow(records.task(partial(counting.scatter, plan=plan)), chunks.SCHEMA)
    placed = hashes.repartitionById(1 << plan.place_bits, "place")
    return placed.mapInArrow(partial(counting.gather, plan=plan), chunks.SCHEMA)


def _counted_where_held(records: LinkageRecords, plan: CountingPlan) -> DataFrame:
    """Each count is made by one task, over all records."""
    tasks = min(len(plan.counts), parallelism(records.frame))
    shares = tuple(tuple(range(each, len(plan.counts), tasks)) for each in range(tasks))
    positions = records.frame.sparkSession.range(0, tasks, 1, tasks)
    return positions.mapInArrow(records.task(partial(counting.count_held, plan=plan, shares=shares)), chunks.SCHEMA)


def _by_kind(counted: DataFrame) -> dict[str, list[tuple[int, pa.Table]]]:
    """(place, result) by kind, in the order of places."""
    found: dict[str, list[tuple[int, pa.Table]]] = {}
    rows = counted.toArrow()
    results = chunks.unpacked(rows.to_batches())
    for place, (kind, table) in zip(rows["place"].to_pylist(), results, strict=True):
        found.setdefault(kind, []).append((place, table))
    return {kind: sorted(tables, key=lambda each: each[0]) for kind, tables in found.items()}


def _counts(records: LinkageRecords, found: Sequence[tuple[int, pa.Table]]) -> dict[str, int]:
    rows = [row for _, table in found for row in table.to_pylist()]
    unnamed = sum(row["n"] for row in rows if row["source"] not in range(len(records.sources)))
    if unnamed:
        raise InputError(f"{unnamed} records are of no source that is linked ({', '.join(records.sources)})")
    counts, missing = dict.fromkeys(records.sources, 0), dict.fromkeys(records.sources, 0)
    for row in rows:
        counts[records.sources[row["source"]]] += int(row["n"])
        missing[records.sources[row["source"]]] += int(row["missing"])
    if any(missing.values()):
        told = ", ".join(f"{name}: {number}" for name, number in sorted(missing.items()) if number)
        raise InputError(f"records with a null unique ID ({told}); give every record one")
    return counts


def _sizes(
    rules: Sequence[KeyedRule],
    keys: Sequence[KeyColumn],
    found: Mapping[str, Sequence[tuple[int, pa.Table]]],
    plan: CountingPlan,
) -> KeySizes:
    # A left and a right key are counted together, under the position of either.
    positions: dict[int, set[int]] = {rule.number: set() for rule in rules}
    for position, key in enumerate(keys):
        for number, _ in key.entries:
            positions[number].add(position)
    sizes = _rows_by_position(found.get(counting.SIZES, ()))
    hottest = _rows_by_position(found.get(counting.HOTTEST_KEYS, ()))
    segments = [
        (place, table["width"][0].as_py(), table["bits"][0].as_py())
        for place, table in found.get(counting.SHARED_KEYS, ())
    ]

    def of(rows: Mapping[int, list[dict[str, int]]], rule: KeyedRule) -> list[dict[str, int]]:
        return [row for position in sorted(positions[rule.number]) for row in rows.get(position, ())]

    return KeySizes(
        by_rule={rule.number: rule_size(of(sizes, rule)) for rule in rules},
        hottest={rule.number: _hottest(of(hottest, rule)) for rule in rules},
        shared=SharedKeys.joined(segments, plan.place_bits),
        capped=_capped(found.get(counting.CAPPED_KEYS, ()), positions),
    )


def _refuse_many_capped(found: Sequence[tuple[int, pa.Table]], cap: Cap) -> None:
    told = [table.num_rows for _, table in found]
    if sum(told) > MOST_CAPPED_KEYS or max(told, default=0) == cap.told:
        raise ConfigError(
            f"link.cap_key_pairs {cap.pairs}: more than {MOST_CAPPED_KEYS:,} keys are above it; "
            "raise link.cap_key_pairs"
        )


def _capped(found: Sequence[tuple[int, pa.Table]], positions: Mapping[int, set[int]]) -> dict[int, CappedKeys]:
    """Those of each rule that has any."""
    if not found:
        return {}
    every, capped = pa.concat_tables([table for _, table in found]), {}
    for number, own in positions.items():
        keys = every.filter(pc.is_in(every["position"], pa.array(sorted(own), every["position"].type)))
        if keys.num_rows:
            ascending = keys["key"].combine_chunks().sort()
            rows, pairs = (int(pc.sum(keys[name]).as_py()) for name in ("n", "pairs"))
            capped[number] = CappedKeys(ascending, rows, pairs)
    return capped


def _rows_by_position(found: Sequence[tuple[int, pa.Table]]) -> dict[int, list[dict[str, int]]]:
    rows: dict[int, list[dict[str, int]]] = {}
    for _, table in found:
        for row in table.to_pylist():
            rows.setdefault(row["position"], []).append(row)
    return rows


def _hottest(rows: Sequence[Mapping[str, int]]) -> tuple[HotKey, ...]:
    keys = sorted((HotKey(row["key"], row["n"], row["pairs"]) for row in rows), key=lambda hot: (-hot.pairs, hot.key))
    return tuple(
        hot for place, hot in enumerate(keys) if place < survey_sql.HOTTEST or hot.pairs >= survey_sql.HOT_PAIRS
    )


def _totals(
    records: LinkageRecords, columns: Sequence[str], found: Mapping[str, Sequence[tuple[int, pa.Table]]]
) -> dict[str, ColumnTotals]:
    totals, present = (
        _rows_by_position(found.get(counting.TOTALS, ())),
        _rows_by_position(found.get(counting.PRESENT, ())),
    )
    return {
        column: _column_totals(records, totals.get(position, ()), present.get(position, ()))
        for position, column in enumerate(columns)
    }


def _column_totals(
    records: LinkageRecords, totals: Sequence[Mapping[str, int]], present: Sequence[Mapping[str, int]]
) -> ColumnTotals:
    by_source: dict[int, int] = {}
    for row in present:
        number = row["part"]
        by_source[number] = by_source.get(number, 0) + row["n"]
    return ColumnTotals(
        values=sum(row["values"] for row in totals),
        repeated=sum(row["repeated"] for row in totals),
        present=sum(row["present"] for row in totals),
        agreeing_pairs=int(sum(row["agreeing"] for row in totals)),
        possible_pairs=possible_pairs(records, list(by_source.values())),
    )
