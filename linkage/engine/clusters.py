"""Every record given to a cluster, from the scored pairs above a weight."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine.components import connected_components
from linkage.engine.records import ID, NODE, SOURCE, LinkageRecords, node

CLUSTER = "cluster_id"


def clusters(records: LinkageRecords, pairs: DataFrame, *, cluster_weight: float, seed: int) -> DataFrame:
    """Join records that pairs of at least this weight connect.

    Grain: one row per record, singletons too: `__source`, `__id` and `cluster_id`, a string made
    from the cluster's first member in Splink's order, so that it depends on the pairs alone.

    Args:
        records: All records.
        pairs: Scored pairs as `linkage.engine.scoring` gives them, read back from where they
            were written.
        cluster_weight: In bits.
        seed: The one that `unique_node_seed` found.
    """
    edges = pairs.where(F.col("match_weight") >= cluster_weight).select(
        node(records, F.col("source_l"), F.col("id_l"), seed=seed).alias("l"),
        node(records, F.col("source_r"), F.col("id_r"), seed=seed).alias("r"),
    )
    components = connected_components(edges)
    members = (
        records.frame.select(SOURCE, ID)
        .withColumn(NODE, node(records, F.col(SOURCE), F.col(ID), seed=seed))
        .join(components.withColumnRenamed("node", NODE), NODE, how="left")
    )
    own = F.struct(*_order(records), F.col(SOURCE), F.col(ID))
    firsts = (
        members.where(F.col("component").isNotNull())
        .groupBy("component")
        .agg(F.min(own).alias("first"))
        .select("component", _label(records, F.col(f"first.{SOURCE}"), F.col(f"first.{ID}")))
    )
    return members.join(firsts, "component", how="left").select(
        SOURCE,
        ID,
        F.coalesce(CLUSTER, _label(records, F.col(SOURCE), F.col(ID))).alias(CLUSTER),
    )


def _order(records: LinkageRecords) -> list[Column]:
    if len(records.sources) == 1:
        return [F.col(ID).alias("order")]
    return [F.col(SOURCE).alias("order"), F.col(ID).cast("string").alias("order_in_source")]


def _label(records: LinkageRecords, source: Column, identifier: Column) -> Column:
    text = identifier.cast("string")
    if len(records.sources) > 1:
        names = F.array(*[F.lit(name) for name in records.sources])
        text = F.concat(names[source.cast("int")], F.lit("-__-"), text)
    return text.alias(CLUSTER)
