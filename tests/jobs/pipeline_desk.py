"""A pipeline in a folder of its own: the demo's config, made small, and its jobs run as users call them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.lake import Lake, Zone
from tests.jobs.conftest import small, written
from tests.jobs.running import Answer, answered

EVERYTHING = frozenset(Zone)


@dataclass
class PipelineDesk:
    """A pipeline with its lake and its runs in one folder; tests change `config` as they need."""

    spark: SparkSession
    folder: Path
    config: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.config = small(self.folder)

    def run(self, *options: str, job: str = "pipeline") -> Answer:
        """Runs a job with the config as it is now."""
        return answered(job, "--config", written(self.folder, self.config), *options)

    @property
    def manifest(self) -> dict[str, Any]:
        """The newest run's."""
        newest = max((self.folder / "runs").glob("*/run.json"), key=lambda path: path.stat().st_mtime)
        manifest: dict[str, Any] = json.loads(newest.read_text())
        return manifest

    @property
    def lake(self) -> Lake:
        """The lake, all of it open."""
        return Lake(self.spark, self.config["lake"], EVERYTHING, EVERYTHING)

    def table(self, zone: Zone, name: str, schema: str | None = None) -> DataFrame:
        """A table of the lake, under the schema of its name unless another is given."""
        return self.lake.read(zone, name, schemas.load(schema or name))
