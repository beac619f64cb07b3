"""One run of a job: its folder, log, scratch, manifest and progress."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from jobs.harness import failures, progress, session
from jobs.harness.manifest import Manifest

LOG = "spark.log"
MANIFEST = "run.json"


@dataclass
class StageRecord:
    """What a stage tells about itself while it runs."""

    counts: dict[str, int] = field(default_factory=dict)

    def count(self, **counts: int) -> None:
        """Notes counts for the progress line and the manifest."""
        self.counts |= counts


@dataclass(frozen=True)
class Run:
    """What a job may use of its run. `scratch` is gone when the run ends."""

    job: str
    run_id: str
    folder: Path
    scratch: Path
    manifest: Manifest
    progress: progress.Progress

    @property
    def log(self) -> Path:
        """The file with Spark's own messages and tracebacks."""
        return self.folder / LOG

    @contextmanager
    def stage(self, name: str) -> Iterator[StageRecord]:
        """Times a part of the job, and reports when it begins and ends; a part that raises is called as the run is."""
        record, began, outcome = StageRecord(), time.monotonic(), "done"
        self.progress.start(name)
        try:
            yield record
        except BaseException as error:
            outcome = failures.explain(error).outcome
            raise
        finally:
            self._report(name, outcome, time.monotonic() - began, record.counts)

    def unchanged(self, name: str, counts: Mapping[str, int]) -> None:
        """Reports a stage that was not needed again, with the counts from when it was done."""
        self._report(name, "unchanged", 0.0, counts)

    def _report(self, name: str, outcome: str, seconds: float, counts: Mapping[str, int]) -> None:
        self.manifest.seconds[name] = self.manifest.seconds.get(name, 0.0) + seconds
        self.manifest.stages[name] = outcome
        self.manifest.counts |= counts
        self.progress.stage(name, outcome, seconds, counts)


@contextmanager
def open_run(job: str, runs: Path) -> Iterator[Run]:
    """Makes the folder of a run and its scratch; writes `run.json` when the run ends."""
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder = runs / run_id
    folder.mkdir(parents=True, mode=0o700)
    (folder / LOG).touch(mode=0o600)
    manifest = Manifest(job, run_id)
    with session.scratch(run_id) as scratch:
        try:
            yield Run(job, run_id, folder, scratch, manifest, progress.for_stream(job, run_id))
        finally:
            manifest.write(folder / MANIFEST)
