"""Run a whole pipeline: supplies in, persons and their accuracy out.

Stages that are done (same inputs, settings, code and key) are left out; a run that was stopped
anywhere goes on. Ends with where the tables are and a summary.
"""

from __future__ import annotations

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs import evaluate, ingest, link, resolve, settings, synthesise, train
from jobs.harness import lock
from jobs.harness.config import digest
from jobs.harness.run import Run
from jobs.settings import PipelineSettings, Request
from linkage.lake import Lake, Zone

RESUMES = True
READS = frozenset({Zone.LINKAGE, Zone.EVALUATION})
WRITES: frozenset[Zone] = frozenset()

STAGES = (ingest.STAGE, train.STAGE, link.STAGE, resolve.STAGE)
# The truth is known of synthetic people only.
SYNTHETIC_STAGES = (synthesise.STAGE, *STAGES, evaluate.STAGE)
_QUARANTINED = "quarantined_"
_BIGGEST = 5

add_arguments = settings.add_arguments
load = settings.load


def run(spark: SparkSession, request: Request, run: Run) -> None:
    """Performs the stages in order and prints the summary."""
    config = request.config
    run.manifest.config = {"path": str(request.path), "sha256": digest(config)}
    with lock.alone(config.lake, config.runs):
        for stage in SYNTHETIC_STAGES if config.synthesise else STAGES:
            stage.perform(spark, config, run, again=request.again)
    lake = Lake(spark, config.lake, READS, WRITES)
    if config.synthesise is not None:
        run.manifest.more["accuracy"] = _accuracy(lake)
    print(_summary(lake, config, run))


def _summary(lake: Lake, config: PipelineSettings, run: Run) -> str:
    counts, seconds = run.manifest.counts, run.manifest.seconds
    reasons = {name.removeprefix(_QUARANTINED): n for name, n in counts.items() if name.startswith(_QUARANTINED)}
    persons = lake.read(Zone.LINKAGE, "persons", schemas.load("persons"))
    biggest = persons.orderBy(F.desc("records"), "person_id").limit(_BIGGEST).collect()
    took = ", ".join(f"{name} {seconds[name]:.1f}" for name in ("session", *run.manifest.stages) if name in seconds)
    lines = ["", "tables:"]
    lines += [f"  {table:<40} {_place(config, table)}" for table in run.manifest.outputs]
    lines += [
        "",
        f"records in          {counts['rows']:,}",
        f"quarantined         {counts['quarantined']:,}" + _listed(reasons),
        f"pairs considered    {counts['pairs_considered']:,}, {counts['pairs_kept']:,} kept",
        *_lost(counts),
        f"persons found       {counts['persons']:,} from {counts['records']:,} records",
        *_told(run.manifest.more.get("accuracy")),
        *(f"{_label(place)}{_cluster(row)}" for place, row in enumerate(biggest)),
        f"seconds             {took}",
        f"this run            {run.folder}",
    ]
    return "\n".join(lines)


def _accuracy(lake: Lake) -> dict[str, float | None]:
    accuracy = lake.read(Zone.EVALUATION, "accuracy", schemas.load("accuracy"))
    [overall] = accuracy.where("scope = 'all'").collect()
    return {name: overall[name] for name in ("precision", "recall", "f1")}


def _told(accuracy: dict[str, float | None] | None) -> list[str]:
    if accuracy is None:
        return []
    rates = f"{_rate(accuracy['precision'])}, {_rate(accuracy['recall'])}"
    return [f"precision, recall   {rates} of pairs, on synthetic truth"]


def _lost(counts: dict[str, int]) -> list[str]:
    if not counts.get("capped_keys"):
        return []
    return [f"keys capped         {counts['capped_keys']:,}; what each rule lost by it is in the run that linked"]


def _place(config: PipelineSettings, table: str) -> str:
    zone, _, name = table.partition("/")
    root = f"{config.lake}/{zone}" if isinstance(config.lake, str) else config.lake[Zone(zone)]
    return f"{root}/{name}"


def _listed(reasons: dict[str, int]) -> str:
    most = sorted(reasons.items(), key=lambda item: -item[1])
    told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in most)
    return f" ({told})" if told else ""


def _rate(rate: float | None) -> str:
    return "unknown" if rate is None else f"{rate:.4f}"


def _label(place: int) -> str:
    return ("" if place else "biggest clusters").ljust(20)


def _cluster(row: Row) -> str:
    return f"{row['records']} records in {', '.join(row['source_datasets'])}"
