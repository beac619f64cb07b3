"""Runs one contestant on one set of records, watched, in a fresh process, and gathers what it took."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.benchmarks.engine_events import of_tasks
from tests.benchmarks.engine_model import CLUSTER_WEIGHT, THRESHOLD_WEIGHT, write
from tests.benchmarks.engine_session import CORES, ROOT
from tests.benchmarks.engine_watch import watch

CONTESTANTS = ("ours", "duckdb", "spark")
PHASES = ("session", "read", "count", "train", "predict", "cluster", "write", "total")
# What each of our tasks' DuckDB may take; the heap gets the rest of the memory that all contestants have alike.
KERNEL_GB = 1
Figures = dict[str, float | None]


@dataclass(frozen=True)
class Work:
    """What to link, and within what.

    Attributes:
        records: Folder with the records.
        memory: GB for the engine: DuckDB's limit, Spark's heap, or our heap with our kernels together.
        looser: Which rules, as `engine_model.LOOSER` has them.
        timeout: Seconds after which a run is stopped.
        carried: Whether our key rows carry records, as where these do not fit the memory of tasks.
    """

    records: Path
    memory: int
    timeout: float
    looser: int = 1
    carried: bool = False


def run(contestant: str, work: Work) -> Figures:
    """Seconds by phase, and `wall`, `cpu`, `memory`, `disk`, `pairs`, `kept`, `f1` and more; empty if it failed."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        output, model = folder / "output", folder / "model"
        write(model, looser=work.looser)
        if contestant == "ours":
            command = _match(work.records, model, output, folder / "runs")
        else:
            command = [sys.executable, "-m", f"tests.benchmarks.engine_splink_{contestant}"]
            command += ["--records", str(work.records), "--model", str(model), "--output", str(output)]
            command += ["--scratch", str(folder / "scratch"), "--memory", str(work.memory)]
        figures = _watched(command, folder, work)
        if figures:
            clusters = output / ("clusters" if contestant == "ours" else "clusters.parquet")
            figures |= accuracy(work.records, clusters)
        return figures


def run_edges(count: int, *, memory: int, timeout: float) -> Figures:
    """The same for the clustering of generated edges."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        command = [sys.executable, "-m", "tests.benchmarks.engine_edges", "--edges", str(count)]
        heap = _heap(memory)
        command += ["--output", str(folder / "output"), "--scratch", str(folder / "scratch"), "--memory", str(heap)]
        return _watched(command, folder, Work(Path(f"{count} edges"), memory, timeout))


def _watched(command: Sequence[str], folder: Path, work: Work) -> Figures:
    """What a command took, from watching it and from the `run.json` in its output; empty if it failed."""
    scratch, events, settings = folder / "scratch", folder / "events", folder / "spark.conf"
    scratch.mkdir()
    events.mkdir()
    settings.write_text(_properties(work, events), encoding="utf-8")
    paths = {name: str(scratch) for name in ("TMPDIR", "LINKAGE_SCRATCH", "SPARK_LOCAL_DIRS")}
    environment = {**os.environ, **paths, "LINKAGE_PROPERTIES": str(settings), "PYTHONPATH": str(ROOT)}
    measured = watch(command, folder=scratch, environment=environment, cwd=ROOT, timeout=work.timeout)
    if measured.code:
        last = next((line for line in reversed(measured.said) if line.strip()), "")
        sys.stderr.write(f"{command[0]} on {work.records.name} failed with {measured.code}: {last}\n")
        return {}
    document = json.loads((folder / "output" / "run.json").read_text(encoding="utf-8"))
    seconds, counts = document["seconds"], document["counts"]
    return {
        **{phase: seconds.get(phase) for phase in PHASES},
        "total": sum(seconds.get(phase, 0.0) for phase in PHASES[1:-1]),
        "wall": measured.seconds,
        "cpu": measured.cpu,
        "predict_cpu": _phase_cpu(measured.phase_cpu, "predict"),
        "memory": measured.memory,
        "disk": measured.disk,
        "pairs": counts.get("candidate_pairs_total"),
        "kept": counts.get("pairs_kept"),
        # What the product foretold of prediction, where it does.
        "estimate": (document.get("estimate") or {}).get("seconds"),
        **of_tasks(events),
    }


def medians(results: Sequence[Figures]) -> Figures:
    """Of each figure over the runs that have it; empty where every run failed."""
    names = {name: None for result in results for name in result}
    values = {name: [v for result in results if (v := result.get(name)) is not None] for name in names}
    return {name: statistics.median(found) if found else None for name, found in values.items()}


def accuracy(records: Path, clusters: Path) -> Figures:
    """Pairwise precision, recall and F1 of clusters against the records' `true_person`.

    Args:
        records: Folder of Parquet with `unique_id` and `true_person`.
        clusters: Parquet with `unique_id` and `cluster_id`, a file or a folder written once.
    """
    found = clusters if clusters.is_file() else f"{clusters}/*.parquet"
    pairs = "coalesce(sum(n * (n - 1) / 2), 0)"
    with duckdb.connect(config={"threads": CORES}) as connection:
        connection.execute(
            "CREATE TABLE cells AS SELECT true_person, cluster_id, count(*)::double AS n "
            f"FROM '{records}/*.parquet' JOIN '{found}' USING (unique_id) GROUP BY ALL"
        )

        def total(keys: str) -> float:
            grouped = f"SELECT {pairs} FROM (SELECT sum(n) AS n FROM cells GROUP BY {keys})"
            return float(connection.execute(grouped).fetchall()[0][0])

        true, made, right = total("true_person"), total("cluster_id"), total("true_person, cluster_id")
    rates = {"precision": (right, made), "recall": (right, true), "f1": (2 * right, true + made)}
    return {name: part / whole if whole else None for name, (part, whole) in rates.items()}


def _match(records: Path, model: Path, output: Path, runs: Path) -> list[str]:
    command = [str(ROOT / "spark-submit.sh"), "match", "--input", f"people={records}"]
    command += ["--settings", str(model / "duckdb.json"), "--training", str(model / "training.yaml")]
    command += ["--threshold-weight", str(THRESHOLD_WEIGHT), "--cluster-weight", str(CLUSTER_WEIGHT)]
    return [*command, "--output", str(output), "--runs", str(runs)]


def _heap(memory: int) -> int:
    return memory - CORES * KERNEL_GB


def _properties(work: Work, events: Path) -> str:
    """What differs from our profile: the cores, the memory, and a log of tasks for the figures."""
    settings = {
        "spark.master": f"local[{CORES}]",
        "spark.driver.memory": f"{_heap(work.memory)}g",
        "spark.linkage.kernel.memory": f"{KERNEL_GB}GB",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }
    if work.carried:
        settings["spark.linkage.records.memory"] = "0MB"
    return "".join(f"{key} {value}\n" for key, value in settings.items())


def _phase_cpu(by_end: Mapping[str, float], phase: str) -> float | None:
    """Processor seconds between the end of the phase before and the end of this one."""
    names = list(by_end)
    if phase not in names:
        return None
    place = names.index(phase)
    return by_end[phase] - (by_end[names[place - 1]] if place else 0.0)
