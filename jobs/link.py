"""Make, compare and score the candidate pairs of the records.

Scored pairs hold comparison levels and weights, no name and no date of birth.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs import settings
from jobs.harness import cli, stages
from jobs.harness.limits import kernel_limits
from jobs.harness.run import Run
from jobs.settings import PipelineSettings, Request
from linkage.engine import budget
from linkage.engine.checks import check_runnable
from linkage.engine.frequencies import counted_columns, value_frequencies
from linkage.engine.records import linkage_records
from linkage.engine.scoring import score
from linkage.engine.sizes import rule_sizes
from linkage.lake import Lake, Zone
from linkage.model.blocking import keyed_rules
from linkage.model.specification import LinkageModel
from linkage.model.splink_settings import parse_settings

READS = frozenset({Zone.IDENTIFIERS, Zone.LINKAGE})
WRITES = frozenset({Zone.LINKAGE})

add_arguments = settings.add_arguments
load = settings.load


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    return stages.Plan(
        inputs=[stages.Table(Zone.IDENTIFIERS, "records"), stages.Table(Zone.LINKAGE, "models")],
        outputs=[stages.Table(Zone.LINKAGE, "scored_pairs")],
        settings=[config.link],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Score the pairs of all rules and keep those above the threshold."""
    config, limits = task.config.link, kernel_limits(task.spark, task.run)
    model = _model(task.lake)
    rules = keyed_rules(model.blocking_rules, model.dialect, where="linkage/models")
    frame = task.lake.read(Zone.IDENTIFIERS, "records", schemas.load("records"))
    records = linkage_records({"records": frame}, model, rules)
    check_runnable(records, model, rules)
    sizes = rule_sizes(records, rules)
    budget.check(records, rules, sizes, config.max_pairs, limits)
    columns = counted_columns(model, for_training=False)
    pairs = score(
        records,
        model,
        rules,
        sizes,
        frequencies=value_frequencies(records, columns, scratch=str(task.run.scratch)),
        threshold_weight=config.threshold_weight,
        limits=limits,
    )
    schema = schemas.load("scored_pairs")
    written = task.lake.overwrite(_with_datasets(pairs.frame, frame), Zone.LINKAGE, "scored_pairs", schema)
    return {"pairs_considered": sum(pairs.patterns()["pairs"].to_pylist()), "pairs_kept": written.rows}


def _model(lake: Lake) -> LinkageModel:
    [row] = lake.read(Zone.LINKAGE, "models", schemas.load("models")).collect()
    return parse_settings(row["document"], where="linkage/models")


def _with_datasets(pairs: DataFrame, records: DataFrame) -> DataFrame:
    """The engine's pairs under the names of the table `scored_pairs`; no row is added or lost."""
    gammas = [column for column in pairs.columns if column.startswith("gamma_")]
    named = pairs.withColumnsRenamed({"id_l": "record_id_l", "id_r": "record_id_r"})
    for side in ("l", "r"):
        datasets = records.select(
            F.col("record_id").alias(f"record_id_{side}"), F.col("source_dataset").alias(f"source_dataset_{side}")
        )
        named = named.join(datasets, f"record_id_{side}", how="left")
    return named.select(
        "record_id_l",
        "record_id_r",
        "source_dataset_l",
        "source_dataset_r",
        F.col("match_key").cast("string").alias("match_key"),
        "match_weight",
        "match_probability",
        *[f"`{gamma}`" for gamma in gammas],
    )


STAGE = stages.Stage("link", __name__, READS, WRITES, plan, work)


def run(spark: SparkSession, request: Request, run: Run) -> None:
    """Scores the pairs unless that is done."""
    STAGE.perform_alone(spark, request.config, run, again=request.again)


def main(argv: Sequence[str]) -> int:
    """Runs the job; returns its exit code."""
    return cli.execute("link", __name__, argv)
