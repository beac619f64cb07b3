"""Make a synthetic population and deliver its records as supplies, with the truth apart.

Supplies have the errors of real records; no identifier in them was ever issued. The same seed
gives the same rows on any machine.
"""

from __future__ import annotations

from pyspark import StorageLevel
from pyspark.sql import DataFrame

import schemas
from jobs.harness import stages
from jobs.harness.config import load as load_yaml
from jobs.settings import PipelineSettings, SynthesiseSettings
from linkage.errors import ConfigError
from linkage.lake import Zone
from linkage.synthetic import Rates, Spec, synthesise
from linkage.synthetic.events import DATASETS


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    section = _section(config)
    return stages.Plan(
        inputs=[],
        outputs=[*(stages.Table(Zone.LANDING, name) for name in DATASETS), stages.Table(Zone.EVALUATION, "truth_keys")],
        settings=[section],
        files=[section.rates],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Deliver every supply and write the truth."""
    section = _section(task.config)
    spec = Spec(people=section.people, seed=section.seed, rates=load_yaml(section.rates, Rates))
    kept: list[DataFrame] = []

    def keep(df: DataFrame) -> DataFrame:
        kept.append(df.persist(StorageLevel.MEMORY_AND_DISK))
        return kept[-1]

    made = synthesise(task.spark, spec, keep=keep)
    for name, table in made.tables.items():
        task.lake.deliver(table, name, section.formats.get(name, "parquet"))
    schema = schemas.load("truth_keys")
    truth = task.lake.overwrite(made.truth, Zone.EVALUATION, "truth_keys", schema)
    for df in kept:
        df.unpersist()
    return {"people": section.people, "known_records": truth.rows}


def _section(config: PipelineSettings) -> SynthesiseSettings:
    if config.synthesise is None:
        raise ConfigError("synthesise: the config has no such section")
    return config.synthesise


STAGE = stages.Stage(
    "synthesise",
    __name__,
    reads=frozenset(),
    writes=frozenset({Zone.LANDING, Zone.EVALUATION}),
    plan=plan,
    work=work,
)
