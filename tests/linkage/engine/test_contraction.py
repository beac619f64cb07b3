"""Contraction gives the components that networkx gives, on graphs of every shape."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from linkage.engine.contraction import contracted_components

Edges = list[tuple[int, int]]


def _found(spark: SparkSession, edges: Edges, scratch: Path, *, in_process_edges: int) -> dict[int, int]:
    frame = spark.createDataFrame(edges, "l bigint, r bigint")
    rows = contracted_components(frame, in_process_edges=in_process_edges, scratch=str(scratch)).collect()
    assert len({row["node"] for row in rows}) == len(rows)
    return {row["node"]: row["component"] for row in rows}


def _expected(edges: Edges) -> dict[int, int]:
    groups: Iterable[set[int]] = nx.connected_components(nx.Graph(edges))
    return {node: min(group) for group in groups for node in group}


NODES = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 12)


@settings(max_examples=3)
@given(edges=st.lists(st.tuples(NODES, NODES), min_size=1, max_size=25))
def test_random_graphs_down_to_the_last_edge(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, edges: Edges
) -> None:
    found = _found(spark, edges, tmp_path_factory.mktemp("graph"), in_process_edges=0)
    assert found == _expected(edges)


def test_finishing_in_process_changes_nothing(spark: SparkSession, tmp_path: Path) -> None:
    edges = [(n, (n * 7) % 40) for n in range(40)] + [(100, 101)]
    assert _found(spark, edges, tmp_path, in_process_edges=10) == _expected(edges)


def test_a_node_with_only_a_loop_is_alone(spark: SparkSession, tmp_path: Path) -> None:
    assert _found(spark, [(4, 4), (1, 2)], tmp_path, in_process_edges=0) == {4: 4, 1: 1, 2: 1}


@pytest.mark.parametrize("shape", ["path", "star"])
def test_long_and_wide_graphs_need_few_rounds(spark: SparkSession, tmp_path: Path, shape: str) -> None:
    nodes = spark.range(1, 20_001)
    left = F.col("id") - 1 if shape == "path" else F.lit(0)
    edges = nodes.select(left.cast("bigint").alias("l"), F.col("id").alias("r"))
    found = contracted_components(edges, in_process_edges=100, scratch=str(tmp_path))
    assert found.agg(F.count("*"), F.max("component")).first() == (20_001, 0)
    rounds = len(list(tmp_path.glob("mapping-*")))
    # From 20,000 edges to 100 with a little less than halving in each round.
    assert rounds <= 14
