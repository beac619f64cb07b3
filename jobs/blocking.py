"""Say how many true pairs the blocking rules reach, by pair of datasets and by rule, where the truth is known.

What no rule reaches no comparison can bring back. The rules are those of linkage/models; run train first.
On a synthetic truth a figure says how the rules do where errors are as the generator makes them.
"""

from __future__ import annotations

from pyspark.sql import SparkSession

import schemas
from jobs.harness import stages
from jobs.harness.limits import kernel_limits
from jobs.pipeline_records import trained_model, trained_rules
from jobs.settings import PipelineSettings
from linkage.lake import Lake, Zone
from linkage.quality.blocking_recall import reading, true_pairs_by_rule

TABLE = "blocking_recall"


def plan(_: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    return stages.Plan(
        inputs=[
            stages.Table(Zone.IDENTIFIERS, "records"),
            stages.Table(Zone.LINKAGE, "models"),
            stages.Table(Zone.EVALUATION, "truth"),
        ],
        outputs=[stages.Table(Zone.EVALUATION, TABLE)],
        settings=[],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Ask each rule of every true pair, and count by the first that makes it."""
    _, rules = trained_rules(task.lake)
    read = task.lake.read
    counted = true_pairs_by_rule(
        read(Zone.IDENTIFIERS, "records", schemas.load("records")),
        read(Zone.EVALUATION, "truth", schemas.load("truth")),
        rules,
        limits=kernel_limits(task.spark, task.run),
    )
    written = task.lake.overwrite(counted.coalesce(1), Zone.EVALUATION, TABLE, schemas.load(TABLE))
    return {"datasets_and_rules": written.rows}


def told(spark: SparkSession, config: PipelineSettings) -> list[str]:
    """Recall by pair of datasets and by rule, in lines for people."""
    lake = Lake(spark, config.lake, STAGE.reads, frozenset())
    rules = [rule.sql for rule in trained_model(lake).model.blocking_rules]
    return reading(lake.read(Zone.EVALUATION, TABLE, schemas.load(TABLE)), rules)


STAGE = stages.Stage(
    "blocking",
    __name__,
    reads=frozenset({Zone.IDENTIFIERS, Zone.LINKAGE, Zone.EVALUATION}),
    writes=frozenset({Zone.EVALUATION}),
    plan=plan,
    work=work,
)
