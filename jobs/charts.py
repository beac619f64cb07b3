"""Draw a pipeline's model, its training, what thresholds and rules trade, and why two records have their match weight.

Writes pages that need no network, and the same figures as JSON, into the run's folder, without a value of a record;
`explain` draws the same of a match.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import schemas
from jobs import settings
from jobs.explained_pair import Named, check_link, explained, parse_pair
from jobs.harness import lock, stages
from jobs.harness.manifest import write_json
from jobs.harness.run import Run
from jobs.pipeline_records import runnable_records, trained_model
from linkage.lake import Lake, Zone
from linkage.model.blocking import keyed_rules
from linkage.quality.charts import history_charts, model_charts
from linkage.quality.threshold_page import threshold_report

READS = frozenset({Zone.IDENTIFIERS, Zone.LINKAGE})
WRITES: frozenset[Zone] = frozenset()
_TABLES = (
    stages.Table(Zone.IDENTIFIERS, "records"),
    stages.Table(Zone.LINKAGE, "models"),
    stages.Table(Zone.LINKAGE, "pattern_counts"),
)


@dataclass(frozen=True)
class ChartsRequest:
    """What the command line asks for; `pair` has dataset and record ID of two records."""

    pipeline: settings.Request
    pair: tuple[Named, Named] | None

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.pipeline.runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--config", type=Path, required=True, metavar="YAML", help="the pipeline, once it has linked")
    option("--pair", metavar="DATASET:ID,DATASET:ID", help="two records to explain, by record_id")


def load(args: argparse.Namespace) -> ChartsRequest:
    """Read the pipeline's config, and which pair is meant."""
    request = settings.looked_at(args.config)
    pair = None if args.pair is None else parse_pair(args.pair, list(request.config.ingest.supplies), with_sources=True)
    return ChartsRequest(request, pair)


def run(spark: SparkSession, request: ChartsRequest, run: Run) -> None:
    """Read the model and the counts, estimate, draw."""
    config = request.pipeline.config
    run.manifest.config = request.pipeline.named
    lake = Lake(spark, config.lake, READS, WRITES)
    weights = {"threshold_weight": config.link.threshold_weight, "cluster_weight": config.resolve.cluster_weight}
    lines = []
    with lock.alone(config.lake, config.runs):
        stages.check_tables(_TABLES, lake, config.runs)
        with run.stage("draw"):
            kept = trained_model(lake)
            patterns = lake.read(Zone.LINKAGE, "pattern_counts", schemas.load("pattern_counts"))
            report = threshold_report(patterns.toArrow(), kept.model, weights, _records(lake))
            pages = model_charts(kept.model) | history_charts(kept.model, kept.sessions)
            pages["thresholds.html"] = report.page()
            documents = report.documents()
        if request.pair is not None:
            with run.stage("explain"):
                check_link(request.pair, kept.model)
                rules = keyed_rules(kept.model.blocking_rules, kept.model.dialect, where="linkage/models")
                records = runnable_records(lake, config, kept.model, rules)
                found = explained(records, kept.model, request.pair, with_values=False)
            pages, documents, lines = pages | found.pages, documents | found.documents, [found.line]
    for name, page in pages.items():
        (run.folder / name).write_text(page, encoding="utf-8")
    for name, document in documents.items():
        write_json(run.folder / name, document)
    print("\n".join([*lines, f"{', '.join([*pages, *documents])} are in {run.folder}"]))


def _records(lake: Lake) -> dict[str, int]:
    """How many records each dataset has."""
    records = lake.read(Zone.IDENTIFIERS, "records", schemas.load("records"))
    counted = records.groupBy("source_dataset").agg(F.count("*").alias("records")).collect()
    return {row["source_dataset"]: row["records"] for row in counted}
