"""Makes the records of the engine benchmark: the project's synthetic people, standardised, as Parquet.

Usage: python -m tests.benchmarks.engine_records --records N --output FOLDER --memory GB

Each record has `unique_id`, a bigint that says nothing about the person and orders the file, the
compared columns, and `true_person`, which is for measuring only.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from datetime import date
from functools import reduce
from pathlib import Path

import yaml
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.records import dates, identifiers, names, postcodes, sex
from linkage.synthetic import Rates, Spec
from linkage.synthetic.draws import Draws
from linkage.synthetic.population import world_of
from linkage.synthetic.recording import recorded
from linkage.synthetic.rows import rows
from linkage.synthetic.supplies.registry import FORMS
from linkage.synthetic.world import World
from tests.benchmarks.engine_session import ROOT, session

DATASETS = ("magistrates", "prison", "probation")
SEED = 20_240_229
AS_OF = date(2024, 12, 31)
# Only this share of a person's records is kept, so that pairs of one person do not outweigh all others.
SHARE_KEPT = 0.5
# People for a thousand records kept, so that `--records` is met within a percent from 100,000 on.
PEOPLE_PER_THOUSAND_RECORDS = 899
# Odd, so that each permutes the numbers below the span; no product reaches 2**63.
_SCATTER, _SCATTER_MORE, _SPAN_BITS = 331_804_471, 7_368_787, 40
DONE = "_made.json"  # as it begins with _, Spark does not read it as data


def main() -> None:
    """Make the records unless they are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--memory", type=int, required=True)
    options = parser.parse_args()
    if (options.output / DONE).exists():
        return
    shutil.rmtree(options.output, ignore_errors=True)
    spark = session("bench records", memory=options.memory)
    began = time.monotonic()
    made = records(spark, round(options.records * PEOPLE_PER_THOUSAND_RECORDS / 1000))
    files = max(2, options.records // 500_000)
    made.repartition(files, "unique_id").sortWithinPartitions("unique_id").write.parquet(str(options.output))
    seconds = time.monotonic() - began
    count = spark.read.parquet(str(options.output)).count()
    spark.stop()
    (options.output / DONE).write_text(json.dumps({"records": count, "seconds": round(seconds, 1)}), encoding="utf-8")


def records(spark: SparkSession, people_count: int) -> DataFrame:
    """One row per record of a synthetic population, key `unique_id`; bad rows are left out as ingest would.

    The columns are those of the supplies before they are delivered, so the errors are in them;
    only the columns that the benchmark compares are standardised.
    """
    rates = Rates.model_validate(yaml.safe_load((ROOT / "conf/synthetic/rates.yaml").read_text(encoding="utf-8")))
    spec = Spec(people=people_count, seed=SEED, rates=rates, datasets=DATASETS)
    world = world_of(spark, spec, partitions=max(4, people_count // 50_000))
    parsed = reduce(DataFrame.unionByName, (_parsed(world, name) for name in DATASETS))
    return parsed.select(
        "unique_id",
        F.get("forenames", F.lit(0)).alias("forename1"),
        F.get("forenames", F.lit(1)).alias("forename2"),
        "surname",
        dates.plausible_birth(F.col("birth"), latest=F.col("event_date")).cast("string").alias("dob"),
        "sex",
        "postcode",
        postcodes.district(F.col("postcode")).alias("district"),
        "pnc",
        "true_person",
    )


def _parsed(world: World, dataset: str) -> DataFrame:
    form = FORMS[dataset]
    kept = Draws(SEED, F.xxhash64(F.lit(dataset), F.col("case"))).happens(SHARE_KEPT, "kept")
    made = recorded(rows(world, form).where(kept & F.col("flaw").isNull()), world)
    return made.select(
        _unique_id(dataset).alias("unique_id"),
        names.forename_words(F.col("forename1"), F.col("forename2")).alias("forenames"),
        names.standardise_surname(F.col("surname")).alias("surname"),
        dates.parse_date(F.col("dob")).alias("birth"),
        "event_date",
        sex.standardise_sex(F.col("sex")).alias("sex"),
        postcodes.standardise_postcode(F.col("postcode")).alias("postcode"),
        identifiers.normalise_pnc(F.col("pnc"), latest_year=F.lit(AS_OF.year)).alias("pnc"),
        F.col("person_id").alias("true_person"),
    )


def _unique_id(dataset: str) -> Column:
    number = F.col("number") * len(DATASETS) + DATASETS.index(dataset)
    span = F.lit(2**_SPAN_BITS)
    scattered = F.pmod(number * F.lit(_SCATTER), span)
    folded = scattered.bitwiseXOR(F.shiftright(scattered, _SPAN_BITS // 2))
    return F.pmod(folded * F.lit(_SCATTER_MORE), span)


if __name__ == "__main__":
    main()
