"""Splink's charts of a model, of its training and of one pair, as pages that need no network.

What is used of Splink's private API is that of 5.0.x, as pinned in setup.cfg. A page brings the
drawing library with it and links nowhere: what it shows stays where the page is.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from splink.internals.charts import (
    MatchWeightsChart,
    MatchWeightsInteractiveHistoryChart,
    MUParametersChart,
    SplinkChart,
    WaterfallChart,
)
from splink.internals.em_training_session import ModelParameterIterationDetailedRecord
from splink.internals.html_utils import chart_html
from splink.internals.waterfall_chart import records_to_waterfall_data

from linkage.engine.explanation import Explanation
from linkage.errors import ConfigError
from linkage.model.em import NOT_OBSERVED
from linkage.model.specification import SMALLEST_PROBABILITY, ComparisonLevel, LinkageModel
from linkage.model.splink_settings import as_splink
from linkage.model.training import LevelHistory, SessionHistory

# Splink's charts are made for short labels and names.
_LABEL_WIDTH = 400
_BAR_WIDTH = 90
# What Splink's charts can still turn into odds, and the largest double below 1.
_LARGEST_WEIGHT = 1000.0
_LARGEST_PRIOR = 1 - 2.0**-53
# Of the drawing library's menu, only what keeps a chart on the machine: its editor is a web site.
_MENU = {"actions": {"export": True, "source": False, "compiled": False, "editor": False}}


def model_charts(model: LinkageModel) -> dict[str, str]:
    """What a model weighs and why, as pages by file name.

    `match_weights.html` has the prior and every level's weight in bits, `m_u.html` every level's m
    and u; a level that was never estimated shows the default that scoring uses.

    Raises:
        ConfigError: The prior is 0 or 1, whose weight no axis holds.
    """
    if not 0 < model.prior < 1:
        raise ConfigError(f"the model's prior is {model.prior:g}: every pair scores the same, so there is no chart")
    records = as_splink(model)._parameters_as_detailed_records
    return {
        "match_weights.html": _page(MatchWeightsChart(records), "Match weights of the model"),
        "m_u.html": _page(MUParametersChart(records), "m and u probabilities of the model"),
    }


def history_charts(model: LinkageModel, sessions: Sequence[SessionHistory]) -> dict[str, str]:
    """How the weights moved in each EM session, as pages by file name: `em_session_<number>.html`, from 1.

    Args:
        model: The model that was trained.
        sessions: As its training report has them.

    Raises:
        ConfigError: A session is not one of this model's.
    """
    charts = {}
    for number, session in enumerate(sessions, start=1):
        chart = MatchWeightsInteractiveHistoryChart(list(_iterations(model, session)), session.rule)
        charts[f"em_session_{number}.html"] = _page(chart, f"Match weights in EM session {number}", _all_in_view)
    return charts


def waterfall_chart(model: LinkageModel, explanation: Explanation) -> str:
    """A pair's match weight, step by step, as a page; it shows values if the explanation has them."""
    steps = {(step.comparison, step.is_adjustment): step for step in explanation.steps}
    scored: dict[str, Any] = {"match_weight": min(explanation.match_weight, _LARGEST_WEIGHT)}
    splink = as_splink(model)
    for comparison in splink.comparisons:
        name = comparison.output_column_name
        scored[comparison._gamma_column_name] = steps[name, False].gamma
        if (name, True) in steps:
            scored[comparison._mw_tf_adj_column_name] = steps[name, True].match_weight
    bars = []
    for bar in cast(Any, records_to_waterfall_data)([scored], splink, hide_details=True):
        adjusted = bar["term_frequency_adjustment"]
        step = steps.get((bar["column_name"].removeprefix("tf_" if adjusted else ""), bool(adjusted)))
        if step is not None and step.values:
            left, right = zip(*step.values.values(), strict=True)
            bar |= {"value_l": _shown(left), "value_r": _shown(right)}
        if step is not None or not adjusted:
            bars.append(bar)
    # Splink leaves out what weighs nothing, and with it that a value was missing.
    chart = WaterfallChart(bars, filter_nulls=False)
    return _page(chart, "Match weight of a pair of records", _of_one_pair)


def _of_one_pair(spec: dict[str, Any]) -> None:
    """Take away the slider between pairs, and give names room."""
    del spec["params"], spec["transform"][0]
    spec["width"] = {"step": _BAR_WIDTH}


def _all_in_view(spec: dict[str, Any]) -> None:
    """Widen a history's axes from Splink's 10 bits to what the weights come to."""
    widest = max(abs(record["log2_bayes_factor"]) for record in spec["data"]["values"])
    for part in spec["vconcat"]:
        part["encoding"]["x"]["scale"]["domain"] = [-math.ceil(widest), math.ceil(widest)]


def _iterations(model: LinkageModel, session: SessionHistory) -> Iterator[ModelParameterIterationDetailedRecord]:
    """Splink's records of a session: its prior and what it left free, after each iteration."""
    known = {comparison.name: {level.gamma for level in comparison.scored_levels} for comparison in model.comparisons}
    for name, levels in session.parameters.items():
        if known.get(name) != set(levels):
            raise ConfigError(f"the training's comparison {name} is none of the model's, or has other levels")
    for iteration, prior in enumerate(session.priors):
        for record in as_splink(_model_then(model, session, iteration))._parameters_as_detailed_records:
            if record.comparison_name in session.parameters or record.comparison_sort_order < 0:
                yield ModelParameterIterationDetailedRecord.from_settings_param_detailed_record(
                    record, probability_two_random_records_match=prior, iteration=iteration
                )


def _model_then(model: LinkageModel, session: SessionHistory, iteration: int) -> LinkageModel:
    """The model with the parameters that a session had after an iteration."""

    def then(level: ComparisonLevel, path: LevelHistory) -> ComparisonLevel:
        u = level.u if path.u is None else _drawable(path.u[iteration])
        return replace(level, m=_drawable(path.m[iteration]), u=u)

    comparisons = tuple(
        replace(
            comparison,
            levels=tuple(
                level if level.is_null else then(level, session.parameters[comparison.name][level.gamma])
                for level in comparison.levels
            ),
        )
        if comparison.name in session.parameters
        else comparison
        for comparison in model.comparisons
    )
    return replace(model, comparisons=comparisons, prior=min(_drawable(session.priors[iteration]), _LARGEST_PRIOR))


def _drawable(probability: float | None) -> float:
    """A probability that has a logarithm."""
    return NOT_OBSERVED if probability is None else max(probability, SMALLEST_PROBABILITY)


def _shown(values: Sequence[object]) -> str:
    return ", ".join("(none)" if value is None else str(value) for value in values)


def chart_page(spec: Mapping[str, Any], title: str, *, head: str = "", above: str = "", below: str = "") -> str:
    """A drawing as a page of its own, the same for the same drawing.

    Args:
        spec: What to draw, in Vega-Lite.
        title: Of the page.
        head: Further markup for the page's head.
        above: Markup to show before the drawing.
        below: Markup to show after it.
    """
    page = str(cast(Any, chart_html)({**spec, "usermeta": {"embedOptions": _MENU}}, inline=True, fullhtml=True))
    page = re.sub("splink-chart-[0-9a-f]{32}", "chart", page)
    page = page.replace("<title>Splink chart</title>", f"<title>{html.escape(title)}</title>{head}", 1)
    before, body, drawing = page.partition("<body>")
    drawing, end, after = drawing.rpartition("</body>")
    return f"{before}{body}{above}{drawing}{below}{end}{after}"


def _page(chart: SplinkChart[Any], title: str, change: Callable[[dict[str, Any]], None] | None = None) -> str:
    """One of Splink's charts as a page."""
    spec = chart.chart_dict
    if change is not None:
        change(spec)
    spec["config"].setdefault("axisY", {})["labelLimit"] = _LABEL_WIDTH
    return chart_page(spec, title)
