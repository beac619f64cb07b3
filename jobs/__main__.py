"""The program that spark-submit runs: a job's name, then the job's own options."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    # A submitted script brings its own folder as the first place to import from; jobs would hide
    # other modules of the same name.
    _here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != _here]
    if str(_here.parent) not in sys.path:
        sys.path.append(str(_here.parent))

from jobs.harness import cli

JOBS = {
    name: f"jobs.{name}"
    for name in ("match", "pipeline", "synthesise", "ingest", "train", "link", "resolve", "evaluate")
}


def main(argv: Sequence[str]) -> int:
    """Runs one job and returns its exit code."""
    return cli.dispatch(argv, JOBS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
