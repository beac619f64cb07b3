"""Measure the persons found against the truth, where it is known."""

from __future__ import annotations

from pyspark.sql import functions as F

import schemas
from jobs.harness import stages
from jobs.settings import PipelineSettings
from linkage.lake import Zone
from linkage.quality.accuracy import accuracy_by_scope


def plan(config: PipelineSettings) -> stages.Plan:  # noqa: ARG001  all stages have the same form
    """What decides the result, and what is written."""
    return stages.Plan(
        inputs=[stages.Table(Zone.LINKAGE, "person_records"), stages.Table(Zone.EVALUATION, "truth")],
        outputs=[stages.Table(Zone.EVALUATION, "accuracy")],
        settings=[],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Compare the pairs that persons imply with those of the truth, overall and by datasets; count who has a record."""
    persons = task.lake.read(Zone.LINKAGE, "person_records", schemas.load("person_records"))
    truth = task.lake.read(Zone.EVALUATION, "truth", schemas.load("truth"))
    judged = persons.join(truth, "record_id", how="left")
    accuracy = accuracy_by_scope(judged, truth="true_person_id", cluster="person_id", source="source_dataset")
    schema = schemas.load("accuracy")
    scopes = task.lake.overwrite(accuracy, Zone.EVALUATION, "accuracy", schema).rows
    [(people,)] = judged.agg(F.count_distinct("true_person_id")).collect()
    return {"scopes": scopes, "people_with_records": people}


STAGE = stages.Stage(
    "evaluate",
    __name__,
    reads=frozenset({Zone.LINKAGE, Zone.EVALUATION}),
    writes=frozenset({Zone.EVALUATION}),
    plan=plan,
    work=work,
)
