"""What counts of candidate pairs tell about thresholds, rules, the prior and growth, for people and as plain values."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from linkage.model.specification import LinkageModel
from linkage.quality.calibration import prior_calibration
from linkage.quality.charts import chart_page
from linkage.quality.patterns import growth_estimates, pattern_weights, rule_estimates, threshold_estimates

LIMITS = (
    "Weights are without term-frequency adjustments: these belong to values, and only levels are counted. A run with a "
    "threshold may therefore keep a few more or fewer pairs than are above it here.",
    "Matches that no blocking rule made a candidate are not counted: recall is among candidates.",
    "The probabilities are the model's own: the figures are as right as it is. Check them against pairs that people "
    "have judged.",
)

_TITLE = "Thresholds and blocking rules"
# How many times as many records.
_FACTORS = (2.0, 5.0, 10.0)
# Beyond, a probability is 0 or 1 to thirty digits.
_LARGEST = 100
_PAIRS_AXIS = {
    "title": "pairs",
    "scale": {"type": "symlog"},
    "axis": {"values": [0, *(10**digits for digits in range(13))], "format": "~s"},
}
_STYLE = """<style>
body { font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 2rem; }
th, td { border: 1px solid #bbb; padding: 0.2rem 0.5rem; text-align: right; }
th { background: #eee; position: sticky; top: 0; }
td.text { text-align: left; overflow-wrap: anywhere; }
tr.used { background: #fff3c4; }
</style>"""
_THRESHOLD_HEADINGS = (
    "Threshold (bits)",
    "Pairs above",
    "Matches above",
    "Non-matches above (false)",
    "Pairs below",
    "Matches below (missed)",
    "Non-matches below",
    "Precision",
    "Recall among candidates",
)
_RULE_HEADINGS = ("Rule", "Condition", "Pairs first made by it", "Matches among them", "Share of all matches")
_PRIOR_HEADINGS = (
    "Sources",
    "Possible pairs",
    "Candidate pairs",
    "Matches supposed",
    "Matches expected",
    "Prior",
    "Prior that fits",
    "Shift (bits)",
)
_GROWTH_HEADINGS = (
    "Times the records",
    "Candidate pairs",
    "Matches",
    "Non-matches",
    "Matches kept",
    "Non-matches kept (false)",
    "Precision",
)


@dataclass(frozen=True)
class ThresholdReport:
    """Estimates as plain values.

    Attributes:
        thresholds: Rows of `linkage.quality.patterns.threshold_estimates`, ascending.
        rules: Rows of `linkage.quality.patterns.rule_estimates`, each with its `condition`.
        calibration: Rows of `linkage.quality.calibration.prior_calibration`.
        growth: Rows of `linkage.quality.patterns.growth_estimates` at the highest weight that the run used.
        used: The weights that the run itself used, in bits, by what they are called.
    """

    thresholds: Sequence[Mapping[str, Any]]
    rules: Sequence[Mapping[str, Any]]
    calibration: Sequence[Mapping[str, Any]]
    growth: Sequence[Mapping[str, Any]]
    used: Mapping[str, float]

    def documents(self) -> dict[str, dict[str, Any]]:
        """Plain values for JSON, by file name; infinite weights are left out."""
        used = {name: weight for name, weight in self.used.items() if math.isfinite(weight)}
        return {
            "thresholds.json": {"limits": list(LIMITS), "used": used, "thresholds": list(self.thresholds)},
            "rules.json": {"limits": list(LIMITS), "rules": list(self.rules)},
            "calibration.json": {"limits": list(LIMITS), "sources": list(self.calibration)},
            "growth.json": {"limits": list(LIMITS), "growth": list(self.growth)},
        }

    def page(self) -> str:
        """`thresholds.html`: the limits, charts of what a threshold trades, and the tables; needs no network."""
        limits = "".join(f"<li>{_text(limit)}</li>" for limit in LIMITS)
        above = (
            f"<h1>{_TITLE}</h1><p>Expected from all candidate pairs of the run, kept or not, by the model's own "
            f"probabilities. Three things to know:</p><ol>{limits}</ol>"
        )
        used = "; ".join(f"{_text(name)} {weight:g}" for name, weight in self.used.items())
        below = (
            f"<h2>Thresholds</h2><p>The run's own, in colour: {used or 'not known'}.</p>"
            f"{_table(_THRESHOLD_HEADINGS, self._threshold_rows())}"
            "<h2>Blocking rules</h2><p>A pair counts under the first rule that makes it. A later rule may make it, "
            "too: to leave a rule out loses these matches at most, and exactly these if it is the last.</p>"
            f"{_table(_RULE_HEADINGS, self._rule_rows())}"
            "<h2>Does the prior fit?</h2><p>Training supposed so many matches among all possible pairs; the candidate "
            "pairs speak for so many. The prior that fits them leaves out what no rule made, so it is a lower bound. "
            "Every weight would change by the shift: up to a bit is usual, and several bits say that the deterministic "
            "rules or the recall given for them do not fit these sources. A fitted prior of 0 says that so few "
            "candidate pairs agree that chance may have brought them about.</p>"
            f"{_table(_PRIOR_HEADINGS, self._prior_rows())}"
            "<h2>If there were more records</h2><p>Of more people of the same kind, under the same rules, keeping "
            f"the same agreements as {self._highest()} keeps today: matches grow with the people, pairs of strangers "
            "with their square.</p>"
            f"{_table(_GROWTH_HEADINGS, self._growth_rows())}"
        )
        return chart_page(_drawing(self.thresholds, self.used), _TITLE, head=_STYLE, above=above, below=below)

    def _highest(self) -> str:
        weight = _highest(self.used)
        return "no weight" if weight is None else f"a weight of {weight:g}"

    def _prior_rows(self) -> Iterable[tuple[bool, list[str]]]:
        for row in self.calibration:
            counts = [f"{row[name]:,}" for name in ("possible_pairs", "candidate_pairs")]
            matches = [f"{row[f'matches_{name}']:,.1f}" for name in ("supposed", "expected")]
            priors = [f"{row[name]:.3g}" for name in ("prior", "prior_fitted")]
            shift = "–" if row["shift"] is None else f"{row['shift']:+.1f}"
            yield (
                False,
                [" × ".join((row["source_dataset_l"], row["source_dataset_r"])), *counts, *matches, *priors, shift],
            )

    def _growth_rows(self) -> Iterable[tuple[bool, list[str]]]:
        names = ("pairs", "matches", "non_matches", "matches_above", "non_matches_above")
        for row in self.growth:
            counts = [f"{row[name]:,.0f}" for name in names]
            yield False, [f"{row['factor']:g}", *counts, _rate(row["precision"])]

    def _threshold_rows(self) -> Iterable[tuple[bool, list[str]]]:
        used = set(self.used.values())
        for row in self.thresholds:
            counts = [
                f"{row[f'{name}_{side}']:,.{0 if name == 'pairs' else 1}f}"
                for side in ("above", "below")
                for name in ("pairs", "matches", "non_matches")
            ]
            rates = [_rate(row["precision"]), _rate(row["recall"])]
            yield row["threshold_weight"] in used, [f"{row['threshold_weight']:g}", *counts, *rates]

    def _rule_rows(self) -> Iterable[tuple[bool, list[str]]]:
        for row in self.rules:
            found = [f"{row['pairs']:,}", f"{row['matches']:,.1f}", _rate(row["share"])]
            yield False, [row["match_key"], row["condition"], *found]


def threshold_report(
    patterns: pa.Table, model: LinkageModel, used: Mapping[str, float], records: Mapping[str, int]
) -> ThresholdReport:
    """Estimates at every whole weight that the pairs have, at those that the run used, for each rule and two sources.

    Args:
        patterns: As for `linkage.quality.patterns.rule_estimates`.
        model: That of the run.
        used: The run's own weights in bits, by what they are called.
        records: How many there were, by source.

    Raises:
        ConfigError: As for `linkage.quality.patterns.rule_estimates`.
    """
    if len(records) == 1:
        # Counts of one source name none, and its pairs may have parameters of their own all the same.
        [alone] = records
        model = model.for_sources(alone, alone)
    weights = pattern_weights(patterns, model)
    conditions = [_condition(rule.sql, rule.arrays_to_explode) for rule in model.blocking_rules]
    rules, highest = rule_estimates(patterns, model).to_pylist(), _highest(used)
    growth = () if highest is None else growth_estimates(patterns, model, highest, _FACTORS).to_pylist()
    return ThresholdReport(
        thresholds=threshold_estimates(patterns, model, _thresholds(weights, used.values())).to_pylist(),
        rules=[{**rule, "condition": conditions[int(rule["match_key"])]} for rule in rules],
        calibration=prior_calibration(patterns, model, records).to_pylist(),
        growth=growth,
        used=used,
    )


def _thresholds(weights: np.ndarray[Any, np.dtype[np.float64]], used: Iterable[float]) -> list[float]:
    """Whole bits from the lowest to the highest weight, and the run's own."""
    finite = np.clip(weights[np.isfinite(weights)], -_LARGEST, _LARGEST)
    whole = range(math.floor(finite.min()), math.floor(finite.max()) + 1) if len(finite) else range(0)
    return sorted({*map(float, whole), *filter(math.isfinite, used)})


def _highest(used: Mapping[str, float]) -> float | None:
    return max(filter(math.isfinite, used.values()), default=None)


def _condition(sql: str, arrays: Sequence[str]) -> str:
    return f"{sql}, exploding {', '.join(arrays)}" if arrays else sql


def _drawing(thresholds: Sequence[Mapping[str, Any]], used: Mapping[str, float]) -> dict[str, Any]:
    """Rates, and errors, by threshold; both in Vega-Lite."""
    rates = [
        {"threshold": row["threshold_weight"], "what": what, "value": row[name]}
        for row in thresholds
        for name, what in (("precision", "precision"), ("recall", "recall among candidates"))
        if row[name] is not None
    ]
    errors = [
        {"threshold": row["threshold_weight"], "what": what, "value": row[name]}
        for row in thresholds
        for name, what in (("non_matches_above", "false matches"), ("matches_below", "missed matches"))
    ]
    marks = [{"threshold": weight, "what": name} for name, weight in used.items() if math.isfinite(weight)]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": {},
        "vconcat": [
            _lines(rates, marks, "Precision and recall", {"title": "rate", "scale": {"zero": False}}),
            _lines(errors, marks, "Expected errors", _PAIRS_AXIS),
        ],
        "resolve": {"scale": {"color": "independent"}},
    }


def _lines(
    values: Sequence[Mapping[str, Any]], marks: Sequence[Mapping[str, Any]], title: str, y: Mapping[str, Any]
) -> dict[str, Any]:
    x = {"field": "threshold", "type": "quantitative", "title": "threshold (match weight in bits)"}
    tooltip = [{"field": name, "type": kind} for name, kind in (("threshold", "quantitative"), ("what", "nominal"))]
    lines = {
        "data": {"values": list(values)},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": x,
            "y": {"field": "value", "type": "quantitative", **y},
            "color": {"field": "what", "type": "nominal", "title": None},
            "tooltip": [*tooltip, {"field": "value", "type": "quantitative", "format": ",.4~f"}],
        },
    }
    rule = {
        "data": {"values": list(marks)},
        "mark": {"type": "rule", "strokeDash": [4, 4]},
        "encoding": {"x": x, "tooltip": tooltip},
    }
    return {"title": title, "width": 640, "height": 240, "layer": [lines, rule]}


def _table(headings: Sequence[str], rows: Iterable[tuple[bool, list[str]]]) -> str:
    """A table; rows that are marked stand out."""
    head = "".join(f"<th>{_text(heading)}</th>" for heading in headings)
    body = "".join(f"<tr{' class=used' if marked else ''}>{''.join(map(_cell, cells))}</tr>" for marked, cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    is_number = not any(letter.isalpha() for letter in text)
    return f"<td>{_text(text)}</td>" if is_number else f'<td class="text">{_text(text)}</td>'


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.4f}"


def _text(text: str) -> str:
    return html.escape(text)
