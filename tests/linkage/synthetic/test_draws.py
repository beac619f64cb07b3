"""Draws are what they say, for any entity, and do not move."""

from __future__ import annotations

from collections import Counter

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from linkage.synthetic.draws import Draws, zipf_rank, zipf_scale

COUNT = 20_000


def test_draws_follow_their_distributions(spark: SparkSession) -> None:
    draws = Draws(7, F.col("id"))
    df = spark.range(COUNT).select(
        draws.uniform("a").alias("a"),
        draws.uniform("b").alias("b"),
        draws.happens(0.2, "c").cast("int").alias("c"),
        draws.below(10, "d").alias("d"),
        draws.pick({"x": 3, "y": 1}, "e").alias("e"),
        draws.choose(["p", "q"], "f").alias("f"),
        zipf_rank(draws.uniform("g"), *zipf_scale(1000, 8)).alias("g"),
    )
    row = df.agg(
        F.min("a"), F.max("a"), F.mean("a"), F.corr("a", "b"), F.mean("c"), F.min("d"), F.max("d"), F.mean("d")
    ).first()
    assert row is not None
    low, high, mean, correlation, share, least, most, middle = row
    assert 0 <= low < 0.001
    assert 0.999 < high < 1
    assert abs(mean - 0.5) < 0.01
    assert abs(correlation) < 0.03
    assert abs(share - 0.2) < 0.01
    assert (least, most) == (0, 9)
    assert abs(middle - 4.5) < 0.1
    picked = Counter(r["e"] for r in df.select("e").collect())
    assert abs(picked["x"] / COUNT - 0.75) < 0.01
    assert set(picked) == {"x", "y"}
    assert df.select("f").distinct().count() == 2
    ranks = Counter(r["g"] for r in df.select("g").collect())
    # Weights 1 / (rank + 8) over 1,000 ranks.
    total = sum(1 / (rank + 8) for rank in range(1000))
    assert min(ranks) == 0
    assert max(ranks) <= 999
    for rank in (0, 1, 10, 50):
        expected = COUNT / (rank + 8) / total
        assert abs(ranks[rank] - expected) < 5 * expected**0.5


def test_same_seed_same_draw(spark: SparkSession) -> None:
    def drawn(seed: int, salt: str, partitions: int) -> list[float]:
        df = spark.range(0, 50, 1, partitions).select("id", Draws(seed, F.col("id")).uniform(salt).alias("u"))
        return [row["u"] for row in df.orderBy("id").collect()]

    assert drawn(1, "a", 1) == drawn(1, "a", 3)
    assert drawn(1, "a", 1) != drawn(2, "a", 1)
    assert drawn(1, "a", 1) != drawn(1, "b", 1)
