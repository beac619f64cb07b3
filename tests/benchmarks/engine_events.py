"""What Spark's event log says about the tasks of a run: bytes shuffled and spilled, the slowest task."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FEWEST_TASKS = 4


def of_tasks(folder: Path) -> dict[str, float | None]:
    """`shuffle` and `spill` in bytes, and `slowest_task`; empty without a log.

    `slowest_task` is the longest task over the median of its stage, in the stage that took most
    time of all those with at least four tasks.
    """
    logs = [path for path in folder.glob("*") if path.is_file() and not path.name.startswith(".")]
    if not logs:
        return {}
    ends = [event for log in logs for event in _task_ends(log.read_text(encoding="utf-8").splitlines())]
    metrics = [event.get("Task Metrics") or {} for event in ends]
    return {
        "shuffle": sum(m.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0) for m in metrics),
        "spill": sum(m.get("Disk Bytes Spilled", 0) for m in metrics),
        "slowest_task": slowest_task(ends),
    }


def slowest_task(ends: Iterable[dict[str, Any]]) -> float | None:
    """The longest task over the median, in the stage that took longest; null if no stage has four tasks."""
    stages: dict[tuple[int, int], list[float]] = defaultdict(list)
    for end in ends:
        info = end["Task Info"]
        stages[end["Stage ID"], end["Stage Attempt ID"]].append(info["Finish Time"] - info["Launch Time"])
    several = [seconds for seconds in stages.values() if len(seconds) >= _FEWEST_TASKS]
    if not several:
        return None
    longest = max(several, key=sum)
    middle = statistics.median(longest)
    return max(longest) / middle if middle else None


def _task_ends(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    return (json.loads(line) for line in lines if line.startswith('{"Event":"SparkListenerTaskEnd"'))
