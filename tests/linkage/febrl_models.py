"""The model that ships for FEBRL, `conf/models/febrl_*.json`, as Splink writes it in either dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator, block_on
from splink.internals.comparison_creator import ComparisonCreator
from splink.internals.comparison_level_creator import ComparisonLevelCreator

_NUMBER, _BORN = "substr(soc_sec_id, 1, 4)", "substr(date_of_birth, 1, 4)"
_RULES = (
    ("soc_sec_id",),
    ("date_of_birth",),
    ("given_name", "surname"),
    ("surname", "postcode"),
    ("given_name", "postcode"),
    ("address_1", "street_number"),
    ("postcode", "suburb"),
    (_NUMBER, _BORN),
    (_NUMBER, "postcode"),
    ("substr(soc_sec_id, 5, 3)", "postcode"),
    ("address_1", "suburb"),
    ("given_name", _BORN),
    ("surname", _BORN),
    ("address_2", "postcode"),
    ("given_name", "address_1"),
    ("surname", "address_1"),
)


def in_dialect(dialect: str, link_type: str, trained: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Settings in Splink's SQL for `duckdb` or `spark`, with the parameters of a trained model if one is given."""
    creator = SettingsCreator(
        link_type=link_type,
        comparisons=_comparisons(),
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in _RULES],
        retain_matching_columns=False,
    )
    document: dict[str, Any] = {"sql_dialect": dialect, **creator.create_settings_dict(dialect)}
    if trained is None:
        return document
    for compared, found in zip(document["comparisons"], trained["comparisons"], strict=True):
        for level, parameters in zip(compared["comparison_levels"], found["comparison_levels"], strict=True):
            level |= {name: value for name, value in parameters.items() if name.endswith("_probability")}
    prior = "probability_two_random_records_match"
    return document | {prior: trained[prior]}


def _comparisons() -> list[ComparisonCreator]:
    swapped = "given_name_l = surname_r or surname_l = given_name_r"
    return [
        _compared(
            "given_name", cll.CustomLevel(swapped), _alike("given_name", 0.88), _off_by("given_name", 2), tf=True
        ),
        _compared("surname", _alike("surname", 0.88), _off_by("surname", 2), tf=True),
        _compared("date_of_birth", _off_by("date_of_birth", 1), _off_by("date_of_birth", 2)),
        _compared("soc_sec_id", *[cll.DamerauLevenshteinLevel("soc_sec_id", edits) for edits in (1, 2)]),
        _compared("street_number", _off_by("street_number", 1)),
        _compared("address_1", _alike("address_1", 0.9), _alike("address_1", 0.8)),
        _compared("address_2", _alike("address_2", 0.9)),
        _compared("suburb", _alike("suburb", 0.88)),
        _compared("postcode", _off_by("postcode", 1), _off_by("postcode", 2)),
    ]


def _compared(column: str, *between: ComparisonLevelCreator, tf: bool = False) -> ComparisonCreator:
    exact = cll.ExactMatchLevel(column, term_frequency_adjustments=tf)
    levels = [cll.NullLevel(column), exact, *between, cll.ElseLevel()]
    return cl.CustomComparison(levels, output_column_name=column)


def _alike(column: str, threshold: float) -> ComparisonLevelCreator:
    return cll.JaroWinklerLevel(column, threshold)


def _off_by(column: str, edits: int) -> ComparisonLevelCreator:
    return cll.LevenshteinLevel(column, edits)
