"""The values behind the hashes of keys, for those who may see them and ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from linkage.engine import chunks, kernel
from linkage.engine.kernel import KernelLimits
from linkage.engine.keys import RIGHT, KeyColumn, key_columns
from linkage.engine.records import LinkageRecords
from linkage.engine.sizes import KeySizes
from linkage.engine.survey_sql import HOTTEST
from linkage.model.blocking import KeyedRule


def hottest_values(
    records: LinkageRecords, rules: Sequence[KeyedRule], sizes: KeySizes, *, limits: KernelLimits
) -> dict[tuple[int, int], str]:
    """The values of each rule's hottest keys, looked up in a record that has the key.

    By the rule's number and the key's hash; values of a key are parted by commas, as text. They are
    values of records: whoever calls this decides that they may be shown.

    Args:
        records: Those that were counted.
        rules: Whose keys.
        sizes: Of these rules.
        limits: What a task's DuckDB may use.
    """
    by_number = {rule.number: rule for rule in rules}
    parts = []
    for column in key_columns(records, rules):
        for number, side in column.entries:
            wanted = ", ".join(f"{hot.key}::UBIGINT" for hot in sizes.hottest[number][:HOTTEST])
            if not wanted:
                continue
            rule = by_number[number]
            keys, arrays = (rule.right_keys, rule.right_arrays) if side == RIGHT else (rule.left_keys, rule.left_arrays)
            text = " || ', ' || ".join(f"CAST({key} AS VARCHAR)" for key in keys)
            parts.append(
                f"SELECT {number}::INTEGER AS rule, CAST(__hot AS VARCHAR) AS key, min({text}) AS value "
                f"FROM {_with_key(column, arrays)} WHERE __hot IN ({wanted}) GROUP BY ALL"
            )
    if not parts:
        return {}
    task = partial(kernel.unpack, sql=" UNION ALL ".join(parts), limits=limits)
    found = records.chunks.mapInArrow(records.task(task), "rule int, key string, value string").toArrow().to_pylist()
    values: dict[tuple[int, int], str] = {}
    for row in found:
        # Several spellings may have one key; which is shown must not depend on the order of tasks.
        key = (row["rule"], int(row["key"]))
        values[key] = min(values.get(key, row["value"]), row["value"])
    return values


def _with_key(column: KeyColumn, arrays: Sequence[str]) -> str:
    """Records with their key as `__hot`; of exploded arrays a row for each element, which stands for the array then."""
    rows = chunks.RECORDS
    for place, array in enumerate(arrays):
        one = f"__element_{place}"
        rows = f'(SELECT * REPLACE ([{one}] AS "{array}") FROM {rows}, unnest("{array}") AS {one}_of({one}))'
    key = f"({column.sql})[1]" if column.is_list else column.sql
    rows = f"(SELECT *, {key} AS __hot FROM {rows})"
    elements = ", ".join(f'"{array}"[1] AS "{array}"' for array in arrays)
    return f"(SELECT * REPLACE ({elements}) FROM {rows})" if arrays else rows
