"""The values behind the hashes of keys, for those who may see them and ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from linkage.engine import chunks, kernel
from linkage.engine.kernel import KernelLimits
from linkage.engine.keys import RIGHT, key_columns
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
            keys = rule.right_keys if side == RIGHT else rule.left_keys
            text = " || ', ' || ".join(f"CAST({key} AS VARCHAR)" for key in keys)
            parts.append(
                f"SELECT {number}::INTEGER AS rule, CAST({column.sql} AS VARCHAR) AS key, min({text}) AS value "
                f"FROM {chunks.RECORDS} WHERE {column.sql} IN ({wanted}) GROUP BY ALL"
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
