"""Training without Spark: priors, exact agreement, u from counts, m from sessions."""

import pytest
from pydantic import ValidationError

from linkage.errors import ConfigError
from linkage.model.em import Iteration
from linkage.model.splink_settings import to_settings
from linkage.model.training import (
    SessionHistory,
    exact_agreement_column,
    free_comparisons,
    prior_from_rules,
    rules_of,
    session_prior,
    training_report,
    u_from_counts,
    with_defaults,
    with_sessions,
    with_u,
)
from linkage.model.training_plan import TrainingPlan
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings
from tests.linkage.splink_oracle import linker

PLAN = {"deterministic_rules": [["a"]], "recall": 0.8, "em_blocking_rules": [["b"]]}

DOCUMENT = settings(
    comparison(
        "name",
        null("forename", "surname"),
        level("forename_l = forename_r AND surname_l = surname_r", 0.6, 0.002),
        exact("surname", 0.3, 0.05),
        otherwise(0.1, 0.948),
    ),
    comparison("forename", null("forename"), exact("forename", 0.8, 0.1), otherwise(0.2, 0.9)),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.01), otherwise(0.1, 0.99)),
    comparison("city", null("city"), exact("city", 0.7, 0.25), otherwise(0.3, 0.75)),
    rules=["l.dob = r.dob"],
    probability_two_random_records_match=0.004,
)


def test_a_plan_is_read_with_its_defaults():
    plan = TrainingPlan.model_validate(PLAN)
    assert plan.deterministic_rules == (("a",),)
    assert (plan.seed, plan.u_max_pairs, plan.em_max_pairs) == (1, 1_000_000, 2_000_000)


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ({"seeed": 2}, "seeed"),
        ({"recall": 0}, "recall"),
        ({"recall": 1.01}, "recall"),
        ({"deterministic_rules": []}, "deterministic_rules"),
        ({"em_blocking_rules": [[]]}, "em_blocking_rules"),
        ({"em_blocking_rules": ["surname"]}, "em_blocking_rules"),  # a rule is a list
        ({"u_max_pairs": 0}, "u_max_pairs"),
    ],
)
def test_a_wrong_plan_is_refused_by_key(changes, culprit):
    with pytest.raises(ValidationError) as refused:
        TrainingPlan.model_validate(PLAN | changes)
    assert culprit in {str(part) for error in refused.value.errors() for part in error["loc"]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source_groups": {"criminal": ["courts"]}}, "say by_source_pair: true"),
        ({"by_source_pair": True, "source_groups": {"one": ["courts"], "other": ["courts"]}}, "in two groups"),
        ({"by_source_pair": True, "source_groups": {"one": ["courts", "courts"]}}, "twice in one"),
    ],
)
def test_groups_that_cannot_be_meant_are_refused(changes, reason):
    with pytest.raises(ValidationError, match=reason):
        TrainingPlan.model_validate(PLAN | changes)


def test_prior_is_pairs_found_over_recall_and_pairs_possible():
    assert prior_from_rules(8, 0.8, 1000) == pytest.approx(0.01)
    assert prior_from_rules(799, 0.8, 1000) == pytest.approx(0.99875)


@pytest.mark.parametrize(
    ("found", "reason"),
    [(0, "find no pair"), (800, "and recall say that every pair"), (801, "more than a recall of 0.8 allows")],
)
def test_rules_that_give_no_prior_are_refused(found, reason):
    with pytest.raises(ConfigError, match=f"deterministic_rules find.*{reason}|deterministic_rules {reason}"):
        prior_from_rules(found, 0.8, 1000)


@pytest.mark.parametrize(
    ("shared", "levels"),
    [
        # Bayes factors that the blocking guarantees, by hand; the level over two columns goes first.
        (["dob"], [0.9 / 0.01]),
        (["forename", "surname"], [0.6 / 0.002]),
        (["surname"], [0.3 / 0.05]),
        (["forename", "dob"], [0.8 / 0.1, 0.9 / 0.01]),
        (["substr(dob, 1, 4)"], [0.9 / 0.01]),  # Splink takes part of a column for the whole
    ],
)
def test_the_prior_of_a_session_is_splinks(shared, levels):
    read = model(DOCUMENT)
    [rule] = rules_of([tuple(shared)], "duckdb", where="plan.yaml", first_number=0)
    odds = 0.004 / 0.996
    for factor in levels:
        odds *= factor
    assert session_prior(read, rule) == pytest.approx(odds / (1 + odds), abs=1e-12)
    session = linker(DOCUMENT, {"people": people(200, seed=1)}).training
    history = session.estimate_parameters_using_expectation_maximisation(
        rule.predicate, estimate_without_term_frequencies=True
    )._core_model_settings_history
    assert session_prior(read, rule) == pytest.approx(history[0].probability_two_random_records_match, abs=1e-12)
    # And it leaves free what Splink leaves free.
    assert [c.name for c in free_comparisons(read, rule)] == [c.output_column_name for c in history[0].comparisons]


@pytest.mark.parametrize(
    ("levels", "column"),
    [
        ([null("a"), exact("a"), otherwise()], "a"),
        ([null("A"), level("A_l = A_r"), otherwise()], "a"),
        ([level("a_r = a_l"), null("a"), otherwise()], None),  # null is not asked first
        ([null("a"), level("a_l = a_r AND b_l = b_r"), otherwise()], None),
        ([null("a"), level("levenshtein(a_l, a_r) <= 1"), exact("a"), otherwise()], None),
        ([null("a", "b"), exact("a"), otherwise()], None),  # also not compared where b is missing
        ([exact("a"), otherwise()], None),  # a missing value counts as disagreement
        ([null("b"), exact("a"), otherwise()], None),
        ([null("a"), level("lower(a_l) = lower(a_r)"), otherwise()], None),
        ([null("a"), level("a_l = b_r"), otherwise()], None),
    ],
)
def test_value_frequencies_give_u_only_where_agreement_is_plain_equality(levels, column):
    [found] = model(settings(comparison("c", *levels), rules=["l.z = r.z"])).comparisons
    assert exact_agreement_column(found) == column


def _three_levels():
    levels = [null("a"), exact("a"), level("levenshtein(a_l, a_r) <= 1"), otherwise()]
    [found] = model(settings(comparison("a", *levels), rules=["l.z = r.z"])).comparisons
    return found


@pytest.mark.parametrize(
    ("counts", "exactly", "expected"),
    [
        # No frequencies: shares of the pairs compared; the null level is none.
        ({-1: 100, 2: 1, 1: 3, 0: 6}, None, {2: 0.1, 1: 0.3, 0: 0.6}),
        # Frequencies: sampled exact agreement is left out, the rest shares 1 - 0.2.
        ({-1: 100, 2: 1, 1: 3, 0: 9}, 0.2, {2: 0.2, 1: 0.2, 0: 0.6}),
        # A level that no random pair reached has no u.
        ({2: 1, 0: 4}, 0.25, {2: 0.25, 0: 0.75}),
        ({1: 1, 0: 4}, None, {1: 0.2, 0: 0.8}),
        # No two records share a value: agreement was never seen either.
        ({1: 1, 0: 4}, 0.0, {1: 0.2, 0: 0.8}),
        ({}, None, {}),
        ({-1: 5}, None, {}),
    ],
)
def test_u_from_counts_of_random_pairs(counts, exactly, expected):
    found = u_from_counts(_three_levels(), counts, exactly)
    assert found == {gamma: pytest.approx(u) for gamma, u in expected.items()}


def _session(levels):
    return Iteration(prior=0.5, m={"forename": levels}, u={"forename": {1: 0.1, 0: 0.9}}, largest_change=0.0)


def test_m_is_the_median_over_the_sessions_that_saw_the_level():
    sessions = [_session({1: 0.9, 0: 0.1}), _session({1: 0.6, 0: None}), _session({1: 0.7, 0: 0.3})]
    trained = with_sessions(model(DOCUMENT), sessions).comparisons[1]
    assert [(lv.gamma, lv.m, lv.u) for lv in trained.scored_levels] == [(1, 0.7, 0.1), (0, pytest.approx(0.2), 0.9)]
    # A level that none saw keeps what it had.
    unseen = with_sessions(model(DOCUMENT), [_session({1: 0.9, 0: None})]).comparisons[1]
    assert unseen.level(0).m == 0.2


def test_new_u_leaves_m_alone():
    trained = with_u(model(DOCUMENT), {"forename": {1: 0.3}}).comparisons[1]
    assert [(lv.m, lv.u) for lv in trained.scored_levels] == [(0.8, 0.3), (0.2, 0.9)]


def test_a_report_has_each_sessions_way_by_comparison_and_level():
    start = Iteration(0.5, {"a": {1: 0.95, 0: 0.05}}, {"a": {1: 0.1, 0: 0.9}}, None)
    end = Iteration(0.25, {"a": {1: 2 / 3, 0: None}}, {"a": {1: 0.1, 0: 1.0}}, 0.3)
    report = training_report(TrainingPlan.model_validate(PLAN), [("l.b = r.b", [start, end])])
    assert report["sessions"] == [
        {
            "rule": "l.b = r.b",
            "iterations": 1,
            "converged_to": 0.3,
            "priors": [0.5, 0.25],
            "parameters": {
                "a": {
                    # Six digits; a u that stayed where it was is the model's own.
                    "1": {"m": [0.95, 0.666667]},
                    "0": {"m": [0.05, None], "u": [0.9, 1.0]},
                }
            },
        }
    ]
    read = SessionHistory.model_validate(report["sessions"][0])
    assert read.parameters["a"][0].m == (0.05, None)
    with pytest.raises(ValidationError, match="not as many values as priors"):
        SessionHistory.model_validate(report["sessions"][0] | {"priors": [0.5]})


def test_a_comparison_without_any_m_or_u_gets_splinks_defaults_and_weighs_the_same():
    unknown = [null("unknown"), exact("unknown"), otherwise()]  # no value in the data: neither m nor u
    document = settings(
        comparison("unknown", *unknown),
        comparison("city", null("city"), exact("city", u=0.25), otherwise(u=0.75)),  # never free: no m
        comparison("dob", null("dob"), exact("dob", 0.9, 0.01), otherwise()),  # ELSE never seen
        rules=["l.dob = r.dob"],
        probability_two_random_records_match=0.01,
    )
    before = model(document)
    after = with_defaults(before)
    found = {c.name: [(level.m, level.u) for level in c.scored_levels] for c in after.comparisons}
    # Splink's defaults for two levels are m 0.95 and 0.05, and u such that they weigh 10 and -5 bits.
    m = (0.95, pytest.approx(0.05))
    assert found == {
        "unknown": [(m[0], 0.95 / 2**10), (m[1], pytest.approx(0.05 * 2**5))],
        "city": [(m[0], 0.25), (m[1], 0.75)],
        "dob": [(0.9, 0.01), (None, None)],
    }
    weights = [[level.match_weight for c in each.comparisons for level in c.levels] for each in (before, after)]
    assert weights[0] == weights[1]
    assert (before.is_trained, after.is_trained) == (False, True)
    # Written and read again, by way of Splink, it is the same; another u above 1 is still refused.
    saved = to_settings(after)
    assert model(saved).comparisons == after.comparisons
    saved["comparisons"][0]["comparison_levels"][2]["u_probability"] = 1.7
    with pytest.raises(ConfigError, match="m and u must be 0 to 1"):
        model(saved)
