"""Make a synthetic population and deliver its records as supplies, with the truth apart.

Supplies have the errors of real records; no identifier in them was ever issued. The same seed
gives the same rows on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

import schemas
from jobs.harness import config, planning, stages
from jobs.harness.beside import beside
from jobs.settings import PipelineSettings, SynthesiseSettings
from linkage import documents
from linkage.errors import ConfigError
from linkage.lake import Lake, Zone, tasks_share, written_and_read
from linkage.synthetic import Rates, Spec, overridden, synthesise

_TRUTH, _CASE_LINKS = "truth_keys", "truth_case_links"
_MANY = 100_000


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
    lake, formats = task.lake, section.formats
    with (
        TemporaryDirectory(prefix="nation-", dir=task.run.scratch) as folder,
        planning.without_whole_stages(task.spark),
        planning.interpreted(task.spark, if_=section.people < _MANY),
    ):
        made = synthesise(task.spark, _spec(section), keep=_keep(task.spark, folder))
        written = beside(
            [
                partial(_overwrite, lake, made.truth, _TRUTH),
                *([] if made.case_links is None else [partial(_overwrite, lake, made.case_links, _CASE_LINKS)]),
                *(
                    partial(_deliver, lake, table, name, formats.get(name, "parquet"))
                    for name, table in made.tables.items()
                ),
            ]
        )
    return {"people": section.people, "known_records": written[0]}


def _keep(spark: SparkSession, folder: str) -> Callable[[DataFrame], DataFrame]:
    """How a frame is kept of which many tables are made: in the folder, where tasks can open that; else by Spark.

    What is read back has a short plan, and planning is most of a small run.
    """
    numbers = count()

    def keep(df: DataFrame) -> DataFrame:
        if not tasks_share(spark, folder):
            return df.persist(StorageLevel.MEMORY_AND_DISK)
        return written_and_read(df, f"{folder}/{next(numbers)}")

    return keep


def _deliver(lake: Lake, table: DataFrame, name: str, file_format: str) -> int:
    lake.deliver(table, name, file_format)
    return 0


def _overwrite(lake: Lake, table: DataFrame, name: str) -> int:
    return lake.overwrite(table, Zone.EVALUATION, name, schemas.load(name)).rows


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
