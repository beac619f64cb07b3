"""Foretell what linking a pipeline's records would make and take, rule by rule: the dry run of `link`.

Needs the records and the trained model (run ingest and train first). Makes a small sample of the pairs, writes nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from jobs import settings
from jobs.harness import costs, lock, stages
from jobs.harness.limits import kernel_limits
from jobs.harness.run import Run
from jobs.pipeline_records import runnable_records, surveyed_for_linking, trained_rules
from linkage.lake import Lake, Zone

READS = frozenset({Zone.IDENTIFIERS, Zone.LINKAGE})
WRITES: frozenset[Zone] = frozenset()
_TABLES = (stages.Table(Zone.IDENTIFIERS, "records"), stages.Table(Zone.LINKAGE, "models"))


@dataclass(frozen=True)
class EstimateRequest:
    """What the command line asks for."""

    pipeline: settings.Request
    show_keys: bool

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.pipeline.runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--config", type=Path, required=True, metavar="YAML", help="the pipeline, once it has a trained model")
    option("--show-keys", action="store_true", help="show the values of hot keys, which are personal data")


def load(args: argparse.Namespace) -> EstimateRequest:
    """Read the pipeline's config."""
    return EstimateRequest(settings.looked_at(args.config), args.show_keys)


def run(spark: SparkSession, request: EstimateRequest, run: Run) -> None:
    """Count the keys, sample the pairs, print the table."""
    config, limits = request.pipeline.config, kernel_limits(spark, run)
    run.manifest.config = request.pipeline.named
    lake = Lake(spark, config.lake, READS, WRITES)
    with lock.alone(config.lake, config.runs):
        stages.check_tables(_TABLES, lake, config.runs)
        with run.stage("count"):
            model, rules = trained_rules(lake)
            records = runnable_records(lake, config, model, rules)
            surveyed = surveyed_for_linking(records, model, rules, config.link, limits=limits)
        with run.stage("sample"):
            what = (records, model, rules, surveyed)
            table = costs.dry_run(*what, limits=limits, by_spark=True, show_keys=request.show_keys)
    print(table)
