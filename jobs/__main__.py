"""The program that spark-submit runs: a job's name, then the job's own options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

if __name__ == "__main__":
    # A submitted script brings its own folder as the first place to import from; jobs would hide
    # other modules of the same name.
    _here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != _here]
    if str(_here.parent) not in sys.path:
        sys.path.append(str(_here.parent))

from pyspark.sql import SparkSession

from jobs import settings, stage_summary
from jobs.harness import cli
from jobs.harness.run import Run
from linkage.lake import Lake

JOBS = {
    name: f"jobs.{name}"
    for name in (
        "match",
        "explain",
        "catalogue",
        "prototype",
        "realism",
        "blocking",
        "estimate",
        "charts",
        "pipeline",
        "synthesise",
        "ingest",
        "train",
        "link",
        "resolve",
        "evaluate",
    )
}
# A module of this name would hide the standard library's where a submitted script's folder comes first.
JOBS["profile"] = "jobs.draft_contract"


class _StageJob:
    """What stands around a module that states its stage and nothing else."""

    add_arguments = staticmethod(settings.add_arguments)
    load = staticmethod(settings.load)

    def __init__(self, module: ModuleType) -> None:
        self.__doc__ = module.__doc__
        self._stage = module.STAGE
        self._told = getattr(module, "told", None)

    def run(self, spark: SparkSession, request: settings.Request, run: Run) -> None:
        """Performs the stage unless it is done, and says what it found."""
        self._stage.perform_alone(spark, request.config, run, again=request.again)
        lake = Lake(spark, request.config.lake, self._stage.reads, self._stage.writes)
        print(stage_summary.of_stage(self._stage.name, lake, run))
        if self._told is not None:
            print("\n".join(["", *self._told(spark, request.config)]))


def find(module: str) -> cli.Job:
    """A job by its module: the module itself, or a frame around its stage."""
    found: Any = import_module(module)
    return _StageJob(found) if hasattr(found, "STAGE") else found


def main(argv: Sequence[str]) -> int:
    """Runs one job and returns its exit code."""
    return cli.dispatch(argv, JOBS, find)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
