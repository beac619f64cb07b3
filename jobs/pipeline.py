"""Run a whole pipeline: supplies in, persons and their accuracy out.

Stages that are done (same inputs, settings, code and key) are left out; a run that was stopped
anywhere goes on. Ends with where the tables are and a summary.
"""

from __future__ import annotations

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs import evaluate, ingest, link, resolve, settings, stage_summary, synthesise, train
from jobs.harness import lock
from jobs.harness.run import Run
from jobs.settings import PipelineSettings, Request
from linkage.lake import Lake, Zone, table_path

RESUMES = True
READS = frozenset({Zone.LINKAGE, Zone.EVALUATION})
WRITES: frozenset[Zone] = frozenset()

STAGES = (ingest.STAGE, train.STAGE, link.STAGE, resolve.STAGE)
# The truth is known of synthetic people only.
SYNTHETIC_STAGES = (synthesise.STAGE, *STAGES, evaluate.STAGE)
_BIGGEST = 5

add_arguments = settings.add_arguments
load = settings.load


def run(spark: SparkSession, request: Request, run: Run) -> None:
    """Performs the stages in order and prints the summary."""
    config = request.config
    run.manifest.config = request.named
    with lock.alone(config.lake, config.runs):
        for stage in SYNTHETIC_STAGES if config.synthesise else STAGES:
            stage.perform(spark, config, run, again=request.again)
    lake = Lake(spark, config.lake, READS, WRITES)
    if config.synthesise is not None:
        run.manifest.more["accuracy"] = stage_summary.accuracy(lake)
    print(_summary(lake, config, run))
    if config.synthesise is not None:
        print("", *evaluate.told(spark, config), sep="\n")


def _summary(lake: Lake, config: PipelineSettings, run: Run) -> str:
    seconds = run.manifest.seconds
    persons = lake.read(Zone.LINKAGE, "persons", schemas.load("persons"))
    biggest = persons.orderBy(F.desc("records"), "person_id").limit(_BIGGEST).collect()
    took = ", ".join(f"{name} {seconds[name]:.1f}" for name in ("session", *run.manifest.stages) if name in seconds)
    lines = ["", "tables:"]
    for table in run.manifest.outputs:
        zone, _, name = table.partition("/")
        lines.append(f"  {table:<40} {table_path(config.lake, Zone(zone), name)}")
    lines += [
        "",
        *stage_summary.found(run.manifest.counts, run.manifest.more),
        *(f"{_label(place)}{_cluster(row)}" for place, row in enumerate(biggest)),
        f"seconds             {took}",
        *_unchanged(run),
        stage_summary.where(run),
    ]
    return "\n".join(lines)


def _unchanged(run: Run) -> list[str]:
    """Says which stages had nothing to do, if any."""
    stages = [name for name, outcome in run.manifest.stages.items() if outcome == "unchanged"]
    told = "all stages" if len(stages) == len(run.manifest.stages) else ", ".join(stages)
    return [f"nothing to do       for {told}: what they read is unchanged"] if stages else []


def _label(place: int) -> str:
    return ("" if place else "biggest clusters").ljust(20)


def _cluster(row: Row) -> str:
    return f"{row['records']} records in {', '.join(row['source_datasets'])}"
