"""What `match` says of a run when it is done: in `run.json`, and to whoever started it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from linkage.model.specification import LinkageModel


def notes(settings: LinkageModel, model: LinkageModel, inputs: Collection[str], warnings: Sequence[str]) -> list[str]:
    """What a user may not expect of a result, with what to do about it, one line each.

    Args:
        settings: The model as it was given.
        model: As it scored the pairs.
        inputs: Their names.
        warnings: Of its training; what they tell is not told again.
    """
    found = []
    keys = ("additional_columns_to_retain", "retain_matching_columns", "retain_intermediate_calculation_columns")
    ignored = [key for key in keys if settings.document.get(key)]
    if ignored:
        found.append(
            f"{', '.join(ignored)}: ignored, scored pairs hold levels and weights only; join the inputs by unique ID "
            "for more"
        )
    unknown = sorted({name for pair in model.by_source_pair for name in pair} - set(inputs))
    if unknown:
        found.append(
            f"the model has parameters for sources that are no inputs: {', '.join(unknown)}; nothing to do, unless an "
            "input should have that name"
        )
    untrained = [each for each in model.untrained_levels() if not _is_told(each, warnings)]
    if untrained:
        found.append(
            f"levels without an estimate take Splink's default: {'; '.join(untrained)}; nothing to do if pairs that "
            "reach them are rare, else train them"
        )
    return found


def _is_told(untrained: str, warnings: Sequence[str]) -> bool:
    comparison, _, level = untrained.partition(": ")
    told = (f"comparison {comparison}, level '{level}': never seen", f"comparison {comparison}: no EM session")
    return any(warning.startswith(told) for warning in warnings)


def pairs_by_rule(patterns: pa.Table, *, rules: int) -> dict[str, int]:
    """How many candidate pairs each of so many rules made first, by its number.

    >>> pairs_by_rule(pa.table({"match_key": [2, 0, 2], "pairs": [3, 1, 4]}), rules=3)
    {'0': 1, '1': 0, '2': 7}
    """
    by_rule = patterns.group_by("match_key").aggregate([("pairs", "sum")]).to_pylist()
    found = {row["match_key"]: row["pairs_sum"] for row in by_rule}
    return {str(number): found.get(number, 0) for number in range(rules)}


def summary(counts: Mapping[str, Any], more: Mapping[str, Any], *, truth: str | None, output: str) -> str:
    """Figures, accuracy, notes and warnings, and where everything is.

    Args:
        counts: Of the run's manifest.
        more: The same.
        truth: The column that the accuracy is measured against.
        output: The folder of tables.
    """
    lines = [
        f"{counts['records']:,} records, {counts['candidate_pairs_total']:,} candidate pairs, "
        f"{counts['pairs_kept']:,} kept, {counts['clusters']:,} clusters",
    ]
    if "clusters_by_weight" in counts:
        by_weight = ", ".join(f"{number:,} at {weight}" for weight, number in counts["clusters_by_weight"].items())
        lines.append(f"clusters by weight in bits: {by_weight}")
    if more["accuracy"] is not None:
        rates = ((name, "unknown" if rate is None else f"{rate:.4f}") for name, rate in more["accuracy"].items())
        lines.append(f"against {truth}: {', '.join(f'{name} {rate}' for name, rate in rates)}")
    lines += [f"note: {note}" for note in more["notes"]]
    lines += [f"warning: {warning}" for warning in more.get("training", {}).get("warnings", [])]
    return "\n".join([*lines, f"tables, model and run.json are in {output}"])
