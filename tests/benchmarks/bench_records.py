"""Prints how fast records are standardised and made, and how many true pairs the blocking rules reach.

Usage: python -m tests.benchmarks.bench_records [--sections NAME ...] [--people N] [--nation N] [--criminal N]
    [--runs N]

Section `standardise`: Parquet in, nothing written. The records are a synthetic probation supply, the
one with most to standardise, cut to its key, the date of its event and the twelve linkage columns of
`COLUMNS` as delivered. Two ends are measured: the standardised form of these twelve alone, and the
whole row of the table `records`, with all that is derived of them and the evidence. Seconds are
processor seconds of the whole JVM (with its compiler and collector), which other work on the machine
disturbs little; wall seconds stand beside them.

Section `synthesise`: the job of that name, once, through spark-submit.sh with all supplies of the
national pipeline and the tables beside them, of as many people as `--nation` says, by wall time
without the session's start.

Section `blocking`: the jobs of the national pipeline up to the one of that name, through spark-submit.sh, on the
datasets that it links, which are the criminal ones, of as many people as `--criminal` says. Its figure is the share of
true pairs within and across these datasets that some blocking rule makes; the same is printed by pair of datasets.

The last line is one JSON object of named figures; what no section measured is null.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import deltalake
import yaml
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from linkage.lake import Zone, table_path
from linkage.quality.blocking_recall import NO_RULE
from linkage.records.standardise import to_records
from linkage.synthetic import Rates, Spec, synthesise
from tests.benchmarks.engine_session import ROOT, session

DATASET = "probation"
COLUMNS = {
    "forename1": "forename1_std",
    "forename2": "forename2_std",
    "surname": "surname_std",
    "aliases": "name_aliases_std",
    "dob": "dob",
    "sex": "sex",
    "postcode": "postcode_std",
    "previous_postcodes": "postcode_history_std",
    "pnc": "pnc_std",
    "cro": "cro_std",
    "prison_number": "prison_number_std",
    "crn": "crn_std",
}
SEED = 20_240_229
AS_OF = date(2024, 12, 31)
WARM_UP = 3

Figures = dict[str, float | None]
FIGURES = ("standardise_rows_per_core_second", "records_rows_per_core_second", "standardise_rows_per_wall_second")
OF_NATION = "people_per_second"
OF_CRIMINAL = "blocking_recall_criminal"
ALL = "all"


def main() -> None:
    """Measure the sections that are asked for, and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--people", type=int, default=800_000)
    parser.add_argument("--nation", type=int, default=200_000)
    parser.add_argument("--criminal", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    figures: Figures = dict.fromkeys((*FIGURES, OF_NATION, OF_CRIMINAL))
    for name in options.sections:
        figures |= SECTIONS[name](options)
    print(json.dumps(figures))


def standardise(options: argparse.Namespace) -> Figures:
    """Deliver a supply, standardise it several times on one core, and take the medians."""
    spark = session("bench records", memory=2, more={"spark.master": "local[1]"})
    with tempfile.TemporaryDirectory(prefix="bench-records-") as folder:
        supply = _delivered(spark, options.people, Path(folder) / DATASET)
        rows = supply.count()
        records = _records(supply)
        ends = {"twelve columns": records.select(*COLUMNS.values()), "rows of records": records}
        seconds = {name: _measured(spark, df, options.runs) for name, df in ends.items()}
    spark.stop()
    print(f"{rows} records of {len(COLUMNS)} linkage columns ({', '.join(COLUMNS)})")
    for name, (processor, wall) in seconds.items():
        print(f"{name}: median of {options.runs} runs {processor:.2f} processor seconds, {wall:.2f} wall seconds")
    (processor, wall), (whole, _) = seconds.values()
    return dict(zip(FIGURES, (round(rows / taken) for taken in (processor, whole, wall)), strict=True))


def synthesise_nation(options: argparse.Namespace) -> Figures:
    """Make the nation as a user does, with a lake and runs of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-nation-") as folder:
        _submit("synthesise", _national(Path(folder), people=options.nation))
        [manifest] = Path(folder, "runs").glob("*/run.json")
        seconds = json.loads(manifest.read_text(encoding="utf-8"))["seconds"]["synthesise"]
    print(f"all supplies of {options.nation} people: {seconds:.1f} wall seconds on {os.cpu_count()} cores")
    return {OF_NATION: round(options.nation / seconds)}


def blocking(options: argparse.Namespace) -> Figures:
    """Ask the rules of every true pair of the criminal datasets, as a user does."""
    with tempfile.TemporaryDirectory(prefix="bench-blocking-") as folder:
        config = _national(Path(folder), people=options.criminal, linked_alone=True)
        for job in ("synthesise", "ingest", "train", "blocking"):
            _submit(job, config)
        table = deltalake.DeltaTable(table_path(f"{folder}/lake", Zone.EVALUATION, "blocking_recall"))
        reached = reached_pairs(table.to_pyarrow_table().to_pylist())
    print(f"blocking recall among the criminal datasets of {options.criminal} people")
    for datasets, (made, true) in sorted(reached.items(), key=lambda each: each[1][0] / each[1][1]):
        print(f"  {datasets:<28}{made / true:>8.4f} of {true:>9,} true pairs")
    made, true = reached[ALL]
    return {OF_CRIMINAL: round(made / true, 4)}


def reached_pairs(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """True pairs that some rule makes, and all, by pair of datasets and over `ALL`; from rows of `blocking_recall`."""
    made, true = Counter[str](), Counter[str]()
    for row in rows:
        for datasets in (f"{row['source_dataset_l']} x {row['source_dataset_r']}", ALL):
            true[datasets] += row["pairs"]
            made[datasets] += row["pairs"] * (row["match_key"] != NO_RULE)
    return {datasets: (made[datasets], true[datasets]) for datasets in true}


SECTIONS: Mapping[str, Callable[[argparse.Namespace], Figures]] = {
    "standardise": standardise,
    "synthesise": synthesise_nation,
    "blocking": blocking,
}


def _national(folder: Path, *, people: int, linked_alone: bool = False) -> Path:
    """The national pipeline of another size, writing in `folder`; `linked_alone` leaves out what it does not link."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "conf/pipelines/national.yaml").read_text(encoding="utf-8"))
    config |= {"lake": f"{folder}/lake", "runs": f"{folder}/runs", "key": {"file": f"{folder}/key", "make": True}}
    config["synthesise"] |= {"people": people}
    if linked_alone:
        config["synthesise"] |= {"datasets": list(config["ingest"]["supplies"]), "companions": False}
        config["ingest"]["supplies"] = {name: {} for name in config["ingest"]["supplies"]}
    path = folder / "national.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def _submit(job: str, config: Path) -> None:
    command = [ROOT / "spark-submit.sh", job, "--config", config]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{job} failed: {done.stderr.strip().splitlines()[-1]}")


def _delivered(spark: SparkSession, people: int, path: Path) -> DataFrame:
    rates = Rates.model_validate(yaml.safe_load((ROOT / "conf/synthetic/rates.yaml").read_text(encoding="utf-8")))
    supply = synthesise(
        spark, Spec(people=people, seed=SEED, rates=rates, datasets=(DATASET,), companions=False)
    ).tables[DATASET]
    supply.write.parquet(str(path))
    return spark.read.parquet(str(path))


def _records(supply: DataFrame) -> DataFrame:
    """The standardised rows; columns of the supply beside those of the benchmark are null."""
    schema = schemas.load(DATASET)
    kept = {*COLUMNS, *schema.key, schema.event_date}
    cut = supply.select(*(F.col(n) if n in kept else F.lit(None).cast("string").alias(n) for n in schema.column_names))
    keys = {"record_id": F.lit(0).cast("bigint"), "source_dataset": F.lit(DATASET), "source_key": F.col("event_id")}
    return to_records(cut.withColumns(keys), DATASET, as_of=AS_OF, synthetic=True)


def _measured(spark: SparkSession, df: DataFrame, runs: int) -> tuple[float, float]:
    """Median processor and wall seconds to make every row, once the JVM has compiled what it needs."""
    taken = [_once(spark, df) for _ in range(WARM_UP + runs)][WARM_UP:]
    return statistics.median(processor for processor, _ in taken), statistics.median(wall for _, wall in taken)


def _once(spark: SparkSession, df: DataFrame) -> tuple[float, float]:
    processor, wall = _processor_seconds(spark), time.monotonic()
    df.write.format("noop").mode("overwrite").save()
    return _processor_seconds(spark) - processor, time.monotonic() - wall


def _processor_seconds(spark: SparkSession) -> float:
    """Seconds of user and system that the JVM has taken since it started."""
    pid = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
