"""Settings in and out: what Splink would read back, and what is refused by name."""

import json

import pytest
from splink import SettingsCreator

from linkage.errors import ConfigError
from linkage.model.splink_settings import parse_settings, to_settings
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings

DUCKDB = settings(
    comparison(
        "name",
        null("name"),
        exact("name", 0.7, 0.01, tf_adjustment_column="name", tf_minimum_u_value=0.001, tf_adjustment_weight=0.5),
        level('jaro_winkler_similarity("name_l", "name_r") >= 0.9', 0.2, fix_m_probability=True),
        level('levenshtein("name_l", "name_r") <= 2', tf_adjustment_column="name", tf_adjustment_weight=0.25),
        otherwise(0.1, 0.9),
    ),
    comparison("born", null("dob"), exact("dob", 0.95, 0.0001, fix_u_probability=True), otherwise(0.05, 0.9999)),
    rules=["l.name = r.name", "l.dob = r.dob AND substr(l.name, 1, 1) = substr(r.name, 1, 1)"],
    probability_two_random_records_match=0.002,
    em_convergence=0.001,
    max_iterations=7,
    unique_id_column_name="record",
)
SPARK = {
    **settings(
        comparison(
            "name",
            {
                "sql_condition": "`name_l` IS NULL OR `name_r` IS NULL",
                "label_for_charts": "null",
                "is_null_level": True,
            },
            level("`name_l` = `name_r`", 0.7, 0.01),
            level("jaro_winkler(`name_l`, `name_r`) >= 0.9", 0.2, 0.09),
            otherwise(0.1, 0.9),
        ),
        rules=["l.`name` = r.`name`"],
        link_type="link_only",
    ),
    "sql_dialect": "spark",
}


def _splink(document):
    """The parameters as Splink reads them: by comparison and level, (m, u, fixed m, fixed u, TF weight)."""
    loaded = SettingsCreator.from_path_or_dict(document).get_settings(document["sql_dialect"])
    levels = {
        (c.output_column_name, lv.comparison_vector_value): (
            lv._m_probability,
            lv._u_probability,
            lv._fix_m_probability,
            lv._fix_u_probability,
            lv._tf_adjustment_weight if lv._has_tf_adjustments else None,
        )
        for c in loaded.comparisons
        for lv in c.comparison_levels
    }
    rules = [rule.blocking_rule_sql for rule in loaded._blocking_rules_to_generate_predictions]
    return levels, rules, loaded._probability_two_random_records_match, loaded._link_type


@pytest.mark.parametrize("document", [DUCKDB, SPARK], ids=["duckdb", "spark"])
def test_a_model_goes_out_as_it_came_in(document):
    read = model(document)
    written = to_settings(read)
    assert written["sql_dialect"] == document["sql_dialect"]
    assert _splink(written) == _splink(document)
    again = model(written)
    assert (again.comparisons, again.blocking_rules, again.link_type) == (
        read.comparisons,
        read.blocking_rules,
        read.link_type,
    )
    assert (again.em_convergence, again.max_iterations, again.unique_id_column) == (
        read.em_convergence,
        read.max_iterations,
        read.unique_id_column,
    )


def test_what_the_settings_say_is_read():
    read = model(DUCKDB)
    assert (read.prior, read.prior_is_given) == (0.002, True)
    assert (read.em_convergence, read.max_iterations, read.unique_id_column) == (0.001, 7, "record")
    name, born = read.comparisons
    assert (name.name, name.gamma_column, name.columns) == ("name", "gamma_name", ("name",))
    assert [lv.gamma for lv in name.levels] == [-1, 3, 2, 1, 0]  # Splink counts down to ELSE
    assert [lv.m for lv in name.levels] == [None, 0.7, 0.2, None, 0.1]
    tf = name.level(3).term_frequency
    assert tf is not None
    assert (tf.column, tf.weight, tf.minimum_u, tf.base_gamma) == ("name", 0.5, 0.001, 3)
    assert (name.level(1).term_frequency.weight, name.level(1).term_frequency.base_gamma) == (0.25, 3)
    assert (name.level(2).fix_m, name.level(2).fix_u) == (True, False)
    assert [lv.exact_columns for lv in born.levels] == [(), ("dob",), ()]


def test_without_a_prior_splinks_default_stands_in_and_is_known_to_be_one():
    document = {key: value for key, value in DUCKDB.items() if key != "probability_two_random_records_match"}
    read = model(document)
    assert (read.prior, read.prior_is_given) == (0.0001, False)


def test_new_parameters_go_out_and_unknown_ones_are_left_out():
    trained = model(DUCKDB).with_prior(0.25).with_levels({"name": [(3, 0.6, 0.02), (2, 0.9, 0.07)]})
    levels, _, prior, _ = _splink(to_settings(trained))
    assert prior == 0.25
    assert levels["name", 3][:2] == (0.6, 0.02)
    assert levels["name", 2][:2] == (0.2, 0.07)  # its m is fixed
    assert levels["name", 1][:2] == (None, None)  # never seen: written without


def test_a_term_frequency_of_another_level_takes_the_exact_levels_u():
    adjusted = comparison(
        "name",
        null("name"),
        exact("name", 0.7, 0.01),
        level("name_l < name_r", 0.2, 0.1, tf_adjustment_column="name"),
        otherwise(0.1, 0.9),
    )
    [name] = model(settings(adjusted, rules=["l.name = r.name"])).comparisons
    assert name.level(1).term_frequency.base_gamma == 2
    own = comparison(
        "name",
        null("name"),
        level("name_l < name_r", 0.2, 0.1, tf_adjustment_column="name", disable_tf_exact_match_detection=True),
        otherwise(0.1, 0.9),
    )
    [name] = model(settings(own, rules=["l.name = r.name"])).comparisons
    assert name.level(1).term_frequency.base_gamma == 1


def _with(**changes):
    return json.dumps(DUCKDB | changes)


def _with_level(sql, **more):
    return _with(comparisons=[comparison("name", null("name"), level(sql, 0.5, 0.1, **more), otherwise(0.5, 0.9))])


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("{ not json", "not JSON"),
        ("[1, 2]", "not a JSON object"),
        (_with(sql_dialect="postgres"), "sql_dialect must be one of duckdb, spark"),
        (json.dumps({k: v for k, v in DUCKDB.items() if k != "sql_dialect"}), "sql_dialect must be one of"),
        (_with(comparisions=[]), "comparisions"),
        (_with(link_type="dedupe"), "link_type dedupe: must be one of dedupe_only, link_only"),
        (_with(comparisons=[]), "comparisons is empty"),
        (_with(blocking_rules_to_generate_predictions=[]), "blocking_rules_to_generate_predictions is empty"),
        (_with_level("name_l = = name_r"), "name_l = = name_r"),
        (_with_level("levenshtein(name_l, name_r <= 1"), "levenshtein"),
        (_with_level("name = name_r"), "column name must end in _l or _r"),
        (_with_level("name_l < name_r", tf_adjustment_column="name"), "exact match on name"),
        (_with(comparisons=[comparison("name", null("name"))]), "comparison name has no level with a weight"),
        (_with(comparisons=[*DUCKDB["comparisons"], DUCKDB["comparisons"][0]]), "share the name name"),
        (
            _with(comparisons=[*DUCKDB["comparisons"], DUCKDB["comparisons"][0] | {"output_column_name": "Name"}]),
            "share the name Name, name",
        ),
        (
            _with(comparisons=[DUCKDB["comparisons"][0] | {"output_column_name": 'a"b'}]),
            "its name becomes a column; use letters and _",
        ),
        (
            json.dumps(
                SPARK | {"comparisons": [comparison("name", level("soundex(name_l) = soundex(name_r)"), otherwise())]}
            ),
            "soundex is not known to mean the same",
        ),
    ],
)
def test_unusable_settings_are_refused_in_one_line_that_names_the_culprit(text, culprit):
    with pytest.raises(ConfigError) as refused:
        parse_settings(text, where="my.json")
    message = str(refused.value)
    assert message.startswith("my.json: ")
    assert culprit in message
    assert "\n" not in message
    assert "\x1b" not in message  # no colours of sqlglot's
