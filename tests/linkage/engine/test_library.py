"""Splink's whole comparison library through the engine, in one model of either dialect."""

import datetime as dt
import decimal

import pyarrow as pa
import pytest
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import ColumnExpression, SettingsCreator, block_on

from linkage.engine.checks import check_runnable
from linkage.errors import ConfigError
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.model.splink_library import CASES, RECORDS
from tests.linkage.model.splink_pairs import document
from tests.linkage.model.test_splink_library import PAIRS, SPARK_DIFFERS, SPARK_REFUSED
from tests.linkage.splink_oracle import scored_pairs

EVERYONE = RECORDS.append_column("everyone", pa.array(["x"] * RECORDS.num_rows))
# What is written otherwise in the two dialects is compared pair by pair with the libraries' other tests.
NAMES = {"duckdb": list(CASES), "spark": [name for name in CASES if name not in SPARK_DIFFERS | SPARK_REFUSED]}


def _document(names, dialect):
    return document(names[0], dialect) | {
        "comparisons": [document(name, dialect)["comparisons"][0] for name in names],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.everyone = r.everyone"}],
    }


def _with_arrays_of_one_length(table):
    """As Splink on DuckDB needs vectors."""
    kind = table.schema.field("vector").type.value_type
    vectors = pa.array(table["vector"].to_pylist(), pa.list_(kind, 3))
    return table.set_column(table.column_names.index("vector"), "vector", vectors)


@pytest.mark.parametrize("dialect", NAMES)
def test_every_comparison_of_splinks_is_scored_as_splink_does(spark, limits, dialect):
    names = NAMES[dialect]
    expected = scored_pairs(_document(names, "duckdb"), {"people": _with_arrays_of_one_length(EVERYONE)})
    ready = prepared(spark, _document(names, dialect), {"people": EVERYONE})
    found = plain(ready.scored(limits))
    assert len(expected) == PAIRS
    _assert_same(names, found, expected)


def _assert_same(names, found, expected):
    assert found.keys() == expected.keys()
    for pair, theirs in expected.items():
        assert dict(zip(names, found[pair].gammas, strict=True)) == dict(zip(names, theirs.gammas, strict=True)), pair
        assert found[pair].weight == pytest.approx(theirs.weight, abs=1e-6), pair


FIRST_OF_JANUARY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
OF_ALL_TYPES = pa.table(
    {
        "unique_id": pa.array(range(12)),
        "everyone": ["x"] * 12,
        "moment": pa.array(
            [None, *[FIRST_OF_JANUARY + dt.timedelta(hours=7 * n) for n in range(11)]], pa.timestamp("us", tz="UTC")
        ),
        "amount": pa.array([None, *[decimal.Decimal(n * n) / 10 for n in range(11)]], pa.decimal128(9, 2)),
        "third": pa.array([None, *[n / 3 for n in range(11)]], pa.float32()),
        "flag": pa.array([None, True, False] * 4),
        "tiny": pa.array([None, *range(11)], pa.int8()),
        "counts": pa.array([None, *[list(range(n % 4)) for n in range(11)]], pa.list_(pa.int64())),
        "days": pa.array([None, *[[dt.date(2020, 1, 1 + n % 4)] for n in range(11)]], pa.list_(pa.date32())),
        "vector": pa.array([[1.0, n / 2, 2.0] for n in range(12)], pa.list_(pa.float32())),
    }
)


def _of_all_types(dialect):
    def at_levels(column, *levels):
        return cl.CustomComparison([cll.NullLevel(column), *levels, cll.ElseLevel()], output_column_name=column)

    comparisons = {
        "moment": cl.AbsoluteTimeDifferenceAtThresholds(
            "moment", input_is_string=False, metrics=["hour", "day"], thresholds=[8, 2]
        ),
        "its_day": cl.ExactMatch(ColumnExpression("moment").cast_to_string().substr(1, 10)),
        "amount": at_levels(
            "amount", cll.PercentageDifferenceLevel("amount", 0.3), cll.AbsoluteDifferenceLevel("amount", 2.5)
        ),
        "third": at_levels(
            "third", cll.LiteralMatchLevel("third", "1.0", "float", "left"), cll.AbsoluteDifferenceLevel("third", 1)
        ),
        "flag": cl.ExactMatch("flag"),
        "tiny": at_levels("tiny", cll.LiteralMatchLevel("tiny", "3", "int"), cll.AbsoluteDifferenceLevel("tiny", 3)),
        "counts": cl.ArrayIntersectAtSizes("counts", [2, 1]),
        "days": cl.ArrayIntersectAtSizes("days", [1]),
        "vector": cl.CosineSimilarityAtThresholds("vector", [0.99, 0.9]),
    }
    written = SettingsCreator(
        link_type="dedupe_only",
        comparisons=list(comparisons.values()),
        blocking_rules_to_generate_predictions=[block_on("everyone")],
    ).create_settings_dict(dialect) | {"sql_dialect": dialect}
    for name, compared in zip(comparisons, written["comparisons"], strict=True):
        compared["output_column_name"] = name
    return written, list(comparisons)


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_values_of_every_type_are_compared_as_by_splink(spark, limits, dialect):
    written, names = _of_all_types("duckdb")
    expected = scored_pairs(written, {"people": _with_arrays_of_one_length(OF_ALL_TYPES)})
    # Each comparison reaches two levels or more.
    assert all(len({pair.gammas[place] for pair in expected.values()} - {-1}) > 1 for place in range(len(names)))
    ready = prepared(spark, _of_all_types(dialect)[0], {"people": OF_ALL_TYPES})
    _assert_same(names, plain(ready.scored(limits)), expected)


@pytest.mark.parametrize(
    ("sql", "dialect", "culprit"),
    [
        ("unix_timestamp(a_l) = unix_timestamp(a_r)", "spark", "epoch"),  # of a string
        ("regexp_extract(a_l, '[a', 0) = a_r", "spark", r"missing \]: \[a"),
        ("array_max(a_l) = 'x'", "spark", r"list_aggr\(VARCHAR"),  # not an array
        ("hamming_weight(a_l) = 1", "duckdb", "hamming_weight"),  # no such function
        ("list_transform(names_l, x -> soundex(x)) = names_r", "duckdb", "soundex"),
        ("regexp_extract(a_l, '(?=x)y', 0) = a_r", "duckdb", r"invalid perl operator: \(\?="),
    ],
)
def test_what_cannot_run_is_refused_before_any_work_by_comparison_and_reason(spark, sql, dialect, culprit):
    levels = [{"sql_condition": sql, "label_for_charts": "the level"}, {"sql_condition": "ELSE"}]
    compared = {"output_column_name": "of_a", "comparison_levels": levels}
    ready = prepared(spark, _document(["ExactMatch_0"], dialect) | {"comparisons": [compared]}, {"people": EVERYONE})
    with pytest.raises(ConfigError, match=f"(?i)comparison of_a, level 'the level': .*{culprit}"):
        check_runnable(ready.records, ready.model, ready.rules)
