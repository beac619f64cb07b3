"""Link or deduplicate any records with any Splink 5 settings.

Writes scored pairs, clusters, the model and a manifest into a folder of Delta tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from jobs.harness import config, costs
from jobs.harness.inputs import check_inputs, named_inputs
from jobs.harness.limits import component_limits, kernel_limits, records_memory
from jobs.harness.models import model_documents, read_model
from jobs.harness.run import Run
from jobs.harness.session import start_workers
from jobs.harness.shuffled import newest_stage, shuffled_since
from jobs.harness.tables import write_nested, write_pairs, write_rows_of_tasks
from jobs.harness.truth import accuracy_of, check_truth
from jobs.harness.weights import check_weights, listed_weights, written_weight
from jobs.match_summary import notes, pairs_by_rule, summary
from linkage.engine import budget
from linkage.engine.checks import check_runnable
from linkage.engine.clusters import clusters
from linkage.engine.components import ComponentLimits
from linkage.engine.frequencies import counted_columns
from linkage.engine.holding import hold
from linkage.engine.kernel import KernelLimits
from linkage.engine.named import named_patterns
from linkage.engine.nested import nested_clusters
from linkage.engine.passes import Measured
from linkage.engine.record_inputs import linkage_records
from linkage.engine.records import LinkageRecords
from linkage.engine.scoring import score
from linkage.engine.survey import Survey, survey
from linkage.engine.training import TrainingRules, train, training_rules
from linkage.errors import ConfigError
from linkage.lake import (
    StagedFolder,
    check_replaceable,
    clear_leftovers,
    fingerprint,
    parquet_files,
    read_input,
    staged_folder,
    tasks_share,
    write_document,
    write_rows,
)
from linkage.model.blocking import KeyedRule, keyed_rules
from linkage.model.specification import LinkageModel
from linkage.model.training_plan import TrainingPlan

MARK = "run.json"


@dataclass(frozen=True)
class MatchSettings:
    """What the command line asks for, read and checked as far as that goes without data."""

    inputs: Mapping[str, str]
    model: LinkageModel
    rules: tuple[KeyedRule, ...]
    plan: TrainingPlan | None
    training: TrainingRules | None
    threshold_weight: float
    cluster_weight: float
    also_cluster_weights: tuple[float, ...]
    truth: str | None
    max_pairs: int | None
    dry_run: bool
    show_keys: bool
    output: str | None
    runs: Path


@dataclass(frozen=True)
class Linkage:
    """What prediction and clustering work on."""

    records: LinkageRecords
    model: LinkageModel
    found: Survey
    limits: KernelLimits
    joining: ComponentLimits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--input", action="append", required=True, metavar="NAME=PATH", help="Parquet, Delta or CSV; repeat to link")
    option("--settings", required=True, type=Path, help="Splink 5 settings or saved model (JSON)")
    option("--training", type=Path, help="how to estimate the model (YAML); needed if it is untrained")
    option("--threshold-weight", type=float, default=0.0, metavar="BITS", help="keep pairs of at least this weight (0)")
    option("--cluster-weight", type=float, default=10.0, metavar="BITS", help="join pairs of at least this weight (10)")
    option(
        "--also-cluster-weights",
        metavar="BITS,BITS",
        help="write nested_clusters and cluster_nesting, too: clusters at these weights and how they nest",
    )
    option("--truth", metavar="COLUMN", help="true person, for measuring only; never takes part in linking")
    option("--max-pairs", type=int, metavar="N", help="stop, with exit code 4, rather than make more pairs than this")
    option("--dry-run", action="store_true", help="print what the rules would make and cost, and stop")
    option("--show-keys", action="store_true", help="with --dry-run: show the values of hot keys")
    option(
        "--output",
        metavar="DIR",
        help="new folder for the tables, or one of ours to replace; required, unless it is a --dry-run",
    )
    option("--runs", type=Path, default=Path("data/runs"), help="folder for logs (data/runs)")


def load(args: argparse.Namespace) -> MatchSettings:
    """Check the options and read the settings."""
    also = listed_weights("--also-cluster-weights", args.also_cluster_weights)
    check_weights(
        args.threshold_weight,
        [("--cluster-weight", args.cluster_weight), *(("--also-cluster-weights", weight) for weight in also)],
    )
    if args.output is None and not args.dry_run:
        raise ConfigError("--output DIR is required: a new folder for the tables; only a --dry-run needs none")
    if args.show_keys and not args.dry_run:
        raise ConfigError("--show-keys: only --dry-run shows keys; give both")
    if args.max_pairs is not None and args.max_pairs < 1:
        raise ConfigError(f"--max-pairs {args.max_pairs}: give a number of pairs, 1 or more")
    model = read_model(args.settings)
    plan = None if args.training is None else config.load(args.training, TrainingPlan)
    if plan is None and not model.is_trained and not args.dry_run:
        raise ConfigError(f"{args.settings}: the model is not trained; give --training TRAINING.yaml")
    rules = keyed_rules(model.blocking_rules, model.dialect, where=str(args.settings))
    inputs = named_inputs(args.input)
    check_inputs(inputs, model)
    if args.output is not None and not args.dry_run:
        check_replaceable(None, args.output, mark=MARK, job="match")
    return MatchSettings(
        inputs=inputs,
        model=model,
        rules=rules,
        plan=plan,
        training=None
        if plan is None
        else training_rules(plan, model, where=str(args.training), first_number=len(rules)),
        threshold_weight=args.threshold_weight,
        cluster_weight=args.cluster_weight,
        also_cluster_weights=also,
        truth=args.truth,
        max_pairs=args.max_pairs,
        dry_run=args.dry_run,
        show_keys=args.show_keys,
        output=args.output,
        runs=args.runs,
    )


def run(spark: SparkSession, settings: MatchSettings, run: Run) -> None:
    """Read, train, predict, cluster and write; or only estimate the cost."""
    start_workers(spark)
    if settings.output is not None and not settings.dry_run:
        clear_leftovers(spark, settings.output)
        check_replaceable(spark, settings.output, mark=MARK, job=run.job)
    limits, joining = kernel_limits(spark, run), component_limits(spark)
    with run.stage("read") as stage:
        frames, records = _read(spark, settings, run)
        stage.count(records=records.count())
    columns = counted_columns(settings.model, for_training=settings.plan is not None)
    with run.stage("count"):
        found = survey(records, _all_rules(settings), columns, limits=limits)
    run.manifest.counts["records_by_input"] = dict(found.counts)
    surveyed = costs.Surveyed(_all_rules(settings), columns, found, run.manifest.seconds["count"])
    by_spark = not _by_tasks(spark, settings)
    if settings.dry_run or settings.output is None:
        with run.stage("sample"):
            what = (records, settings.model, settings.rules, surveyed)
            table = costs.dry_run(*what, limits=limits, by_spark=by_spark, show_keys=settings.show_keys)
        print(table)
        return
    if settings.max_pairs is not None:
        budget.check(records, settings.rules, found, settings.max_pairs, limits, name="--max-pairs")
    model, measured = _trained(records, settings, found, limits, run)
    expected = costs.expected(records, model, settings.rules, surveyed, measured, by_spark=by_spark)
    run.manifest.more["estimate"] = expected.document()
    with staged_folder(spark, settings.output, mark=MARK, job=run.job) as folder:
        _link(spark, settings, Linkage(records, model, found, limits, joining), folder, run)
        with run.stage("write"):
            accuracy = None
            if settings.truth is not None:
                judged = read_input(spark, folder.table("clusters"))
                accuracy = accuracy_of(judged, frames, settings.model, settings.truth)
            warnings = run.manifest.more.get("training", {}).get("warnings", [])
            said = notes(settings.model, model, settings.inputs, warnings)
            run.manifest.more |= {"accuracy": accuracy, "notes": said}
            for name, document in model_documents(model).items():
                write_document(spark, folder.table(name), document)
        write_document(spark, folder.table(MARK), run.manifest.document() | {"outcome": "done"})
    print(summary(run.manifest.counts, run.manifest.more, truth=settings.truth, output=settings.output))


def _read(spark: SparkSession, settings: MatchSettings, run: Run) -> tuple[dict[str, DataFrame], LinkageRecords]:
    """The inputs by name, and their records ready to link."""
    frames = {name: read_input(spark, path) for name, path in settings.inputs.items()}
    run.manifest.inputs |= {path: fingerprint(spark, path) for path in settings.inputs.values()}
    asked = {
        "settings": config.digest(*model_documents(settings.model).values()),
        "training": config.digest(settings.plan),
        "threshold_weight": written_weight(settings.threshold_weight),
        "cluster_weight": written_weight(settings.cluster_weight),
        "also_cluster_weights": ",".join(map(written_weight, settings.also_cluster_weights)),
        "max_pairs": "" if settings.max_pairs is None else str(settings.max_pairs),
        "truth": settings.truth,
    }
    run.manifest.config = {name: text for name, text in asked.items() if text}
    rules = _all_rules(settings)
    check_truth(frames, settings.model, rules, settings.truth)
    files = {name: parquet_files(spark, path) for name, path in settings.inputs.items()}
    readable = {name: paths for name, paths in files.items() if paths is not None}
    records = linkage_records(frames, settings.model, rules, files=readable if len(readable) == len(files) else None)
    check_runnable(records, settings.model, rules)
    return frames, hold(records, memory=records_memory(spark))


def _link(spark: SparkSession, settings: MatchSettings, linkage: Linkage, folder: StagedFolder, run: Run) -> None:
    """Predict and cluster, and write what comes of it."""
    records, limits, several = linkage.records, linkage.limits, len(settings.inputs) > 1
    before = newest_stage(spark)
    with run.stage("predict") as stage:
        pairs = score(
            records,
            linkage.model,
            settings.rules,
            linkage.found,
            threshold_weight=settings.threshold_weight,
            with_sources=several,
            limits=limits,
            joining_weight=settings.cluster_weight if _by_tasks(spark, settings) else None,
        )
        write_pairs(spark, pairs, folder.table("scored_pairs"))
        patterns = pairs.patterns()
        write_rows(spark, named_patterns(records, patterns, with_sources=several), folder.table("pattern_counts"))
        by_rule = pairs_by_rule(patterns, rules=len(settings.model.blocking_rules))
        run.manifest.counts["candidate_pairs"] = by_rule
        stage.count(candidate_pairs_total=sum(by_rule.values()), pairs_kept=sum(patterns["kept"].to_pylist()))
    seconds, made = run.manifest.seconds["predict"], run.manifest.counts["candidate_pairs_total"]
    run.manifest.more["observed"] = costs.observed(seconds, made, shuffled_since(spark, before))
    with run.stage("cluster") as stage:
        joined = clusters(
            records,
            lambda: read_input(spark, folder.table("scored_pairs")),
            linkage.found,
            cluster_weight=settings.cluster_weight,
            limits=limits,
            joining=linkage.joining,
            edges=pairs.edges(),
        )
        write_rows_of_tasks(spark, joined.rows, folder.table("clusters"))
        stage.count(clusters=joined.count)
    if settings.also_cluster_weights:
        with run.stage("nest"):
            nested = nested_clusters(
                records,
                read_input(spark, folder.table("scored_pairs")),
                linkage.found,
                cluster_weights=(settings.cluster_weight, *settings.also_cluster_weights),
                limits=limits,
                joining=linkage.joining,
            )
            write_nested(spark, nested, folder)
            by_weight = {written_weight(weight): number for weight, number in sorted(nested.counts.items())}
            run.manifest.counts["clusters_by_weight"] = by_weight


def _by_tasks(spark: SparkSession, settings: MatchSettings) -> bool:
    """Whether the tasks write tables themselves; as far as can be said where no folder is named."""
    return tasks_share(spark, settings.output or ".")


def _all_rules(settings: MatchSettings) -> tuple[KeyedRule, ...]:
    return settings.rules + (() if settings.training is None else settings.training.all)


def _trained(
    records: LinkageRecords, settings: MatchSettings, found: Survey, limits: KernelLimits, run: Run
) -> tuple[LinkageModel, Measured | None]:
    """The model to score with, trained if asked for; and what comparing pairs took then."""
    if settings.plan is None or settings.training is None:
        return settings.model, None
    with run.stage("train"):
        trained = train(records, settings.model, settings.plan, settings.training, found, limits=limits)
    run.manifest.more["training"] = {**trained.report, "warnings": list(trained.warnings)}
    return trained.model, trained.measured
