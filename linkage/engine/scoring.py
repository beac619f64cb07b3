"""Candidate pairs scored: records with a model in, scored pairs and pattern counts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from linkage.engine import chunks, kernel, kernel_sql, plans
from linkage.engine.frequencies import ValueFrequencies, looked_up, value_hash, with_joined_frequencies
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_rows import Carried, key_rows
from linkage.engine.records import ID, SOURCE, LinkageRecords, packed, quoted
from linkage.engine.survey import Survey
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel


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
        tables = [chunks.read(summary) for summary in self._observation.get["summaries"]]
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
    found: Survey,
    *,
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
        found: A survey of these rules and of the model's term-frequency columns.
        threshold_weight: In bits.
        limits: What a task's DuckDB may use.
    """
    columns = [
        SOURCE,
        ID,
        *kernel_sql.compared_columns(model.comparisons),
        *[column.lower() for rule in rules for column in rule.columns],
    ]
    carried, wider = _with_term_frequencies(records, Carried.plain(columns), model, found.frequencies)
    rows = key_rows(records, rules, found.sizes, carried, limits=limits, packed=wider)
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


def _with_term_frequencies(
    records: LinkageRecords, carried: Carried, model: LinkageModel, frequencies: ValueFrequencies
) -> tuple[Carried, DataFrame | None]:
    """What is carried, with the frequency of each record's values: null where the value is.

    Frequencies are looked up in the task; those of a column with too many values for that are
    joined in Spark, and then the second result holds the records' chunks with them.
    """
    every = [column.lower() for column in model.term_frequency_columns]
    in_tasks = looked_up(frequencies, every)
    in_spark = [column for column in every if column not in in_tasks]
    columns, joins, lookups = dict(carried.columns), [], {}
    for column in in_spark:
        name = kernel_sql.term_frequency_column(column)
        columns[name] = f'records."{name}"'
    for number, column in enumerate(in_tasks):
        table = f"frequencies_{number}"
        present = frequencies.totals[column].present
        # A value that is not in the table is one record's alone.
        share = f"coalesce({table}.__times, 1) / CAST({present} AS DOUBLE)"
        name = kernel_sql.term_frequency_column(column)
        columns[name] = f'CASE WHEN records."{column}" IS NOT NULL THEN {share} END'
        hashed = value_hash(f'records."{column}"', records.frame.schema[column].dataType)
        joins.append(f"LEFT JOIN {table} ON {hashed} = {table}.__hash")
        lookups[table] = frequencies.repeated(column).rename_columns(["__hash", "__times"])
    wider = packed(with_joined_frequencies(records.frame, in_spark)) if in_spark else None
    return Carried(columns, " ".join(joins), lookups), wider


def _probability() -> Column:
    """1 / (1 + 2^-weight), written so that neither tail overflows."""
    weight = F.col("match_weight")
    odds = F.pow(F.lit(2.0), -F.abs(weight))
    return F.when(weight >= 0, 1.0 / (1.0 + odds)).otherwise(odds / (1.0 + odds))
