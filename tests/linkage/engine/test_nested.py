"""Clusters at several weights: those of each weight alone, one within the other."""

from collections import Counter

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import labels
from linkage.engine.clusters import clusters
from linkage.engine.components import ComponentLimits, components_of, nested_components, nested_components_of
from linkage.engine.nested import nested_clusters
from tests.linkage.engine.prepared import IN_PROCESS, prepared
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings

DOCUMENT = settings(
    comparison("dob", null("dob"), exact("dob", 0.9, 0.01), otherwise(0.1, 0.99)), rules=["l.dob = r.dob"]
)
SCHEMA = "source_dataset_l string, unique_id_l {id}, source_dataset_r string, unique_id_r {id}, match_weight double"
WEIGHTS = [4.0, 20.0, float("inf"), 11.0]


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5), st.integers(0, 2)), max_size=14))
def test_components_at_each_level_are_those_of_its_edges(edges):
    left, right = (np.array([edge[side] for edge in edges], np.int64) for side in (0, 1))
    level = np.array([edge[2] for edge in edges], np.int8)
    node, found = nested_components_of(left, right, level, levels=3)
    for number, component in enumerate(found):
        alone, expected = components_of(left[level <= number], right[level <= number])
        known = dict(zip(alone.tolist(), expected.tolist(), strict=True))
        assert component.tolist() == [known.get(each, each) for each in node.tolist()]


def test_beyond_one_process_each_edge_serves_one_level(spark):
    # A path of ten at level 0, which level 1 joins to nodes of its own and level 2 to one more; 99 is alone before.
    path = [(n, n + 1, 0) for n in range(10, 19)]
    edges = [*path, (15, 30, 1), (30, 31, 1), (31, 12, 1), (40, 41, 1), (9, 30, 2), (99, 40, 2)]
    frame = spark.createDataFrame(edges, "l bigint, r bigint, level tinyint")
    got = []

    def beyond(given):
        got.append(sorted(tuple(row) for row in given.collect()))
        graph = nx.Graph(got[-1])
        rows = [(node, min(each)) for each in nx.connected_components(graph) for node in each]
        return given.sparkSession.createDataFrame(rows, "node bigint, component bigint")

    found = nested_components(frame, ComponentLimits(in_process_edges=2, beyond=beyond), levels=3)
    for level, at in enumerate(found):
        graph = nx.Graph([(left, right) for left, right, first in edges if first <= level])
        expected = {node: min(each) for each in nx.connected_components(graph) for node in each}
        rows = at.rows if isinstance(at.rows, pa.Table) else at.rows.toArrow()
        assert dict(zip(rows["node"].to_pylist(), rows["component"].to_pylist(), strict=True)) == expected
        assert (at.nodes, at.count) == (len(expected), len(set(expected.values())))
    # The path is one node, 10, when level 1 is looked at; the two edges of level 2 fit this process.
    assert got == [[edge[:2] for edge in path], [(10, 30), (30, 31), (31, 10), (40, 41)]]


def _prepared(spark, sources, ids):
    keys = [[ids(number) for number in range(60)] for _ in sources]
    inputs = {
        name: pa.table({"unique_id": mine, "dob": ["x"] * len(mine)}) for name, mine in zip(sources, keys, strict=True)
    }
    link_type = "dedupe_only" if len(sources) == 1 else "link_and_dedupe"
    ready = prepared(spark, DOCUMENT | {"link_type": link_type}, inputs)
    draw = np.random.default_rng(3)
    names = sources if len(sources) > 1 else [None]
    every = [(name, key) for name, mine in zip(names, keys, strict=True) for key in mine]
    rows = []
    for _ in range(50 * len(sources)):
        one, other = (every[place] for place in draw.choice(len(every), 2, replace=False))
        rows.append((*one, *other, float(draw.choice([3.9, 4.0, 7.0, 10.9, 11.0, 19.0, 25.0]))))
    kind = dict(ready.records.frame.dtypes)["__id"]
    return ready, every, rows, spark.createDataFrame(rows, SCHEMA.format(id=kind))


@pytest.mark.parametrize("way", ["in tasks", "by joins", "beyond one process"])
@pytest.mark.parametrize(
    ("sources", "ids"), [(("a",), int), (("a",), "r{}".format), (("a", "a-1"), int)], ids=["int", "string", "several"]
)
def test_clusters_at_each_weight_nest(spark, limits, monkeypatch, way, sources, ids):
    if way == "by joins":
        monkeypatch.setattr(labels, "LOOKUP_NODES", 0)
    joining = ComponentLimits(in_process_edges=30) if way == "beyond one process" else IN_PROCESS
    ready, every, rows, pairs = _prepared(spark, sources, ids)
    surveyed = ready.surveyed(limits)
    found = nested_clusters(ready.records, pairs, surveyed, cluster_weights=WEIGHTS, limits=limits, joining=joining)
    at = {weight: {} for weight in WEIGHTS}
    parents = {}
    for row in found.frame.collect():
        at[row["cluster_weight"]][row.asDict().get("source_dataset"), row["unique_id"]] = row["cluster_id"]
        parents.setdefault((row["cluster_weight"], row["cluster_id"]), set()).add(row["parent_id"])
    for weight in WEIGHTS:
        graph = nx.Graph([(row[:2], row[2:4]) for row in rows if row[4] >= weight])
        graph.add_nodes_from(every)
        together = {}
        for record, label in at[weight].items():
            together.setdefault(label, set()).add(record)
        assert {frozenset(c) for c in together.values()} == {frozenset(c) for c in nx.connected_components(graph)}
        assert found.counts[weight] == len(together)
    assert [len(set(at[weight].values())) for weight in sorted(WEIGHTS)] == sorted(map(int, found.counts.values()))
    # Each lies in one at the next lower weight, and that is the one that its records have there.
    lower = dict(zip(sorted(WEIGHTS)[1:], sorted(WEIGHTS), strict=False))
    for (weight, label), [parent] in parents.items():
        record = next(record for record, mine in at[weight].items() if mine == label)
        assert parent == (at[lower[weight]][record] if weight in lower else None)
    sizes = Counter((weight, label) for weight in WEIGHTS for label in at[weight].values())
    nesting = {(row["cluster_weight"], row["cluster_id"]): row["records"] for row in found.nesting().collect()}
    assert nesting == sizes
    # And the labels are those of clusters made at one weight.
    alone = clusters(ready.records, lambda: pairs, surveyed, cluster_weight=11.0, limits=limits, joining=joining)
    rows = alone.frame.collect()
    found_alone = {(row.asDict().get("source_dataset"), row["unique_id"]): row["cluster_id"] for row in rows}
    assert found_alone == at[11.0]
