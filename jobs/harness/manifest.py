"""`run.json`: what a run read, made and took, written when it ends, also when it fails.

It holds names, versions, counts and hashes, never a value of a record.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("pyspark", "delta-spark", "duckdb", "splink", "pyarrow", "numpy", "pandas", "pydantic")


@dataclass
class Manifest:
    """What is known of a run so far; jobs fill it as they go.

    `outcome` is running, done, bad config, bad input, refused, failed or interrupted; that of each of `stages` one
    of these or unchanged.
    `seconds` are by stage, `counts` by name. `inputs` and `outputs` map a table or path to its
    version. `more` holds what only some jobs have, such as accuracy or notes.
    """

    job: str
    run_id: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    outcome: str = "running"
    error: str | None = None
    config: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str | None] = field(default_factory=dict)
    outputs: dict[str, str | None] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=dict)
    spark: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The manifest as plain values; `seconds.total` leaves the start of Spark out."""
        seconds = {name: round(value, 3) for name, value in self.seconds.items()}
        elapsed = (datetime.now(UTC) - self.started).total_seconds()
        seconds["total"] = round(elapsed - self.seconds.get("session", 0.0), 3)
        return {
            "job": self.job,
            "run_id": self.run_id,
            "outcome": self.outcome,
            "error": self.error,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": seconds,
            "stages": self.stages,
            "counts": self.counts,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "config": self.config,
            "versions": dict(versions()),
            "spark": self.spark,
            **self.more,
        }

    def write(self, path: Path) -> None:
        """Writes the document so that a reader meets all of it or nothing."""
        write_json(path, self.document())


@cache
def versions() -> Mapping[str, str]:
    """Versions of Python and of the packages that can change a result."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Writes JSON under a passing name, then renames it into place."""
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    passing.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    passing.replace(path)
