"""Connected components by GraphFrames, where a cluster has it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.engine.contraction import named_by_smallest

_JAR = "org.graphframes.GraphFrame"


def can_serve(spark: SparkSession) -> bool:
    """Whether GraphFrames is here with both its halves: the Python package and, in the session, the jar."""
    java = spark.sparkContext._jvm
    if find_spec("graphframes") is None or java is None:
        return False
    loader = java.Thread.currentThread().getContextClassLoader()
    return loader.getResource(f"{_JAR.replace('.', '/')}.class") is not None


def graphframes_components(edges: DataFrame) -> DataFrame:
    """What to give `connected_components` as `beyond`, if GraphFrames can serve.

    Args:
        edges: One row per edge between two nodes: `l` and `r` (bigint), not equal.

    Returns:
        One row per node: `node` and `component` (bigint), the smallest node of it.
    """
    arcs = edges.select(F.col("l").alias("src"), F.col("r").alias("dst"))
    vertices = arcs.select(F.explode(F.array("src", "dst")).alias("id")).distinct()
    graph = import_module("graphframes").GraphFrame(vertices, arcs)
    # Its "broadcastThreshold" of -1 leaves joins to Spark, as its authors recommend.
    found: DataFrame = graph.connectedComponents(broadcastThreshold=-1, use_local_checkpoints=True)
    return named_by_smallest(found.select(F.col("id").alias("node"), "component"))
