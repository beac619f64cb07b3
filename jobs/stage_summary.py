"""What the stages of a pipeline found, in lines for people: of each stage by itself, and of all together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import schemas
from jobs.harness.run import Run
from linkage.lake import Lake, Zone
from linkage.quality.reading import overall_accuracy

_QUARANTINED = "quarantined_"


def of_stage(stage: str, lake: Lake, run: Run) -> str:
    """What a stage that ran by itself, or was not needed again, has found, and where it tells more.

    Args:
        stage: Its name.
        lake: As the stage sees it.
        run: That of the stage alone.
    """
    counts = run.manifest.counts
    if stage == "evaluate":
        run.manifest.more["accuracy"] = accuracy(lake)
    lines = found(counts, run.manifest.more)
    if stage == "train":
        lines.append(_line("trained on", f"{counts['em_sessions']} EM sessions; the model is in linkage/models"))
        lines += [f"warning: {warning}" for warning in run.manifest.more.get("training", {}).get("warnings", [])]
    return "\n".join([*lines, where(run)])


def found(counts: Mapping[str, int], more: Mapping[str, Any]) -> list[str]:
    """A line or two for each stage whose counts are there.

    Args:
        counts: Of the run's manifest.
        more: The same: accuracy, where it was measured.
    """
    lines = []
    if "people" in counts:
        lines.append(
            _line("people made", f"{counts['people']:,}, of some of whom there are {counts['known_records']:,} records")
        )
    if "quarantined" in counts:
        lines.append(_line("rows in" if "companion_rows" in counts else "records in", f"{counts['rows']:,}"))
        lines.append(_line("quarantined", f"{counts['quarantined']:,}{_reasons(counts)}"))
    if "companion_rows" in counts:
        lines.append(_line("came along", f"{counts['companion_rows']:,} rows of companion tables"))
        lines += _odd(counts)
    if "corrected_cells_unused" in counts:
        told = "cells, of no row that was set aside or in a column that its supply lacks"
        lines.append(_line("corrections unused", f"{counts['corrected_cells_unused']:,} {told}"))
    if "pairs_considered" in counts:
        lines.append(_line("pairs considered", f"{counts['pairs_considered']:,}, {counts['pairs_kept']:,} kept"))
    if counts.get("capped_keys"):
        told = "what each rule lost by it is in the run that linked"
        lines.append(_line("keys capped", f"{counts['capped_keys']:,}; {told}"))
    if "persons" in counts:
        lines.append(_line("persons found", f"{counts['persons']:,}{_of_how_many(counts)}"))
    if "accuracy" in more:
        rates = f"{_rate(more['accuracy']['precision'])}, {_rate(more['accuracy']['recall'])}"
        lines.append(_line("precision, recall", f"{rates} of pairs, on synthetic truth"))
    return lines


def where(run: Run) -> str:
    """The folder of a run, and the pages in it that a browser opens."""
    pages = ", ".join(sorted(path.name for path in run.folder.glob("*.html")))
    return _line("this run", f"{run.folder}{f', with {pages}' if pages else ''}")


def accuracy(lake: Lake) -> dict[str, float | None]:
    """Overall precision, recall and F1 as the stage `evaluate` left them."""
    return overall_accuracy(lake.read(Zone.EVALUATION, "linkage_error", schemas.load("linkage_error")))


def _line(label: str, text: str) -> str:
    return f"{label:<20}{text}"


def _of_how_many(counts: Mapping[str, int]) -> str:
    records = f" from {counts['records']:,} records" if "records" in counts else ""
    people = f", which are of {counts['people_with_records']:,} people" if "people_with_records" in counts else ""
    return records + people


def _odd(counts: Mapping[str, int]) -> list[str]:
    """What is odd in supplies and in what came along with them, by table."""
    lines = []
    for label, rule in (("hang on nothing", "row_not_found_"), ("codes out of time", "code_out_of_time_")):
        rows = {name.removeprefix(rule): n for name, n in counts.items() if name.startswith(rule)}
        if rows:
            lines.append(_line(label, ", ".join(f"{table}: {n:,}" for table, n in rows.items())))
    return lines


def _reasons(counts: Mapping[str, int]) -> str:
    reasons = {name.removeprefix(_QUARANTINED): n for name, n in counts.items() if name.startswith(_QUARANTINED)}
    most = sorted(reasons.items(), key=lambda item: -item[1])
    told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in most)
    return f" ({told})" if told else ""


def _rate(rate: float | None) -> str:
    return "unknown" if rate is None else f"{rate:.4f}"
