"""Components in one process against networkx."""

import networkx as nx
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from linkage.engine.components import components_of, connected_components

NODE = st.integers(-6, 6) | st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1, 2**53])


def _by_networkx(edges):
    graph = nx.Graph(edges)
    labelled = [(min(component), component) for component in nx.connected_components(graph)]
    return {node: label for label, component in labelled for node in component}


def _in_process(edges):
    left, right = (np.array([edge[side] for edge in edges], dtype=np.int64) for side in (0, 1))
    node, component = components_of(left, right)
    assert node.tolist() == sorted(set(node.tolist()))
    return dict(zip(node.tolist(), component.tolist(), strict=True))


@hypothesis_settings(max_examples=200)
@given(st.lists(st.tuples(NODE, NODE), max_size=12))
def test_components_are_networkxs(edges):
    assert _in_process(edges) == _by_networkx(edges)


def test_a_large_random_graph():
    draw = np.random.default_rng(7)
    edges = draw.integers(-(2**62), 2**62, size=30_000)[draw.integers(0, 30_000, size=(22_000, 2))].tolist()
    found = _in_process(edges)
    assert found == _by_networkx(edges)
    assert 100 < len(set(found.values())) < len(found) - 1000


def test_a_long_path_is_one_component():
    shuffled = np.random.default_rng(1).permutation(1_000_001).astype(np.int64)
    node, component = components_of(shuffled[:-1], shuffled[1:])
    assert (len(node), set(component.tolist())) == (1_000_001, {0})


def test_a_large_star_is_one_component():
    leaves = np.arange(1, 100_001, dtype=np.int64)
    node, component = components_of(np.full(100_000, -5, np.int64), leaves)
    assert (len(node), set(component.tolist())) == (100_001, {-5})


def _edges(spark, edges):
    left, right = (pa.array([edge[side] for edge in edges], pa.int64()) for side in (0, 1))
    return spark.createDataFrame(pa.table({"l": left, "r": right}))


def _rows(found):
    rows = found.rows.to_pylist()
    components = {row["node"]: row["component"] for row in rows}
    assert (found.nodes, found.count) == (len(rows), len(set(components.values())))
    assert found.nodes == len(components)
    return components


def test_edges_of_a_frame(spark):
    edges = [(5, 7), (7, 5), (2, 7), (9, 9), (2**53 + 1, 2**53)]
    assert _rows(connected_components(_edges(spark, edges))) == _by_networkx(edges)


def test_no_edges_are_no_components(spark):
    assert _rows(connected_components(spark.createDataFrame([], "l bigint, r bigint"))) == {}
