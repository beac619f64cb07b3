"""Whatever Splink's comparison libraries can say, in both dialects, against Splink's own levels on DuckDB."""

import duckdb
import pyarrow as pa
import pytest
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import ColumnExpression, DuckDBAPI, Linker, block_on

from linkage.errors import ConfigError
from linkage.model.blocking import keyed_rules
from linkage.model.specification import BlockingRule
from tests.linkage.model.splink_library import CASES, COMPARISONS, EXPRESSIONS, LEVELS, RECORDS
from tests.linkage.model.splink_pairs import case_when, document, our_levels, pairs_in_duckdb

PAIRS = 15 * 14 // 2

NULL_IN_BOTH = "Spark counts a null that two arrays hold among what they share"
NULL_ARRAY = "with nothing, DuckDB shares an empty array, Spark null"
ZERO_VECTOR = "the similarity to no direction is NaN in DuckDB, which is above all numbers, and null in Spark"
WHOLE_SECONDS = "Spark's unix_timestamp leaves out the fractions of a second"

# Pairs on which a level of Spark's dialect is not that of DuckDB's, because Splink writes it so.
SPARK_DIFFERS = {
    "PairwiseStringDistanceFunctionAtThresholds_0": (3, NULL_IN_BOTH),
    "PairwiseStringDistanceFunctionAtThresholds_1": (3, NULL_IN_BOTH),
    "PairwiseStringDistanceFunctionAtThresholds_2": (3, NULL_IN_BOTH),
    "PairwiseStringDistanceFunctionAtThresholds_3": (3, NULL_IN_BOTH),
    "ArrayIntersectAtSizes_0": (3, NULL_IN_BOTH),
    "ArrayIntersectLevel_0": (3, NULL_IN_BOTH),
    "ArrayIntersectLevel_1": (6, NULL_ARRAY),
    "ArraySubsetLevel_0": (2, NULL_IN_BOTH),
    "ArraySubsetLevel_1": (3, f"{NULL_IN_BOTH}; {NULL_ARRAY}"),
    "CosineSimilarityAtThresholds_0": (12, ZERO_VECTOR),
    "CosineSimilarityLevel_0": (12, ZERO_VECTOR),
    "AbsoluteTimeDifferenceAtThresholds_1": (5, WHOLE_SECONDS),
    "AbsoluteTimeDifferenceLevel_1": (5, WHOLE_SECONDS),
}

# Functions of DuckDB's by name, which Spark has not.
SPARK_REFUSED = {"DistanceFunctionAtThresholds_1": "jaro_winkler_similarity", "DistanceFunctionLevel_1": "hamming"}


def test_every_class_of_splinks_libraries_has_a_case():
    assert set(cl.__all__) == COMPARISONS.keys()
    assert set(cll.__all__) == LEVELS.keys()
    public = {
        name
        for name, value in vars(ColumnExpression).items()
        if callable(value) and not isinstance(value, staticmethod) and not name.startswith("_")
    }
    assert public - {"apply_operations"} == EXPRESSIONS.keys()
    assert CASES.keys() >= SPARK_DIFFERS.keys() | SPARK_REFUSED.keys()


@pytest.fixture(scope="module")
def connection():
    with pairs_in_duckdb() as connection:
        yield connection


def _ours(connection, name, dialect):
    """Our gammas of all pairs, and the levels' gammas."""
    levels = our_levels(name, dialect)
    rows = connection.execute(f"SELECT one, other, {case_when(levels)} FROM pairs").fetchall()
    return {(one, other): gamma for one, other, gamma in rows}, {gamma for _, gamma in levels}


@pytest.fixture(scope="module")
def splinks():
    """Splink's gammas of all pairs, by case."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # Splink writes lambdas with an arrow, which this DuckDB takes only if it is told to.
    connection.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
    # Its cosine similarity wants arrays of one length.
    vectors = pa.array(RECORDS["vector"].to_pylist(), pa.list_(pa.float64(), 3))
    table = RECORDS.set_column(RECORDS.column_names.index("vector"), "vector", vectors)
    everything = document("ExactMatch_0", "duckdb") | {
        "comparisons": [document(name, "duckdb")["comparisons"][0] for name in CASES],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "1=1"}],
    }
    judge = Linker([DuckDBAPI(connection).register(table)], everything, log_level=None)
    rows = judge.inference.predict(warning_mode="never").as_record_list()
    return {name: {(row["unique_id_l"], row["unique_id_r"]): row[f"gamma_{name}"] for row in rows} for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_duckdb_settings_reach_splinks_levels(connection, splinks, name):
    found, levels = _ours(connection, name, "duckdb")
    assert found == splinks[name]
    assert len(found) == PAIRS
    assert set(found.values()) == levels, "these records do not try every level"


@pytest.mark.parametrize("name", [name for name in CASES if name not in SPARK_REFUSED])
def test_spark_settings_reach_splinks_levels_of_the_same_comparison(connection, splinks, name):
    found, _ = _ours(connection, name, "spark")
    different = [pair for pair in found if found[pair] != splinks[name][pair]]
    assert (len(different), len(found)) == (SPARK_DIFFERS.get(name, (0, ""))[0], PAIRS)


@pytest.mark.parametrize("name", SPARK_REFUSED)
def test_a_distance_function_that_spark_has_not_is_refused_by_name(connection, name):
    with pytest.raises(ConfigError, match=f"settings.json: .*: {SPARK_REFUSED[name]} is not known to mean the same"):
        _ours(connection, name, "spark")


# What records must share, as block_on of Splink's takes it.
RULES = {
    "lower": ["a"],
    "operations": [ColumnExpression("a").lower().substr(1, 1), ColumnExpression("postcode").regex_extract("^[A-Z]+")],
    "dates": [ColumnExpression("born").try_parse_date(), ColumnExpression("x").cast_to_string()],
    "times": [ColumnExpression("seen").try_parse_timestamp().cast_to_string()],
    "elements": [ColumnExpression("names").access_extreme_array_element("first"), ColumnExpression("b").nullif("")],
    "last": [ColumnExpression("codes").access_extreme_array_element("last")],
    "sql": ["substr(email, 1, 2)", "upper(a) || coalesce(b, '')"],
    "array": ["names"],
}


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
@pytest.mark.parametrize("name", RULES)
def test_block_on_expressions_makes_splinks_pairs(connection, name, dialect):
    def rule(of):
        return block_on(*RULES[name]).get_blocking_rule(of).blocking_rule_sql

    def pairs(condition):
        made = f"SELECT l.unique_id AS one, r.unique_id AS other FROM records l JOIN records r ON {condition}"
        return set(connection.execute(f"SELECT one, other FROM ({made}) WHERE one < other").fetchall())

    [keyed] = keyed_rules([BlockingRule(rule(dialect))], dialect, where="settings.json")
    expected = pairs(rule("duckdb"))
    assert 0 < len(expected) < PAIRS
    assert pairs(keyed.predicate) == expected
    assert keyed.is_only_keys
    keys = ", ".join(keyed.left_keys)
    assert keyed.left_keys == keyed.right_keys
    rows = connection.execute(f"SELECT unique_id, {keys} FROM records ORDER BY unique_id").fetchall()
    assert {
        (one[0], other[0])
        for one in rows
        for other in rows
        if one[0] < other[0] and one[1:] == other[1:] and None not in one[1:]
    } == expected
