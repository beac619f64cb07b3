"""Estimate the parameters of the linkage model from the records.

The model starts from a Splink settings file and is kept as Splink saves it, in the lake and as
model.json in the run's folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import schemas
from jobs.harness import stages
from jobs.harness.config import load as load_yaml
from jobs.harness.limits import kernel_limits
from jobs.harness.manifest import write_json
from jobs.harness.models import KeptModel, model_documents, model_row, read_model
from jobs.pipeline_records import runnable_records, trained_model
from jobs.settings import PipelineSettings
from linkage.engine.frequencies import counted_columns
from linkage.engine.survey import survey
from linkage.engine.training import train, training_rules
from linkage.lake import Lake, LakeRoots, Zone, table_path
from linkage.model.training_plan import TrainingPlan


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    section = config.train
    return stages.Plan(
        inputs=[stages.Table(Zone.IDENTIFIERS, "records")],
        outputs=[stages.Table(Zone.LINKAGE, "models")],
        settings=[section, config.frequencies],
        files=[file for file in (section.model, section.training) if file is not None],
        supplies=[] if section.trained_in is None else [table_path(section.trained_in, Zone.LINKAGE, "models")],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Train on the records of all supplies, or take the model that another pipeline trained, and keep it."""
    config = task.config.train
    if config.trained_in is not None:
        return _take(task, config.trained_in)
    # The settings have both if they name no other lake.
    return _train(task, cast(Path, config.model), cast(Path, config.training))


def _take(task: stages.Task[PipelineSettings], trained_in: LakeRoots) -> dict[str, int]:
    others = Lake(task.spark, trained_in, frozenset({Zone.LINKAGE}), frozenset())
    _keep(trained_model(others), task)
    return {"em_sessions": 0}


def _train(task: stages.Task[PipelineSettings], settings: Path, training: Path) -> dict[str, int]:
    model = read_model(settings)
    training_plan = load_yaml(training, TrainingPlan)
    rules = training_rules(training_plan, model, where=str(training), first_number=0)
    records = runnable_records(task.lake, task.config, model, rules.all)
    limits = kernel_limits(task.spark, task.run)
    trained = train(
        records,
        model,
        training_plan,
        rules,
        survey(records, rules.all, counted_columns(model, for_training=True), limits=limits),
        limits=limits,
    )
    report = {**trained.report, "warnings": list(trained.warnings)}
    task.run.manifest.more["training"] = report
    _keep(KeptModel(settings.stem, trained.model, report), task)
    return {
        "deterministic_pairs": trained.report["pairs_of_deterministic_rules"],
        "em_sessions": len(rules.sessions),
    }


def _keep(kept: KeptModel, task: stages.Task[PipelineSettings]) -> None:
    for file, document in model_documents(kept.model).items():
        write_json(task.run.folder / file, document)
    schema = schemas.load("models")
    row = model_row(kept)
    task.lake.overwrite(task.spark.createDataFrame([row], schema.struct_type()), Zone.LINKAGE, "models", schema)


STAGE = stages.Stage(
    "train",
    __name__,
    reads=frozenset({Zone.IDENTIFIERS}),
    writes=frozenset({Zone.LINKAGE}),
    plan=plan,
    work=work,
)
