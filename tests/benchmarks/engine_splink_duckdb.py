"""One run of Splink on DuckDB, in a process of its own.

Usage: python -m tests.benchmarks.engine_splink_duckdb --records FOLDER --model FOLDER --output FOLDER
           --scratch FOLDER --memory GB
"""

from __future__ import annotations

import argparse
from typing import Any

import duckdb
from splink import DuckDBAPI

from tests.benchmarks.engine_session import CORES
from tests.benchmarks.engine_splink import Phases, link, options


class OnDuckDB:
    """DuckDB in memory, with two threads, a limit and a folder to spill into."""

    dialect = "duckdb"

    def __init__(self, asked: argparse.Namespace) -> None:
        self._records = asked.records
        config = {
            "threads": CORES,
            "memory_limit": f"{asked.memory}GB",
            "temp_directory": str(asked.scratch),
            "preserve_insertion_order": "false",
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self._api = DuckDBAPI(connection=self._connection)

    def read(self) -> Any:
        """The records as a table of the database."""
        columns = "* EXCLUDE true_person"
        self._connection.execute(f"CREATE TABLE people AS SELECT {columns} FROM '{self._records}/*.parquet'")
        return self._api.register("people")

    def write(self, result: Any, target: str) -> None:
        """A result as one file."""
        self._connection.execute(f"COPY {result.physical_name} TO '{target}' (FORMAT parquet)")

    def count(self, result: Any) -> int:
        """Rows of a result."""
        return self._connection.execute(f"SELECT count(*) FROM {result.physical_name}").fetchall()[0][0]


def main() -> None:
    """Run, and write what it took."""
    asked, phases = options(__doc__), Phases()
    engine = OnDuckDB(asked)
    phases.ended("session")
    link(engine, asked.model, asked.output, phases)


if __name__ == "__main__":
    main()
