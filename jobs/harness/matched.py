"""What `match` left in its output folder, read by jobs that go on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.harness.config import read_text
from jobs.harness.models import read_model, sessions_of
from linkage.errors import ConfigError
from linkage.lake import read_rows
from linkage.model.specification import LinkageModel
from linkage.model.training import SessionHistory

# The file in a run's folder that holds its model.
MODEL = "model.json"
_WEIGHTS = ("threshold_weight", "cluster_weight")


@dataclass(frozen=True)
class Matched:
    """A run of `match`.

    Attributes:
        model: What scored its pairs.
        sessions: Of its training; none if it had none.
        patterns: Its `pattern_counts`.
        weights: The weights that it was given, in bits, by what `run.json` calls them.
        records: How many it had, by input.
    """

    model: LinkageModel
    sessions: tuple[SessionHistory, ...]
    patterns: pa.Table
    weights: Mapping[str, float]
    records: Mapping[str, int]


def read_matched(folder: Path) -> Matched:
    """Reads the output folder of `match`, on this machine.

    Raises:
        ConfigError: It is none, or a file in it cannot be used.
        InputError: Its pattern counts cannot be read.
    """
    mark = folder / "run.json"
    document = _document(mark) if mark.is_file() else None
    if not isinstance(document, dict) or document.get("job") != "match":
        raise ConfigError(f"{folder}: holds no run.json of match; give a folder on this machine that match wrote")
    model = read_model(folder / MODEL)
    sessions = _sessions(document, mark) if "training" in document else ()
    given = document.get("config", {})
    weights = {name: float(given[name]) for name in _WEIGHTS if name in given}
    records = document.get("counts", {}).get("records_by_input", {})
    return Matched(model, sessions, read_rows(str(folder / "pattern_counts")), weights, records)


def read_sessions(path: Path) -> tuple[SessionHistory, ...]:
    """The EM sessions of the run that a `run.json` tells of.

    Raises:
        ConfigError: It holds none.
    """
    return _sessions(_document(path), path)


def _document(path: Path) -> Any:  # noqa: ANN401  whatever JSON has
    try:
        return json.loads(read_text(path))
    except ValueError:
        return None


def _sessions(document: Any, path: Path) -> tuple[SessionHistory, ...]:  # noqa: ANN401  the same
    try:
        return sessions_of(document["training"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: holds no EM sessions; give run.json of the run that trained the model") from None
