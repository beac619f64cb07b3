"""Make a synthetic population and deliver its records as supplies, with the truth apart.

Supplies have the errors of real records; no identifier in them was ever issued. The same seed
gives the same rows on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame

import schemas
from jobs.harness import config, stages
from jobs.settings import PipelineSettings, SynthesiseSettings
from linkage import documents
from linkage.errors import ConfigError
from linkage.lake import Zone
from linkage.synthetic import Rates, Spec, overridden, synthesise

_TRUTH, _CASE_LINKS = "truth_keys", "truth_case_links"


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    section = _section(config)
    spec = _spec(section)
    truth = (_TRUTH, _CASE_LINKS) if spec.linked_courts else (_TRUTH,)
    return stages.Plan(
        inputs=[],
        outputs=[
            *(stages.Table(Zone.LANDING, name) for name in spec.tables),
            *(stages.Table(Zone.EVALUATION, name) for name in truth),
        ],
        settings=[section],
        files=[path for path in (section.rates, section.profile) if path is not None],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Deliver every supply and write the truth."""
    section = _section(task.config)
    spec = _spec(section)
    kept: list[DataFrame] = []

    def keep(df: DataFrame) -> DataFrame:
        kept.append(df.persist(StorageLevel.MEMORY_AND_DISK))
        return kept[-1]

    made = synthesise(task.spark, spec, keep=keep)
    for name, table in made.tables.items():
        task.lake.deliver(table, name, section.formats.get(name, "parquet"))
    truth = task.lake.overwrite(made.truth, Zone.EVALUATION, _TRUTH, schemas.load(_TRUTH))
    if made.case_links is not None:
        task.lake.overwrite(made.case_links, Zone.EVALUATION, _CASE_LINKS, schemas.load(_CASE_LINKS))
    for df in kept:
        df.unpersist()
    return {"people": section.people, "known_records": truth.rows}


def _spec(section: SynthesiseSettings) -> Spec:
    """What to make; raises ConfigError if the rates, or those of the profile, are not as they must be."""
    rates = rates_of(section)
    chosen = {} if section.datasets is None else {"datasets": section.datasets}
    return Spec(people=section.people, seed=section.seed, rates=rates, companions=section.companions, **chosen)


def rates_of(section: SynthesiseSettings) -> Rates:
    """The rates, with those of the profile in their place; raises ConfigError if they are not as they must be."""
    document, where = _document(section.rates), section.rates
    if section.profile is not None:
        document, where = overridden(document, _document(section.profile)), section.profile
    return documents.validate(document, Rates, where)


def _document(path: Path) -> Mapping[str, Any]:
    return documents.parse(config.read_text(path), path)


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
