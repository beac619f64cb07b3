"""Records exploded into key rows, all rows of a key in one partition: the engine's one shuffle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame

from linkage.engine import capping, chunks, exploding, kernel_sql
from linkage.engine.exploding import Entry, ExplosionPlan
from linkage.engine.kernel import KernelLimits
from linkage.engine.keys import key_columns
from linkage.engine.packing import parallelism
from linkage.engine.records import ID, SOURCE, LinkageRecords
from linkage.engine.sizes import HotKey, KeySizes, RuleSize
from linkage.engine.survey_sql import HOT_PAIRS
from linkage.model.blocking import KeyedRule

# One task's share: enough to be worth a task, few enough to sit in its memory.
PAIRS_OF_A_TASK = 2_000_000
ROWS_OF_A_TASK = 500_000
# A sample of whole keys has at least so many keys' worth of pairs.
KEYS_OF_A_SAMPLE = 200


@dataclass(frozen=True)
class Carried:
    """What key rows carry besides their keys.

    Attributes:
        columns: SQL over `records` and the lookups, by the column's name.
        joins: What follows `FROM records`.
        lookups: Tables that the joins read.
    """

    columns: Mapping[str, str]
    joins: str = ""
    lookups: Mapping[str, pa.Table] = field(default_factory=dict)

    @classmethod
    def plain(cls, names: Sequence[str]) -> Carried:
        """Columns as they are."""
        return cls({name: f'records."{name}"' for name in dict.fromkeys(names)})


@dataclass(frozen=True)
class Sample:
    """A sample of a rule's pairs, each with the same known probability.

    Whole keys are in or out, so that a small share of the rows is read. Of a hot key, which might
    rule the sample if it were in it, the records are sampled instead: every hot key gives its due. Where
    the sample is so small that keys rule it which are not hot, records are sampled under all keys of the rule.
    A pair is in with probability `share` in any case (Horvitz and Thompson, 1952).

    Attributes:
        share: Of the rule's pairs, below 1; 0 leaves all of them out.
    """

    rule: int
    share: float


def can_rule(size: RuleSize, share: float) -> bool:
    """Whether a key that is not hot may be more than a small part of such a sample, so that records are sampled."""
    return min(size.largest_key_pairs, HOT_PAIRS) * KEYS_OF_A_SAMPLE > size.pairs * share


def sampled_rows(size: RuleSize, share: float) -> float:
    """About how many key rows a sample reads: where records are sampled, both of a pair have to be in."""
    return size.shared_rows * (share**0.5 if can_rule(size, share) else share)


def key_rows(
    records: LinkageRecords,
    rules: Sequence[KeyedRule],
    sizes: KeySizes,
    carried: Carried,
    *,
    limits: KernelLimits,
    packed: DataFrame | None = None,
    samples: Sequence[Sample] = (),
    seed: int = 0,
) -> DataFrame:
    """Explode records into key rows, leaving out those whose key nobody shares or is capped.

    A key that is too much for one task is split into tiles: each of its records goes to as many of
    them as there are parts, so that any two records meet in exactly one.

    Args:
        records: What to explode.
        rules: Which rules to use.
        sizes: Which keys are shared, and how much work they are.
        carried: What the rows carry.
        limits: What a task's DuckDB may use.
        packed: Chunks to read instead of the records' own, with further columns.
        samples: For rules of which some pairs are enough.
        seed: Which sample.

    Returns:
        Chunks of key rows by place: one partition for each.
    """
    shares = {sample.rule: sample.share for sample in samples}
    rules = [rule for rule in rules if shares.get(rule.number, 1) > 0]
    # A rule that is left out needs no drawing.
    shares = {rule: share for rule, share in shares.items() if share > 0}
    keys = key_columns(records, rules)
    cores = parallelism(records.frame)
    pairs = sum(sizes.of(rule).pairs * shares.get(rule.number, 1.0) for rule in rules)
    rows = sum(sizes.of(rule).shared_rows for rule in rules)
    places = max(cores, -(-int(pairs) // PAIRS_OF_A_TASK), -(-rows // ROWS_OF_A_TASK))
    chosen, tables = _chosen(rules, sizes, shares, seed)
    selected = [f'{sql} AS "{name}"' for name, sql in carried.columns.items()]
    selected += [f"{key.sql} AS {key.name}" for key in keys]
    if chosen is not None:
        selected.append(f"hash(records.{SOURCE}, records.{ID}) AS __draw")
    plan = ExplosionPlan(
        query=f"SELECT {', '.join(selected)} FROM {chunks.RECORDS} {carried.joins}",
        carried=tuple(carried.columns),
        entries=tuple(Entry(key.name, number, side) for key in keys for number, side in key.entries),
        shared=sizes.shared.bits,
        shared_width=sizes.shared.width,
        chosen=chosen,
        places=places,
        limits=limits,
        with_whole=any(key.is_list for key in keys),
        lookups={
            name: chunks.written(table, compression=None).to_pybytes()
            for name, table in {**carried.lookups, **tables}.items()
        },
    )
    source = records.chunks if packed is None else packed
    exploded = source.mapInArrow(records.task(partial(exploding.explode, plan=plan)), chunks.SCHEMA)
    return exploded.repartitionById(places, "place")


def parts_of(pairs: int) -> int:
    """Into how many parts to split the records of a key, so that no tile has more than `HOT_PAIRS`.

    Two parts of n/g records make up to (2n/g)² / 2 pairs between and within them.

    >>> parts_of(HOT_PAIRS), parts_of(100 * HOT_PAIRS)
    (1, 20)
    """
    return 1 if pairs <= HOT_PAIRS else -(-int(2 * (pairs / HOT_PAIRS) ** 0.5 * 1000) // 1000)


def tile_rows(hottest: Sequence[HotKey]) -> int:
    """The key rows that splitting a rule's hot keys adds: a record goes to as many tiles as its key has parts."""
    return sum(hot.rows * (parts_of(hot.pairs) - 1) for hot in hottest)


def _chosen(
    rules: Sequence[KeyedRule], sizes: KeySizes, shares: Mapping[int, float], seed: int
) -> tuple[str | None, dict[str, pa.Table]]:
    """Which rows to take, and which to split, as SQL; and the tables of hot and of capped keys that it reads."""
    hot = {
        (rule.number, hot.key): parts_of(int(hot.pairs * shares.get(rule.number, 1.0)))
        for rule in rules
        for hot in sizes.hottest[rule.number]
        if hot.pairs >= HOT_PAIRS
    }
    capped = capping.hashes(rules, sizes)
    if not hot and not shares and capped is None:
        return None, {}
    hot_keys = pa.table(
        {
            "rule": pa.array([rule for rule, _ in hot], pa.int16()),
            "key": pa.array([key for _, key in hot], pa.uint64()),
            "parts": pa.array(list(hot.values()), pa.int32()),
        }
    )
    # Both records of a pair must be in.
    by_record = {
        rule: f"WHEN {rule} THEN {kernel_sql.drawn(f'hash({seed}, rows.draw)', share**0.5)}"
        for rule, share in shares.items()
    }
    by_key = [
        by_record[rule]
        if can_rule(sizes.by_rule[rule], share)
        else f"WHEN {rule} THEN {kernel_sql.drawn(f'hash({seed}, rows.key)', share)}"
        for rule, share in shares.items()
    ]
    keys_in = f"CASE rows.rule {' '.join(by_key)} ELSE true END" if shares else "true"
    records_in = f"CASE rows.rule {' '.join(by_record.values())} ELSE true END" if shares else "true"
    # Few of them come so far, by chance.
    without_capped = "" if capped is None else f"ANTI JOIN {capping.CAPPED_KEYS} USING (key) "
    split = (
        "SELECT rows.row, rows.rule, rows.side, rows.key, rows.draw % hot.parts AS mine, "
        "unnest(range(hot.parts)) AS other, hot.parts FROM rows INNER JOIN hot_keys hot "
        f"ON rows.rule = hot.rule AND rows.key = hot.key WHERE {records_in}"
    )
    sql = (
        "SELECT row, rule, side, key, CAST(NULL AS SMALLINT) AS part, key AS whole FROM rows "
        f"ANTI JOIN hot_keys USING (rule, key) {without_capped}WHERE {keys_in} UNION ALL "
        "SELECT row, rule, side, CASE WHEN parts = 1 THEN key ELSE hash(key, least(mine, other), "
        "greatest(mine, other)) END, CASE WHEN mine <> other THEN CAST(mine AS SMALLINT) END, key "
        f"FROM ({split})"
    )
    return sql, {"hot_keys": hot_keys} | ({} if capped is None else {capping.CAPPED_KEYS: capped})
