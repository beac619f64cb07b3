"""Connected components beyond one process: randomised contraction over DataFrames.

In each round every node joins that node of its closed neighbourhood which comes first in a random
order, and nodes that joined the same one become one. The expected number of nodes shrinks by a
constant factor whatever the shape of the graph, so rounds are logarithmic and the work is linear:
a path is no harder than a star. What is left goes to one process once it fits, and the rounds are
undone one by one to label every node.

Source: Bögeholz, Brand and Todor, In-database connected component analysis (ICDE 2020).
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# A graph loses a third of its nodes or more in almost every round; this many cannot be needed.
_ROUNDS = 200


def contracted_components(
    edges: DataFrame, *, finish: Callable[[DataFrame], DataFrame], in_process_edges: int
) -> DataFrame:
    """Join nodes that edges connect, without ever holding the graph in one process.

    Each round is kept in Spark's own storage, encrypted where Spark is told so, without the plan
    that made it; Spark drops it once nobody refers to it. An executor that is lost takes its part
    with it, and the action fails.

    Args:
        edges: One row per edge between two nodes: `l` and `r` (bigint), not equal.
        finish: Gives the same answer for a small graph.
        in_process_edges: What a small graph is.

    Returns:
        One row per node: `node` and `component` (bigint), the smallest node of it.
    """
    remaining = edges.select("l", "r")
    mappings: list[DataFrame] = []
    while (count := remaining.count()) > in_process_edges:
        if len(mappings) == _ROUNDS:
            raise AssertionError(f"{count} edges are left after {_ROUNDS} rounds of contraction")
        mapping = computed(_representatives(remaining, seed=len(mappings)))
        mappings.append(mapping)
        remaining = computed(_contracted(remaining, mapping))
    labels = finish(remaining)
    for mapping in reversed(mappings):
        labels = computed(_undone(mapping, labels))
    return computed(named_by_smallest(labels)) if mappings else labels


def _place(node: str, seed: int) -> Column:
    """A node's place in this round's random order, by which it goes in the next.

    XXH64 of eight bytes is a permutation: no two nodes have one place.
    """
    return F.xxhash64(F.lit(seed), F.col(node))


def _representatives(edges: DataFrame, *, seed: int) -> DataFrame:
    """One row per node: `node`, and `onto`, the first place in its closed neighbourhood."""
    both_ways = edges.unionAll(edges.select(F.col("r").alias("l"), F.col("l").alias("r")))
    nearest = both_ways.groupBy("l").agg(F.min(_place("r", seed)).alias("first"))
    return nearest.select(F.col("l").alias("node"), F.least("first", _place("l", seed)).alias("onto"))


def _contracted(edges: DataFrame, mapping: DataFrame) -> DataFrame:
    """Edges between the places that the nodes joined, each once, without loops."""
    left = mapping.select(F.col("node").alias("l"), F.col("onto").alias("left"))
    right = mapping.select(F.col("node").alias("r"), F.col("onto").alias("right"))
    joined = edges.join(left, "l", how="inner").join(right, "r", how="inner").where("left <> right")
    return joined.select(F.least("left", "right").alias("l"), F.greatest("left", "right").alias("r")).distinct()


def _undone(mapping: DataFrame, labels: DataFrame) -> DataFrame:
    """Labels of a round's nodes, from those of the places that were left with an edge after it."""
    after = labels.select(F.col("node").alias("onto"), "component")
    return mapping.join(after, "onto", how="left").select("node", F.coalesce("component", "onto").alias("component"))


def named_by_smallest(labels: DataFrame) -> DataFrame:
    """The same components, each called by its smallest node."""
    smallest = labels.groupBy("component").agg(F.min("node").alias("smallest"))
    return labels.join(smallest, "component", how="inner").select("node", F.col("smallest").alias("component"))


def computed(frame: DataFrame) -> DataFrame:
    """The frame computed, once: a round must not compute its predecessors again."""
    return frame.localCheckpoint(eager=True, storageLevel=StorageLevel.MEMORY_AND_DISK)
