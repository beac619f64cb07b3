"""What was delivered, under the columns of the schemas: the reading side of ingest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

import schemas
from jobs.harness import stages
from jobs.settings import IngestSettings, PipelineSettings
from linkage.lake import Zone, read_input
from linkage.records import quarantine


@dataclass(frozen=True)
class Supplied:
    """One dataset's supply: all columns of its schema, and `_malformed` where a reader keeps bad lines.

    `rows` have been counted; `counts` say what else a person wants to know of the reading.
    """

    name: str
    schema: schemas.TableSchema
    frame: DataFrame
    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)


def tables(config: IngestSettings) -> list[stages.Table]:
    """The tables of the landing zone that supplies are read from."""
    return [stages.Table(Zone.LANDING, name) for name, supply in config.supplies.items() if supply.path is None]


def paths(config: IngestSettings) -> list[str]:
    """The files and folders outside the lake that supplies are read from."""
    return [supply.path for supply in config.supplies.values() if supply.path is not None]


def read(task: stages.Task[PipelineSettings]) -> list[Supplied]:
    """Reads every supply and counts its rows.

    Raises:
        InputError: One cannot be read, or is not what its schema says.
    """
    return [_read_one(task, name) for name in task.config.ingest.supplies]


def counts(supplied: Sequence[Supplied]) -> dict[str, int]:
    """What the reading of all supplies has to tell, summed by name."""
    told: dict[str, int] = {}
    for supply in supplied:
        for name, count in supply.counts.items():
            told[name] = told.get(name, 0) + count
    return dict(sorted(told.items()))


def _read_one(task: stages.Task[PipelineSettings], name: str) -> Supplied:
    schema = schemas.load(name)
    path = task.config.ingest.supplies[name].path or task.lake.path(Zone.LANDING, name)
    frame = read_input(task.spark, path, malformed_column=quarantine.MALFORMED)
    schema.check(frame.drop(quarantine.MALFORMED))
    return Supplied(name, schema, frame, frame.count())
