"""Draws of persons: what an interval must do whatever is measured."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from scipy.stats import binom

from linkage.quality.bootstrap import Ratio, ratio_intervals


def interval(df: DataFrame, ratio: Ratio | None = None, **options) -> Row:
    """Of the share of `right`, or of another ratio."""
    ratios = {"share": ratio or Ratio(F.col("right"), F.lit(1))}
    [row] = ratio_intervals(df, ratios, by=[], drawn_with=F.col("person"), **options).collect()
    return row


def persons(spark: SparkSession, count: int, wrong: int, records: int = 1) -> DataFrame:
    """`wrong` of `count` persons, each with as many equal records."""
    ids = spark.range(count).select(F.col("id").alias("person"), (F.col("id") >= wrong).cast("int").alias("right"))
    return ids.crossJoin(spark.range(records).select("id")).drop("id")


def test_the_width_is_that_of_the_binomial(spark: SparkSession) -> None:
    row = interval(persons(spark, 600, 150), replicates=1000)
    assert row["rate"] == 0.75
    assert row["lower"] == pytest.approx(binom.ppf(0.025, 600, 0.75) / 600, abs=0.006)
    assert row["upper"] == pytest.approx(binom.ppf(0.975, 600, 0.75) / 600, abs=0.006)


def test_many_more_persons_than_groups_give_a_narrower_interval(spark: SparkSession) -> None:
    row = interval(persons(spark, 60000, 15000), replicates=1000)
    assert row["upper"] - row["lower"] == pytest.approx(2 * 1.96 * (0.75 * 0.25 / 60000) ** 0.5, rel=0.15)


def test_more_records_of_the_same_persons_tell_no_more(spark: SparkSession) -> None:
    one, nine = interval(persons(spark, 300, 60)), interval(persons(spark, 300, 60, records=9))
    assert (nine["lower"], nine["upper"]) == (one["lower"], one["upper"])
    assert (one["denominator"], nine["denominator"]) == (300.0, 2700.0)


def test_errors_that_nobody_saw_give_no_width(spark: SparkSession) -> None:
    row = interval(persons(spark, 300, 0))
    assert (row["lower"], row["rate"], row["upper"]) == (1.0, 1.0, 1.0)


def test_a_rate_over_nothing_is_unknown(spark: SparkSession) -> None:
    row = interval(persons(spark, 5, 1), Ratio(F.lit(0), F.lit(None).cast("int")))
    assert (row["denominator"], row["rate"], row["lower"], row["upper"]) == (0.0, None, None, None)


def test_a_seed_draws_always_alike_and_another_otherwise(spark: SparkSession) -> None:
    df = persons(spark, 300, 60)
    assert interval(df, seed=1) == interval(df.repartition(5), seed=1)
    assert interval(df, seed=1) != interval(df, seed=2)


def test_without_draws_there_is_the_rate_alone(spark: SparkSession) -> None:
    row = interval(persons(spark, 40, 10), replicates=0)
    assert (row["numerator"], row["denominator"], row["rate"]) == (30.0, 40.0, 0.75)
    assert (row["lower"], row["upper"]) == (None, None)


def test_a_lower_level_lies_inside(spark: SparkSession) -> None:
    df = persons(spark, 300, 60)
    wide, narrow = interval(df, level=0.95), interval(df, level=0.5)
    assert wide["lower"] < narrow["lower"] < narrow["upper"] < wide["upper"]


@pytest.mark.parametrize(
    ("options", "named"), [({"replicates": -1}, "replicates = -1"), ({"level": 1.0}, "level = 1.0")]
)
def test_what_cannot_be_drawn_is_refused(spark: SparkSession, options, named) -> None:
    with pytest.raises(ValueError, match=named):
        interval(persons(spark, 2, 1), **options)
