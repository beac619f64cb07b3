"""The engine benchmark's model: written once with Splink's comparison library, for both dialects.

Seven blocking rules, `pnc` alone the last; looser rules make about 3 and 10 times the pairs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import splink.comparison_library as cl
import yaml
from splink import SettingsCreator, block_on

THRESHOLD_WEIGHT, CLUSTER_WEIGHT = 0.0, 10.0
_LOOSENED = 2  # the place of the rule that is replaced
RULES = (
    ("surname", "dob"),
    ("forename1", "surname", "substr(dob, 1, 4)"),
    ("forename1", "dob", "district"),
    ("surname", "postcode"),
    ("dob", "postcode"),
    ("forename1", "surname", "district"),
    ("pnc",),
)
# By about how many times as many pairs they make of a million records (really 2.4 and 12.7 times).
LOOSER = {1: RULES[_LOOSENED], 3: ("dob", "substr(forename1, 1, 1)"), 10: ("dob", "sex")}
HOT_RULE = RULES[0]

TRAINING: dict[str, Any] = {
    "seed": 1,
    "deterministic_rules": [["forename1", "surname", "dob"], ["pnc", "dob"]],
    "recall": 0.85,
    "u_max_pairs": 10_000_000,  # what Splink's documentation calls often adequate
    "em_max_pairs": 2_000_000,
    "em_blocking_rules": [["surname", "dob"], ["forename1", "surname"], ["pnc"]],
}


def settings(dialect: str, *, looser: int = 1) -> dict[str, Any]:
    """Untrained Splink settings in a dialect (`duckdb` or `spark`)."""
    rules = [LOOSER[looser] if place == _LOOSENED else rule for place, rule in enumerate(RULES)]
    creator = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        comparisons=[
            cl.JaroWinklerAtThresholds("forename1", [0.92, 0.88, 0.7]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("forename2", [0.92, 0.7]),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.88, 0.7]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("dob", [1, 2]),
            cl.LevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("pnc"),
            cl.ExactMatch("sex"),
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    return {"sql_dialect": dialect, **creator.create_settings_dict(dialect)}


def write(folder: Path, *, looser: int = 1) -> None:
    """Writes `duckdb.json`, `spark.json` and `training.yaml` into a folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for dialect in ("duckdb", "spark"):
        text = json.dumps(settings(dialect, looser=looser), indent=1)
        (folder / f"{dialect}.json").write_text(text, encoding="utf-8")
    (folder / "training.yaml").write_text(yaml.safe_dump(TRAINING, sort_keys=False), encoding="utf-8")
