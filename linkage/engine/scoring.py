"""Candidate pairs scored: records with a model in, scored pairs and pattern counts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from linkage.engine import kernel, kernel_sql, plans
from linkage.engine.frequencies import ValueFrequencies, with_term_frequencies
from linkage.engine.kernel import KernelLimits
from linkage.engine.keys import KEY, RULE, SIDE, key_rows
from linkage.engine.records import ID, SOURCE, LinkageRecords, quoted
from linkage.engine.sizes import KeySizes
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel

# One task's share: enough to be worth a task, few enough to sit in its memory.
PAIRS_OF_A_TASK = 2_000_000
ROWS_OF_A_TASK = 500_000

# Up to so many shared keys go to every executor; more are met by the rows in the shuffle.
BROADCAST_KEYS = 3_000_000


@dataclass(frozen=True)
class ScoredPairs:
    """Scored pairs, and, once they have been written, what was counted on the way.

    Attributes:
        frame: One row per kept pair: `id_l`, `id_r`, `source_l`, `source_r` (source numbers),
            `match_key` (smallint), `match_weight` (bits), `match_probability`, and the gammas
            (int, -1 null). The left record is the one that Splink would have on the left.
    """

    frame: DataFrame
    _observation: Observation
    _empty: pa.Table

    def patterns(self) -> pa.Table:
        """Counts over all candidate pairs, kept or not, once an action has run on `frame`.

        One row per comparison vector, match key and source pair, with `pairs` and, of these,
        `kept`. Exact also when tasks are retried: a result is observed once for each partition.
        """
        tables = [kernel.read_summary(summary) for summary in self._observation.get["summaries"]]
        if not tables:
            return self._empty
        every = pa.concat_tables(tables)
        keys = [name for name in every.column_names if name not in ("pairs", "kept")]
        summed = every.group_by(keys).aggregate([("pairs", "sum"), ("kept", "sum")])
        return summed.rename_columns([*keys, "pairs", "kept"])


def score(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    *,
    sizes: KeySizes,
    frequencies: ValueFrequencies,
    threshold_weight: float,
    limits: KernelLimits,
) -> ScoredPairs:
    """Make, compare and score all candidate pairs.

    Grain: one row per distinct candidate pair with a match weight of at least the threshold,
    under the first rule that makes it.

    Args:
        records: What to link.
        model: With parameters for every level, trained or default.
        rules: The model's blocking rules.
        sizes: Of these rules.
        frequencies: Of the model's term-frequency columns.
        threshold_weight: In bits.
        limits: What a task's DuckDB may use.
    """
    frame = with_term_frequencies(records, frequencies, model.term_frequency_columns)
    payload = [
        *kernel_sql.compared_columns(model.comparisons),
        *[column.lower() for rule in rules for column in rule.columns],
        *[kernel_sql.term_frequency_column(column) for column in model.term_frequency_columns],
    ]
    columns = [SOURCE, ID, *dict.fromkeys(payload)]
    rows = partitioned_key_rows(replace(records, frame=frame), rules, sizes, columns)
    plan = plans.scoring_plan(records, model, rules, threshold_weight=threshold_weight, limits=limits)
    everything = rows.mapInArrow(partial(kernel.run, plan=plan), plans.scoring_schema(records, model))
    observation = Observation()
    observed = everything.observe(observation, F.collect_list("summary").alias("summaries"))
    gammas = [comparison.gamma_column for comparison in model.comparisons]
    pairs = observed.where(F.col("summary").isNull()).select(
        "id_l",
        "id_r",
        "source_l",
        "source_r",
        "match_key",
        "match_weight",
        _probability().alias("match_probability"),
        *[F.col(quoted(gamma)).cast("int").alias(gamma) for gamma in gammas],
    )
    counted = ["match_key", "source_l", "source_r", *gammas, "pairs", "kept"]
    empty = pa.schema([pa.field(name, pa.int64()) for name in counted]).empty_table()
    return ScoredPairs(pairs, observation, empty)


def partitioned_key_rows(
    records: LinkageRecords, rules: Sequence[KeyedRule], sizes: KeySizes, columns: Sequence[str]
) -> DataFrame:
    """Key rows that share their key, all rows of a key in one partition: the engine's one shuffle.

    Args:
        records: What to explode.
        rules: Which rules to use.
        sizes: Which keys are shared, and how much work they are.
        columns: What to carry.
    """
    carried = [*columns, RULE, KEY]
    if not all(rule.is_symmetric for rule in rules):
        carried.append(SIDE)
    rows = key_rows(records, rules, columns).select(*map(quoted, carried))
    shared = sizes.shared.where(F.col(RULE).isin([rule.number for rule in rules])).select(KEY)
    mine = [sizes.of(rule) for rule in rules]
    cores = records.frame.sparkSession.sparkContext.defaultParallelism
    pairs, shared_rows = sum(size.pairs for size in mine), sum(size.shared_rows for size in mine)
    tasks = max(cores, -(-pairs // PAIRS_OF_A_TASK), -(-shared_rows // ROWS_OF_A_TASK))
    if sum(size.shared_keys for size in mine) <= BROADCAST_KEYS:
        return rows.join(F.broadcast(shared), KEY, how="left_semi").repartition(tasks, KEY)
    # Both sides by key and in as many partitions, so that the join adds no shuffle of its own.
    shared = shared.repartition(tasks, KEY).hint("shuffle_hash")
    return rows.repartition(tasks, KEY).join(shared, KEY, how="left_semi")


def _probability() -> Column:
    """1 / (1 + 2^-weight), written so that neither tail overflows."""
    weight = F.col("match_weight")
    odds = F.pow(F.lit(2.0), -F.abs(weight))
    return F.when(weight >= 0, 1.0 / (1.0 + odds)).otherwise(odds / (1.0 + odds))
