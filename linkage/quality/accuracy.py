"""Pairwise precision, recall and F1 of clusters against the truth, without making a pair.

A group of n records implies n(n-1)/2 pairs, so pairs are counted from the sizes of three
kinds of group: records of one true person (true pairs), of one cluster (found pairs), and
of one person in one cluster (correct pairs).

Conventions. Records whose truth is null do not take part: nobody knows whether their pairs
are right. A record without a cluster is alone. Precision is null when no pair was found,
recall when no pair is true, F1 = 2 correct / (true + found) when there is neither: a rate
over nothing is unknown, not zero and not one.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_COUNTS = ("true_pairs", "found_pairs", "correct_pairs")
_ALL = "all"


def pairwise_accuracy(
    clusters: DataFrame,
    *,
    truth: str,
    cluster: str,
    source: str | None = None,
    across_sources_only: bool = False,
) -> DataFrame:
    """Accuracy of all pairs that the clusters imply.

    Args:
        clusters: one row per record, with the columns named below.
        truth: column with the true person; null means unknown.
        cluster: column with the cluster; null means alone.
        source: column with the dataset of the record, needed for `across_sources_only`.
        across_sources_only: count only pairs of two different sources, as a link without
            deduplication should be judged.

    Returns:
        One row: `true_pairs`, `found_pairs`, `correct_pairs` (bigint), `precision`, `recall`,
        `f1` (double, null where the module says so).

    Raises:
        ValueError: `across_sources_only` without `source`.

    >>> df = spark.createDataFrame([(1, 7), (1, 7), (1, 8), (2, 8)], "cluster int, person int")
    >>> pairwise_accuracy(df, truth="person", cluster="cluster").first().asDict()
    {'true_pairs': 2, 'found_pairs': 3, 'correct_pairs': 1, 'precision': 0.333..., 'recall': 0.5, 'f1': 0.4}
    """
    if across_sources_only and source is None:
        raise ValueError("pairs across sources need a source column")
    counts = _pairs_by_source(clusters, truth, cluster, source)
    if across_sources_only:
        counts = counts.where(F.col("source_l") != F.col("source_r"))
    total = counts.agg(*(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in _COUNTS))
    return total.select(*_COUNTS, *_rates())


def accuracy_by_scope(clusters: DataFrame, *, truth: str, cluster: str, source: str) -> DataFrame:
    """Accuracy of all pairs and of each pair of datasets, as the table `accuracy` holds it.

    Args:
        clusters: one row per record, with the columns named below.
        truth: column with the true person; null means unknown.
        cluster: column with the cluster; null means alone.
        source: column with the dataset of the record, not null.

    Returns:
        One row per `scope`: `all`, and `a x b` for each two datasets in alphabetical order
        (`a x a` is deduplication inside one) that have a true or a found pair.
    """
    counts = _pairs_by_source(clusters, truth, cluster, source)
    scope = F.concat_ws(" x ", "source_l", "source_r")
    scopes = F.explode(F.array(F.lit(_ALL), scope)).alias("scope")
    return (
        counts.select(scopes, *_COUNTS)
        .groupBy("scope")
        .agg(*(F.sum(name).alias(name) for name in _COUNTS))
        .select("scope", *_COUNTS, *_rates())
    )


def _rates() -> tuple[Column, Column, Column]:
    true, found, correct = (F.col(name) for name in _COUNTS)
    return (
        F.try_divide(correct, found).alias("precision"),
        F.try_divide(correct, true).alias("recall"),
        F.try_divide(2 * correct, true + found).alias("f1"),
    )


def _pairs_by_source(clusters: DataFrame, truth: str, cluster: str, source: str | None) -> DataFrame:
    """Counts of pairs for each unordered pair of sources; one empty source if there is none."""
    cells = (
        clusters.select(
            F.col(truth).alias("truth"),
            F.col(cluster).alias("cluster"),
            (F.lit("") if source is None else F.col(source)).alias("source"),
        )
        .where(F.col("truth").isNotNull())
        .groupBy("truth", "cluster", "source")
        .agg(F.count("*").alias("n"))
    )
    clustered = cells.where(F.col("cluster").isNotNull())
    true = _count_pairs(cells, ["truth"], "true_pairs")
    found = _count_pairs(clustered, ["cluster"], "found_pairs")
    correct = _count_pairs(clustered, ["truth", "cluster"], "correct_pairs")
    return (
        true.unionByName(found, allowMissingColumns=True)
        .unionByName(correct, allowMissingColumns=True)
        .groupBy("source_l", "source_r")
        .agg(*(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in _COUNTS))
    )


def _count_pairs(cells: DataFrame, keys: list[str], name: str) -> DataFrame:
    """Pairs inside the groups of `keys`, for each unordered pair of sources."""
    sizes = (
        cells.groupBy(*keys, "source")
        .agg(F.sum("n").alias("n"))
        .groupBy(*keys)
        .agg(F.collect_list(F.struct("source", "n")).alias("sizes"))
    )
    same = F.shiftright(F.col("l.n") * (F.col("l.n") - 1), 1)
    pairs = F.when(F.col("l.source") == F.col("r.source"), same).otherwise(F.col("l.n") * F.col("r.n"))
    return (
        sizes.select("sizes", F.explode("sizes").alias("l"))
        .select("l", F.explode("sizes").alias("r"))
        .where((F.col("l.source") <= F.col("r.source")) & (pairs > 0))
        .groupBy(F.col("l.source").alias("source_l"), F.col("r.source").alias("source_r"))
        .agg(F.sum(pairs).alias(name))
    )
