"""Make prototyping tables: the columns, codes and keys of the real supplies with made-up rows.

For writing code before access is given: keys join and values are missing as often as expected, and nothing
else is like the real data. Every row says is_synthetic.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

import schemas
from jobs.harness.run import Run
from linkage.documents import suggest
from linkage.errors import ConfigError
from linkage.lake import check_replaceable, clear_leftovers, staged_folder, write_document, write_table
from linkage.synthetic.prototypes import BANNER, prototype, prototype_names

MARK = "run.json"
_LARGEST = 10_000_000


@dataclass(frozen=True)
class PrototypeSettings:
    """What the command line asks for."""

    output: str
    rows: int
    seed: int
    tables: Sequence[str]
    file_format: str
    runs: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--output", required=True, metavar="DIR", help="new folder for the tables, or one of ours to replace")
    option("--rows", type=int, default=1000, metavar="N", help="rows of each table (1000)")
    option("--seed", type=int, default=1, metavar="S", help="another seed draws otherwise (1)")
    option("--tables", nargs="+", metavar="NAME", help="some tables only; those that they name rows of come too")
    option("--format", choices=("delta", "parquet"), default="delta", help="of the tables (delta)")
    option("--runs", type=Path, default=Path("data/runs"), help="folder for logs (data/runs)")


def load(args: argparse.Namespace) -> PrototypeSettings:
    """Check the options; a table brings those that its foreign keys name."""
    known = prototype_names()
    asked = args.tables or known
    for name in asked:
        if name not in known:
            raise ConfigError(f"--tables {name}: no such supply{suggest(name, known)}")
    if not 0 < args.rows <= _LARGEST:
        raise ConfigError(f"--rows {args.rows}: give a number from 1 to {_LARGEST:,}")
    needed = {*asked, *(key.table for name in asked for key in schemas.load(name).foreign_keys)}
    tables = [name for name in known if name in needed]
    return PrototypeSettings(args.output, args.rows, args.seed, tables, args.format, args.runs)


def run(spark: SparkSession, settings: PrototypeSettings, run: Run) -> None:
    """Write a table of each schema and check that it has its form."""
    only = prototype_names()
    clear_leftovers(spark, settings.output)
    check_replaceable(spark, settings.output, mark=MARK, job=run.job, only=only)
    with run.stage("write") as stage:
        with staged_folder(spark, settings.output, mark=MARK, job=run.job, only=only) as folder:
            for name in settings.tables:
                table = prototype(spark, name, rows=settings.rows, seed=settings.seed)
                schemas.load(name).check(table.drop(BANNER))
                write_table(table, folder.table(name), settings.file_format)
            write_document(spark, folder.table(MARK), run.manifest.document() | {"outcome": "done"})
        stage.count(tables=len(settings.tables), rows=settings.rows)
    print(f"{len(settings.tables)} tables of {settings.rows:,} rows, all of them made up, are in {settings.output}")
