"""Weights, defaults, and estimates that respect what the settings fix."""

import math

import pytest

from linkage.model.specification import NULL_GAMMA, ComparisonLevel, prior_weight
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings


def _level(m, u, gamma=1):
    return ComparisonLevel("a_l = a_r", "a", gamma, m, u, default_m=0.75, default_u=0.1875)


def _surname(**more):
    levels = [null("surname"), exact("surname", 0.8, 0.1, **more), otherwise(0.2, 0.9)]
    return settings(comparison("surname", *levels), rules=["l.surname = r.surname"])


@pytest.mark.parametrize(
    ("m", "u", "bits"),
    [
        (0.8, 0.1, 3.0),  # eight times likelier among matches
        (0.1, 0.8, -3.0),
        (0.75, None, 2.0),  # no u: its default, 0.1875
        (None, None, 2.0),  # neither: both defaults
        (0.5, 0.0, math.log2(0.5 / 1e-300)),  # never by chance: Splink's smallest probability
        (0.0, 0.5, math.log2(1e-300 / 0.5)),
    ],
)
def test_a_level_weighs_the_log_of_m_over_u(m, u, bits):
    assert _level(m, u).match_weight == pytest.approx(bits, abs=1e-12)


def test_the_null_level_weighs_nothing():
    assert _level(0.8, 0.1, gamma=NULL_GAMMA).match_weight == 0


@pytest.mark.parametrize(("prior", "bits"), [(0.5, 0.0), (1 / 1025, -10.0), (0.0, -math.inf), (1.0, math.inf)])
def test_prior_in_bits(prior, bits):
    assert prior_weight(prior) == pytest.approx(bits)


def test_new_estimates_replace_old_ones_and_none_leaves_them():
    before = model(_surname())
    after = before.with_levels({"surname": [(1, 0.7, None), (0, None, 0.6)], "another": [(1, 0.1, 0.1)]})
    [surname] = after.comparisons
    assert (surname.level(1).m, surname.level(1).u) == (0.7, 0.1)
    assert (surname.level(0).m, surname.level(0).u) == (0.2, 0.6)
    assert before.comparisons[0].level(1).m == 0.8  # values, not places to write to


@pytest.mark.parametrize(
    ("fixed", "m", "u"), [("fix_m_probability", 0.8, 0.2), ("fix_u_probability", 0.7, 0.1), (None, 0.7, 0.2)]
)
def test_what_the_settings_fix_stays(fixed, m, u):
    more = {} if fixed is None else {fixed: True}
    [surname] = model(_surname(**more)).with_levels({"surname": [(1, 0.7, 0.2)]}).comparisons
    assert (surname.level(1).m, surname.level(1).u) == (m, u)


@pytest.mark.parametrize(
    ("document", "trained"),
    [
        (_surname() | {"probability_two_random_records_match": 0.01}, True),
        (_surname(), False),  # the prior is Splink's default, nobody's estimate
        (
            settings(
                comparison("surname", null("surname"), exact("surname", 0.8), otherwise(u=0.9)),
                rules=["l.surname = r.surname"],
                probability_two_random_records_match=0.01,
            ),
            True,  # one m and one u are enough: the rest takes Splink's defaults
        ),
        (
            settings(
                comparison("surname", null("surname"), exact("surname", 0.8), otherwise(0.2)),
                rules=["l.surname = r.surname"],
                probability_two_random_records_match=0.01,
            ),
            False,  # no u at all
        ),
    ],
)
def test_trained_is_a_prior_and_an_m_and_a_u_for_each_comparison(document, trained):
    assert model(document).is_trained is trained


def test_levels_that_fall_back_on_defaults_are_named():
    document = settings(
        comparison(
            "surname", null("surname"), exact("surname", 0.8), level("surname_l < surname_r", 0.1, 0.2), otherwise()
        ),
        rules=["l.surname = r.surname"],
    )
    # The null level needs neither; the second level has both.
    assert model(document).untrained_levels() == ['surname: "surname_l" = "surname_r"', "surname: ELSE"]


def test_term_frequency_columns_are_sorted_and_named_once():
    adjusted = [
        comparison(
            f"{column}_{number}", null(column), exact(column, 0.8, 0.1, tf_adjustment_column=column), otherwise()
        )
        for number, column in enumerate(["surname", "forename", "surname"])
    ]
    assert model(settings(*adjusted, rules=["l.dob = r.dob"])).term_frequency_columns == ("forename", "surname")
