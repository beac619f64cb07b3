"""Settings that Splink would take, or refuse without saying why: each named in one line."""

import json

import pytest

from linkage.errors import ConfigError
from linkage.model.splink_settings import parse_settings
from tests.linkage.splink_models import comparison, exact, level, null, otherwise, settings

RULES = "blocking_rules_to_generate_predictions"
PRIOR = "probability_two_random_records_match"
GOOD = settings(comparison("a", null("a"), exact("a", 0.9, 0.1), otherwise(0.1, 0.9)), rules=["l.b = r.b"])


def _refusal(text):
    with pytest.raises(ConfigError) as refused:
        parse_settings(text, where="settings.json")
    message = str(refused.value)
    assert message.startswith("settings.json: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("rules", ["l.b = r.b", {"blocking_rule": "l.b = r.b"}, 7, None])
def test_rules_are_a_list(rules):
    assert f"{RULES} must be a list" in _refusal(json.dumps(GOOD | {RULES: rules}))


def test_there_are_rules():
    assert f"{RULES} is empty" in _refusal(json.dumps(GOOD | {RULES: []}))


@pytest.mark.parametrize("prior", [2, -0.1, float("nan"), float("inf"), "0.1", None, True, [0.1]])
def test_a_prior_is_a_probability(prior):
    assert f"{PRIOR} must be a probability" in _refusal(json.dumps(GOOD | {PRIOR: prior}))


@pytest.mark.parametrize("prior", [0, 1, 0.25])
def test_a_prior_may_be_certain(prior):
    assert parse_settings(json.dumps(GOOD | {PRIOR: prior}), where="settings.json").prior == prior


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([otherwise(0.1, 0.9), exact("a", 0.9, 0.1)], "comparison x: levels behind ELSE are never reached"),
        ([null("a"), otherwise(0.5, 0.5), otherwise(0.5, 0.5)], "comparison x: levels behind ELSE"),
        ([null("a"), exact("a", 0.9, 0.1)], "one level with a weight, and needs two"),
        ([null("a")], "comparison x has no level with a weight"),
        ([], "comparison x has no level with a weight"),
        (
            [level("a_l = a_r", 1.1, 0.1), otherwise(0.1, 0.9)],
            "comparison x, level 'a_l = a_r': m and u must be 0 to 1",
        ),
        ([exact("a", 0.9, 0.1), otherwise(0.1, 4)], "comparison x, level 'ELSE': m and u must be 0 to 1"),
        ([exact("a", float("nan"), 0.1), otherwise(0.1, 0.9)], "m and u must be 0 to 1"),
    ],
)
def test_levels_can_be_reached_and_weighed(levels, words):
    assert words in _refusal(json.dumps(GOOD | {"comparisons": [comparison("x", *levels)]}))


def test_a_sum_that_was_rounded_up_is_no_reason():
    rounded = comparison("x", exact("a", 1 + 1e-12, 0.1), otherwise(1e-12, 0.9))
    assert parse_settings(json.dumps(GOOD | {"comparisons": [rounded]}), where="settings.json").is_trained is False


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_json_without_end_is_refused(text):
    assert "nested too deeply" in _refusal(text)


def test_a_condition_without_end_is_refused():
    deep = level(f"{'(' * 2000}a_l = a_r{')' * 2000}", 0.9, 0.1)
    message = _refusal(json.dumps(GOOD | {"comparisons": [comparison("x", deep, otherwise(0.1, 0.9))]}))
    assert "nested too deeply" in message or "recursion" in message


@pytest.mark.parametrize("broken", [GOOD | {RULES: ["l.b = '\ud800'"]}, GOOD | {"unique_id_column_name": "\udfff"}])
def test_half_a_surrogate_pair_is_refused(broken):
    assert "not valid Unicode" in _refusal(json.dumps(broken))


def test_all_other_unicode_is_taken():
    rules = ["l.b = r.b AND l.a <> '\u0000\U0001f600\uffff'"]
    assert parse_settings(json.dumps(GOOD | {RULES: rules}), where="settings.json").blocking_rules[0].sql == rules[0]
