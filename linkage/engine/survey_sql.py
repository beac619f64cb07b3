"""The SQL of a survey: what is hashed of each chunk of records, and how the hashes are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linkage.engine import chunks
from linkage.engine.counting import Count
from linkage.engine.frequencies import kind_of, value_hash
from linkage.engine.keys import LEFT, RIGHT, KeyColumn
from linkage.engine.records import ID, SOURCE, LinkageRecords, node_sql

# A key of so many pairs is too much for one task to have beside others; about 700 records.
HOT_PAIRS = 250_000
# As many are told of each rule in any case.
HOTTEST = 10

CAPPED = "capped keys"


@dataclass(frozen=True)
class Cap:
    """Which keys make no pair: those that would make more than so many.

    Attributes:
        pairs: So many.
        told: Capped keys that a place tells of, at most.
    """

    pairs: int
    told: int


def source_count() -> Count:
    """Records, and those without an ID, by source."""
    hashes = (
        f"SELECT CAST(0 AS UBIGINT) AS key, {SOURCE} AS source, count(*) AS n, "
        f"count(*) FILTER ({ID} IS NULL) AS missing FROM {chunks.RECORDS} GROUP BY ALL"
    )
    counted = (
        "CREATE TEMP TABLE by_source AS SELECT source, sum(n)::BIGINT AS n, sum(missing)::BIGINT AS missing "
        "FROM source_hashes GROUP BY ALL"
    )
    return Count("source_hashes", hashes, counted, (("sources", "SELECT * FROM by_source"),))


def node_count(records: LinkageRecords, seed: int) -> Count:
    """Nodes that more than one record has; none, if IDs are a key and no two hashes are equal."""
    node = node_sql(records, SOURCE, ID, seed=seed)
    return Count(
        "node_hashes",
        f"SELECT hash({node}) AS key FROM {chunks.RECORDS}",
        "CREATE TEMP TABLE repeated AS SELECT key FROM node_hashes GROUP BY key HAVING count(*) > 1",
        (("repeated IDs", "SELECT count(*) AS n FROM repeated"),),
    )


def key_count(records: LinkageRecords, keys: Sequence[KeyColumn], cap: Cap | None = None) -> list[Count]:
    """Rows and pairs of each key that is not capped, and the capped ones; nothing where there are no keys."""
    if not keys:
        return []
    by_source = records.link_type == "link_only"
    has_sides = any(side for key in keys for _, side in key.entries)
    sides = {key.name: key.entries[0][1] for key in keys}
    rows = " UNION ALL ".join(
        f"SELECT {f'unnest({key.name})' if key.is_list else key.name} AS key, {position}::SMALLINT AS position"
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
        f"SELECT s.position, s.key, s.n, s.pairs FROM sized s LEFT JOIN ({top.format(n=HOTTEST)}) t USING (key) "
        f"WHERE t.key IS NOT NULL OR s.pairs >= {HOT_PAIRS}"
    )
    results = [("sizes", sizes), ("hottest keys", hottest), ("shared keys", "SELECT key FROM sized WHERE pairs > 0")]
    if cap is not None:
        above = f"FROM sized WHERE pairs > {cap.pairs}"
        counted += f"; CREATE TEMP TABLE capped AS SELECT position, key, n, pairs {above}; DELETE {above}"
        results.append((CAPPED, f"SELECT * FROM capped LIMIT {cap.told}"))
    hashes = f"WITH keyed AS (SELECT {keyed} FROM {chunks.RECORDS}) {rows}"
    return [Count("key_hashes", hashes, counted, tuple(results))]


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


def value_count(records: LinkageRecords, columns: Sequence[str]) -> list[Count]:
    """Records of each value of some columns; nothing where there are no columns."""
    if not columns:
        return []
    source = f", {SOURCE} AS source" if records.link_type == "link_only" else ""
    hashed = {column: value_hash(f'"{column}"', records.frame.schema[column].dataType) for column in columns}
    hashes = " UNION ALL ".join(
        f"SELECT {position}::SMALLINT AS position, "
        f"{hashed[column]} AS key{source}, count(*) AS n "
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
