"""Clusters and persons: everybody once, the same IDs every time."""

import random

import networkx
import pytest

import schemas
from linkage.engine.components import ComponentLimits
from linkage.identity import persons

KEY = b"0123456789abcdef"
RECORDS = "record_id bigint, source_dataset string"
PAIRS = "record_id_l bigint, record_id_r bigint, match_weight double"


def _clusters(spark, records, pairs, weight=10.0):
    return persons.clusters(
        spark.createDataFrame(records, RECORDS),
        spark.createDataFrame(pairs, PAIRS),
        cluster_weight=weight,
        joining=ComponentLimits(in_process_edges=1000),
    )


def test_clusters(spark):
    records = [(5, "prison"), (-3, "prison"), (9, "probation"), (1, "probation"), (2, "magistrates")]
    # reason: -3 joins 9 through 5; 1 and 2 are below the weight; records of one cluster take the smallest ID
    pairs = [(5, 9, 10.0), (-3, 5, 30.0), (1, 2, 9.999)]
    found = _clusters(spark, records, pairs)
    schemas.load("clusters").check(found)
    assert {row["record_id"]: row["cluster_id"] for row in found.collect()} == {5: -3, -3: -3, 9: -3, 1: 1, 2: 2}


def test_without_any_pair_everybody_is_alone(spark):
    found = _clusters(spark, [(5, "prison"), (6, "prison")], [])
    assert {row["record_id"]: row["cluster_id"] for row in found.collect()} == {5: 5, 6: 6}


def test_clusters_of_a_random_graph_are_those_of_networkx(spark):
    draw = random.Random(20240229)
    nodes = [draw.getrandbits(64) - 2**63 for _ in range(300)]
    edges = [(draw.choice(nodes), draw.choice(nodes)) for _ in range(200)]
    graph = networkx.Graph(edges)
    graph.add_nodes_from(nodes)
    expected = {node: min(component) for component in networkx.connected_components(graph) for node in component}
    found = _clusters(spark, [(node, "prison") for node in nodes], [(*edge, 10.0) for edge in edges])
    assert {row["record_id"]: row["cluster_id"] for row in found.collect()} == expected


def test_person_ids_follow_cluster_and_key_only(spark):
    clusters = spark.createDataFrame(
        [(5, "prison", 5), (9, "probation", 5), (7, "prison", 7)],
        "record_id bigint, source_dataset string, cluster_id bigint",
    )
    first = persons.person_records(clusters, KEY)
    schemas.load("person_records").check(first)
    ids = {row["record_id"]: row["person_id"] for row in first.collect()}
    assert ids[5] == ids[9] != ids[7]
    assert all(len(value) == 16 and int(value, 16) not in (5, 7) for value in ids.values())
    again = persons.person_records(clusters.repartition(3, "record_id"), KEY)
    assert {row["record_id"]: row["person_id"] for row in again.collect()} == ids
    other = persons.person_records(clusters, KEY[::-1])
    assert ids[5] not in {row["person_id"] for row in other.collect()}


@pytest.mark.parametrize("rows", [[], [("p", "prison"), ("p", "prison"), ("p", "magistrates"), ("q", "prison")]])
def test_persons(spark, rows):
    members = spark.createDataFrame([(n, *reversed(row)) for n, row in enumerate(rows)], f"{RECORDS}, person_id string")
    found = persons.persons(members)
    schemas.load("persons").check(found)
    expected = [("p", 3, ["magistrates", "prison"]), ("q", 1, ["prison"])] if rows else []
    assert sorted(tuple(row) for row in found.collect()) == expected
