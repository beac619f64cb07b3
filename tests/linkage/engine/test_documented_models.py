"""A thousand records and the settings of Splink's documentation: everything from training to pairs."""

import pytest
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from linkage.model.splink_settings import to_settings
from tests.linkage.engine.parity import differences, engines_pairs, parameters, trained
from tests.linkage.people import many_people
from tests.linkage.splink_models import comparison, exact, level, null, otherwise, settings
from tests.linkage.splink_oracle import linker, predicted

PEOPLE = many_people(1000, seed=8)
PLAN = {
    "seed": 1,
    "deterministic_rules": [["first_name", "dob"], ["surname", "substr(dob, 1, 7)"], ["email"]],
    "recall": 0.7,
    # Every pair: nothing is left to chance.
    "u_max_pairs": 10_000_000,
    "em_max_pairs": 10_000_000,
    "em_blocking_rules": [["first_name", "city"], ["dob"]],
}


def _documented(dialect):
    written = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.JaroWinklerAtThresholds("surname", [0.9, 0.7]),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("first_name", "city"),
            block_on("surname"),
            block_on("dob"),
            block_on("substr(email, 1, 8)", "substr(dob, 1, 4)"),
        ],
        retain_intermediate_calculation_columns=True,
        em_convergence=1e-5,
    )
    return written.create_settings_dict(dialect) | {"sql_dialect": dialect}


def _splinks(document):
    """The model that Splink learns from every pair."""
    judge = linker(document, {"people": PEOPLE})
    train = judge.training
    rules = [block_on(*rule) for rule in PLAN["deterministic_rules"]]
    train.estimate_probability_two_random_records_match(rules, recall=PLAN["recall"])
    train.estimate_u_using_random_sampling(1e9, num_chunks=1, min_count_per_level=None)
    for rule in PLAN["em_blocking_rules"]:
        train.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True
        )
    return judge.misc.save_model_to_json()


def _assert_same_parameters(found, expected):
    assert found.keys() == expected.keys()
    for name, (m, u) in expected.items():
        assert found[name] == (m and pytest.approx(m, abs=1e-7), u and pytest.approx(u, abs=1e-9)), name


@pytest.fixture(scope="module")
def splinks():
    saved = _splinks(_documented("duckdb"))
    return saved, predicted(saved, {"people": PEOPLE})


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_a_documented_model_is_trained_and_scored_as_by_splink(spark, limits, splinks, dialect):
    saved, pairs = splinks
    found = trained(spark, limits, _documented(dialect), PLAN, PEOPLE)
    ours = to_settings(found.model)
    assert ours["sql_dialect"] == dialect
    assert ours["probability_two_random_records_match"] == pytest.approx(
        saved["probability_two_random_records_match"], rel=1e-12
    )
    _assert_same_parameters(parameters(ours), parameters(saved))
    compared = differences(engines_pairs(spark, limits, ours, {"people": PEOPLE}), pairs)
    assert compared["pairs"] == pairs.num_rows > 1000
    assert (compared["unmatched"], compared["unlike"]) == (0, 0)
    assert compared["weight"] < 1e-6


def test_parameters_that_a_model_fixes_stay_as_they_are(spark, limits):
    document = settings(
        comparison(
            "first_name",
            null("first_name"),
            exact("first_name", None, 0.02, fix_u_probability=True),
            level("levenshtein(first_name_l, first_name_r) <= 2", 0.1, fix_m_probability=True),
            otherwise(),
        ),
        comparison("surname", null("surname"), exact("surname", 0.6, fix_m_probability=True), otherwise()),
        comparison("city", null("city"), exact("city"), otherwise(None, 0.9, fix_u_probability=True)),
        comparison("dob", null("dob"), exact("dob"), otherwise()),
        rules=["l.dob = r.dob"],
        em_convergence=1e-5,
    )
    ours = parameters(to_settings(trained(spark, limits, document, PLAN, PEOPLE).model))
    _assert_same_parameters(ours, parameters(_splinks(document)))
    assert ours["first_name", '"first_name_l" = "first_name_r"'][1] == 0.02
    assert ours["first_name", "levenshtein(first_name_l, first_name_r) <= 2"][0] == 0.1
    assert (ours["surname", '"surname_l" = "surname_r"'][0], ours["city", "ELSE"][1]) == (0.6, 0.9)
