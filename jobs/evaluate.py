"""Measure the persons found against the truth, where it is known: overall, by datasets and by subgroup.

On a synthetic truth this says how a model does where errors are as the generator makes them, and the
generator shares its error rates with the models: it is no accuracy on real records. `evaluate.beside`
names the lake of another run, such as one of the same model on other errors, to show the two together.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs.harness import stages
from jobs.settings import PipelineSettings
from linkage.lake import Lake, LakeRoots, Zone
from linkage.quality.linkage_error import linkage_error
from linkage.quality.reading import compared, reading

TABLE = "linkage_error"


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    return stages.Plan(
        inputs=[
            stages.Table(Zone.LINKAGE, "person_records"),
            stages.Table(Zone.EVALUATION, "truth"),
            stages.Table(Zone.EVALUATION, "subgroups"),
        ],
        outputs=[stages.Table(Zone.EVALUATION, TABLE)],
        # What stands beside the measures changes none of them.
        settings=[config.evaluate.model_copy(update={"basis": config.truth_basis, "beside": None})],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Compare the persons found with the true ones, write every measure of them, and count who has a record."""
    read = task.lake.read
    persons = read(Zone.LINKAGE, "person_records", schemas.load("person_records"))
    truth = read(Zone.EVALUATION, "truth", schemas.load("truth"))
    subgroups = task.config.evaluate.subgroups
    groups = read(Zone.EVALUATION, "subgroups", schemas.load("subgroups")).select("record_id", *subgroups)
    judged = persons.join(truth, "record_id", how="left").join(groups, "record_id", how="left")
    errors = linkage_error(
        judged,
        truth="true_person_id",
        cluster="person_id",
        basis=task.config.truth_basis,
        source="source_dataset",
        subgroups=subgroups,
    )
    measures = task.lake.overwrite(errors, Zone.EVALUATION, TABLE, schemas.load(TABLE)).rows
    [(people,)] = judged.agg(F.count_distinct("true_person_id")).collect()
    return {"measures": measures, "people_with_records": people}


def measured(spark: SparkSession, lake: LakeRoots) -> DataFrame:
    """The measures that a lake has.

    Raises:
        InputError: It has none.
    """
    opened = Lake(spark, lake, frozenset({Zone.EVALUATION}), frozenset())
    return opened.read(Zone.EVALUATION, TABLE, schemas.load(TABLE))


def told(spark: SparkSession, config: PipelineSettings) -> list[str]:
    """What a person should know of the measures, in a few lines."""
    lines = reading(measured(spark, config.lake))
    if config.evaluate.beside is not None:
        lines += ["", *compared(measured(spark, config.lake), measured(spark, config.evaluate.beside))]
    return lines


STAGE = stages.Stage(
    "evaluate",
    __name__,
    reads=frozenset({Zone.LINKAGE, Zone.EVALUATION}),
    writes=frozenset({Zone.EVALUATION}),
    plan=plan,
    work=work,
)
