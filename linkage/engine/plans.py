"""What tasks make of candidate pairs: scores, counts, comparison vectors; as SQL over the pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import types as T

from linkage.engine import kernel_sql, named, weights
from linkage.engine.capping import capped_column
from linkage.engine.exploding import RULE
from linkage.engine.held import ROW
from linkage.engine.kernel import KernelLimits, KernelPlan
from linkage.engine.pairing import MADE
from linkage.engine.records import ID, SOURCE, LinkageRecords
from linkage.model.blocking import KeyedRule
from linkage.model.specification import Comparison, LinkageModel

# What a task tells beside the pairs.
PATTERNS, EDGES = "patterns", "edges"

_CANDIDATES = "candidates"
_FOUND, _VECTORS, _COUNTED = "found", "vectors", "counted"
# Named so that no column of a record, with its side, can be taken for one of these.
_KEY = (f"{ID}_l", f"{ID}_r", f"{SOURCE}_l", f"{SOURCE}_r", RULE)


@dataclass(frozen=True)
class PairWork:
    """What to make of pairs.

    Attributes:
        columns: The columns of records that it reads, as `<column>_l` and `<column>_r`; beside
            them a pair has `__rule`.
        frequencies: Columns whose values' shares it reads, as `weights.term_frequency_column`.
        gathered: Tables by name, and the SQL over `made` whose rows they gather.
        outputs: Queries over those, with the same columns each; their rows are the result.
        summaries: As for `linkage.engine.kernel.KernelPlan`.
        joining: Whether it reads `__row` of both records, too, which only records that are held have.
        names_records: Whether it reads `__id` and `__source` of both records, too.
    """

    columns: Sequence[str]
    gathered: Mapping[str, str]
    outputs: tuple[str, ...]
    frequencies: Sequence[str] = ()
    summaries: Mapping[str, str] = field(default_factory=dict)
    joining: bool = False
    names_records: bool = False


def scoring(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    *,
    threshold_weight: float,
    with_sources: bool,
    capped: Mapping[int, str],
    joining_weight: float | None,
) -> PairWork:
    """Score every candidate pair; give back those above the threshold, and counts over all.

    The output has the columns of `linkage.engine.named.pair_columns`. The summary `PATTERNS` counts
    all candidate pairs of the task, kept or not: a row per comparison vector, match key and source pair,
    with `pairs` and, of these, `kept`; and how many capped keys of each rule the pairs share. The
    summary `EDGES` has the numbers `l` and `r` of the records of each pair that joins them.

    Args:
        records: What is paired.
        model: With parameters for every level.
        rules: That share out the pairs.
        threshold_weight: In bits.
        with_sources: Whether pairs name the datasets of their records.
        capped: As `linkage.engine.capping.counted`.
        joining_weight: In bits; None where no edges are wanted.
    """
    gammas = _gammas(model.comparisons)
    match_key = " ".join(f"WHEN {rule.number} THEN {rule.match_key}" for rule in rules)
    match_key = f"CAST(CASE {RULE} {match_key} END AS SMALLINT)"
    columns = named.pair_columns(records, model, match_key, with_sources=with_sources)
    kept = f"match_weight >= {weights.double(threshold_weight)}"
    shares = [weights.term_frequency_column(column) for column in model.term_frequency_columns]
    carried = [f'"{name}_{side}"' for name in shares for side in "lr"]
    names = [capped_column(number) for number in capped]
    shared = [f"{sql} AS {name}" for name, sql in zip(names, capped.values(), strict=True)]
    key = [*_KEY] if joining_weight is None else [*_KEY, f"{ROW}_l", f"{ROW}_r"]
    compared = kernel_sql.vectors_sql(model.comparisons, [*key, *carried, *shared], f"SELECT * FROM {MADE}")
    weight = weights.weight_sql(model, records.sources)
    scored = f"SELECT {', '.join([*key, *gammas, *names])}, {weight} AS match_weight FROM ({compared})"
    lost = "".join(f", CAST(sum(CAST({name} AS BIGINT)) AS BIGINT) AS {name}" for name in names)
    patterns = (
        f"SELECT {match_key} AS match_key, {SOURCE}_l AS source_l, {SOURCE}_r AS source_r, {', '.join(gammas)}, "
        f"count(*) AS pairs, count(*) FILTER (WHERE {kept}) AS kept{lost} FROM {_CANDIDATES} GROUP BY ALL"
    )
    summaries = {PATTERNS: patterns}
    if joining_weight is not None:
        joins = f"match_weight >= {weights.double(joining_weight)}"
        summaries[EDGES] = f"SELECT {ROW}_l AS l, {ROW}_r AS r FROM {_CANDIDATES} WHERE {joins}"
    return PairWork(
        columns=kernel_sql.compared_columns(model.comparisons),
        frequencies=list(dict.fromkeys(column.lower() for column in model.term_frequency_columns)),
        gathered={_CANDIDATES: scored},
        outputs=(f"SELECT {columns} FROM {_CANDIDATES} WHERE {kept}",),
        summaries=summaries,
        names_records=True,
        joining=joining_weight is not None,
    )


def learning(
    model: LinkageModel, *, deterministic: Sequence[KeyedRule], sessions: Sequence[KeyedRule], by_source_pair: bool
) -> PairWork:
    """Count the distinct pairs of the deterministic rules, and comparison vectors of each session.

    The output has a row per rule and comparison vector, and task: `rule` (its number), gammas (null
    for a deterministic rule) and `pairs`; with `source_columns` it is also per source pair, if that
    is asked for.
    """
    sources = source_columns(by_source_pair=by_source_pair)
    key = ", ".join([f"{RULE} AS rule", *sources])
    nothing = ", ".join(f"CAST(NULL AS TINYINT) AS {gamma}" for gamma in _gammas(model.comparisons))
    found = f"SELECT {key}, {nothing}, count(*) AS pairs FROM {MADE} WHERE {_is_of(deterministic)} GROUP BY ALL"
    pairs = f"SELECT * FROM {MADE} WHERE {_is_of(sessions)}"
    vectors = kernel_sql.vectors_sql(model.comparisons, [key], pairs)
    counted = f"SELECT *, count(*) AS pairs FROM ({vectors}) GROUP BY ALL"
    summed = "SELECT * EXCLUDE pairs, CAST(sum(pairs) AS BIGINT) AS pairs FROM {} GROUP BY ALL"
    return PairWork(
        columns=kernel_sql.compared_columns(model.comparisons),
        gathered={_FOUND: found, _VECTORS: counted},
        outputs=(summed.format(_FOUND), summed.format(_VECTORS)),
        names_records=by_source_pair,
    )


def learning_schema(model: LinkageModel, *, by_source_pair: bool) -> T.StructType:
    """The columns of what is learnt."""
    sources = [T.StructField(name, T.ShortType()) for name in source_columns(by_source_pair=by_source_pair)]
    gammas = [T.StructField(c.gamma_column, T.ByteType()) for c in model.comparisons]
    return T.StructType([T.StructField("rule", T.ShortType()), *sources, *gammas, T.StructField("pairs", T.LongType())])


def counting() -> PairWork:
    """Count distinct candidate pairs without comparing them: a row with `pairs` for each task."""
    return PairWork(
        columns=(),
        gathered={_COUNTED: f"SELECT count(*) AS pairs FROM {MADE}"},
        outputs=(f"SELECT CAST(sum(pairs) AS BIGINT) AS pairs FROM {_COUNTED}",),
    )


def comparing(model: LinkageModel) -> PairWork:
    """Compare pairs and count them by the rule that makes them: `rule` (its number) and `pairs`, per task."""
    vectors = kernel_sql.vectors_sql(model.comparisons, [f"{RULE} AS rule"], f"SELECT * FROM {MADE}")
    return PairWork(
        columns=kernel_sql.compared_columns(model.comparisons),
        gathered={_COUNTED: f"SELECT *, count(*) AS pairs FROM ({vectors}) GROUP BY ALL"},
        outputs=(f"SELECT rule, CAST(sum(pairs) AS BIGINT) AS pairs FROM {_COUNTED} GROUP BY rule",),
    )


def random_pairs_plan(
    records: LinkageRecords,
    comparisons: Sequence[Comparison],
    *,
    by_source_pair: bool,
    share: int,
    shares: int,
    limits: KernelLimits,
) -> KernelPlan:
    """Count the levels of each comparison over one of so many shares of all pairs that the link type allows.

    What has the same values is compared once: a pair of values stands for all pairs of records that
    have them. Which of two values is left is as good as drawn, but for records of two sources.

    The output has `comparison` (its name), `gamma` and `pairs`, and the `source_columns` if they are asked for.
    """
    sources = source_columns(by_source_pair=by_source_pair)
    named = SOURCE if records.link_type != "dedupe_only" or sources else None
    outputs = []
    for comparison in comparisons:
        columns = kernel_sql.compared_columns([comparison])
        pairs = kernel_sql.pairs_of_values_sql(columns, named, records.link_type, f"l.__place % {shares} = {share}")
        vectors = kernel_sql.vectors_sql([comparison], ["pairs", *sources], pairs)
        gamma = _gammas([comparison])[0]
        name = comparison.name.replace("'", "''")
        selected = ", ".join([f"'{name}' AS comparison", f"{gamma} AS gamma", *sources])
        outputs.append(f"SELECT {selected}, CAST(sum(pairs) AS BIGINT) AS pairs FROM ({vectors}) GROUP BY ALL")
    return KernelPlan(statements=(), outputs=tuple(outputs), limits=limits)


def source_columns(*, by_source_pair: bool) -> list[str]:
    """The columns that hold the numbers of a pair's sources, where pairs are counted by them."""
    return [f"{SOURCE}_{side}" for side in "lr"] if by_source_pair else []


def orders(records: LinkageRecords) -> list[str]:
    """The conditions of `kernel_sql.pair_orders` for these records."""
    is_string = isinstance(records.id_type, T.StringType)
    return kernel_sql.pair_orders(records.link_type, len(records.sources), id_is_string=is_string)


def _is_of(rules: Sequence[KeyedRule]) -> str:
    return f"{RULE} IN ({', '.join(str(rule.number) for rule in rules)})"


def _gammas(comparisons: Sequence[Comparison]) -> list[str]:
    return [f'"{comparison.gamma_column}"' for comparison in comparisons]
