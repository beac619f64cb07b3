"""Clusters at several weights in one pass, and how they nest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine import named
from linkage.engine.clusters import edges_of
from linkage.engine.components import ComponentLimits, nested_components
from linkage.engine.in_tasks import in_spark
from linkage.engine.kernel import KernelLimits
from linkage.engine.labels import CLUSTER, labelled
from linkage.engine.records import LinkageRecords
from linkage.engine.survey import Survey


@dataclass(frozen=True)
class NestedClusters:
    """Every record with its cluster at each of several weights.

    Attributes:
        frame: One row per record and weight: `unique_id`, `source_dataset` where there are several
            inputs, `cluster_weight` (double, bits),
            `cluster_id` as `linkage.engine.clusters` would give it at that weight, and `parent_id`,
            the cluster at the next lower weight that holds it, null at the lowest.
        counts: How many clusters there are, by weight.
    """

    frame: DataFrame
    counts: Mapping[float, int]

    def nesting(self) -> DataFrame:
        """One row per weight and cluster: `cluster_weight`, `cluster_id`, `parent_id`, `records` (bigint)."""
        return self.frame.groupBy("cluster_weight", CLUSTER, "parent_id").agg(F.count("*").alias("records"))


def nested_clusters(
    records: LinkageRecords,
    pairs: DataFrame,
    found: Survey,
    *,
    cluster_weights: Sequence[float],
    limits: KernelLimits,
    joining: ComponentLimits,
) -> NestedClusters:
    """Join records at each weight that pairs of at least that weight connect.

    A pair that joins at a weight joins at every lower one: a cluster at a higher weight lies in
    exactly one at a lower, so edges are read once and each serves one level.

    Args:
        records: All records.
        pairs: As for `linkage.engine.clusters`.
        found: A survey of the records.
        cluster_weights: In bits, in any order; at least one.
        limits: What a task's DuckDB may use.
        joining: Where components are found.
    """
    weights = descending(cluster_weights)
    edges = edges_of(records, levelled(pairs, weights), found, limits=limits, also="level")
    components = nested_components(edges, joining, levels=len(weights))
    columns = [f"{CLUSTER}_{number}" for number in range(len(weights))]
    wide = labelled(records, found, dict(zip(columns, components, strict=True)), limits=limits)
    counts = {weight: at.clusters(found.records) for weight, at in zip(weights, components, strict=True)}
    rows = by_weight(dict(zip(columns, weights, strict=True)), id_type="string")
    return NestedClusters(in_spark(wide).select(*named.record_columns(records), rows), counts)


def descending(cluster_weights: Sequence[float]) -> list[float]:
    """Weights once each, the highest first: each is a level, and what joins at one joins at all that follow."""
    return sorted(set(cluster_weights), reverse=True)


def levelled(pairs: DataFrame, weights: Sequence[float]) -> DataFrame:
    """The pairs that join at any of the weights, with the first `level` (tinyint) at which they do.

    >>> pairs = spark.createDataFrame([(12.0,), (7.0,), (3.0,)], "match_weight double")
    >>> [tuple(row) for row in levelled(pairs, [10.0, 5.0]).collect()]
    [(12.0, 0), (7.0, 1)]
    """
    level = sum((F.when(F.col("match_weight") < weight, 1).otherwise(0) for weight in weights), F.lit(0))
    return pairs.where(F.col("match_weight") >= weights[-1]).withColumn("level", level.cast("tinyint"))


def by_weight(weights: Mapping[str, float], *, id_type: str) -> Column:
    """Of a row with a column of clusters for each weight a row for each weight, highest first.

    Args:
        weights: By the column of its clusters, the highest first.
        id_type: Of these columns.

    Returns:
        `cluster_weight`, `cluster_id` and `parent_id`, as `NestedClusters` has them.
    """
    parents: list[Column] = [*map(F.col, list(weights)[1:]), F.lit(None).cast(id_type)]
    rows = [
        F.struct(F.lit(float(weight)).alias("cluster_weight"), F.col(column).alias(CLUSTER), parent.alias("parent_id"))
        for (column, weight), parent in zip(weights.items(), parents, strict=True)
    ]
    return F.inline(F.array(*rows))
