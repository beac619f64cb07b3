"""Accuracy from group sizes against a count over every pair."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.quality.accuracy import accuracy_by_scope, pairwise_accuracy

Record = tuple[int | None, int | None, str]
SCHEMA = "truth int, cluster int, source string"
RECORDS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 3),
        st.none() | st.integers(0, 3),
        st.sampled_from("abc"),
    ),
    min_size=4,
    max_size=30,
)
FEW = settings(
    max_examples=6,
    phases=[Phase.generate],  # each step of a search for a smaller example would be a Spark job
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def rate(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def by_hand(records: list[Record], wanted: set[str] | None = None, across: bool = False) -> dict[str, float | None]:
    true = found = correct = 0
    for left, right in combinations([r for r in records if r[0] is not None], 2):
        if (across and left[2] == right[2]) or (wanted is not None and {left[2], right[2]} != wanted):
            continue
        is_true = left[0] == right[0]
        is_found = left[1] is not None and left[1] == right[1]
        true, found, correct = true + is_true, found + is_found, correct + (is_true and is_found)
    return {
        "true_pairs": true,
        "found_pairs": found,
        "correct_pairs": correct,
        "precision": rate(correct, found),
        "recall": rate(correct, true),
        "f1": rate(2 * correct, true + found),
    }


def frame(spark: SparkSession, records: list[Record]) -> DataFrame:
    return spark.createDataFrame(records, SCHEMA)


@given(records=RECORDS, across=st.booleans())
@FEW
def test_equals_the_count_over_all_pairs(spark: SparkSession, records: list[Record], across: bool) -> None:
    result = pairwise_accuracy(
        frame(spark, records), truth="truth", cluster="cluster", source="source", across_sources_only=across
    )
    rows = result.collect()
    assert len(rows) == 1
    assert rows[0].asDict() == pytest.approx(by_hand(records, across=across))


@given(records=RECORDS)
@FEW
def test_scopes_equal_the_counts_over_their_pairs(spark: SparkSession, records: list[Record]) -> None:
    result = accuracy_by_scope(frame(spark, records), truth="truth", cluster="cluster", source="source")
    schemas.load("accuracy").check(result)
    found = {row["scope"]: row.asDict() for row in result.collect()}
    expected = {f"{a} x {b}": by_hand(records, {a, b}) for a in "abc" for b in "abc" if a <= b}
    expected["all"] = by_hand(records)
    expected = {k: v for k, v in expected.items() if v["true_pairs"] or v["found_pairs"]}
    assert {k: {n: x for n, x in v.items() if n != "scope"} for k, v in found.items()} == {
        k: pytest.approx(v) for k, v in expected.items()
    }


def test_without_source_all_records_are_of_one(spark: SparkSession) -> None:
    records: list[Record] = [(1, 1, "a"), (1, 1, "b"), (2, 1, "a")]
    result = pairwise_accuracy(frame(spark, records), truth="truth", cluster="cluster").first()
    assert result is not None
    assert result.asDict() == pytest.approx(by_hand(records))


def test_truth_may_be_text(spark: SparkSession) -> None:
    df = spark.createDataFrame([("p", "x"), ("p", "x"), ("q", "y")], "truth string, cluster string")
    result = pairwise_accuracy(df, truth="truth", cluster="cluster").first()
    assert result is not None
    assert (result["f1"], result["true_pairs"]) == (1.0, 1)


def test_no_record_gives_one_row_without_rates(spark: SparkSession) -> None:
    result = pairwise_accuracy(frame(spark, []), truth="truth", cluster="cluster").collect()
    assert [tuple(row) for row in result] == [(0, 0, 0, None, None, None)]


def test_across_sources_needs_a_source(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="source column"):
        pairwise_accuracy(frame(spark, []), truth="truth", cluster="cluster", across_sources_only=True)
