"""50,000 records with a model as Splink's documentation writes it: pairs, weights and training beside Splink's."""

import math

import duckdb
import pytest
import splink.comparison_library as cl
from splink import SettingsCreator, block_on
from splink.internals.constants import LEVEL_NOT_OBSERVED_TEXT

from linkage.model.splink_settings import to_settings
from tests.linkage.engine.parity import differences, engines_pairs, parameters, trained
from tests.linkage.people import many_people
from tests.linkage.splink_models import model
from tests.linkage.splink_oracle import linker, predicted

PEOPLE = many_people(50_000, seed=5)
PLAN = {
    "seed": 3,
    "deterministic_rules": [["first_name", "surname", "dob"], ["email", "dob"]],
    "recall": 0.6,
    "u_max_pairs": 2_000_000,
    "em_max_pairs": 10_000_000,
    "em_blocking_rules": [["dob"], ["first_name", "surname"]],
}


def untrained(dialect):
    written = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("dob"),
            block_on("first_name", "surname"),
            block_on("surname", "substr(dob, 1, 4)"),
        ],
    )
    return written.create_settings_dict(dialect) | {"sql_dialect": dialect}


def with_parameters(document, learnt, **more):
    """Settings with the levels' m and u, and the prior, of a saved model."""
    document = document | {key: learnt[key] for key in ("probability_two_random_records_match",)}
    for compared, of_model in zip(document["comparisons"], learnt["comparisons"], strict=True):
        for level, known in zip(compared["comparison_levels"], of_model["comparison_levels"], strict=True):
            level.update({key: known[key] for key in ("m_probability", "u_probability") if key in known} | more)
    return document


@pytest.fixture(scope="module")
def splinks():
    """Splink's trained model, its EM sessions, and its pairs."""
    judge = linker(untrained("duckdb"), {"people": PEOPLE})
    train = judge.training
    train.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in PLAN["deterministic_rules"]], recall=PLAN["recall"]
    )
    train.estimate_u_using_random_sampling(PLAN["u_max_pairs"], seed=1, num_chunks=1, min_count_per_level=None)
    sessions = [
        train.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), estimate_without_term_frequencies=True
        )
        for rule in PLAN["em_blocking_rules"]
    ]
    saved = judge.misc.save_model_to_json()
    return saved, sessions, predicted(saved, {"people": PEOPLE})


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_pairs_and_weights_of_the_same_model_are_splinks(spark, limits, splinks, dialect):
    saved, _, theirs = splinks
    ours = engines_pairs(spark, limits, with_parameters(untrained(dialect), saved), {"people": PEOPLE})
    found = differences(ours, theirs)
    assert found["pairs"] == ours.num_rows == theirs.num_rows > 150_000
    assert (found["unmatched"], found["unlike"]) == (0, 0)
    assert found["weight"] < 1e-6


def test_with_the_same_u_and_every_pair_em_goes_splinks_way(spark, limits, splinks):
    saved, sessions, _ = splinks
    document = with_parameters(untrained("duckdb"), saved, fix_u_probability=True)
    for compared in document["comparisons"]:
        for level in compared["comparison_levels"]:
            level.pop("m_probability", None)
    found = trained(spark, limits, document, PLAN | {"u_max_pairs": 1000}, PEOPLE)
    assert found.model.prior == pytest.approx(saved["probability_two_random_records_match"], rel=1e-12)
    for ours, theirs in zip(found.report["sessions"], sessions, strict=True):
        _assert_same_path(ours, theirs._core_model_settings_history)
    ours, theirs = parameters(to_settings(found.model)), parameters(saved)
    for level, (m, u) in theirs.items():
        assert ours[level] == (m and pytest.approx(m, abs=1e-7), u), level


def _assert_same_path(ours, history):
    """A path is kept to six digits."""
    assert ours["iterations"] == len(history) - 1 > 2
    assert ours["priors"] == pytest.approx([step.probability_two_random_records_match for step in history], rel=1e-5)
    free = {c.output_column_name: c for c in history[0].comparisons}
    assert ours["parameters"].keys() == free.keys()
    for name, levels in ours["parameters"].items():
        for gamma, path in levels.items():
            theirs = [_m(step, name, int(gamma)) for step in history]
            assert path["m"] == [m if m is None else pytest.approx(m, rel=1e-5) for m in theirs], (name, gamma)


def _m(step, name, gamma):
    [compared] = [c for c in step.comparisons if c.output_column_name == name]
    m = compared._get_comparison_level_by_comparison_vector_value(gamma).m_probability
    return None if m == LEVEL_NOT_OBSERVED_TEXT else m


def _errors_of_u(document, sampled, records=700):
    """By level, the standard error of its u from all pairs among so many sampled records.

    Pairs that share a record are not independent, so the variance is that of Hoeffding (1948): four times
    the variance, over records, of the share of others that reach the level, by the number of records; and
    that of one pair by the number of pairs. Both are estimated here from pairs of other records, and only
    records whose values can be compared count.
    """
    columns = [name for name in PEOPLE.column_names if name != "unique_id"]
    sides = ", ".join(f"{side}.{column} AS {column}_{side}" for column in columns for side in "lr")
    errors = {}
    with duckdb.connect() as connection:
        connection.register("sample", PEOPLE.slice(0, records))
        connection.execute(
            f"CREATE TABLE pairs AS SELECT l.unique_id, {sides} "
            "FROM sample l JOIN sample r ON l.unique_id <> r.unique_id"
        )
        for compared in model(document).comparisons:
            cases = " ".join(
                f"ELSE {lv.gamma}" if lv.is_else else f"WHEN {lv.sql} THEN {lv.gamma}" for lv in compared.levels
            )
            connection.execute(
                f"CREATE OR REPLACE TABLE seen AS SELECT unique_id, CASE {cases} END AS gamma FROM pairs"
            )
            [(present,)] = connection.execute("SELECT avg((gamma >= 0)::INT) FROM seen").fetchall()
            for lv in compared.scored_levels:
                share = f"avg((gamma = {lv.gamma})::INT) FILTER (WHERE gamma >= 0) AS share"
                [(variance,)] = connection.execute(
                    f"SELECT var_samp(share) FROM (SELECT {share} FROM seen GROUP BY unique_id)"
                ).fetchall()
                known, u = sampled * math.sqrt(present), lv.u
                errors[compared.name, lv.label] = math.sqrt(4 * variance / known + 2 * u * (1 - u) / known**2)
    return errors


def test_trained_from_the_same_records_every_parameter_is_within_sampling_error(spark, limits, splinks):
    saved, _, _ = splinks
    plan = PLAN | {"em_max_pairs": 30_000}
    found = trained(spark, limits, untrained("duckdb"), plan, PEOPLE)
    ours, theirs = parameters(to_settings(found.model)), parameters(saved)
    assert ours.keys() == theirs.keys()
    errors = _errors_of_u(saved, sampled=math.sqrt(2 * plan["u_max_pairs"]))
    # Matches that the smaller session learns from, sampled by key. Pairs of one person are not independent
    # of each other, for which the variance is doubled.
    matches = min(session["priors"][-1] for session in found.report["sessions"]) * plan["em_max_pairs"] / 2
    beyond = []
    for level, (m, u) in theirs.items():
        # Two estimates differ by the square root of two standard errors; four of these, for there are 46 of them.
        allowed = 4 * math.sqrt(2)
        beyond += [(level, "u", ours[level][1], u)] * (abs(ours[level][1] - u) > allowed * errors[level])
        of_m = math.sqrt(2 * m * (1 - m) / matches)
        beyond += [(level, "m", ours[level][0], m)] * (abs(ours[level][0] - m) > allowed * of_m)
    assert beyond == []
    assert ours != theirs
