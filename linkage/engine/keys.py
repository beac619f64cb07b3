"""Block keys as SQL for the tasks: what two records must share to meet under a rule."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from linkage.engine.chunks import RECORDS
from linkage.engine.records import LinkageRecords, empty_database
from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule

# Which side of a pair a key row may take.
EITHER, LEFT, RIGHT = 0, 1, 2

_EXACT = {"VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DATE", "BOOLEAN"}
_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"}


@dataclass(frozen=True)
class KeyColumn:
    """One key of a record, computed once however many rules use it.

    Attributes:
        name: The column's name in a task.
        of_set: The number of the values that are equated; those of a left and a right key are the same.
        sql: A 64-bit hash of the values, null where any of them is: null is no key. Strings
            travel no further as keys. Of exploded arrays a list of such hashes, each once, none null.
        entries: (rule number, side) of the key rows that a record gets under it.
        is_list: Whether a record may have several keys.
    """

    name: str
    of_set: int
    sql: str
    entries: tuple[tuple[int, int], ...]
    is_list: bool = False


def key_columns(records: LinkageRecords, rules: Sequence[KeyedRule]) -> tuple[KeyColumn, ...]:
    """The keys of some rules over `records`, in DuckDB's dialect.

    Rules that share the same values share a key column.

    Raises:
        ConfigError: A key cannot be computed on these columns, or a rule equates values of
            different types.
    """
    with empty_database(records, RECORDS) as connection:
        kinds = {rule.number: _common_types(connection, rule) for rule in rules}
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    hashed: dict[tuple[int, int], str] = {}
    lists = set()
    for rule in rules:
        of_set = _number(rule)
        left, right = (rule.left_keys, rule.left_arrays), (rule.right_keys, rule.right_arrays)
        sides = ((EITHER, *left),) if rule.is_symmetric else ((LEFT, *left), (RIGHT, *right))
        for side, keys, arrays in sides:
            cast = [f"CAST({key} AS {kind})" for key, kind in zip(keys, kinds[rule.number], strict=True)]
            hashed[of_set, side] = _of_elements(_hashed(of_set, cast), arrays)
            found.setdefault((of_set, side), []).append((rule.number, side))
            if arrays:
                lists.add((of_set, side))
    return tuple(
        KeyColumn(f"__key_{of_set}_{side}", of_set, hashed[of_set, side], tuple(entries), (of_set, side) in lists)
        for (of_set, side), entries in found.items()
    )


def both_keys(keys: Sequence[KeyColumn], rule: KeyedRule) -> tuple[KeyColumn, KeyColumn]:
    """The keys of a rule's left and right records, of those of `key_columns`: one and the same where it has one."""
    of_rule = [key for key in keys if rule.number in dict(key.entries)]
    return of_rule[0], of_rule[-1]


def plain_keys(records: LinkageRecords, rules: Sequence[KeyedRule]) -> dict[int, tuple[str, ...]]:
    """The values that a pair must share, in SQL over a record, of rules that ask for nothing else.

    By the rule's number; only rules over values of which two are equal when they are the same to the
    letter, as strings and integers are and fractions are not.
    """
    found = {}
    with empty_database(records, RECORDS) as connection:
        for rule in rules:
            kinds = _common_types(connection, rule) if rule.is_only_keys else []
            if kinds and set(kinds) <= _EXACT:
                found[rule.number] = tuple(f"CAST({k} AS {t})" for k, t in zip(rule.left_keys, kinds, strict=True))
    return found


def _number(rule: KeyedRule) -> int:
    """A number for the values that a rule equates, the same whatever rules are beside it."""
    text = "\n".join([*rule.left_keys, "=", *rule.right_keys])
    if rule.left_arrays or rule.right_arrays:
        text = "\n".join([text, "of", *rule.left_arrays, "=", *rule.right_arrays])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7])


def _hashed(of_set: int, parts: Sequence[str]) -> str:
    given = " AND ".join(f"({part}) IS NOT NULL" for part in parts)
    return f"CASE WHEN {given} THEN hash({of_set}, {', '.join(parts)}) END"


def _of_elements(key: str, arrays: Sequence[str]) -> str:
    """The keys of all combinations of elements; `key` takes an array's name for one element."""
    if not arrays:
        return key
    for depth, array in enumerate(reversed(arrays)):
        listed = f'list_transform("{array}", lambda "{array}": {key})'
        key = f"flatten({listed})" if depth else listed
    # Which leaves out nulls, too.
    return f"list_distinct({key})"


def _common_types(connection: duckdb.DuckDBPyConnection, rule: KeyedRule) -> list[str]:
    """The type in which both sides of each equality are hashed; numbers of two widths in the wider."""
    _check_arrays(connection, rule)
    try:
        left = _types(connection, rule.left_keys, rule.left_arrays)
        right = left if rule.is_symmetric else _types(connection, rule.right_keys, rule.right_arrays)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"blocking rule ({rule.told}): {reason}") from None
    common = []
    for one, other in zip(left, right, strict=True):
        if one != other and not {one, other} <= _NUMBERS:
            raise ConfigError(f"blocking rule ({rule.told}): equates {one} with {other}; cast one")
        common.append(one if one == other else _wider(connection, one, other))
    return common


def _check_arrays(connection: duckdb.DuckDBPyConnection, rule: KeyedRule) -> None:
    for array in rule.arrays:
        [kind] = _types(connection, [f'"{array}"'])
        if not kind.endswith("[]"):
            raise ConfigError(f"blocking rule ({rule.told}): arrays_to_explode: {array} is {kind}, not an array")


def _types(connection: duckdb.DuckDBPyConnection, expressions: Sequence[str], arrays: Sequence[str] = ()) -> list[str]:
    elements = ", ".join(f'unnest("{array}") AS "{array}"' for array in arrays)
    rows = f"(SELECT * REPLACE ({elements}) FROM {RECORDS})" if arrays else RECORDS
    described = connection.sql(f"DESCRIBE SELECT {', '.join(expressions)} FROM {rows}")
    return [str(kind) for _, kind, *_ in described.fetchall()]


def _wider(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> str:
    both = connection.sql(f"DESCRIBE SELECT CAST(NULL AS {one}) UNION ALL SELECT CAST(NULL AS {other})")
    return str(both.fetchall()[0][1])
