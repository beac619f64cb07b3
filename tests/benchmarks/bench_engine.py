"""Compares the engine with Splink on DuckDB and on Spark: seconds, memory, disk, pairs and F1, side by side.

Usage: python tests/benchmarks/bench_engine.py [--sizes 1000000,10000000] [--contestants ours,duckdb,spark]
           [--sections compare,growth,skew,pairs,edges] [--runs N] [--memory GB] [--full] [--out FOLDER]

All run at the first size, ours and DuckDB at the others. Each run is a fresh process on two cores.
The last line is one JSON object; a figure that was not run is null. `--full` adds 50,000 records on
one key and the clustering of 50 million edges; without it a million are clustered.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tests.benchmarks import engine_report as report
from tests.benchmarks.engine_chart import chart
from tests.benchmarks.engine_data import hot_records, made_records
from tests.benchmarks.engine_model import LOOSER
from tests.benchmarks.engine_runs import CONTESTANTS, KERNEL_GB, Figures, Work, medians, run, run_edges
from tests.benchmarks.engine_session import CORES, ROOT

SECTIONS = ("compare", "growth", "skew", "pairs", "edges")
HOT, HOT_FULL = 10_000, 50_000
EDGES, EDGES_FULL = 1_000_000, 50_000_000


def main() -> None:
    """Run what is asked for; print tables as they are ready, then the line of JSON."""
    began = time.monotonic()
    bench = Bench(_options())
    bench.head()
    compared = bench.compare()
    variants = bench.variants(compared)
    edges = bench.edges()
    figures = report.summary(compared, variants, edges=edges)
    figures["minutes"] = round((time.monotonic() - began) / 60, 1)
    bench.write("figures.json", json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures))
    sys.exit(1 if bench.failed else 0)


class Bench:
    """The options, and the records and results so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.failed = False
        self.tables: list[str] = []

    def head(self) -> None:
        """Says what all have alike."""
        memory = self.options.memory
        self.show(
            f"Each run has {CORES} cores and {memory} GB: DuckDB's memory_limit, Spark's heap, or our heap of "
            f"{memory - CORES * KERNEL_GB} GB and {CORES} kernels of {KERNEL_GB} GB, beside which each of our tasks "
            f"may hold records in as much as the local profile says. Median of {self.options.runs}. "
            f"total is without session. The machine's load before was {os.getloadavg()[0]:.1f}."
        )

    def compare(self) -> dict[int, dict[str, Figures]]:
        """All at the first size, ours and DuckDB at the others; ours at a tenth of the first, for growth."""
        first, *larger = self.options.sizes
        asked = self.options.contestants
        compared: dict[int, dict[str, Figures]] = {}
        if "compare" in self.options.sections:
            for size in (first, *larger):
                names = asked if size == first else [name for name in asked if name != "spark"]
                compared[size] = self.side_by_side(size, names)
                self.show(report.compare_table(size, compared[size]))
        if "growth" in self.options.sections and "ours" in asked:
            for size in (first // 10, first, *larger):
                if size not in compared:
                    compared[size] = self.side_by_side(size, ["ours"])
            self.show(report.growth_table({size: results["ours"] for size, results in compared.items()}))
            self.write("growth.svg", chart(compared))
        return compared

    def variants(self, compared: dict[int, dict[str, Figures]]) -> dict[str, Figures]:
        """Ours at the first size with looser rules, with hot keys, and with records that are carried."""
        size, wanted = self.options.sizes[0], self.options.sections
        found: dict[str, Figures] = {}
        if "ours" not in self.options.contestants or not {"skew", "pairs"} & set(wanted):
            return found
        for times in LOOSER:
            if times == 1 and "ours" in compared.get(size, {}):
                found["x1"] = compared[size]["ours"]
            elif times == 1 or "pairs" in wanted:
                found[f"x{times}"] = self.repeated("ours", size, looser=times)
        if "pairs" in wanted:
            found["carried"] = self.repeated("ours", size, carried=True)
        for hot in (HOT, HOT_FULL) if self.options.full else (HOT,):
            if "skew" in wanted and hot < size:
                found[f"hot{hot}"] = self.repeated("ours", size, hot=hot)
        self.show(report.skew_table(found))
        return found

    def edges(self) -> dict[int, Figures]:
        """Clustering of generated edges, by how many."""
        found: dict[int, Figures] = {}
        if "edges" in self.options.sections:
            for count in (EDGES, EDGES_FULL) if self.options.full else (EDGES,):
                found[count] = self.noted(run_edges(count, memory=self.options.memory, timeout=self.options.timeout))
                self.show(report.compare_table(count, {"ours": found[count]}, of="edges"))
        return found

    def side_by_side(self, size: int, names: list[str]) -> dict[str, Figures]:
        """Medians by contestant, which take turns."""
        runs: dict[str, list[Figures]] = {name: [] for name in names}
        for _ in range(self.options.runs):
            for name in names:
                runs[name].append(self.once(name, size))
        return {name: medians(results) for name, results in runs.items()}

    def repeated(self, name: str, size: int, *, looser: int = 1, hot: int = 0, carried: bool = False) -> Figures:
        """The median of one contestant."""
        how = {"looser": looser, "hot": hot, "carried": carried}
        return medians([self.once(name, size, **how) for _ in range(self.options.runs)])

    def once(self, name: str, size: int, *, looser: int = 1, hot: int = 0, carried: bool = False) -> Figures:
        """One run."""
        records = made_records(self.options.out, size, self.options.memory)
        if hot:
            records = hot_records(records, hot)
        return self.noted(run(name, Work(records, self.options.memory, self.options.timeout, looser, carried)))

    def noted(self, figures: Figures) -> Figures:
        """The same; a run without figures has failed."""
        self.failed |= not figures
        return figures

    def show(self, table: str) -> None:
        """Prints a table and keeps it."""
        self.tables.append(table)
        print(table + "\n", flush=True)
        self.write("tables.txt", "\n\n".join(self.tables) + "\n")

    def write(self, name: str, text: str) -> None:
        """A file in the output folder."""
        self.options.out.mkdir(parents=True, exist_ok=True)
        (self.options.out / name).write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("--sizes", type=_sizes, default="1000000,10000000", help="numbers of records, about; the first three ways")
    option("--contestants", type=_one_of(CONTESTANTS), default=",".join(CONTESTANTS))
    option("--sections", type=_one_of(SECTIONS), default=",".join(SECTIONS))
    option("--runs", type=int, default=1, help="runs of each, in turns (1)")
    option("--memory", type=int, default=6, metavar="GB", help="what each engine may use (6)")
    option("--timeout", type=float, default=2400, metavar="SECONDS", help="when a run is stopped (2400)")
    option("--full", action="store_true", help="also 50,000 records on one key, and 50 million edges")
    option("--out", type=Path, default=ROOT / "data/bench", help="folder for records, tables and chart (data/bench)")
    options = parser.parse_args()
    options.out = options.out.absolute()
    if options.memory <= CORES * KERNEL_GB:
        parser.error(f"--memory {options.memory}: our kernels alone take {CORES * KERNEL_GB} GB")
    return options


def _sizes(text: str) -> list[int]:
    return [int(part.replace("_", "")) for part in text.split(",")]


def _one_of(known: tuple[str, ...]):
    def parse(text: str) -> list[str]:
        parts = text.split(",")
        if unknown := [part for part in parts if part not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(known)}")
        return parts

    return parse


if __name__ == "__main__":
    main()
