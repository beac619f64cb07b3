"""The kernel's plans: what a task does with its key rows to score, to count or to learn."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import types as T

from linkage.engine import kernel_sql
from linkage.engine.kernel import KernelLimits, KernelPlan
from linkage.engine.keys import RULE
from linkage.engine.records import ID, SOURCE, LinkageRecords
from linkage.model.blocking import KeyedRule
from linkage.model.specification import Comparison, LinkageModel

_CANDIDATES = "candidates"
# Named so that no column of a record, with its side, can be taken for one of these.
_KEY = (f"{ID}_l", f"{ID}_r", f"{SOURCE}_l", f"{SOURCE}_r", RULE)
_NAMED_KEY = ", ".join(f"{column} AS {column.lstrip('_')}" for column in _KEY[:4])


def scoring_plan(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    *,
    threshold_weight: float,
    limits: KernelLimits,
) -> KernelPlan:
    """Score every candidate pair; give back those above the threshold, and counts over all.

    The last row's `summary` counts all candidate pairs of the task, kept or not: a row per
    comparison vector, match key and source pair, with `pairs` and, of these, `kept`.
    """
    names = ", ".join(_gammas(model.comparisons))
    match_key = " ".join(f"WHEN {rule.number} THEN {rule.match_key}" for rule in rules)
    match_key = f"CAST(CASE {RULE} {match_key} END AS SMALLINT) AS match_key"
    kept = f"match_weight >= {kernel_sql.double(threshold_weight)}"
    return KernelPlan(
        statements=(_score_candidates(records, model, rules),),
        outputs=(
            f"SELECT {_NAMED_KEY}, {match_key}, match_weight, {names}, "
            f"CAST(NULL AS BLOB) AS summary FROM {_CANDIDATES} WHERE {kept}",
        ),
        summary=(
            f"SELECT {match_key}, {SOURCE}_l AS source_l, {SOURCE}_r AS source_r, {names}, count(*) AS pairs, "
            f"count(*) FILTER (WHERE {kept}) AS kept FROM {_CANDIDATES} GROUP BY ALL"
        ),
        limits=limits,
    )


def scoring_schema(records: LinkageRecords, model: LinkageModel) -> T.StructType:
    """The columns of the scoring plan's output."""
    gammas = [T.StructField(c.gamma_column, T.ByteType()) for c in model.comparisons]
    return T.StructType(
        [
            T.StructField("id_l", records.id_type),
            T.StructField("id_r", records.id_type),
            T.StructField("source_l", T.ShortType()),
            T.StructField("source_r", T.ShortType()),
            T.StructField("match_key", T.ShortType()),
            T.StructField("match_weight", T.DoubleType()),
            *gammas,
            T.StructField("summary", T.BinaryType()),
        ]
    )


def training_plan(
    records: LinkageRecords,
    model: LinkageModel,
    *,
    deterministic: Sequence[KeyedRule],
    sessions: Sequence[KeyedRule],
    by_source_pair: bool,
    limits: KernelLimits,
) -> KernelPlan:
    """Count the distinct pairs of the deterministic rules, and comparison vectors of each session.

    The output has a row per rule and comparison vector: `rule` (its number), gammas (null for a
    deterministic rule) and `pairs`; with `source_columns` it is also per source pair, if that is
    asked for. Sessions count their pairs each for itself.
    """
    order = _order(records)
    sources = _sources(by_source_pair=by_source_pair)
    key = ", ".join(["rule", *source_columns(by_source_pair=by_source_pair)])
    matches = kernel_sql.candidates_sql([deterministic], order, ", ".join([f"l.{RULE} AS rule", *sources]))
    compared = kernel_sql.both_sides(kernel_sql.compared_columns(model.comparisons))
    vectors_of = kernel_sql.candidates_sql(
        [[rule] for rule in sessions],
        order,
        ", ".join([f"l.{RULE} AS rule", *sources, *compared]),
    )
    nothing = ", ".join(f"CAST(NULL AS TINYINT) AS {gamma}" for gamma in _gammas(model.comparisons))
    vectors = ", ".join(kernel_sql.gamma_sql(comparison) for comparison in model.comparisons)
    return KernelPlan(
        statements=(),
        outputs=(
            f"SELECT {key}, {nothing}, count(*) AS pairs FROM ({matches}) GROUP BY ALL",
            f"SELECT {key}, {vectors}, count(*) AS pairs FROM ({vectors_of}) GROUP BY ALL",
        ),
        limits=limits,
    )


def training_schema(model: LinkageModel, *, by_source_pair: bool) -> T.StructType:
    """The columns of the training plan's output."""
    gammas = [T.StructField(c.gamma_column, T.ByteType()) for c in model.comparisons]
    sources = [T.StructField(name, T.ShortType()) for name in source_columns(by_source_pair=by_source_pair)]
    return T.StructType([T.StructField("rule", T.ShortType()), *sources, *gammas, T.StructField("pairs", T.LongType())])


def random_pairs_plan(
    records: LinkageRecords, model: LinkageModel, *, by_source_pair: bool, limits: KernelLimits
) -> KernelPlan:
    """Count comparison vectors over all pairs that the link type allows, whatever their keys.

    The output has the gammas and `pairs`, and the `source_columns` if they are asked for.
    """
    compared = kernel_sql.both_sides(kernel_sql.compared_columns(model.comparisons))
    columns = ", ".join([*_sources(by_source_pair=by_source_pair), *compared])
    pairs = kernel_sql.random_pairs_sql(_order(records), columns)
    vectors = ", ".join(kernel_sql.gamma_sql(comparison) for comparison in model.comparisons)
    counted = ", ".join([*source_columns(by_source_pair=by_source_pair), vectors])
    output = f"SELECT {counted}, count(*) AS pairs FROM ({pairs}) GROUP BY ALL"
    return KernelPlan(statements=(), outputs=(output,), limits=limits)


def counting_plan(records: LinkageRecords, rules: Sequence[KeyedRule], *, limits: KernelLimits) -> KernelPlan:
    """Count distinct candidate pairs without comparing them: one row with `pairs`."""
    pairs = kernel_sql.candidates_sql([rules], _order(records), "1")
    return KernelPlan(statements=(), outputs=(f"SELECT count(*) AS pairs FROM ({pairs})",), limits=limits)


def _score_candidates(records: LinkageRecords, model: LinkageModel, rules: Sequence[KeyedRule]) -> str:
    frequencies = [kernel_sql.term_frequency_column(column) for column in model.term_frequency_columns]
    ids = [f"{side}.{column} AS {column}_{side}" for column in (ID, SOURCE) for side in "lr"]
    compared = kernel_sql.both_sides([*kernel_sql.compared_columns(model.comparisons), *frequencies])
    columns = ", ".join([*ids, f"l.{RULE} AS {RULE}", *compared])
    pairs = kernel_sql.candidates_sql([rules], _order(records), columns)
    vectors = [kernel_sql.gamma_sql(comparison) for comparison in model.comparisons]
    carried = [f'"{name}_{side}"' for name in frequencies for side in "lr"]
    compare = f"SELECT {', '.join([*_KEY, *vectors, *carried])} FROM ({pairs})"
    return (
        f"CREATE TEMP TABLE {_CANDIDATES} AS SELECT {', '.join([*_KEY, *_gammas(model.comparisons)])}, "
        f"{kernel_sql.weight_sql(model, records.sources)} AS match_weight FROM ({compare})"
    )


def source_columns(*, by_source_pair: bool) -> list[str]:
    """The columns that hold the numbers of a pair's sources, where pairs are counted by them."""
    return [f"{SOURCE}_{side}" for side in "lr"] if by_source_pair else []


def _sources(*, by_source_pair: bool) -> list[str]:
    names = source_columns(by_source_pair=by_source_pair)
    return [f"{name[-1]}.{SOURCE} AS {name}" for name in names]


def _gammas(comparisons: Sequence[Comparison]) -> list[str]:
    return [f'"{comparison.gamma_column}"' for comparison in comparisons]


def _order(records: LinkageRecords) -> str:
    return kernel_sql.pair_order(records.link_type, id_is_string=_id_is_string(records))


def _id_is_string(records: LinkageRecords) -> bool:
    return isinstance(records.id_type, T.StringType)
