"""Every record given to a cluster, from the scored pairs above a weight."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from linkage.engine.components import connected_components
from linkage.engine.records import ID, NODE, SOURCE, LinkageRecords, ids_are_nodes, node

CLUSTER = "cluster_id"
ROOT = "__root"


def clusters(records: LinkageRecords, pairs: DataFrame, *, cluster_weight: float, seed: int) -> DataFrame:
    """Join records that pairs of at least this weight connect.

    Grain: one row per record, singletons too: `__source`, `__id` and `cluster_id`, a string made
    from the cluster's first member in Splink's order, so that it depends on the pairs alone.

    Args:
        records: All records.
        pairs: Scored pairs as `linkage.engine.scoring` gives them, read back from where they
            were written.
        cluster_weight: In bits.
        seed: The one that a survey found.
    """
    edges = pairs.select(
        node(records, F.col("source_l"), F.col("id_l"), seed=seed).alias("l"),
        node(records, F.col("source_r"), F.col("id_r"), seed=seed).alias("r"),
        "match_weight",
    )
    numbered = records.frame.select(SOURCE, ID).withColumn(NODE, node(records, F.col(SOURCE), F.col(ID), seed=seed))
    members = with_root(numbered, edges, cluster_weight=cluster_weight)
    if ids_are_nodes(records):
        # The component is named by its smallest node, which is its smallest ID.
        return members.select(SOURCE, ID, F.col(ROOT).cast("string").alias(CLUSTER))
    first = F.min(F.struct(*_order(records))).over(Window.partitionBy(ROOT))
    return members.withColumn("first", first).select(SOURCE, ID, _label(records).alias(CLUSTER))


def with_root(records: DataFrame, edges: DataFrame, *, cluster_weight: float) -> DataFrame:
    """Name each record's cluster by the smallest node in it; rows neither multiply nor vanish.

    Args:
        records: One row per record, with a key `__node` (bigint).
        edges: Nodes `l` and `r` (bigint) of pairs, and their `match_weight`.
        cluster_weight: Pairs of at least this weight, in bits, join their records.

    Returns:
        `records` with the column `__root` (bigint): the node itself where no pair joins it.

    >>> edges = spark.createDataFrame([(5, 9, 10.0), (7, 9, 9.0)], "l bigint, r bigint, match_weight double")
    >>> found = with_root(spark.createDataFrame([(5,), (7,), (9,)], "__node bigint"), edges, cluster_weight=10)
    >>> sorted(tuple(row) for row in found.collect())
    [(5, 5), (7, 7), (9, 5)]
    """
    joining = edges.where(F.col("match_weight") >= cluster_weight)
    components = connected_components(joining).withColumnRenamed("node", NODE)
    joined = records.join(components, NODE, how="left")
    return joined.withColumn(ROOT, F.coalesce("component", NODE)).drop("component")


def _order(records: LinkageRecords) -> list[Column]:
    """What orders the records of a cluster, and what the label of its first is made of."""
    text = F.col(ID).cast("string").alias("text")
    return [text] if len(records.sources) == 1 else [F.col(SOURCE).alias("source"), text]


def _label(records: LinkageRecords) -> Column:
    text = F.col("first.text")
    if len(records.sources) == 1:
        return text
    names = F.array(*[F.lit(name) for name in records.sources])
    return F.concat(names[F.col("first.source").cast("int")], F.lit("-__-"), text)
