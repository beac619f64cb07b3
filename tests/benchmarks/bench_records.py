"""Prints how many records a second one core standardises: Parquet in, nothing written.

Usage: python -m tests.benchmarks.bench_records [--people N] [--runs N]

The records are a synthetic probation supply, the one with most to standardise. Each has the twelve
linkage columns of `COLUMNS` as delivered and leaves as a row of the table `records`, with all that
is derived from them and the evidence. The last line is one JSON object of named figures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

import yaml
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.records.standardise import to_records
from linkage.synthetic import Rates, Spec, synthesise
from tests.benchmarks.engine_session import ROOT, session

DATASET = "probation"
COLUMNS = (
    "forename1",
    "forename2",
    "surname",
    "aliases",
    "dob",
    "sex",
    "postcode",
    "previous_postcodes",
    "pnc",
    "cro",
    "prison_number",
    "crn",
)
SEED = 20_240_229
AS_OF = date(2024, 12, 31)


def main() -> None:
    """Deliver a supply, standardise it several times, print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    spark = session("bench records", memory=2, more={"spark.master": "local[1]"})
    with tempfile.TemporaryDirectory(prefix="bench-records-") as folder:
        supply = _delivered(spark, options.people, Path(folder) / DATASET)
        rows = supply.count()
        _standardise(supply)  # the JVM compiles
        seconds = [_standardise(supply) for _ in range(options.runs)]
    spark.stop()
    print(f"{rows} records of {len(COLUMNS)} linkage columns ({', '.join(COLUMNS)})")
    print(f"median of {options.runs} runs {statistics.median(seconds):.2f} s, fastest {min(seconds):.2f} s")
    print(json.dumps({"standardise_rows_per_core_second": round(rows / statistics.median(seconds))}))


def _delivered(spark: SparkSession, people: int, path: Path) -> DataFrame:
    rates = Rates.model_validate(yaml.safe_load((ROOT / "conf/synthetic/rates.yaml").read_text(encoding="utf-8")))
    supply = synthesise(spark, Spec(people=people, seed=SEED, rates=rates)).tables[DATASET]
    supply.write.parquet(str(path))
    return spark.read.parquet(str(path))


def _standardise(supply: DataFrame) -> float:
    """Seconds to standardise every row of the supply."""
    keys = {"record_id": F.lit(0).cast("bigint"), "source_dataset": F.lit(DATASET), "source_key": F.col("event_id")}
    began = time.monotonic()
    to_records(supply.withColumns(keys), DATASET, as_of=AS_OF, synthetic=True).write.format("noop").mode(
        "overwrite"
    ).save()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
