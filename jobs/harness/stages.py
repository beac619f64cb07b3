"""Work that is done is not done again; work that was cut off starts again.

A stage is done when its mark says so: it has a fingerprint of all that decides the result (inputs
by version, settings, code, packages, the key) and the versions of the tables that the stage left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel
from pyspark.sql import SparkSession

from jobs.harness import keys, lock, marks
from jobs.harness.config import digest
from jobs.harness.manifest import versions
from jobs.harness.run import Run
from jobs.harness.sources import code_hash
from linkage.errors import ConfigError
from linkage.lake import Lake, LakeRoots, Zone
from linkage.lake.files import files_fingerprint


class LakeSettings(Protocol):
    """What the config of any pipeline has."""

    lake: LakeRoots
    runs: Path
    key: keys.KeySettings


C = TypeVar("C", bound=LakeSettings)


@dataclass(frozen=True)
class Table:
    """A table of the lake, as a stage's input or output."""

    zone: Zone
    name: str

    def __str__(self) -> str:
        return f"{self.zone}/{self.name}"


@dataclass(frozen=True)
class Plan:
    """What decides a stage's result, and the tables that it leaves.

    `settings` are the parts of the config that can change the result; `files` count by their
    content; `supplies` are paths outside the lake; `keyed` says that the key matters.
    """

    inputs: Sequence[Table]
    outputs: Sequence[Table]
    settings: Sequence[BaseModel]
    files: Sequence[Path] = ()
    supplies: Sequence[str] = ()
    keyed: bool = False


@dataclass(frozen=True)
class Task(Generic[C]):
    """What the work of a stage gets: the lake opens only the zones that the stage declared."""

    spark: SparkSession
    config: C
    lake: Lake
    ring: keys.KeyRing
    run: Run


@dataclass(frozen=True)
class Stage(Generic[C]):
    """A job as a step of a pipeline. `work` returns the counts that a person wants to see."""

    name: str
    module: str
    reads: frozenset[Zone]
    writes: frozenset[Zone]
    plan: Callable[[C], Plan]
    work: Callable[[Task[C]], Mapping[str, int]]

    def perform(self, spark: SparkSession, config: C, run: Run, *, again: bool) -> None:
        """Does the work unless it is done; `again` does it in any case."""
        lake = Lake(spark, config.lake, self.reads, self.writes)
        task = Task(spark, config, lake, keys.load(config.key), run)
        plan = self.plan(config)
        inputs = _inputs(plan, lake)
        expected, mark = self._fingerprint(plan, task, inputs), marks.read(config.runs, self.name, config.lake)
        run.manifest.inputs |= {name: inputs[name] for name in inputs.keys() - run.manifest.outputs.keys()}
        done = mark is not None and mark.fingerprint == expected and mark.outputs == _versions(plan.outputs, lake)
        if mark is not None and done and not again:
            run.manifest.outputs |= mark.outputs
            run.unchanged(self.name, mark.counts)
            return
        marks.check_inputs(inputs, config.runs, config.lake)
        left = partial(marks.write, config.runs, self.name, config.lake, inputs=inputs)
        left(outputs={str(table): None for table in plan.outputs}, counts={}, fingerprint=None)
        with run.stage(self.name) as record:
            try:
                record.count(**self.work(task))
            finally:
                # What a stage cached goes with it.
                spark.catalog.clearCache()
            outputs = _versions(plan.outputs, lake)
            run.manifest.outputs |= outputs
            left(outputs=outputs, counts=record.counts, fingerprint=expected)

    def perform_alone(self, spark: SparkSession, config: C, run: Run, *, again: bool) -> None:
        """As `perform`, with no other run beside it."""
        run.manifest.config = {"sha256": digest(config)}
        with lock.alone(config.lake, config.runs):
            self.perform(spark, config, run, again=again)

    def _fingerprint(self, plan: Plan, task: Task[C], inputs: Mapping[str, str | None]) -> str:
        key = task.ring.mark() if plan.keyed else None
        places = [task.lake.path(table.zone, table.name) for table in (*plan.inputs, *plan.outputs)]
        return digest(dict(inputs), *plan.settings, key, places, code_hash(self.module), dict(versions()))


def check_tables(tables: Sequence[Table], lake: Lake, runs: Path) -> None:
    """Refuse tables of different runs: for jobs that are no stages and read what stages wrote.

    Raises:
        InputError: One is half made, not what its stage wrote, or made of an earlier version of another.
    """
    marks.check_inputs(_versions(tables, lake), runs, lake.roots)


def _inputs(plan: Plan, lake: Lake) -> dict[str, str | None]:
    found = _versions(plan.inputs, lake)
    found |= {path: files_fingerprint(lake.spark, path) for path in plan.supplies}
    for path in plan.files:
        try:
            found[str(path)] = f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
        except OSError:
            raise ConfigError(f"{path}: no such file") from None
    return found


def _versions(tables: Sequence[Table], lake: Lake) -> dict[str, str | None]:
    return {str(table): lake.fingerprint(table.zone, table.name) for table in tables}
