"""Draw what a model weighs, what thresholds and rules trade, and why two records have their match weight.

Writes pages that need no network, and the same figures as JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.explained_pair import Named, check_link, explained, parse_pair
from jobs.harness import config
from jobs.harness.inputs import check_inputs, named_inputs
from jobs.harness.matched import MODEL, read_matched, read_sessions
from jobs.harness.models import model_documents, read_model
from jobs.harness.run import Run
from linkage.engine.checks import check_runnable
from linkage.engine.record_inputs import linkage_records
from linkage.errors import ConfigError
from linkage.lake import (
    check_replaceable,
    clear_leftovers,
    fingerprint,
    read_input,
    staged_folder,
    write_document,
    write_text,
)
from linkage.model.specification import LinkageModel
from linkage.model.training import SessionHistory
from linkage.quality.charts import history_charts, model_charts
from linkage.quality.threshold_page import ThresholdReport, threshold_report

MARK = "run.json"
OURS = (
    *("match_weights.html", "m_u.html", "em_session_*.html"),
    *("thresholds.html", "thresholds.json", "rules.json", "calibration.json", "growth.json"),
    *("waterfall.html", "waterfall.json"),
)


@dataclass(frozen=True)
class ExplainSettings:
    """What the command line asks for; `pair` has source name and ID of two records.

    `pages` and `documents` are what the model and its run tell without records, by file name.
    """

    model: LinkageModel
    pages: Mapping[str, str]
    documents: Mapping[str, dict[str, Any]]
    inputs: Mapping[str, str]
    pair: tuple[Named, Named] | None
    with_values: bool
    output: str
    runs: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--output", required=True, metavar="DIR", help="new folder for the charts, or one of ours to replace")
    option("--run", type=Path, metavar="DIR", help="a folder that match wrote: its model, training and pattern counts")
    option("--model", type=Path, help="without --run: a trained model (JSON)")
    option(
        "--history", type=Path, metavar="RUN.json", help="with --model: run.json of its training, for its EM sessions"
    )
    option("--input", action="append", default=[], metavar="NAME=PATH", help="what the pair is from, all of it; repeat")
    option("--pair", metavar="ID,ID", help="two records to explain; SOURCE:ID,SOURCE:ID if there are several inputs")
    option("--with-values", action="store_true", help="show the pair's values too; without it, only levels and weights")
    option("--runs", type=Path, default=Path("data/runs"), help="folder for logs (data/runs)")


def load(args: argparse.Namespace) -> ExplainSettings:
    """Check the options, read the model and its run, and draw them: what can be refused without Spark is."""
    _check_options(args)
    model, sessions, report = _model(args)
    if not model.is_trained:
        file = args.run / MODEL if args.run else args.model
        raise ConfigError(f"{file}: the model is not trained; match --training trains it and writes model.json")
    inputs = named_inputs(args.input)
    pair = None if args.pair is None else parse_pair(args.pair, list(inputs), with_sources=len(inputs) > 1)
    if pair is not None:
        check_inputs(inputs, model)
        check_link(pair, model)
    check_replaceable(None, args.output, mark=MARK, job="explain", only=OURS)
    pages = model_charts(model) | history_charts(model, sessions)
    return ExplainSettings(
        model=model,
        pages=pages if report is None else pages | {"thresholds.html": report.page()},
        documents={} if report is None else report.documents(),
        inputs=inputs,
        pair=pair,
        with_values=args.with_values,
        output=args.output,
        runs=args.runs,
    )


def run(spark: SparkSession, settings: ExplainSettings, run: Run) -> None:
    """Explain the pair, and write that and what the model tells."""
    clear_leftovers(spark, settings.output)
    check_replaceable(spark, settings.output, mark=MARK, job=run.job, only=OURS)
    run.manifest.config = {"model": config.digest(*model_documents(settings.model).values())}
    pages, documents, lines = dict(settings.pages), dict(settings.documents), list[str]()
    if settings.pair is not None:
        with run.stage("read"):
            frames = {name: read_input(spark, path) for name, path in settings.inputs.items()}
            run.manifest.inputs |= {path: fingerprint(spark, path) for path in settings.inputs.values()}
            records = linkage_records(frames, settings.model, ())
            check_runnable(records, settings.model, ())
        with run.stage("explain"):
            found = explained(records, settings.model, settings.pair, with_values=settings.with_values)
        pages, documents, lines = pages | found.pages, documents | found.documents, [found.line]
    with run.stage("write"), staged_folder(spark, settings.output, mark=MARK, job=run.job, only=OURS) as folder:
        for name, page in pages.items():
            write_text(spark, folder.table(name), page)
        for name, document in documents.items():
            write_document(spark, folder.table(name), document)
        write_document(spark, folder.table(MARK), run.manifest.document() | {"outcome": "done"})
    print("\n".join([*lines, f"{', '.join([*pages, *documents])} are in {settings.output}"]))


def _check_options(args: argparse.Namespace) -> None:
    if (args.run is None) == (args.model is None):
        raise ConfigError("give either --run DIR, a folder that match wrote, or --model MODEL.json")
    if args.run is not None and args.history is not None:
        raise ConfigError("--run brings the history of its model; leave --history out")
    if bool(args.input) != (args.pair is not None):
        raise ConfigError("--input and --pair go together: what to explain, and the records that it is from")
    if args.with_values and args.pair is None:
        raise ConfigError("--with-values shows the values of a --pair; name one")


def _model(args: argparse.Namespace) -> tuple[LinkageModel, Sequence[SessionHistory], ThresholdReport | None]:
    """The model with the sessions of its training, and of a run what its pairs tell of thresholds."""
    if args.run is None:
        return read_model(args.model), () if args.history is None else read_sessions(args.history), None
    matched = read_matched(args.run)
    return (
        matched.model,
        matched.sessions,
        threshold_report(matched.patterns, matched.model, matched.weights, matched.records),
    )
