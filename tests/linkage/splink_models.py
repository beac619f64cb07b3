"""Splink settings written short, and our model of them."""

from __future__ import annotations

import json
from typing import Any

from linkage.model.specification import LinkageModel
from linkage.model.splink_settings import parse_settings

Settings = dict[str, Any]


def null(*columns: str) -> Settings:
    """The level of pairs that cannot be compared because a value is missing."""
    missing = " OR ".join(f'"{column}_l" IS NULL OR "{column}_r" IS NULL' for column in columns)
    return {"sql_condition": missing, "label_for_charts": "null", "is_null_level": True}


def level(sql: str, m: float | None = None, u: float | None = None, **more: object) -> Settings:
    """Any level; without m or u it is untrained."""
    found: Settings = {"sql_condition": sql, "label_for_charts": sql, **more}
    return found | {key: p for key, p in (("m_probability", m), ("u_probability", u)) if p is not None}


def exact(column: str, m: float | None = None, u: float | None = None, **more: object) -> Settings:
    """Plain equality of one column."""
    return level(f'"{column}_l" = "{column}_r"', m, u, **more)


def otherwise(m: float | None = None, u: float | None = None, **more: object) -> Settings:
    """Whatever no other level took."""
    return level("ELSE", m, u, **more)


def comparison(name: str, *levels: Settings) -> Settings:
    """Levels under a name, most telling first."""
    return {"output_column_name": name, "comparison_levels": list(levels)}


# A comparison with a fuzzy level and term frequencies, and a plain one, of the columns of `tests.linkage.people`.
SURNAME = comparison(
    "surname",
    null("surname"),
    exact("surname", 0.8, 0.1, tf_adjustment_column="surname"),
    level("levenshtein(surname_l, surname_r) <= 1", 0.1, 0.1),
    otherwise(0.1, 0.8),
)
DOB = comparison("dob", null("dob"), exact("dob", 0.9, 0.01), otherwise(0.1, 0.99))


def settings(*comparisons: Settings, rules: list[str], link_type: str = "dedupe_only", **more: object) -> Settings:
    """A whole settings document in DuckDB's dialect, unless `more` says otherwise."""
    return {
        "link_type": link_type,
        "sql_dialect": "duckdb",
        "comparisons": list(comparisons),
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules],
        **more,
    }


def model(document: Settings) -> LinkageModel:
    """Our reading of a settings document."""
    return parse_settings(json.dumps(document), where="settings.json")
