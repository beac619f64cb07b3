"""What runs in the tasks where records are held: pairs of numbers made from key rows, their values looked up.

Most pairs that share a key are made by an earlier rule and go again. That is decided on integers, one
for each distinct value of a key, before any value is looked at. Imported by executors: DuckDB, NumPy
and PyArrow only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.engine import chunks, held, kernel
from linkage.engine.exploding import RULE, WHOLE
from linkage.engine.held import ROW, Held
from linkage.engine.kernel import KEY_ROWS, KernelLimits

MADE = "made"
# What codes are known by in `Held.more`, before the expression that they are of.
_CODES = "codes of "
# Pairs whose values are looked up at a time, and the bytes of their texts: a column of Arrow text ends at 2 GiB.
BATCH_PAIRS = 250_000
BATCH_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class RuleValues:
    """What of a rule is decided on integers.

    Attributes:
        keys: SQL of the values over a record, of a plain rule: one that says no more than that they
            are equal; none of any other.
        earlier: The plain rules before it that share out pairs with it.
    """

    keys: tuple[str, ...]
    earlier: tuple[int, ...]


@dataclass(frozen=True)
class PairingPlan:
    """How to make pairs, and what to make of them.

    Attributes:
        pairs: SQL over `key_rows` for pairs that share a key: `l`, `r` (numbers of records), `rule`, what
            tells of capped keys and, where the condition reads it, `__whole`.
        rules: All rules by number.
        capped: By the numbers of the rules with capped keys, the column of `pairs` that tells of them: true,
            or a list that is not empty, where the pair shares one.
        condition: What else a pair must satisfy, in SQL over `l` and `r`; None if nothing.
        conditioned: The columns that the condition reads, besides those of the pair: `l.__rule`, `l.__whole`,
            `l.<capped>`.
        lists: Further ones that it reads, and SQL for them over a record.
        frequencies: Columns whose values' shares are wanted, by the name of the share.
        person: The column of persons, for each of whom a value counts once; None counts records.
        carried: Columns, or shares, to look up for both records of a pair.
        gathered: Tables by name, and the SQL over `made` whose rows they gather.
        outputs: Queries with the same columns each; their rows are the result.
        summaries: As for `kernel.KernelPlan`.
        with_rows: Whether the numbers of both records are among what is looked up.
    """

    pairs: str
    rules: Mapping[int, RuleValues]
    capped: Mapping[int, str]
    condition: str | None
    conditioned: tuple[str, ...]
    lists: Mapping[str, str]
    frequencies: Mapping[str, str]
    person: str | None
    carried: tuple[str, ...]
    gathered: Mapping[str, str]
    outputs: tuple[str, ...]
    limits: KernelLimits
    summaries: Mapping[str, str] = field(default_factory=dict)
    with_rows: bool = False
    batch_rows: int = 65_536


def run(batches: Iterator[pa.RecordBatch], plan: PairingPlan, folder: str | None = None) -> Iterator[pa.RecordBatch]:
    """Run the plan over one partition's key rows; an empty partition gives no rows.

    Args:
        batches: Chunks of key rows that carry the number of a record.
        plan: What to make of them.
        folder: As for `kernel.run`.

    Raises:
        ConfigError: A level or rule cannot be computed on these values.
        LinkageError: DuckDB needs more memory than it has, and cannot spill.
    """
    tables = [table for _, table in chunks.unpacked(batches)]
    if not tables:
        return
    records = held.current()
    with kernel.opened(plan.limits) as connection:
        connection.register(KEY_ROWS, pa.concat_tables(tables))
        pairs = connection.sql(plan.pairs).to_arrow_table()
        connection.unregister(KEY_ROWS)
        del tables
        for number, batch in enumerate(_batches(pairs, records)):
            made = _values(connection, records, _kept(connection, records, batch, plan), plan)
            connection.register(MADE, made)
            for name, sql in plan.gathered.items():
                connection.execute(f"{f'INSERT INTO {name}' if number else f'CREATE TEMP TABLE {name} AS'} {sql}")
        del pairs
        yield from kernel.results(connection, plan.outputs, plan.summaries, folder, rows=plan.batch_rows)


def _batches(pairs: pa.Table, records: Held) -> Iterator[pa.Table]:
    """The pairs in pieces, at least one; none has more than `BATCH_BYTES` of texts unless it is one pair."""
    if 2 * records.longest() * BATCH_PAIRS <= BATCH_BYTES:
        yield from (pairs.slice(start, BATCH_PAIRS) for start in range(0, max(1, pairs.num_rows), BATCH_PAIRS))
        return
    sizes = records.sizes()
    ends = np.cumsum(sizes[pairs["l"].to_numpy()] + sizes[pairs["r"].to_numpy()])
    start = 0
    while True:
        before = ends[start - 1] if start else 0
        full = int(np.searchsorted(ends, before + BATCH_BYTES, side="right"))
        length = max(1, min(BATCH_PAIRS, full - start))
        yield pairs.slice(start, length)
        start += length
        if start >= pairs.num_rows:
            return


def _kept(connection: duckdb.DuckDBPyConnection, records: Held, pairs: pa.Table, plan: PairingPlan) -> pa.Table:
    """The pairs that their rule really makes, and none before it."""
    pairs = pairs.combine_chunks()
    if any(rule.keys for rule in plan.rules.values()):
        pairs = pairs.filter(_is_left_by_plain(connection, records, pairs, plan))
    if plan.condition is None:
        return pairs
    of_pair = {RULE: pairs["rule"], "__number": pa.array(np.arange(pairs.num_rows))}
    of_pair |= {name: pairs[name] for name in (WHOLE, *plan.capped.values()) if name in pairs.column_names}
    lists = _lists(connection, records, plan.lists)
    for side in "lr":
        values = records.table.select(plan.conditioned).take(pairs[side])
        for name, column in [*of_pair.items(), *((name, column.take(pairs[side])) for name, column in lists.items())]:
            values = values.append_column(name, column)
        connection.register(side, values)
    kept = connection.sql(f"SELECT l.__number AS n FROM l POSITIONAL JOIN r WHERE {plan.condition}").to_arrow_table()
    return pairs.take(kept["n"])


def _is_left_by_plain(
    connection: duckdb.DuckDBPyConnection, records: Held, pairs: pa.Table, plan: PairingPlan
) -> pa.Array:
    """Whether a pair agrees on its rule's values, if that is plain, and on those of no plain rule before."""
    rules = plan.rules
    expressions = list(dict.fromkeys(key for rule in rules.values() for key in rule.keys))
    codes = _codes(connection, records, expressions)
    left, right, rule = held.in_pieces([pairs["l"], pairs["r"], pairs["rule"]])
    equal = {key: pc.fill_null(pc.equal(codes[key].take(left), codes[key].take(right)), False) for key in expressions}
    made = {number: _all([equal[key] for key in values.keys]) for number, values in rules.items() if values.keys}
    # A rule makes no pair of a capped key, though the pair agrees.
    before = {
        number: pc.and_not(agrees, pairs[plan.capped[number]]) if number in plan.capped else agrees
        for number, agrees in made.items()
    }
    left_over = pa.repeat(pa.scalar(False), len(rule))
    for number, values in rules.items():
        mine = pc.equal(rule, pa.scalar(number, rule.type))
        if number in made:
            mine = pc.and_(mine, made[number])
        for earlier in values.earlier:
            mine = pc.and_not(mine, before[earlier])
        left_over = pc.or_(left_over, mine)
    return left_over


def _codes(connection: duckdb.DuckDBPyConnection, records: Held, expressions: Sequence[str]) -> dict[str, pa.Array]:
    """For each expression an integer for each record: equal where values are, null where they are."""

    def coded(names: Sequence[str]) -> pa.Table:
        table = _computed(connection, records, [name.removeprefix(_CODES) for name in names])
        codes = {name: _coded(table[name]) for name in table.column_names if name != ROW}
        return pa.table({**codes, ROW: table[ROW]})

    found = records.more([f"{_CODES}{expression}" for expression in expressions], coded)
    return dict(zip(expressions, found, strict=True))


def _lists(connection: duckdb.DuckDBPyConnection, records: Held, lists: Mapping[str, str]) -> dict[str, pa.Array]:
    """For each expression its value for each record."""
    found = records.more(list(lists.values()), lambda missing: _computed(connection, records, missing))
    return dict(zip(lists, found, strict=True))


def _computed(connection: duckdb.DuckDBPyConnection, records: Held, expressions: Sequence[str]) -> pa.Table:
    """A column for each expression over a record, and its number."""
    connection.register(chunks.RECORDS, records.numbered())
    named = ", ".join(f"{sql} AS computed_{place}" for place, sql in enumerate(expressions))
    return connection.sql(f"SELECT {named}, {ROW} FROM {chunks.RECORDS}").to_arrow_table()


def _coded(column: pa.ChunkedArray) -> pa.Array:
    [values] = held.in_pieces([column])
    return values.dictionary_encode().indices


def _values(connection: duckdb.DuckDBPyConnection, records: Held, pairs: pa.Table, plan: PairingPlan) -> pa.Table:
    """The pairs with what is carried of both records."""
    columns = {RULE: pairs["rule"]} | {name: pairs[name] for name in plan.capped.values()}
    columns |= {f"{ROW}_{side}": pairs[side] for side in "lr"} if plan.with_rows else {}
    for name in plan.carried:
        if name in plan.frequencies:
            column = _share(connection, records, plan.frequencies[name], plan.person)
        else:
            [column] = held.in_pieces([records.table[name]])
        columns |= {f"{name}_{side}": column.take(pairs[side]) for side in "lr"}
    return pa.table(columns)


def _share(connection: duckdb.DuckDBPyConnection, records: Held, column: str, person: str | None) -> pa.Array:
    """For each record the share of its value among all values of a column; null where it has none.

    A value counts once for each person, if there is a column of persons.
    """

    def shared(_: Sequence[str]) -> pa.Table:
        connection.register(chunks.RECORDS, records.numbered())
        each = f'SELECT "{column}" AS value FROM {chunks.RECORDS} WHERE "{column}" IS NOT NULL'
        if person is not None:
            each = f'SELECT DISTINCT "{column}" AS value, {person} FROM {chunks.RECORDS} WHERE "{column}" IS NOT NULL'
        counted = f"SELECT value, count(*) AS n FROM ({each}) GROUP BY value"
        present = f"SELECT count(*) FROM ({each})"
        sql = (
            f"SELECT counted.n / CAST(({present}) AS DOUBLE) AS share, records.{ROW} "
            f'FROM {chunks.RECORDS} LEFT JOIN ({counted}) counted ON records."{column}" = counted.value'
        )
        return connection.sql(sql).to_arrow_table()

    [share] = records.more([f"share of {column}"], shared)
    return share


def _all(conditions: Sequence[pa.Array]) -> pa.Array:
    first, *others = conditions
    for condition in others:
        first = pc.and_(first, condition)
    return first
