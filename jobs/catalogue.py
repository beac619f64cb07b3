"""Write the data catalogue: every table, column and code, with meaning, sensitivity and provenance.

The page, `catalogue.html`, is made of the schemas alone; it opens without a network.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from jobs.harness.run import Run
from linkage.lake import check_replaceable, clear_leftovers, staged_folder, write_document, write_text
from linkage.outputs.catalogue import catalogue

MARK, PAGE = "run.json", "catalogue.html"


@dataclass(frozen=True)
class CatalogueSettings:
    """What the command line asks for."""

    output: str
    runs: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--output", required=True, metavar="DIR", help="new folder for the page, or one of ours to replace")
    option("--runs", type=Path, default=Path("data/runs"), help="folder for logs (data/runs)")


def load(args: argparse.Namespace) -> CatalogueSettings:
    """Take the options as they are."""
    return CatalogueSettings(args.output, args.runs)


def run(spark: SparkSession, settings: CatalogueSettings, run: Run) -> None:
    """Make the page and write it."""
    clear_leftovers(spark, settings.output)
    check_replaceable(spark, settings.output, mark=MARK, job=run.job, only=(PAGE,))
    with run.stage("write"), staged_folder(spark, settings.output, mark=MARK, job=run.job, only=(PAGE,)) as folder:
        write_text(spark, folder.table(PAGE), catalogue())
        write_document(spark, folder.table(MARK), run.manifest.document() | {"outcome": "done"})
    print(f"{PAGE} is in {settings.output}")
