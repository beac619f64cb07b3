"""What both runs of Splink share: the phases of a linkage, at the options that its documentation recommends.

Expectation maximisation on a sample of pairs and without term frequencies, and only the columns that
are needed. Phases are told on standard error as they end; `run.json` holds seconds and counts.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, Protocol

import yaml
from splink import Linker, block_on

from tests.benchmarks.engine_model import CLUSTER_WEIGHT, THRESHOLD_WEIGHT
from tests.benchmarks.engine_watch import process_age, tell_phase


class Engine(Protocol):
    """What differs between DuckDB and Spark."""

    dialect: str

    def read(self) -> Any:
        """The records, materialised and registered with Splink."""

    def write(self, result: Any, target: str) -> None:
        """A result of Splink's as Parquet."""

    def count(self, result: Any) -> int:
        """Rows of a result of Splink's."""


class Phases:
    """Seconds by phase; the first begins with the process."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic() - process_age()

    def ended(self, name: str) -> None:
        """Notes that a phase has ended, and that the next begins."""
        now = time.monotonic()
        self.seconds[name], self._began = now - self._began, now
        tell_phase(name)


def options(description: str | None) -> argparse.Namespace:
    """The command line of a contestant; its output folder is made."""
    parser = argparse.ArgumentParser(description=description)
    for name in ("records", "model", "output", "scratch"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--memory", type=int, required=True)
    found = parser.parse_args()
    found.output.mkdir(parents=True)
    return found


def link(engine: Engine, model: Path, output: Path, phases: Phases) -> None:
    """Read, train, predict, cluster and write; then `run.json`."""
    settings = json.loads((model / f"{engine.dialect}.json").read_text(encoding="utf-8"))
    plan = yaml.safe_load((model / "training.yaml").read_text(encoding="utf-8"))
    linker = Linker(engine.read(), settings)
    phases.ended("read")
    _train(linker, plan)
    phases.ended("train")
    pairs = linker.inference.predict(threshold_match_weight=THRESHOLD_WEIGHT)
    phases.ended("predict")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_weight=CLUSTER_WEIGHT)
    phases.ended("cluster")
    engine.write(pairs, str(output / "scored_pairs.parquet"))
    engine.write(clusters, str(output / "clusters.parquet"))
    linker.misc.save_model_to_json(str(output / "model.json"))
    phases.ended("write")
    document = {"seconds": phases.seconds, "counts": {"pairs_kept": engine.count(pairs)}}
    (output / "run.json").write_text(json.dumps(document), encoding="utf-8")


def _train(linker: Linker, plan: dict[str, Any]) -> None:
    training = linker.training
    rules = [block_on(*rule) for rule in plan["deterministic_rules"]]
    training.estimate_probability_two_random_records_match(rules, recall=plan["recall"])
    training.estimate_u_using_random_sampling(max_pairs=plan["u_max_pairs"])
    for rule in plan["em_blocking_rules"]:
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True, max_pairs=plan["em_max_pairs"]
        )
