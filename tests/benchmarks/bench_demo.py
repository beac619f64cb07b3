"""Prints seconds by stage for the demo and for FEBRL 4, each run afresh through spark-submit.sh.

Usage: python tests/benchmarks/bench_demo.py [--runs N]

Each is run N times (3 by default) and medians are printed. The last line is one JSON object of
named figures; times are in seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SUBMIT = ROOT / "spark-submit.sh"


def main() -> None:
    """Run both, print a table each, then the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    figures: dict[str, float | None] = {}
    for name, once in (("demo", _demo), ("febrl4", _febrl4)):
        results = [_measured(once) for _ in range(runs)]
        figures |= _report(name, results)
    print(json.dumps(figures))


def _measured(once: Callable[[Path], Mapping[str, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        began = time.monotonic()
        manifest = once(Path(folder))
        return {**manifest, "wall": time.monotonic() - began}


def _demo(folder: Path) -> Mapping[str, Any]:
    """The demo pipeline with a lake, runs and key of its own, so that no stage is done already."""
    config = yaml.safe_load((ROOT / "conf/pipelines/demo.yaml").read_text(encoding="utf-8"))
    config |= {"lake": str(folder / "lake"), "runs": str(folder / "runs")}
    config["key"] = {"file": str(folder / "key"), "make": True}
    path = folder / "demo.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    _submit("pipeline", "--config", str(path))
    [manifest] = (folder / "runs").glob("*/run.json")
    return json.loads(manifest.read_text(encoding="utf-8"))


def _febrl4(folder: Path) -> Mapping[str, Any]:
    subprocess.run([sys.executable, ROOT / "tests/data/prepare_febrl.py", folder], check=True)
    inputs = [option for side in "ab" for option in ("--input", f"{side}={folder}/febrl4{side}.parquet")]
    models = ROOT / "conf/models"
    model = ["--settings", f"{models}/febrl_link.json", "--training", f"{models}/febrl.training.yaml"]
    output = folder / "linked"
    _submit("match", *inputs, *model, "--truth", "true_person", "--output", str(output), "--runs", str(folder / "runs"))
    return json.loads((output / "run.json").read_text(encoding="utf-8"))


def _submit(*arguments: str) -> None:
    done = subprocess.run([SUBMIT, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments[0]} failed: {done.stderr.strip().splitlines()[-1]}")


def _report(name: str, results: list[dict[str, Any]]) -> dict[str, float | None]:
    stages = list(results[0]["seconds"])
    medians = {stage: statistics.median(result["seconds"][stage] for result in results) for stage in stages}
    wall = statistics.median(result["wall"] for result in results)
    print(f"{name}: median of {len(results)}, seconds by stage")
    for stage, seconds in medians.items():
        print(f"  {stage:<12} {seconds:7.1f}")
    print(f"  {'whole process':<12} {wall:6.1f}")
    accuracy = results[0].get("accuracy") or {}
    return {
        f"{name}_seconds": round(wall, 1),
        f"{name}_seconds_without_session": round(medians["total"], 1),
        f"{name}_f1": accuracy.get("f1"),
    }


if __name__ == "__main__":
    main()
