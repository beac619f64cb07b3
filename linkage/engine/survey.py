"""All that is counted before pairs are made, in one pass: records, IDs, block keys, values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine import chunks, counting
from linkage.engine.counting import Count, CountingPlan
from linkage.engine.frequencies import ColumnTotals, ValueFrequencies, kind_of
from linkage.engine.kernel import KernelLimits
from linkage.engine.keys import LEFT, RIGHT, KeyColumn, key_columns
from linkage.engine.records import ID, NODE, SOURCE, LinkageRecords, ids_are_nodes, possible_pairs, refuse_repeated_ids
from linkage.engine.sizes import HotKey, KeySizes, SharedKeys, rule_size
from linkage.errors import InputError
from linkage.model.blocking import KeyedRule

# A key of so many pairs is too much for one task to have beside others; about 700 records.
HOT_PAIRS = 250_000
# As many are told of each rule in any case.
_HOTTEST = 10
# Numberings of records to try.
_SEEDS = 8
# Hashes that one task counts; they sit in its memory.
_HASHES_OF_A_TASK = 8_000_000


@dataclass(frozen=True)
class Survey:
    """What a survey found.

    Attributes:
        counts: Records by source name.
        seed: One under which `linkage.engine.records.node` tells all records apart.
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
    records: LinkageRecords, rules: Sequence[KeyedRule], columns: Sequence[str], *, limits: KernelLimits
) -> Survey:
    """Count records by source, keys and pairs by rule, and values by column.

    What was counted of values stays cached, hashes and integers, until the caller clears Spark's
    cache.

    Args:
        records: What to count.
        rules: All rules that will be used.
        columns: Columns whose values to count, in lower case; nulls are not values.
        limits: What a task's DuckDB may use.

    Raises:
        InputError: An ID is null, or two records of one source have the same ID.
    """
    keys = key_columns(records, rules)
    rows = records.count()
    hashes = rows * max(1, len(keys) + len(columns))
    cores = records.frame.sparkSession.sparkContext.defaultParallelism
    places = max(cores, -(-hashes // _HASHES_OF_A_TASK), 2)
    plan = CountingPlan(
        counts=(_source_count(), _node_count(records), *_key_count(records, keys), *_value_count(records, columns)),
        shared="shared keys",
        place_bits=(places - 1).bit_length(),
        limits=limits,
    )
    counted = _counted(records.chunks, plan).persist(StorageLevel.MEMORY_AND_DISK)
    found = _by_kind(counted.where(~F.col("kind").startswith(kind_of(""))))
    counts = _counts(records, found.get("sources", ()))
    return Survey(
        counts=counts,
        seed=_seed(records, found, plan),
        sizes=_sizes(rules, keys, found, plan),
        frequencies=ValueFrequencies(_totals(records, columns, found), counted),
    )


def _seed(records: LinkageRecords, found: Mapping[str, Sequence[tuple[int, pa.Table]]], plan: CountingPlan) -> int:
    """A seed without two records of one node: 0 but by rare chance."""
    for seed in range(1, _SEEDS + 1):
        if not sum(table["n"][0].as_py() for _, table in found.get("repeated IDs", ())):
            return seed - 1
        refuse_repeated_ids(records)
        alone = replace(plan, counts=(_node_count(records),))
        found = _by_kind(_counted(records.chunks_with_nodes(seed), alone))
    raise InputError(f"records: no collision-free 64-bit numbering found in {_SEEDS} tries")


def _counted(packed: DataFrame, plan: CountingPlan) -> DataFrame:
    """One chunk per place and result."""
    hashes = packed.mapInArrow(partial(counting.scatter, plan=plan), chunks.SCHEMA)
    placed = hashes.repartitionById(1 << plan.place_bits, "place")
    return placed.mapInArrow(partial(counting.gather, plan=plan), chunks.SCHEMA)


def _by_kind(counted: DataFrame) -> dict[str, list[tuple[int, pa.Table]]]:
    """(place, result) by kind, in the order of places."""
    found: dict[str, list[tuple[int, pa.Table]]] = {}
    rows = counted.toArrow()
    results = chunks.unpacked(rows.to_batches())
    for place, (kind, table) in zip(rows["place"].to_pylist(), results, strict=True):
        found.setdefault(kind, []).append((place, table))
    return {kind: sorted(tables, key=lambda each: each[0]) for kind, tables in found.items()}


def _source_count() -> Count:
    hashes = (
        f"SELECT CAST(0 AS UBIGINT) AS key, {SOURCE} AS source, count(*) AS n, "
        f"count(*) FILTER ({ID} IS NULL) AS missing FROM {chunks.RECORDS} GROUP BY ALL"
    )
    counted = (
        "CREATE TEMP TABLE by_source AS SELECT source, sum(n)::BIGINT AS n, sum(missing)::BIGINT AS missing "
        "FROM source_hashes GROUP BY ALL"
    )
    return Count("source_hashes", hashes, counted, (("sources", "SELECT * FROM by_source"),))


def _node_count(records: LinkageRecords) -> Count:
    node = ID if ids_are_nodes(records) else NODE
    return Count(
        "node_hashes",
        f"SELECT hash({node}) AS key FROM {chunks.RECORDS}",
        "CREATE TEMP TABLE repeated AS SELECT key FROM node_hashes GROUP BY key HAVING count(*) > 1",
        (("repeated IDs", "SELECT count(*) AS n FROM repeated"),),
    )


def _key_count(records: LinkageRecords, keys: Sequence[KeyColumn]) -> list[Count]:
    if not keys:
        return []
    by_source = records.link_type == "link_only"
    has_sides = any(side for key in keys for _, side in key.entries)
    sides = {key.name: key.entries[0][1] for key in keys}
    rows = " UNION ALL ".join(
        f"SELECT {key.name} AS key, {position}::SMALLINT AS position"
        + (f", {sides[key.name]}::TINYINT AS side" if has_sides else "")
        + (", source" if by_source else "")
        + f" FROM keyed WHERE {key.name} IS NOT NULL"
        for position, key in enumerate(keys)
    )
    keyed = ", ".join([f"{SOURCE} AS source", *(f"{key.sql} AS {key.name}" for key in keys)])
    pairs = _pairs_of_key(records, has_sides=has_sides)
    counted = (
        "CREATE TEMP TABLE sized AS SELECT key, min(position) AS position, count(*) AS n, "
        f"{pairs} AS pairs FROM key_hashes GROUP BY key"
    )
    shared = "FILTER (pairs > 0)"
    sizes = (
        f"SELECT position, sum(n)::BIGINT AS rows, count(*) AS keys, count(*) {shared} AS shared_keys, "
        f"coalesce(sum(n) {shared}, 0)::BIGINT AS shared_rows, sum(pairs)::BIGINT AS pairs, "
        "max(pairs) AS largest_key_pairs FROM sized GROUP BY position"
    )
    top = "SELECT position, unnest(max_by(key, pairs, {n})) AS key FROM sized WHERE pairs > 0 GROUP BY position"
    hottest = (
        f"SELECT s.position, s.key, s.n, s.pairs FROM sized s LEFT JOIN ({top.format(n=_HOTTEST)}) t USING (key) "
        f"WHERE t.key IS NOT NULL OR s.pairs >= {HOT_PAIRS}"
    )
    results = (("sizes", sizes), ("hottest keys", hottest), ("shared keys", "SELECT key FROM sized WHERE pairs > 0"))
    return [Count("key_hashes", f"WITH keyed AS (SELECT {keyed} FROM {chunks.RECORDS}) {rows}", counted, results)]


def _pairs_of_key(records: LinkageRecords, *, has_sides: bool) -> str:
    """Pairs that the rows of one key can form, as an aggregate.

    With one key for both sides, n records make n(n-1)/2 pairs, of which a link between sources
    leaves out those within a source. With a left and a right key, left × right is an upper bound.
    """
    either = "count(*) FILTER (side = 0)" if has_sides else "count(*)"
    if records.link_type == "link_only":
        only = " AND side = 0" if has_sides else ""
        of_source = [f"count(*) FILTER (source = {number}{only})" for number in range(len(records.sources))]
        within = " + ".join(f"{count} * {count}" for count in of_source)
        same_key = f"({either} * {either} - ({within})) // 2"
    else:
        same_key = f"{either} * ({either} - 1) // 2"
    if not has_sides:
        return same_key
    return f"{same_key} + count(*) FILTER (side = {LEFT}) * count(*) FILTER (side = {RIGHT})"


def _value_count(records: LinkageRecords, columns: Sequence[str]) -> list[Count]:
    if not columns:
        return []
    source = f", {SOURCE} AS source" if records.link_type == "link_only" else ""
    hashes = " UNION ALL ".join(
        f'SELECT {position}::SMALLINT AS position, hash("{column}") AS key{source}, count(*) AS n '
        f'FROM {chunks.RECORDS} WHERE "{column}" IS NOT NULL GROUP BY ALL'
        for position, column in enumerate(columns)
    )
    every, within = "sum(n)", "sum(n)"
    agreeing = f"{every} * ({every} - 1) // 2"
    if source:
        of_source = [f"coalesce(sum(n) FILTER (source = {number}), 0)" for number in range(len(records.sources))]
        within = " + ".join(f"{count} * {count}" for count in of_source)
        agreeing = f"({every} * {every} - ({within})) // 2"
    counted = (
        f"CREATE TEMP TABLE valued AS SELECT position, key, {every}::BIGINT AS n, {agreeing} AS agreeing "
        "FROM value_hashes GROUP BY position, key"
    )
    totals = (
        "SELECT position, count(*) AS values, count(*) FILTER (n > 1) AS repeated, sum(n)::BIGINT AS present, "
        "sum(agreeing)::DECIMAL(38, 0) AS agreeing FROM valued GROUP BY position"
    )
    present = f"SELECT position{', source' if source else ''}, sum(n)::BIGINT AS n FROM value_hashes GROUP BY ALL"
    values = [
        (kind_of(column), f"SELECT key, n FROM valued WHERE position = {position} AND n > 1")
        for position, column in enumerate(columns)
    ]
    return [Count("value_hashes", hashes, counted, (("totals", totals), ("present", present), *values))]


def _counts(records: LinkageRecords, found: Sequence[tuple[int, pa.Table]]) -> dict[str, int]:
    rows = [row for _, table in found for row in table.to_pylist()]
    missing = {records.sources[row["source"]]: row["missing"] for row in rows if row["missing"]}
    if missing:
        told = ", ".join(f"{name}: {missing[name]}" for name in sorted(missing))
        raise InputError(f"records with a null unique ID ({told}); give every record one")
    counted = {records.sources[row["source"]]: int(row["n"]) for row in rows}
    return {name: counted.get(name, 0) for name in records.sources}


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
    sizes = _rows_by_position(found.get("sizes", ()))
    hottest = _rows_by_position(found.get("hottest keys", ()))
    segments = [
        (place, table["width"][0].as_py(), table["bits"][0].as_py()) for place, table in found.get(plan.shared, ())
    ]

    def of(rows: Mapping[int, list[dict[str, int]]], rule: KeyedRule) -> list[dict[str, int]]:
        return [row for position in sorted(positions[rule.number]) for row in rows.get(position, ())]

    return KeySizes(
        by_rule={rule.number: rule_size(of(sizes, rule)) for rule in rules},
        hottest={rule.number: _hottest(of(hottest, rule)) for rule in rules},
        shared=SharedKeys.joined(segments, plan.place_bits),
    )


def _rows_by_position(found: Sequence[tuple[int, pa.Table]]) -> dict[int, list[dict[str, int]]]:
    rows: dict[int, list[dict[str, int]]] = {}
    for _, table in found:
        for row in table.to_pylist():
            rows.setdefault(row["position"], []).append(row)
    return rows


def _hottest(rows: Sequence[Mapping[str, int]]) -> tuple[HotKey, ...]:
    keys = sorted((HotKey(row["key"], row["n"], row["pairs"]) for row in rows), key=lambda hot: (-hot.pairs, hot.key))
    return tuple(hot for place, hot in enumerate(keys) if place < _HOTTEST or hot.pairs >= HOT_PAIRS)


def _totals(
    records: LinkageRecords, columns: Sequence[str], found: Mapping[str, Sequence[tuple[int, pa.Table]]]
) -> dict[str, ColumnTotals]:
    totals, present = _rows_by_position(found.get("totals", ())), _rows_by_position(found.get("present", ()))
    return {
        column: _column_totals(records, totals.get(position, ()), present.get(position, ()))
        for position, column in enumerate(columns)
    }


def _column_totals(
    records: LinkageRecords, totals: Sequence[Mapping[str, int]], present: Sequence[Mapping[str, int]]
) -> ColumnTotals:
    by_source: dict[int, int] = {}
    for row in present:
        number = row.get("source", 0)
        by_source[number] = by_source.get(number, 0) + row["n"]
    return ColumnTotals(
        values=sum(row["values"] for row in totals),
        repeated=sum(row["repeated"] for row in totals),
        present=sum(row["present"] for row in totals),
        agreeing_pairs=int(sum(row["agreeing"] for row in totals)),
        possible_pairs=possible_pairs(records, list(by_source.values())),
    )
