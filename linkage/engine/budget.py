"""How many pairs a run would make, and the refusal of too many before they are made."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import types as T

from linkage.engine import plans
from linkage.engine.kernel import KernelLimits
from linkage.engine.making import made_in_tasks
from linkage.engine.records import LinkageRecords
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
    distinct = max(sizes.made_by(rule) or 0 for rule in rules)
    if distinct <= max_pairs:
        distinct = _count_distinct(records, rules, found, limits)
    if distinct > max_pairs:
        raise RefusedError(
            f"{name} {max_pairs}: the rules make at least {distinct} distinct pairs; most under blocking rule "
            f"{most.match_key} ({most.told}), which makes up to {sizes.of(most).pairs}"
        )


def _count_distinct(records: LinkageRecords, rules: Sequence[KeyedRule], found: Survey, limits: KernelLimits) -> int:
    schema = T.StructType([T.StructField("pairs", T.LongType())])
    counted = made_in_tasks(records, [rules], found, plans.counting(), schema, limits=limits).frame().toArrow()
    return sum(counted["pairs"].to_pylist())
