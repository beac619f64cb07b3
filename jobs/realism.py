"""Hold the synthetic supplies to what is published of the real ones: agreement, gaps, overlaps, names.

Writes the table evaluation/realism and a page into the run's folder, names each figure that is outside its
tolerance, and ends with a verdict. Data within tolerance are no more real than that.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs import deliveries, settings
from jobs.harness import keys, lock
from jobs.harness.config import load as load_yaml
from jobs.harness.run import Run
from jobs.judging import RECORD_KEY
from jobs.settings import PipelineSettings
from jobs.synthesise import rates_of
from linkage.errors import InputError, RefusedError
from linkage.lake import Lake, Zone
from linkage.quality.anchors import Anchors, Finding
from linkage.quality.comparable import comparable
from linkage.quality.realism import realism
from linkage.quality.realism_page import page, verdict
from linkage.records import quarantine, standardise

READS = frozenset({Zone.LANDING, Zone.EVALUATION})
WRITES = frozenset({Zone.EVALUATION})
TABLE, PAGE = "realism", "realism.html"
# Anchors, and what rates call the same.
_ASKED = {
    "full_name": "full_name",
    "dob": "dob",
    "postcode_shared": "postcode",
    "postcode_outcode_only": "postcode_outcode",
}


@dataclass(frozen=True)
class RealismRequest:
    """What the command line asks for."""

    pipeline: settings.Request
    anchors: Anchors
    strict: bool

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.pipeline.runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--config", type=Path, required=True, metavar="YAML", help="the pipeline whose supplies are looked at")
    option("--strict", action="store_true", help="end with exit code 4 if a figure is outside its tolerance")
    option(
        "--anchors",
        type=Path,
        default=Path("conf/synthetic/anchors.yaml"),
        metavar="YAML",
        help="what to hold them to (conf/synthetic/anchors.yaml)",
    )


def load(args: argparse.Namespace) -> RealismRequest:
    """Read the pipeline's config and the anchors."""
    return RealismRequest(settings.looked_at(args.config), load_yaml(args.anchors, Anchors), args.strict)


def run(spark: SparkSession, request: RealismRequest, run: Run) -> None:
    """Measure, write, tell; with --strict refuse what is outside."""
    config = request.pipeline.config
    run.manifest.config = request.pipeline.named
    lake = Lake(spark, config.lake, READS, WRITES)
    with lock.alone(config.lake, config.runs), run.stage("realism") as stage:
        findings = _measure(lake, config, request.anchors)
        schema = schemas.load(TABLE)
        rows = [tuple(getattr(each, name) for name in schema.column_names) for each in findings]
        lake.overwrite(spark.createDataFrame(rows, schema.struct_type()).coalesce(1), Zone.EVALUATION, TABLE, schema)
        (run.folder / PAGE).write_text(page(findings), encoding="utf-8")
        outside = sum(each.is_within is False for each in findings)
        stage.count(figures=len(findings), outside=outside)
    print("\n".join([*verdict(findings), f"every figure is in {run.folder / PAGE}"]))
    if request.strict and outside:
        raise RefusedError(f"{outside} of {len(findings)} figures are outside their tolerance; see {run.folder / PAGE}")


def _measure(lake: Lake, config: PipelineSettings, anchors: Anchors) -> Sequence[Finding]:
    truth = lake.read(Zone.EVALUATION, "truth_keys", schemas.load("truth_keys"))
    [counts] = truth.agg(F.collect_set("source_dataset"), F.count_distinct("true_person_id")).collect()
    names, people = [name for name in schemas.value_set("source_dataset") if name in counts[0]], counts[1]
    if not names:
        raise InputError("evaluation/truth_keys: holds no record of a dataset; run synthesise")
    key = keys.load(config.key).derive(RECORD_KEY)
    supplies = {name: deliveries.plain(lake, name) for name in names}
    identified = {}
    for name, supply in supplies.items():
        flagged = quarantine.flag(supply, schemas.load(name))
        identified[name] = standardise.identify(flagged.where(F.size(quarantine.REASONS) == 0), name, key)
    chosen = F.pmod(F.xxhash64("true_person_id"), F.lit(people)) < anchors.most_people
    records = comparable(identified, truth.where(chosen), as_of=config.ingest.as_of)
    kept = records.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        people_only = {name: _of_people(supply) for name, supply in supplies.items()}
        return realism(people_only, kept, anchors, asked=_asked(config))
    finally:
        kept.unpersist()


def _asked(config: PipelineSettings) -> dict[str, float]:
    """The agreement that the rates ask for, by the names of anchors; nothing where no rates are known."""
    if config.synthesise is None:
        return {}
    agreement = rates_of(config.synthesise).agreement
    return {name: getattr(agreement, theirs).rate for name, theirs in _ASKED.items()}


def _of_people(supply: DataFrame) -> DataFrame:
    """Without the rows of organisations, which have none of a person's values."""
    return supply.where(F.trim("party_type") == "P") if "party_type" in supply.columns else supply
