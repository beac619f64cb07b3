"""Connected components beyond one process: randomised contraction over DataFrames.

In each round every node joins the node of its closed neighbourhood that comes first in a random
order, and neighbours that joined the same node become one. The expected number of nodes shrinks
by a constant factor whatever the shape of the graph, so rounds are logarithmic and the work is
linear: a path is no harder than a star. When what is left fits one process, that finishes it, and
the rounds are undone one by one to label every node.

Source: Bögeholz, Brand and Todor, In-database connected component analysis (ICDE 2020).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.engine.components import connected_components

# A graph halves or better in almost every round; this many cannot be needed.
_ROUNDS = 200


def contracted_components(edges: DataFrame, *, in_process_edges: int, scratch: str) -> DataFrame:
    """Join nodes that edges connect, without ever holding the graph in one process.

    Args:
        edges: One row per edge: `l` and `r` (bigint). Repeated edges and loops do no harm.
        in_process_edges: Finish in the driver's process once so few edges are left.
        scratch: A folder that driver and executors share, for the rounds' tables.

    Returns:
        One row per node that has an edge: `node` and `component`, the smallest node of it.
    """
    remaining = _kept(_simplified(edges), f"{scratch}/edges-0")
    nodes = _kept(_both_ways(edges).select(F.col("l").alias("node")).distinct(), f"{scratch}/nodes")
    mappings = []
    for number in range(_ROUNDS):
        if remaining.count() <= in_process_edges:
            break
        mapping = _kept(_representatives(remaining, seed=number), f"{scratch}/mapping-{number}")
        mappings.append(mapping)
        remaining = _kept(_contracted(remaining, mapping), f"{scratch}/edges-{number + 1}")
    labels = connected_components(remaining)
    for number, mapping in reversed(list(enumerate(mappings))):
        labels = _kept(_undone(mapping, labels), f"{scratch}/labels-{number}")
    return _named_by_smallest(nodes, labels)


def _simplified(edges: DataFrame) -> DataFrame:
    low, high = F.least("l", "r"), F.greatest("l", "r")
    return edges.where(F.col("l") != F.col("r")).select(low.alias("l"), high.alias("r")).distinct()


def _both_ways(edges: DataFrame) -> DataFrame:
    return edges.select("l", "r").unionByName(edges.select(F.col("r").alias("l"), F.col("l").alias("r")))


def _order(node: str, seed: int) -> Column:
    """A node's place in this round's random order; the node itself breaks ties."""
    return F.struct(F.xxhash64(F.lit(seed), F.col(node)).alias("place"), F.col(node).alias("node"))


def _representatives(edges: DataFrame, *, seed: int) -> DataFrame:
    """One row per node: `node`, and `onto`, the first of its closed neighbourhood."""
    first = F.least(F.min(_order("r", seed)), F.first(_order("l", seed)))
    return (
        _both_ways(edges)
        .groupBy("l")
        .agg(first.alias("first"))
        .select(F.col("l").alias("node"), F.col("first.node").alias("onto"))
    )


def _contracted(edges: DataFrame, mapping: DataFrame) -> DataFrame:
    left = mapping.select(F.col("node").alias("l"), F.col("onto").alias("left"))
    right = mapping.select(F.col("node").alias("r"), F.col("onto").alias("right"))
    joined = edges.join(left, "l", how="inner").join(right, "r", how="inner")
    return _simplified(joined.select(F.col("left").alias("l"), F.col("right").alias("r")))


def _undone(mapping: DataFrame, labels: DataFrame) -> DataFrame:
    """Labels of a round's nodes from those of the nodes that were left after it."""
    after = labels.select(F.col("node").alias("onto"), "component")
    return mapping.join(after, "onto", how="left").select("node", F.coalesce("component", "onto").alias("component"))


def _named_by_smallest(nodes: DataFrame, labels: DataFrame) -> DataFrame:
    """Every node with the smallest node of its component; a node with loops only is alone."""
    labelled = nodes.join(labels, "node", how="left").select("node", F.coalesce("component", "node").alias("label"))
    smallest = labelled.groupBy("label").agg(F.min("node").alias("component"))
    return labelled.join(smallest, "label", how="inner").select("node", "component")


def _kept(frame: DataFrame, path: str) -> DataFrame:
    """The frame written and read back: a round must not compute its predecessors again."""
    frame.write.mode("overwrite").parquet(path)
    spark: SparkSession = frame.sparkSession
    return spark.read.schema(frame.schema).parquet(path)
