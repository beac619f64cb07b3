"""How many pairs a run would make, and the refusal of too many before they are made."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import types as T

from linkage.engine import plans
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_rows import Sample
from linkage.engine.making import made_in_tasks
from linkage.engine.records import LinkageRecords
from linkage.engine.survey import Survey
from linkage.errors import RefusedError
from linkage.model.blocking import KeyedRule

# Pairs that share a key and are looked at one by one, at most: about a minute of one core.
COUNTED_PAIRS = 200_000_000
# A sample looks at so many.
_SAMPLED_PAIRS = 5_000_000


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

    Key sizes often settle it. Where they don't, pairs are counted without being compared; those of a sample
    where more than `COUNTED_PAIRS` share a key, which is right to some per cent. `name` is what the budget is
    called where the user sets it.

    Raises:
        RefusedError: With the rule that makes most.
    """
    sizes = found.sizes
    most = max(rules, key=lambda rule: sizes.of(rule).pairs)
    sharing = sum(sizes.of(rule).pairs for rule in rules)
    if sharing <= max_pairs:
        return
    distinct = max(sizes.made_by(rule) or 0 for rule in rules)
    share = min(1.0, _SAMPLED_PAIRS / sharing) if sharing > COUNTED_PAIRS else 1.0
    told = "at least"
    if distinct <= max_pairs:
        distinct = round(_count_distinct(records, rules, found, limits, share) / share)
        told = "about" if share < 1 else told
    if distinct > max_pairs:
        raise RefusedError(
            f"{name} {max_pairs}: the rules make {told} {distinct} distinct pairs; most under blocking rule "
            f"{most.match_key} ({most.told}), which makes up to {sizes.of(most).pairs}"
        )


def _count_distinct(
    records: LinkageRecords, rules: Sequence[KeyedRule], found: Survey, limits: KernelLimits, share: float
) -> int:
    """The pairs that each rule is the first to make, of a share of those that share a key."""
    schema = T.StructType([T.StructField("pairs", T.LongType())])
    samples = [Sample(rule.number, share) for rule in rules] if share < 1 else []
    made = made_in_tasks(records, [rules], found, plans.counting(), schema, limits=limits, samples=samples)
    return sum(made.frame().toArrow()["pairs"].to_pylist())
