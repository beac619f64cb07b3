"""What a saved model may say beside its levels, as the engine and Splink on DuckDB understand it."""

import pyarrow as pa
import pytest
import splink.comparison_library as cl
from splink import SettingsCreator, block_on
from splink.internals.constants import LEVEL_NOT_OBSERVED_TEXT

from linkage.model.splink_settings import to_settings
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings
from tests.linkage.splink_oracle import linker, scored_pairs

PEOPLE = people(300, seed=17)
RULES = ["l.surname = r.surname", "l.dob = r.dob", "l.forename = r.forename AND l.city = r.city"]


def _assert_same(spark, limits, document, inputs, *, judged=None):
    expected = scored_pairs(judged or document, inputs)
    ready = prepared(spark, document, inputs)
    found = plain(ready.scored(limits))
    assert len(expected) > 100
    assert found.keys() == expected.keys()
    for pair, theirs in expected.items():
        assert (found[pair].match_key, found[pair].gammas) == (theirs.match_key, theirs.gammas), pair
        assert found[pair].weight == pytest.approx(theirs.weight, abs=1e-6), pair
    return expected


def _untrained(dialect):
    written = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("forename", jaro_winkler_thresholds=[0.999, 0.7]),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[block_on("surname"), block_on("substr(dob, 1, 6)")],
        additional_columns_to_retain=["surname"],
    )
    return written.create_settings_dict(dialect) | {"sql_dialect": dialect}


@pytest.fixture(scope="module")
def saved():
    """A model as Splink saves it after training, with a level that no pair reached."""
    judge = linker(_untrained("duckdb"), {"people": PEOPLE})
    judge.training.estimate_probability_two_random_records_match([block_on("forename", "dob")], recall=0.7)
    judge.training.estimate_u_using_random_sampling(max_pairs=1e6, min_count_per_level=None)
    judge.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))
    judge.training.estimate_parameters_using_expectation_maximisation(block_on("city"))
    return judge.misc.save_model_to_json()


def test_a_model_that_splink_trained_scores_as_splink_does(spark, limits, saved):
    assert LEVEL_NOT_OBSERVED_TEXT not in str(saved)  # it is saved without a parameter
    assert any("u_probability" not in lv for lv in saved["comparisons"][0]["comparison_levels"][1:])
    _assert_same(spark, limits, saved, {"people": PEOPLE})


def test_the_same_model_saved_for_spark_scores_the_same(spark, limits, saved):
    for_spark = _untrained("spark") | {
        key: saved[key] for key in ("probability_two_random_records_match", "linker_uid")
    }
    for of_spark, trained in zip(for_spark["comparisons"], saved["comparisons"], strict=True):
        for written, read in zip(of_spark["comparison_levels"], trained["comparison_levels"], strict=True):
            written |= {key: value for key, value in read.items() if key != "sql_condition"}
    assert "`" in str(for_spark["comparisons"])  # quoted as in Spark
    _assert_same(spark, limits, for_spark, {"people": PEOPLE}, judged=saved)


def test_term_frequencies_weigh_as_splink_says(spark, limits):
    def adjusted(column, **more):
        return {"tf_adjustment_column": column, **more}

    document = settings(
        comparison(
            "forename",
            null("forename") | adjusted("forename"),  # of the null level nothing comes
            exact("forename", 0.7, 0.08, **adjusted("forename", tf_adjustment_weight=0.4, tf_minimum_u_value=0.2)),
            level("levenshtein(forename_l, forename_r) <= 1", 0.1, 0.1, **adjusted("forename")),  # with exact u
            level(
                "jaro_winkler_similarity(forename_l, forename_r) > 0.7",
                0.1,
                0.05,
                **adjusted("forename", disable_tf_exact_match_detection=True),  # with its own
            ),
            otherwise(0.1, 0.77, **adjusted("forename")),
        ),
        comparison(
            "names",
            null("surname"),
            level("surname_l = surname_r AND city_l = city_r", 0.5, 0.04, **adjusted("surname")),
            exact("surname", 0.3, 0.1, **adjusted("surname", tf_adjustment_weight=0.0)),  # which Splink reads as 1
            # Another column's, one record's perhaps missing: the other's counts.
            level("substr(surname_l, 1, 1) = substr(surname_r, 1, 1)", 0.1, 0.1, **_by_itself("city")),
            otherwise(0.1, 0.76),
        ),
        comparison(
            "dob", null("dob"), exact("dob", 0.9, 0.01, **adjusted("dob", tf_adjustment_weight=2.0)), otherwise()
        ),
        rules=RULES,
        probability_two_random_records_match=0.01,
    )
    expected = _assert_same(spark, limits, document, {"people": PEOPLE})
    assert {pair.gammas[:2] for pair in expected.values()} >= {(3, 3), (2, 2), (1, 1), (0, 0)}
    assert _weights(model(document)) == _weights(model(to_settings(model(document))))


def _weights(read):
    return [lv.term_frequency for compared in read.comparisons for lv in compared.levels]


def _by_itself(column):
    return {"tf_adjustment_column": column, "disable_tf_exact_match_detection": True}


def test_null_levels_may_be_several_and_stand_anywhere(spark, limits):
    document = settings(
        comparison(
            "names",
            level("forename_l = surname_r", 0.1, 0.01),
            null("forename"),
            exact("forename", 0.8, 0.1),
            {"sql_condition": '("city_l" IS NULL) OR "dob_r" IS NULL', "label_for_charts": "x", "is_null_level": True},
            otherwise(0.1, 0.8),
        ),
        rules=RULES,
        probability_two_random_records_match=0.01,
    )
    expected = _assert_same(spark, limits, document, {"people": PEOPLE})
    assert {pair.gammas for pair in expected.values()} == {(2,), (1,), (0,), (-1,)}


@pytest.mark.parametrize(("link_type", "name"), [("link_only", "source_dataset"), ("link_and_dedupe", "origin")])
def test_the_source_of_a_record_can_be_compared_and_blocked_on(spark, limits, link_type, name):
    inputs = {"b": PEOPLE.slice(0, 120), "a": PEOPLE.slice(100, 150), "a-1": PEOPLE.slice(200)}
    if name == "origin":
        # A column of this name the inputs have themselves.
        inputs = {of: table.append_column(name, pa.array([of] * table.num_rows)) for of, table in inputs.items()}
    document = settings(
        comparison("forename", null("forename"), exact("forename", 0.8, 0.1), otherwise(0.2, 0.9)),
        comparison(
            "source",
            level(f"{name}_l = 'a' AND {name}_r = 'b'", 0.3, 0.2),
            exact(name, 0.4, 0.5),
            otherwise(0.3, 0.3),
        ),
        rules=[
            f"l.dob = r.dob AND l.{name} <> r.{name}",
            f"l.surname = r.surname AND (l.{name} = 'a' OR l.city = r.city)",
        ],
        link_type=link_type,
        probability_two_random_records_match=0.01,
        source_dataset_column_name=name,
    )
    expected = _assert_same(spark, limits, document, inputs)
    levels = {pair.gammas[1] for pair in expected.values()}
    assert levels == ({2, 0} if link_type == "link_only" else {2, 1, 0})


def test_columns_to_retain_change_nothing(spark, limits):
    plainly = settings(
        comparison("forename", null("forename"), exact("forename", 0.8, 0.1), otherwise(0.2, 0.9)),
        rules=RULES,
        probability_two_random_records_match=0.01,
    )
    retained = {"additional_columns_to_retain": ["city", "no_such_column"], "retain_matching_columns": True}
    retained["retain_intermediate_calculation_columns"] = True
    _assert_same(spark, limits, plainly | retained, {"people": PEOPLE}, judged=plainly)
    ready = prepared(spark, plainly | retained, {"people": PEOPLE})
    assert ready.scored(limits).frame.columns[-3:] == ["match_weight", "match_probability", "gamma_forename"]
    assert "no_such_column" not in ready.records.columns
