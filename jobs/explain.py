"""Draw what a model weighs, and why two records have their match weight.

Writes charts as pages that need no network, and the pair's weight, step by step, as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.harness import config
from jobs.harness.inputs import named_inputs
from jobs.harness.models import model_documents, read_model
from jobs.harness.run import Run
from linkage.engine.explanation import Explanation, explain_pair, model_of_pair
from linkage.engine.one_pair import one_pair
from linkage.engine.records import LinkageRecords, linkage_records
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
from linkage.quality.charts import history_charts, model_charts, waterfall_chart

MARK = "run.json"
OURS = ("match_weights.html", "m_u.html", "em_session_*.html", "waterfall.html", "waterfall.json")

Named = tuple[str, str]


@dataclass(frozen=True)
class ExplainSettings:
    """What the command line asks for; `pair` has source name and ID of two records."""

    model: LinkageModel
    sessions: tuple[SessionHistory, ...]
    inputs: Mapping[str, str]
    pair: tuple[Named, Named] | None
    with_values: bool
    output: str
    runs: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("--model", required=True, type=Path, help="trained model (JSON), such as model.json of match")
    option(
        "--history", type=Path, metavar="RUN.json", help="run.json of the run that trained it: draws its EM sessions"
    )
    option("--input", action="append", default=[], metavar="NAME=PATH", help="what the pair is from, all of it; repeat")
    option("--pair", metavar="ID,ID", help="two records to explain; SOURCE:ID,SOURCE:ID if there are several inputs")
    option("--with-values", action="store_true", help="show the pair's values too; without it, only levels and weights")
    option("--output", required=True, metavar="DIR", help="new folder for the charts, or one of ours to replace")
    option("--runs", type=Path, default=Path("data/runs"), help="folder for logs (data/runs)")


def load(args: argparse.Namespace) -> ExplainSettings:
    """Check the options, and read the model and its history."""
    if bool(args.input) != (args.pair is not None):
        raise ConfigError("--input and --pair go together: what to explain, and the records that it is from")
    if args.with_values and args.pair is None:
        raise ConfigError("--with-values shows the values of a --pair; name one")
    model = read_model(args.model)
    if not model.is_trained:
        raise ConfigError(f"{args.model}: the model is not trained; match --training trains it and writes model.json")
    inputs = named_inputs(args.input)
    return ExplainSettings(
        model=model,
        sessions=() if args.history is None else _sessions(args.history),
        inputs=inputs,
        pair=None if args.pair is None else _pair(args.pair, list(inputs)),
        with_values=args.with_values,
        output=args.output,
        runs=args.runs,
    )


def run(spark: SparkSession, settings: ExplainSettings, run: Run) -> None:
    """Draw the model, explain the pair, and write both."""
    clear_leftovers(spark, settings.output)
    check_replaceable(spark, settings.output, mark=MARK, job=run.job, only=OURS)
    run.manifest.config = {"model": config.digest(*model_documents(settings.model).values())}
    pages = model_charts(settings.model) | history_charts(settings.model, settings.sessions)
    documents: dict[str, dict[str, Any]] = {}
    lines = []
    if settings.pair is not None:
        with run.stage("read"):
            frames = {name: read_input(spark, path) for name, path in settings.inputs.items()}
            run.manifest.inputs |= {path: fingerprint(spark, path) for path in settings.inputs.values()}
            records = linkage_records(frames, settings.model, ())
        with run.stage("explain"):
            pair = one_pair(records, settings.pair, settings.model.term_frequency_columns)
            model = model_of_pair(settings.model, pair, records.sources)
            explanation = explain_pair(model, pair, with_values=settings.with_values)
            pages["waterfall.html"] = waterfall_chart(model, explanation)
            documents["waterfall.json"] = _names(records, explanation) | explanation.document()
        weight, probability = explanation.match_weight, explanation.match_probability
        lines.append(f"match weight {weight:.2f} bits, probability {probability:.6g}")
    with run.stage("write"), staged_folder(spark, settings.output, mark=MARK, job=run.job, only=OURS) as folder:
        for name, page in pages.items():
            write_text(spark, folder.table(name), page)
        for name, document in documents.items():
            write_document(spark, folder.table(name), document)
        write_document(spark, folder.table(MARK), run.manifest.document() | {"outcome": "done"})
    print("\n".join([*lines, f"{', '.join([*pages, *documents])} are in {settings.output}"]))


def _pair(option: str, inputs: list[str]) -> tuple[Named, Named]:
    try:
        parts = next(csv.reader([option], strict=True))
    except csv.Error:
        parts = []
    if len(parts) != 2 or not all(parts):
        raise ConfigError(
            "--pair: write it as ID,ID, or as SOURCE:ID,SOURCE:ID if there are several inputs; "
            'what has a comma in it goes in double quotes: "a,1",b'
        )
    first, second = (_named(part, inputs) for part in parts)
    if first == second:
        raise ConfigError("--pair names one record twice; name two")
    return first, second


def _named(part: str, inputs: list[str]) -> Named:
    if len(inputs) == 1:
        return inputs[0], part
    source, colon, identifier = part.partition(":")
    if source not in inputs or not colon or not identifier:
        raise ConfigError(f"--pair: with several inputs, write SOURCE:ID; sources: {', '.join(inputs)}")
    return source, identifier


def _sessions(path: Path) -> tuple[SessionHistory, ...]:
    try:
        return tuple(map(SessionHistory.model_validate, json.loads(config.read_text(path))["training"]["sessions"]))
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: holds no EM sessions; give run.json of the run that trained the model") from None


def _names(records: LinkageRecords, explanation: Explanation) -> dict[str, Any]:
    """Which record is on which side, under the names that scored pairs have."""
    sides = {"l": explanation.left, "r": explanation.right}
    ids = {f"unique_id_{side}": identifier for side, (_, identifier) in sides.items()}
    if len(records.sources) == 1:
        return ids
    return ids | {f"source_dataset_{side}": records.sources[source] for side, (source, _) in sides.items()}
