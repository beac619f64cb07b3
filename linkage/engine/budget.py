"""How many pairs a run would make, told or refused before it makes them."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import types as T

from linkage.engine import plans
from linkage.engine.kernel import KernelLimits
from linkage.engine.making import made_in_tasks
from linkage.engine.records import LinkageRecords
from linkage.engine.sizes import KeySizes
from linkage.engine.survey import Survey
from linkage.errors import RefusedError
from linkage.model.blocking import KeyedRule


def check(
    records: LinkageRecords,
    rules: Sequence[KeyedRule],
    found: Survey,
    max_pairs: int,
    limits: KernelLimits,
    *,
    name: str,
) -> None:
    """Refuse rules that make more distinct pairs than a budget.

    Key sizes often settle it. Where they don't, pairs are counted without being compared. `name` is
    what the budget is called where the user sets it.

    Raises:
        RefusedError: With the rule that makes most.
    """
    sizes = found.sizes
    most = max(rules, key=lambda rule: sizes.of(rule).pairs)
    if sum(sizes.of(rule).pairs for rule in rules) <= max_pairs:
        return
    certain = [sizes.of(rule).pairs for rule in rules if rule.is_only_keys]
    distinct = max(certain, default=0)
    if distinct <= max_pairs:
        distinct = _count_distinct(records, rules, found, limits)
    if distinct > max_pairs:
        raise RefusedError(
            f"{name} {max_pairs}: the rules make at least {distinct} distinct pairs; most under blocking rule "
            f"{most.match_key} ({most.told}), which makes up to {sizes.of(most).pairs}"
        )


def report(rules: Sequence[KeyedRule], sizes: KeySizes) -> str:
    """A table for people: what each rule would make. Holds no value of a record."""
    header = ("rule", "records", "keys", "pairs", "largest key", "")
    rows = [
        (str(rule.match_key), f"{size.rows:,}", f"{size.keys:,}", f"{size.pairs:,}", f"{size.largest_key_pairs:,}")
        for rule, size in ((rule, sizes.of(rule)) for rule in rules)
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(5)]
    lines = ["  ".join(name.rjust(width) for name, width in zip(header, widths, strict=False)) + "  condition"]
    for rule, row in zip(rules, rows, strict=True):
        lines.append("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + f"  {rule.told}")
    total = sum(sizes.of(rule).pairs for rule in rules)
    return "\n".join([*lines, f"at most {total:,} pairs; pairs of several rules are made once"])


def _count_distinct(records: LinkageRecords, rules: Sequence[KeyedRule], found: Survey, limits: KernelLimits) -> int:
    schema = T.StructType([T.StructField("pairs", T.LongType())])
    counted = made_in_tasks(records, [rules], found, plans.counting(), schema, limits=limits).frame().toArrow()
    return sum(counted["pairs"].to_pylist())
