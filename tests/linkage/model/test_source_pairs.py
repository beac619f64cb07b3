"""Parameters by pair of sources, by numbers that can be checked by hand, and how they are kept."""

import json
from dataclasses import replace

import numpy as np
import pytest
from splink import SettingsCreator

from linkage.errors import ConfigError
from linkage.model.em import PatternCounts
from linkage.model.source_pairs import Evidence, OwnEstimates, own_estimates, read_document, shared_m, to_document
from linkage.model.specification import SourcePairParameters
from linkage.model.splink_settings import parse_settings, to_settings
from linkage.model.training import rules_of
from tests.linkage.splink_models import comparison, exact, model, null, otherwise, settings

FIXED = {"fix_m_probability": True, "fix_u_probability": True}
# `token` settles whether a pair is a match, so that the m of `name` can be counted.
POOLED = model(
    settings(
        comparison("name", null("name"), exact("name", 0.9, 0.1), otherwise(0.1, 0.9)),
        comparison("token", exact("token", 1 - 1e-9, 1e-9, **FIXED), otherwise(1e-9, 1 - 1e-9, **FIXED)),
        rules=["l.dob = r.dob"],
        link_type="link_and_dedupe",
        probability_two_random_records_match=0.001,
    )
)
[RULE] = rules_of([("dob",)], "duckdb", where="plan.yaml", first_number=0)
NOTHING = Evidence(deterministic=0, possible=1000, random={}, exact={}, sessions=[])


def _patterns(*rows):
    """(name, token, pairs) of a session."""
    vectors = np.array([row[:2] for row in rows], np.int8).reshape(-1, 2)
    return PatternCounts(("name", "token"), vectors, np.array([row[2] for row in rows], np.float64))


def _own(evidence, recall=0.5):
    return own_estimates(POOLED, evidence, [RULE] * len(evidence.sessions), recall=recall)


def test_a_pair_of_sources_without_evidence_has_the_pooled_model():
    own = _own(NOTHING)
    assert own.parameters == SourcePairParameters(None, {})
    assert not own.tells_anything
    assert replace(POOLED, by_source_pair={("a", "b"): own.parameters}).for_sources("b", "a") == POOLED


@pytest.mark.parametrize(
    ("found", "possible", "prior"),
    [
        (150, 1_000_000, 0.0003),  # 150 / 0.5 / 1,000,000
        (100, 150_000, 100 / 75_000),
        (99, 150_000, None),  # neither so many found nor, at 0.001 × 0.5, expected
        (40, 200_000, 0.0004),  # 100 were expected: it is these sources that are different
        (0, 1_000_000, 0.000001),  # none of 500 expected: counted as half of one
        (600, 1000, None),  # more than the recall allows
    ],
)
def test_the_prior_is_their_own_where_enough_matches_are_found_or_missed(found, possible, prior):
    own = _own(replace(NOTHING, deterministic=found, possible=possible)).parameters
    assert own.prior == (None if prior is None else pytest.approx(prior))


@pytest.mark.parametrize(
    ("counts", "agreement", "u"),
    [
        ({-1: 7, 1: 2000, 0: 8000}, None, {1: 0.2, 0: 0.8}),
        ({1: 2000, 0: 8000}, 0.25, {1: 0.25, 0: 0.75}),
        # Too few random pairs: only what value frequencies say, and the rest shared as among all.
        ({1: 2000, 0: 7999}, None, {}),
        ({1: 2000, 0: 7999}, 0.25, {1: 0.25, 0: 0.75}),
        ({-1: 90_000, 1: 2000, 0: 7999}, None, {}),  # pairs that could not be compared are not counted
        ({}, 0.25, {1: 0.25, 0: 0.75}),
    ],
)
def test_u_is_their_own_from_frequencies_and_enough_random_pairs(counts, agreement, u):
    found = _own(replace(NOTHING, random={"name": counts}, exact={"name": agreement}))
    own = found.parameters
    expected = [(gamma, None, pytest.approx(value)) for gamma, value in u.items()]
    assert list(own.levels.get("name", [])) == expected
    assert found.tells_anything == bool(u)
    assert "token" not in own.levels  # fixed


def test_m_is_their_own_in_sessions_with_enough_matches():
    # Of 200 matches 160 agree on the name; of those without a name nothing is learnt.
    enough = _patterns((1, 1, 160), (0, 1, 40), (-1, 1, 10), (1, 0, 500), (0, 0, 1500))
    few = _patterns((1, 1, 9), (0, 1, 90), (0, 0, 5000))
    own = _own(replace(NOTHING, sessions=[enough, few]))
    assert own.matches == (pytest.approx(210, abs=0.01), pytest.approx(99, abs=0.01))
    assert own.parameters.levels == {
        "name": [(1, pytest.approx(0.8, abs=1e-6), None), (0, pytest.approx(0.2, abs=1e-6), None)]
    }
    assert _own(replace(NOTHING, sessions=[few, few])).parameters.levels == {}
    # The median of two sessions, as for all pairs.
    other = _patterns((1, 1, 120), (0, 1, 80), (0, 0, 2000))
    both = _own(replace(NOTHING, sessions=[enough, other])).parameters.levels["name"]
    assert both[0][1] == pytest.approx((0.8 + 0.6) / 2, abs=1e-6)


def test_m_that_sources_share_stands_until_they_tell_their_own():
    shared = {"name": [(1, 0.7, None), (0, 0.3, None)]}
    few = replace(NOTHING, sessions=[_patterns((1, 1, 9), (0, 1, 90), (0, 0, 5000))])
    enough = replace(NOTHING, sessions=[_patterns((1, 1, 160), (0, 1, 40), (1, 0, 500), (0, 0, 1500))])
    of_group = own_estimates(POOLED, few, [RULE], recall=0.5, shared=shared)
    assert of_group.parameters.levels == {"name": [(1, 0.7, None), (0, 0.3, None)]}
    assert of_group.tells_anything
    own = own_estimates(POOLED, enough, [RULE], recall=0.5, shared=shared)
    assert [m for _, m, _ in own.parameters.levels["name"]] == [pytest.approx(0.8), pytest.approx(0.2)]
    # Of what a group told, sources share the m and not the u.
    told = OwnEstimates(SourcePairParameters(0.1, {"name": [(1, 0.7, 0.2), (0, None, 0.8)]}), (1.0,))
    assert shared_m(told) == {"name": [(1, 0.7, None)]}


def test_strangers_that_agree_by_chance_teach_no_m():
    """Two hundred pairs agree on the name, and almost all would be matches if the pooled prior held."""
    untold = replace(POOLED, comparisons=POOLED.comparisons[:1]).with_prior(0.9)
    session = PatternCounts(("name",), np.array([[1], [0]], np.int8), np.array([200.0, 300.0]))
    strangers = replace(NOTHING, possible=1_000_000, sessions=[session])
    own = own_estimates(untold, strangers, [RULE], recall=0.5)
    assert own.parameters.prior == pytest.approx(0.000001)
    assert own.matches == (pytest.approx(0.0, abs=0.01),)
    assert own.parameters.levels == {}


def test_a_session_without_a_pair_of_theirs_is_no_trouble():
    assert _own(replace(NOTHING, sessions=[_patterns()])).matches == (0.0,)


OWN = {
    ("a", "b"): SourcePairParameters(0.03, {"name": [(1, 0.7, 0.2), (0, 0.3, None)]}),
    ("b", "b"): SourcePairParameters(None, {"name": [(1, None, 1 / 3)], "token": [(1, 0.5, 0.5)]}),
}


def test_a_pair_of_sources_scores_with_its_own_and_all_others_with_the_pooled_model():
    whole = replace(POOLED, by_source_pair=OWN)
    own = whole.for_sources("b", "a")
    assert own == whole.for_sources("a", "b")
    assert (own.prior, own.by_source_pair) == (0.03, {})
    assert [(lv.m, lv.u) for lv in own.comparisons[0].scored_levels] == [(0.7, 0.2), (0.3, 0.9)]
    within = whole.for_sources("b", "b")
    assert within.prior == 0.001
    assert [(lv.m, lv.u) for lv in within.comparisons[0].scored_levels] == [(0.9, 1 / 3), (0.1, 0.9)]
    assert within.comparisons[1] == POOLED.comparisons[1]  # the settings fix it
    assert whole.for_sources("a", "a") == whole.for_sources("a", "c") == POOLED


def test_what_is_kept_reads_back_as_it_was():
    whole = replace(POOLED, by_source_pair=OWN)
    text = json.dumps(to_document(whole))
    assert read_document(text, POOLED, where="model_by_source_pair.json") == OWN
    saved = json.dumps(to_settings(whole))
    # The model's own file is what it was without, and loads in Splink; the other belongs to it.
    assert saved == json.dumps(to_settings(POOLED))
    SettingsCreator.from_path_or_dict(json.loads(saved)).get_settings("duckdb")
    again = parse_settings(saved, where="model.json")
    assert read_document(text, again, where="model_by_source_pair.json") == OWN


def _changed(change):
    document = to_document(replace(POOLED, by_source_pair=OWN))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no JSON", "the whole: no parameters by source pair"),
        ("[]", "the whole: no parameters by source pair"),
        (_changed(lambda d: d.pop("model")), "model: no parameters by source pair"),
        (_changed(lambda d: d["source_pairs"][0].update(prior=1.5)), r"source_pairs\.0\.prior: no parameters"),
        (_changed(lambda d: d["source_pairs"][0].update(sources=["a"])), r"source_pairs\.0\.sources\.1: no parameters"),
        (_changed(lambda d: d.update(model="0" * 64)), "belongs to a model with other parameters"),
        (
            _changed(lambda d: d["source_pairs"][0]["parameters"].update(height={})),
            "comparison height is none of the model's",
        ),
        (
            _changed(lambda d: d["source_pairs"][0]["parameters"]["name"].update({"7": {"m": 0.1}})),
            "comparison name is none of the model's, or has other levels",
        ),
    ],
)
def test_what_does_not_belong_to_the_model_is_refused(text, reason):
    with pytest.raises(ConfigError, match=f"^by.json: {reason}") as refused:
        read_document(text, POOLED, where="by.json")
    assert "\n" not in str(refused.value)


def test_parameters_of_a_model_that_was_trained_again_are_refused():
    text = json.dumps(to_document(replace(POOLED, by_source_pair=OWN)))
    for other in (POOLED.with_prior(0.002), POOLED.with_levels({"name": [(1, 0.91, None)]})):
        with pytest.raises(ConfigError, match="belongs to a model with other parameters"):
            read_document(text, other, where="by.json")
