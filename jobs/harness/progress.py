"""What a person or a log sees while a job runs: a line when a stage begins, and one when it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TextIO

# Spark draws its bar on the last line: go to its start and clear it.
_CLEAR = "\r\033[K"
_SHOWN = 3


class Progress(Protocol):
    """Tells about stages as they begin and as they end."""

    def start(self, name: str) -> None:
        """Says that a stage begins; one that has nothing to do only ends."""

    def stage(self, name: str, outcome: str, seconds: float, counts: Mapping[str, int]) -> None:
        """Reports one stage: its outcome is `done`, `unchanged`, or what a run that ends so is called."""


@dataclass(frozen=True)
class TerminalProgress:
    """Aligned lines for a person; Spark's own bar stays beneath them."""

    stream: TextIO

    def start(self, name: str) -> None:
        """Writes the name."""
        self._write(f"{name} ...")

    def stage(self, name: str, outcome: str, seconds: float, counts: Mapping[str, int]) -> None:
        """Writes name, seconds and the first few counts."""
        shown = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in list(counts.items())[:_SHOWN])
        took = f"{seconds:6.1f} s" if outcome == "done" else f"{outcome:>8}"
        self._write(f"{name:<12} {took}  {shown}".rstrip())

    def _write(self, line: str) -> None:
        self.stream.write(f"{_CLEAR}{line}\n")
        self.stream.flush()


@dataclass(frozen=True)
class LogProgress:
    """One JSON object on a line, for a scheduler or a log store."""

    stream: TextIO
    job: str
    run_id: str

    def start(self, name: str) -> None:
        """Writes time, job, run and stage; its outcome is `running`."""
        self._write(name, "running")

    def stage(self, name: str, outcome: str, seconds: float, counts: Mapping[str, int]) -> None:
        """Writes time, job, run, stage, outcome, seconds and all counts."""
        self._write(name, outcome, seconds=round(seconds, 3), counts=dict(counts))

    def _write(self, stage: str, outcome: str, **more: object) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "job": self.job,
            "run": self.run_id,
            "stage": stage,
            "outcome": outcome,
            **more,
        }
        self.stream.write(json.dumps(line) + "\n")
        self.stream.flush()


def for_stream(job: str, run_id: str, stream: TextIO | None = None) -> Progress:
    """Chooses by who watches: a terminal, or anything else. Standard error by default."""
    stream = stream or sys.stderr
    return TerminalProgress(stream) if stream.isatty() else LogProgress(stream, job, run_id)
