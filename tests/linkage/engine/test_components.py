"""Components, in one process and beyond, against networkx."""

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine import contraction
from linkage.engine.components import ComponentLimits, components_of, connected_components
from linkage.errors import LinkageError
from tests.linkage.engine.prepared import IN_PROCESS

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
    rows = found.rows if isinstance(found.rows, pa.Table) else found.rows.toArrow()
    components = dict(zip(rows["node"].to_pylist(), rows["component"].to_pylist(), strict=True))
    assert (found.nodes, found.count) == (rows.num_rows, len(set(components.values())))
    assert found.nodes == len(components)
    return components


def test_edges_of_a_frame(spark):
    # A node with a loop only has no edge to another.
    edges = [(5, 7), (7, 5), (2, 7), (2**53 + 1, 2**53), (5, 5)]
    assert _rows(connected_components(_edges(spark, [*edges, (9, 9)]), IN_PROCESS)) == _by_networkx(edges)


def test_no_edges_are_no_components(spark):
    assert _rows(connected_components(spark.createDataFrame([], "l bigint, r bigint"), IN_PROCESS)) == {}


@hypothesis_settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NODE, NODE), max_size=20), st.sampled_from([0, 4]))
def test_contraction_gives_the_same(spark, edges, left):
    found = connected_components(_edges(spark, edges), ComponentLimits(in_process_edges=left))
    assert _rows(found) == _by_networkx([edge for edge in edges if edge[0] != edge[1]])


@pytest.mark.parametrize(
    ("shape", "size", "left"), [("path", 1_000_000, 500_000), ("star", 100_000, 0), ("random", 20_000, 1000)]
)
def test_contraction_of_large_graphs_in_few_rounds(spark, monkeypatch, shape, size, left):
    number = F.xxhash64("id")
    other = {
        "path": F.xxhash64(F.col("id") + 1),
        "star": F.xxhash64(F.lit(0).cast("bigint")),
        "random": F.xxhash64(F.pmod(F.xxhash64(F.lit(7), "id"), F.lit(size))),
    }
    edges = spark.range(1, size + 1).select(number.alias("l"), other[shape].alias("r")).persist()
    rounds = []
    contracted = contraction._contracted
    monkeypatch.setattr(contraction, "_contracted", lambda *of: rounds.append(1) or contracted(*of))
    found = connected_components(edges, ComponentLimits(in_process_edges=left))
    assert isinstance(found.rows, DataFrame)
    alone = connected_components(edges, ComponentLimits(in_process_edges=size))
    assert isinstance(alone.rows, pa.Table)
    assert (found.nodes, found.count) == (alone.nodes, alone.count)
    if shape != "random":
        assert (found.nodes, found.count) == (size + 1, 1)
    assert found.rows.toArrow().cast(alone.rows.schema).sort_by("node").equals(alone.rows.sort_by("node"))
    # Two thirds of the edges or fewer are left by each.
    assert 1 <= len(rounds) <= 8


def _beyond(spark, edges, answer):
    """The components of edges where something else serves from three edges on; and the edges that it got."""
    seen = []

    def beyond(frame):
        seen.extend(tuple(row) for row in frame.collect())
        return spark.createDataFrame(answer(seen), "node bigint, component bigint")

    found = connected_components(_edges(spark, edges), ComponentLimits(in_process_edges=2, beyond=beyond))
    return found, seen


def test_another_algorithm_may_serve_beyond_one_process(spark):
    edges = [(5, 7), (2, 7), (3, 4), (6, 6)]
    found, seen = _beyond(spark, edges, lambda seen: list(_by_networkx(seen).items()))
    assert _rows(found) == {2: 2, 5: 2, 7: 2, 3: 3, 4: 3}
    assert len(seen) == 3


def test_another_algorithms_wrong_components_are_refused(spark):
    edges = [(5, 7), (2, 7), (3, 4)]
    wrong = [
        (5, 5),
        (7, 2),  # an edge leads from 5 to 7
        (2, 2),
        (2, 2),  # twice, so the edge to 7 meets it twice
        (3, 4),
        (4, 4),  # called by a node that is not the smallest; with 3, for it is
    ]
    with pytest.raises(LinkageError) as refused:
        _beyond(spark, edges, lambda _: wrong)
    assert (
        "1 edges between two components, 1 nodes that are there twice, 1 components not named by their smallest node"
        in str(refused.value)
    )


def test_nodes_that_another_algorithm_left_out_are_missed(spark):
    with pytest.raises(LinkageError, match="gave 1 edges between two components"):
        _beyond(spark, [(5, 7), (2, 7), (3, 4)], lambda _: [(2, 2), (5, 2), (7, 2), (3, 3)])
