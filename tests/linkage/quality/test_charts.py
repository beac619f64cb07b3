"""Charts: Splink's own data for the same model, on pages that need no network."""

import json
import re

import pyarrow as pa
import pytest

from linkage.engine.explanation import explain_pair
from linkage.errors import ConfigError
from linkage.model.specification import NULL_GAMMA
from linkage.model.training import LevelHistory, SessionHistory
from linkage.quality.charts import history_charts, model_charts, waterfall_chart
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings
from tests.linkage.splink_oracle import linker

DOCUMENT = settings(
    comparison(
        "forename",
        null("forename"),
        exact("forename", 0.8, 0.1, tf_adjustment_column="forename"),
        level("levenshtein(forename_l, forename_r) <= 1", 0.1, 0.1),
        otherwise(0.1, 0.8),
    ),
    comparison("surname", null("surname"), exact("surname", 0.85, 0.12), otherwise(0.15)),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.00001), otherwise(0.1, 0.99999)),
    rules=["l.dob = r.dob", "l.surname = r.surname"],
    probability_two_random_records_match=0.01,
)
MODEL = model(DOCUMENT)
WITH_DETAILS = {"retain_intermediate_calculation_columns": True, "retain_matching_columns": True}


def _splink():
    return linker(DOCUMENT | WITH_DETAILS, {"people": people(60, seed=3)})


def _spec(page):
    [call] = re.findall(r"^vegaEmbed\(document\.getElementById\('chart'\), (.*), \{\}\)\.catch", page, re.MULTILINE)
    return json.loads(call)


def _plain(chart):
    return json.loads(json.dumps(chart.chart_dict["data"]["values"]))


def test_the_models_charts_show_what_splinks_do():
    pages, splink = model_charts(MODEL), _splink()
    assert {name: _spec(page)["data"]["values"] for name, page in pages.items()} == {
        "match_weights.html": _plain(splink.visualisations.match_weights_chart()),
        "m_u.html": _plain(splink.visualisations.m_u_parameters_chart()),
    }
    assert pages == model_charts(MODEL)


def _explained(with_values, forename="zoë", other="zoë"):
    pair = {"forename": [forename, other], "surname": ["li", "lee"], "dob": ["1970-01-01", None]}
    pair |= {"__source": [0, 0], "__id": ["a", "b"], "__tf_forename": [0.02, 0.02]}
    return explain_pair(MODEL, pa.table(pair), with_values=with_values)


@pytest.mark.parametrize("page", [*model_charts(MODEL).values(), waterfall_chart(MODEL, _explained(True))])
def test_a_page_needs_no_network_and_links_nowhere(page):
    # The drawing library is all in it; beside that it must name no place to load from or send to.
    assert len(page) > 800_000
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert markup.count("<script") == 0
    assert not re.findall(r"https?:|src=|href=|<link|<img|<iframe", markup)
    assert "cdn.jsdelivr" not in page
    spec = _spec(page)
    assert not re.findall(r"\burl\b|https?:", json.dumps({key: spec[key] for key in spec if key != "$schema"}))
    assert spec["usermeta"]["embedOptions"]["actions"]["editor"] is False


def test_the_waterfall_is_splinks():
    splink = _splink()
    rows = splink.inference.predict(warning_mode="never").as_record_list()
    row = next(row for row in rows if (row["gamma_forename"], row["gamma_surname"]) == (2, NULL_GAMMA))
    theirs = _plain(splink.visualisations.waterfall_chart([row]))
    columns = {name: [row[f"{name}_{side}"] for side in "lr"] for name in ("forename", "surname", "dob")}
    columns = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    frequencies = [row[f"tf_forename_{side}"] for side in "lr"]
    ids = [row[f"unique_id_{side}"] for side in "lr"]
    pair = pa.table({"__source": [0, 0], "__id": ids, "__tf_forename": frequencies, **columns})
    for with_values in (True, False):
        spec = _spec(waterfall_chart(MODEL, explain_pair(MODEL, pair, with_values=with_values)))
        ours = spec["data"]["values"]
        assert [bar["column_name"] for bar in ours] == [bar["column_name"] for bar in theirs]
        for bar, theirs_bar in zip(ours, theirs, strict=True):
            shown = {
                side: theirs_bar[f"value_{side}"].replace("None", "(none)") if with_values else "" for side in "lr"
            }
            assert bar["log2_bayes_factor"] == pytest.approx(theirs_bar["log2_bayes_factor"], abs=1e-12)
            assert {side: bar[f"value_{side}"] for side in "lr"} == shown
        # One pair has no slider, and a missing value its place.
        assert "params" not in spec
        assert "filter" not in json.dumps(spec["transform"])


def test_an_adjustment_is_drawn_only_where_the_level_has_one():
    names = {
        other: [
            bar["column_name"]
            for bar in _spec(waterfall_chart(MODEL, _explained(False, other=other)))["data"]["values"]
        ]
        for other in ("zoë", "zoe")
    }
    assert names["zoë"] == ["Prior", "forename", "tf_forename", "surname", "dob", "Final score"]
    assert names["zoe"] == ["Prior", "forename", "surname", "dob", "Final score"]


def test_a_value_cannot_leave_its_place_in_the_page():
    page = waterfall_chart(MODEL, _explained(True, forename="</script><script>alert(1)</script>"))
    assert "alert(1)</script>" not in page
    assert _spec(page)["data"]["values"][1]["value_l"] == "</script><script>alert(1)</script>"


def test_a_comparison_of_no_column_is_drawn_without_values():
    constant = settings(comparison("any", level("1 = 2", 0.5, 0.5), otherwise(0.5, 0.5)), rules=["l.dob = r.dob"])
    pair = pa.table({"__source": [0, 0], "__id": ["a", "b"]})
    page = waterfall_chart(model(constant), explain_pair(model(constant), pair, with_values=True))
    assert [bar["value_l"] for bar in _spec(page)["data"]["values"]] == ["", "", ""]


def test_values_stay_out_of_a_waterfall_that_was_not_asked_for_them():
    page = waterfall_chart(MODEL, _explained(False))
    assert not [value for value in ("zo\\u00eb", "zoë", "1970-01-01") if value in page]


def test_a_sessions_chart_is_splinks():
    session = _splink().training.estimate_parameters_using_expectation_maximisation(
        "l.surname = r.surname", estimate_without_term_frequencies=True
    )
    steps = session._core_model_settings_history
    levels = {
        c.output_column_name: [lv for lv in c.comparison_levels if not lv.is_null_level] for c in steps[0].comparisons
    }

    def path(name, gamma):
        found = [step.get_comparison_by_output_column_name(name) for step in steps]
        ms = [c._get_comparison_level_by_comparison_vector_value(gamma).m_probability for c in found]
        return LevelHistory(m=tuple(ms))

    history = SessionHistory(
        rule="l.surname = r.surname",
        iterations=len(steps) - 1,
        priors=tuple(step.probability_two_random_records_match for step in steps),
        parameters={
            name: {lv.comparison_vector_value: path(name, lv.comparison_vector_value) for lv in found}
            for name, found in levels.items()
        },
    )
    assert set(levels) == {"forename", "dob"}
    [(name, page)] = history_charts(MODEL, [history]).items()
    assert name == "em_session_1.html"
    spec, theirs = _spec(page), session.match_weights_interactive_history_chart()
    keys = (
        "comparison_name",
        "comparison_vector_value",
        "iteration",
        "m_probability",
        "u_probability",
        "log2_bayes_factor",
    )
    assert [tuple(bar[key] for key in keys) for bar in spec["data"]["values"]] == [
        tuple(bar[key] for key in keys) for bar in _plain(theirs)
    ]
    assert spec["title"]["subtitle"] == "Training session blocked on l.surname = r.surname"
    # No bar is cut off at Splink's 10 bits.
    widest = max(abs(bar["log2_bayes_factor"]) for bar in spec["data"]["values"])
    assert widest > 10
    assert all(part["encoding"]["x"]["scale"]["domain"][1] >= widest for part in spec["vconcat"])


def test_a_level_that_a_session_never_saw_is_drawn_as_splink_scores_it():
    unseen = LevelHistory(m=(0.9, None), u=(0.1, 0.2))
    seen = LevelHistory(m=(0.1, 1.0))
    history = SessionHistory(rule="r", iterations=1, priors=(0.5, 0.5), parameters={"dob": {1: unseen, 0: seen}})
    bars = _spec(history_charts(MODEL, [history])["em_session_1.html"])["data"]["values"]
    assert [(bar["iteration"], bar["m_probability"], bar["u_probability"]) for bar in bars if bar["m_probability"]] == [
        (0, 0.9, 0.1),
        (0, 0.1, 0.99999),
        (1, 1e-6, 0.2),
        (1, 1.0, 0.99999),
    ]


@pytest.mark.parametrize(
    "parameters",
    [{"height": {1: LevelHistory(m=(0.5,)), 0: LevelHistory(m=(0.5,))}}, {"dob": {1: LevelHistory(m=(0.5,))}}],
)
def test_the_history_of_another_model_is_refused(parameters):
    history = SessionHistory(rule="r", iterations=0, priors=(0.5,), parameters=parameters)
    with pytest.raises(ConfigError, match=f"comparison {next(iter(parameters))} is none of the model's"):
        history_charts(MODEL, [history])


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_a_model_of_certainty_has_no_chart(prior):
    with pytest.raises(ConfigError, match=f"prior is {prior:g}"):
        model_charts(MODEL.with_prior(prior))
