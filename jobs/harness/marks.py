"""The marks of stages: what each left in the lake, and of what it made that.

A mark is a small file in the folder of runs. It is put there without a fingerprint when the work
begins, and whole when the stage's tables are committed, so that a run killed anywhere leaves
either a true mark or one that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.harness.manifest import write_json
from linkage.errors import InputError
from linkage.lake import LakeRoots, Zone

_FOLDER = "stages"


@dataclass(frozen=True)
class Mark:
    """What a stage says of itself: versions by table (or path); no fingerprint while it works."""

    lake: LakeRoots
    outputs: Mapping[str, str | None]
    inputs: Mapping[str, str | None]
    counts: Mapping[str, int]
    fingerprint: str | None
    written: str


def write(
    runs: Path,
    stage: str,
    lake: LakeRoots,
    *,
    outputs: Mapping[str, str | None],
    inputs: Mapping[str, str | None],
    counts: Mapping[str, int],
    fingerprint: str | None,
) -> None:
    """Puts a mark in the place of the stage's last one."""
    path = _path(runs, stage)
    path.parent.mkdir(exist_ok=True)
    written = datetime.now(UTC).isoformat(timespec="microseconds")
    write_json(path, vars(Mark(lake, outputs, inputs, counts, fingerprint, written)))


def read(runs: Path, stage: str, lake: LakeRoots) -> Mark | None:
    """The stage's mark; None if there is none, it is cut short or it tells of another lake."""
    return _read(_path(runs, stage), lake)


def check_inputs(inputs: Mapping[str, str | None], runs: Path, lake: LakeRoots) -> None:
    """Refuse tables that a stage left half made, that are not its own, or that are out of date.

    What no stage has a mark for may come from anywhere. Supplies in the landing zone belong to
    whoever puts them there.

    Raises:
        InputError: naming the table and the stage to run again.
    """
    found = ((path.stem, _read(path, lake)) for path in sorted((runs / _FOLDER).glob("*.json")))
    made = {table: (stage, mark) for stage, mark in found if mark is not None for table in mark.outputs}
    for table, version in inputs.items():
        if table not in made:
            continue
        stage, mark = made[table]
        changed = version is not None and version != mark.outputs[table]
        if mark.fingerprint is not None and changed and not table.startswith(f"{Zone.LANDING}/"):
            raise InputError(f"{table}: no longer what {stage} wrote; {_again(stage)}")
    _check_made(inputs, made)


def _check_made(tables: Iterable[str], made: Mapping[str, tuple[str, Mark]]) -> None:
    """Follows the tables to what they were made of, and these on."""
    for table in tables:
        if table not in made:
            continue
        stage, mark = made[table]
        if mark.fingerprint is None:
            raise InputError(f"{table}: {stage} was stopped before it was done; {_again(stage)}")
        for source, version in mark.inputs.items():
            newer = source in made and made[source][1].written > mark.written
            if newer and made[source][1].outputs[source] not in (None, version):
                raise InputError(f"{table}: {stage} made it of an earlier {source}; {_again(stage)}")
        _check_made(mark.inputs, made)


def _again(stage: str) -> str:
    return f"run {stage} again, or the pipeline"


def _path(runs: Path, stage: str) -> Path:
    return runs / _FOLDER / f"{stage}.json"


def _read(path: Path, lake: LakeRoots) -> Mark | None:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        mark = Mark(**document)
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None
    return mark if mark.lake == lake else None
