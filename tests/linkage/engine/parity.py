"""Whole tables of pairs and whole trainings beside Splink's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import SparkSession

from linkage.engine.frequencies import counted_columns
from linkage.engine.holding import hold
from linkage.engine.kernel import KernelLimits
from linkage.engine.record_inputs import linkage_records
from linkage.engine.survey import survey
from linkage.engine.training import Training, train, training_rules
from linkage.model.blocking import keyed_rules
from linkage.model.training_plan import TrainingPlan
from tests.linkage.engine.prepared import prepared
from tests.linkage.splink_models import model

# Bytes enough for every task to hold all records.
HELD = 10**9

Parameters = dict[tuple[str, str], tuple[float | None, float | None]]


def engines_pairs(
    spark: SparkSession, limits: KernelLimits, document: Mapping[str, Any], inputs: Mapping[str, pa.Table]
) -> pa.Table:
    """What the engine makes of a model with records held; IDs tell records apart across inputs."""
    return prepared(spark, document, inputs, memory=HELD).scored(limits, threshold=-1e9).frame.toArrow()


def differences(ours: pa.Table, splinks: pa.Table) -> dict[str, float]:
    """How many pairs there are, only one side has, or both see otherwise, and by how much weights differ at most."""
    gammas = [name for name in ours.column_names if name.startswith("gamma_")]
    unlike = " OR ".join(f'ours."{gamma}" <> theirs."{gamma}"' for gamma in gammas)
    with duckdb.connect() as connection:
        connection.register("ours", ours)
        connection.register("theirs", splinks)
        [row] = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE ours.unique_id_l IS NULL OR theirs.unique_id_l IS NULL), "
            f"count(*) FILTER (WHERE CAST(ours.match_key AS VARCHAR) <> theirs.match_key OR {unlike}), "
            "max(abs(ours.match_weight - theirs.match_weight)) FROM ours FULL OUTER JOIN theirs "
            "ON ours.unique_id_l = theirs.unique_id_l AND ours.unique_id_r = theirs.unique_id_r"
        ).fetchall()
    return dict(zip(("pairs", "unmatched", "unlike", "weight"), row, strict=True))


def trained(
    spark: SparkSession,
    limits: KernelLimits,
    document: Mapping[str, Any],
    plan: Mapping[str, Any],
    table: pa.Table,
) -> Training:
    """The engine's training on one table, which is held."""
    read = model(dict(document))
    checked = TrainingPlan.model_validate(plan)
    prediction = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    rules = training_rules(checked, read, where="plan.yaml", first_number=len(prediction))
    frames = {"people": spark.createDataFrame(table).repartition(2)}
    records = hold(linkage_records(frames, read, [*prediction, *rules.all]), memory=HELD)
    counted = survey(records, rules.all, counted_columns(read, for_training=True), limits=limits)
    return train(records, read, checked, rules, counted, limits=limits)


def parameters(document: Mapping[str, Any]) -> Parameters:
    """Each scored level's m and u, by comparison and label."""
    return {
        (compared["output_column_name"], level["label_for_charts"]): (
            level.get("m_probability"),
            level.get("u_probability"),
        )
        for compared in document["comparisons"]
        for level in compared["comparison_levels"]
        if not level.get("is_null_level")
    }
