"""EM against Splink's own, iteration by iteration."""

from collections import Counter

import numpy as np
import pytest
from splink.internals.constants import LEVEL_NOT_OBSERVED_TEXT

from linkage.model.em import PatternCounts, expectation_maximisation
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings
from tests.linkage.splink_oracle import linker, scored_pairs

RECORDS = {"people": people(300, seed=3)}


def _document(rule, *, max_iterations=30, **surname):
    return settings(
        comparison(
            "forename",
            null("forename"),
            exact("forename", 0.8, 0.1, tf_adjustment_column="forename"),
            level("forename_l = 'nobody'", 0.05, 0.01),  # never seen
            level("levenshtein(forename_l, forename_r) <= 1", 0.1, 0.1),
            otherwise(0.05, 0.79),
        ),
        comparison("surname", null("surname"), exact("surname", 0.9, 0.12, **surname), otherwise(0.1, 0.88)),
        comparison("city", exact("city", 0.7, 0.2), otherwise(0.3, 0.8)),  # no null level: null is ELSE
        rules=[rule],
        probability_two_random_records_match=0.01,
        em_convergence=1e-5,
        max_iterations=max_iterations,
    )


def _patterns(document, inputs):
    """Counts of the comparison vectors that Splink finds."""
    counted = Counter(pair.gammas for pair in scored_pairs(document, inputs).values())
    names = tuple(c["output_column_name"] for c in document["comparisons"])
    vectors = np.array(list(counted), dtype=np.int8)
    return PatternCounts(names, vectors, np.array(list(counted.values()), dtype=np.float64))


def _splink_history(document, rule, *, fix_u):
    session = linker(document, RECORDS).training.estimate_parameters_using_expectation_maximisation(
        rule, estimate_without_term_frequencies=True, fix_u_probabilities=fix_u
    )
    return session._core_model_settings_history


def _parameters(settings_of_splink, which):
    def value(found):
        return None if found == LEVEL_NOT_OBSERVED_TEXT else found

    return {
        c.output_column_name: {
            lv.comparison_vector_value: value(getattr(lv, f"_{which}_probability"))
            for lv in c._comparison_levels_excluding_null
        }
        for c in settings_of_splink.comparisons
    }


def _assert_same(ours, splinks):
    assert ours.keys() == splinks.keys()
    for name, levels in splinks.items():
        assert ours[name].keys() == levels.keys()
        for gamma, expected in levels.items():
            found = ours[name][gamma]
            assert (found is None) == (expected is None), (name, gamma)
            assert expected is None or found == pytest.approx(expected, abs=1e-9), (name, gamma)


@pytest.mark.parametrize(
    ("fixed", "fix_u"),
    [({}, True), ({"fix_m_probability": True}, True), ({"fix_u_probability": True}, False), ({}, False)],
    ids=["m", "m, one fixed", "m and u, one fixed", "m and u"],
)
def test_every_iteration_is_splinks(fixed, fix_u):
    rule = "l.dob = r.dob"
    # With u free this small sample soon tells matches apart for certain, and Splink refuses a u of 0.
    document = _document(rule, max_iterations=30 if fix_u else 8, **fixed)
    splinks = _splink_history(document, rule, fix_u=fix_u)
    read = model(document)
    ours = expectation_maximisation(
        _patterns(document, RECORDS),
        read.comparisons,
        splinks[0].probability_two_random_records_match,
        convergence=read.em_convergence,
        max_iterations=read.max_iterations,
        fix_u=fix_u,
    )
    assert len(ours) == len(splinks) > 3
    for step, theirs in zip(ours, splinks, strict=True):
        assert step.prior == pytest.approx(theirs.probability_two_random_records_match, abs=1e-9)
        _assert_same(step.m, _parameters(theirs, "m"))
        _assert_same(step.u, _parameters(theirs, "u"))
    assert ours[-1].m["forename"][2] is None  # forename_l = 'nobody'
    assert ours[0].largest_change is None
    if len(ours) <= read.max_iterations:
        assert ours[-1].largest_change < read.em_convergence <= ours[-2].largest_change


def _simple():
    levels = (null("a"), exact("a", 0.9, 0.1), otherwise(0.1, 0.9))
    return model(settings(comparison("a", *levels), rules=["l.b = r.b"])).comparisons


def test_one_step_by_hand():
    # Weights log2(9) and -log2(9) at a prior of 1/2: probabilities 0.9 and 0.1; a missing value says 1/2.
    patterns = PatternCounts(("a",), np.array([[1], [0], [-1]], np.int8), np.array([20.0, 10.0, 4.0]))
    _, step = expectation_maximisation(patterns, _simple(), 0.5, convergence=0, max_iterations=1, fix_u=False)
    assert step.prior == pytest.approx((18 + 1 + 2) / 34)
    assert step.m["a"] == {1: pytest.approx(18 / 19), 0: pytest.approx(1 / 19)}  # the null level takes no share
    assert step.u["a"] == {1: pytest.approx(2 / 11), 0: pytest.approx(9 / 11)}


def test_neither_the_order_of_patterns_nor_their_splitting_matters():
    document = _document("l.dob = r.dob")
    comparisons = model(document).comparisons
    patterns = _patterns(document, RECORDS)

    def fitted(gammas, counts):
        counted = PatternCounts(patterns.names, gammas, counts)
        return expectation_maximisation(counted, comparisons, 0.3, convergence=0, max_iterations=8)

    whole = fitted(patterns.gammas, patterns.counts)
    assert fitted(patterns.gammas[::-1], patterns.counts[::-1]) == whole  # to the last bit
    # As if two tasks had counted: one of each, and the rest.
    split = np.concatenate([np.ones(len(patterns.counts)), patterns.counts - 1])
    assert fitted(np.concatenate([patterns.gammas, patterns.gammas]), split) == whole


def test_it_stops_at_the_most_iterations():
    patterns = PatternCounts(("a",), np.array([[1], [0]], np.int8), np.array([20.0, 10.0]))
    history = expectation_maximisation(patterns, _simple(), 0.5, convergence=0, max_iterations=4)
    assert len(history) == 5
