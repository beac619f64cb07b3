"""Two records that a user names: which they are, and why they have their match weight."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linkage.engine.explanation import Explanation, explain_pair, model_of_pair
from linkage.engine.one_pair import one_pair
from linkage.engine.records import LinkageRecords
from linkage.errors import ConfigError
from linkage.model.specification import LinkageModel
from linkage.quality.charts import waterfall_chart

Named = tuple[str, str]


@dataclass(frozen=True)
class ExplainedPair:
    """What to write of a pair, by file name, and a line for people; no value of a record unless asked for."""

    pages: dict[str, str]
    documents: dict[str, dict[str, Any]]
    line: str


def parse_pair(option: str, inputs: Sequence[str], *, with_sources: bool) -> tuple[Named, Named]:
    """Source name and ID of the two records that `--pair` names.

    Args:
        option: `ID,ID`, or `SOURCE:ID,SOURCE:ID`; CSV, so that quotes hold commas.
        inputs: The names that a source may have.
        with_sources: Whether IDs have their source before them; without, there is one.

    Raises:
        ConfigError: It names no two records.
    """
    try:
        parts = next(csv.reader([option], strict=True))
    except csv.Error:
        parts = []
    if len(parts) != 2 or not all(parts):
        raise ConfigError(
            "--pair: write it as ID,ID, or as SOURCE:ID,SOURCE:ID if there are several inputs; "
            'what has a comma in it goes in double quotes: "a,1",b'
        )
    first, second = (_named(part, inputs, with_sources=with_sources) for part in parts)
    if first == second:
        raise ConfigError("--pair names one record twice; name two")
    return first, second


def check_link(pair: tuple[Named, Named], model: LinkageModel) -> None:
    """Refuse two records of one source where the model makes no pair of them.

    Raises:
        ConfigError: It makes none.
    """
    (one, _), (other, _) = pair
    if model.link_type == "link_only" and one == other:
        raise ConfigError(f"--pair: link_type link_only makes no pair of two records of {one}; name two inputs")


def explained(
    records: LinkageRecords, model: LinkageModel, pair: tuple[Named, Named], *, with_values: bool
) -> ExplainedPair:
    """Score two records as linking would, and take the weight apart.

    Args:
        records: All that are linked together.
        model: That links them, trained.
        pair: Source name and ID of each, in any order.
        with_values: Whether the records' values are shown.

    Raises:
        ConfigError: One of the two is not there, or the model makes no pair of them.
        InputError: Several records of a source have the ID.
    """
    two = one_pair(records, pair, model.term_frequency_columns)
    own = model_of_pair(model, two, records.sources)
    explanation = explain_pair(own, two, with_values=with_values)
    return ExplainedPair(
        {"waterfall.html": waterfall_chart(own, explanation)},
        {"waterfall.json": _names(records, explanation) | explanation.document()},
        f"match weight {explanation.match_weight:.2f} bits, probability {explanation.match_probability:.6g}",
    )


def _named(part: str, inputs: Sequence[str], *, with_sources: bool) -> Named:
    if not with_sources:
        return inputs[0], part
    source, colon, identifier = part.partition(":")
    if source not in inputs or not colon or not identifier:
        raise ConfigError(f"--pair: write SOURCE:ID; sources: {', '.join(inputs)}")
    return source, identifier


def _names(records: LinkageRecords, explanation: Explanation) -> dict[str, Any]:
    """Which record is on which side, under the names that scored pairs have."""
    sides = {"l": explanation.left, "r": explanation.right}
    ids = {f"unique_id_{side}": identifier for side, (_, identifier) in sides.items()}
    if len(records.sources) == 1:
        return ids
    return ids | {f"source_dataset_{side}": records.sources[source] for side, (source, _) in sides.items()}
