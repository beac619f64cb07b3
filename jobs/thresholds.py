"""Draw what thresholds and blocking rules trade in a pipeline, from the counts of all its candidate pairs.

Writes thresholds.html, thresholds.json and rules.json into the run's folder; `explain --run` draws the same of a match.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pyspark.sql import SparkSession

import schemas
from jobs import settings
from jobs.harness import lock
from jobs.harness.manifest import write_json
from jobs.harness.run import Run
from jobs.pipeline_records import trained_model
from linkage.lake import Lake, Zone
from linkage.quality.threshold_page import threshold_report

READS = frozenset({Zone.LINKAGE})
WRITES: frozenset[Zone] = frozenset()
PAGE = "thresholds.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    parser.add_argument("--config", type=Path, required=True, metavar="YAML", help="the pipeline, once it has linked")


def load(args: argparse.Namespace) -> settings.Request:
    """Read the pipeline's config."""
    return settings.looked_at(args.config)


def run(spark: SparkSession, request: settings.Request, run: Run) -> None:
    """Read the counts, estimate, draw."""
    config = request.config
    run.manifest.config = request.named
    lake = Lake(spark, config.lake, READS, WRITES)
    weights = {"threshold_weight": config.link.threshold_weight, "cluster_weight": config.resolve.cluster_weight}
    with lock.alone(config.lake, config.runs), run.stage("thresholds"):
        _, model = trained_model(lake)
        patterns = lake.read(Zone.LINKAGE, "pattern_counts", schemas.load("pattern_counts"))
        report = threshold_report(patterns.toArrow(), model, weights)
    (run.folder / PAGE).write_text(report.page(), encoding="utf-8")
    for name, document in report.documents().items():
        write_json(run.folder / name, document)
    print(f"{', '.join([PAGE, *report.documents()])} are in {run.folder}")
