"""Every record given to a cluster, from the scored pairs above a weight."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from linkage.engine.components import connected_components
from linkage.engine.records import ID, NODE, SOURCE, LinkageRecords, ids_are_nodes, node

CLUSTER = "cluster_id"
_ROOT = "__root"


def clusters(records: LinkageRecords, pairs: DataFrame, *, cluster_weight: float, seed: int) -> DataFrame:
    """Join records that pairs of at least this weight connect.

    Grain: one row per record, singletons too: `__source`, `__id` and `cluster_id`, a string made
    from the cluster's first member in Splink's order, so that it depends on the pairs alone.

    Args:
        records: All records.
        pairs: Scored pairs as `linkage.engine.scoring` gives them, read back from where they
            were written.
        cluster_weight: In bits.
        seed: The one that `check_ids` found.
    """
    edges = pairs.where(F.col("match_weight") >= cluster_weight).select(
        node(records, F.col("source_l"), F.col("id_l"), seed=seed).alias("l"),
        node(records, F.col("source_r"), F.col("id_r"), seed=seed).alias("r"),
    )
    components = connected_components(edges).withColumnRenamed("node", NODE)
    members = (
        records.frame.select(SOURCE, ID)
        .withColumn(NODE, node(records, F.col(SOURCE), F.col(ID), seed=seed))
        .join(components, NODE, how="left")
        .withColumn(_ROOT, F.coalesce("component", NODE))
    )
    if ids_are_nodes(records):
        # The component is named by its smallest node, which is its smallest ID.
        return members.select(SOURCE, ID, F.col(_ROOT).cast("string").alias(CLUSTER))
    first = F.min(F.struct(*_order(records))).over(Window.partitionBy(_ROOT))
    return members.withColumn("first", first).select(SOURCE, ID, _label(records).alias(CLUSTER))


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
