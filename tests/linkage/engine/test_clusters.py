"""Clusters: every record once, and a name that depends on the pairs alone."""

from dataclasses import replace
from functools import partial

import networkx as nx
import pyarrow as pa
import pytest

from linkage.engine import labels
from linkage.engine.clusters import clusters
from linkage.engine.components import ComponentLimits
from tests.linkage.engine.prepared import IN_PROCESS, plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings

DOCUMENT = settings(
    comparison("surname", null("surname"), exact("surname", 0.9, 0.1), otherwise(0.1, 0.9)),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.01), otherwise(0.1, 0.99)),
    rules=["l.dob = r.dob", "l.surname = r.surname AND l.city = r.city"],
    probability_two_random_records_match=0.01,
)


def _table(ids):
    ids = pa.array(ids)
    return pa.table({"unique_id": ids, **{c: pa.array(["x"] * len(ids)) for c in ("surname", "dob", "city")}})


@pytest.fixture(params=["in tasks", "by joins", "beyond one process"])
def joining(request, monkeypatch):
    """Components brought to the records in the tasks' plan and by Spark's joins, and made by Spark."""
    if request.param == "by joins":
        monkeypatch.setattr(labels, "LOOKUP_NODES", 0)
    return ComponentLimits(in_process_edges=0) if request.param == "beyond one process" else IN_PROCESS


def _clustered(
    spark,
    limits,
    inputs,
    pairs,
    *,
    link_type="dedupe_only",
    weight=10.0,
    partitions=2,
    seed=None,
    joining=IN_PROCESS,
):
    """Clusters of (source, ID) from pairs (source, ID, source, ID, weight)."""
    ready = prepared(spark, DOCUMENT | {"link_type": link_type}, inputs, partitions=partitions)
    kind = dict(ready.records.frame.dtypes)["__id"]
    schema = (
        f"unique_id_l {kind}, unique_id_r {kind}, source_dataset_l string, source_dataset_r string, match_weight double"
    )
    rows = [(left, right, one, other, bits) for one, left, other, right, bits in pairs]
    frame = spark.createDataFrame(rows, schema).repartition(partitions)
    surveyed = ready.surveyed(limits)
    surveyed = surveyed if seed is None else replace(surveyed, seed=seed)
    found = clusters(ready.records, lambda: frame, surveyed, cluster_weight=weight, limits=limits, joining=joining)
    named = found.frame
    result = {(row.asDict().get("source_dataset"), row["unique_id"]): row["cluster_id"] for row in named.collect()}
    assert len(result) == named.count() == sum(table.num_rows for table in inputs.values())
    assert found.count == len(set(result.values()))
    return result


def test_pairs_of_enough_weight_join_and_all_others_stay_alone(spark, limits, joining):
    pairs = [
        (None, 1, None, 2, 10.0),  # just enough
        (None, 2, None, 10, 30.0),
        (None, 3, None, 4, 9.999),  # not enough
        (None, 5, None, 6, -3.0),
    ]
    found = _clustered(spark, limits, {"one": _table([1, 2, 3, 4, 5, 6, 10])}, pairs, joining=joining)
    # A cluster is called by its first member; numbers are compared as numbers.
    labels = {1: "1", 2: "1", 10: "1", 3: "3", 4: "4", 5: "5", 6: "6"}
    assert found == {(None, key): label for key, label in labels.items()}


def test_strings_are_compared_as_strings(spark, limits, joining):
    inputs = {"one": _table(["2", "10", "9"])}
    found = _clustered(spark, limits, inputs, [(None, "10", None, "2", 12.0)], joining=joining)
    assert found == {(None, "2"): "10", (None, "10"): "10", (None, "9"): "9"}


def test_sources_keep_their_records_apart(spark, limits, joining):
    inputs = {"b": _table([1, 2]), "a": _table([1, 2, 3])}
    pairs = [("a", 2, "b", 1, 20.0)]
    found = _clustered(spark, limits, inputs, pairs, link_type="link_only", joining=joining)
    assert found == {
        ("a", 1): "a-__-1",
        ("a", 2): "a-__-2",
        ("a", 3): "a-__-3",
        ("b", 1): "a-__-2",
        ("b", 2): "b-__-2",
    }


def test_another_numbering_gives_the_same_clusters(spark, limits):
    inputs, pairs = (
        {"one": _table(["2", "10", "9", "x"])},
        [(None, "10", None, "2", 12.0), (None, "9", None, "x", 12.0)],
    )
    found = _clustered(spark, limits, inputs, pairs, seed=5)
    assert found == _clustered(spark, limits, inputs, pairs)
    assert found[None, "2"] == "10"


def test_quotes_in_a_sources_name_are_letters(spark, limits):
    inputs = {"it's": _table([1]), "b": _table([1])}
    found = _clustered(spark, limits, inputs, [("b", 1, "it's", 1, 20.0)], link_type="link_only")
    assert found == {("b", 1): "b-__-1", ("it's", 1): "b-__-1"}
    assert _clustered(spark, limits, inputs, [], link_type="link_only") == {
        ("b", 1): "b-__-1",
        ("it's", 1): "it's-__-1",
    }


def test_no_pairs_leave_everybody_alone(spark, limits, joining):
    assert _clustered(spark, limits, {"one": _table([1, 2])}, [], joining=joining) == {(None, 1): "1", (None, 2): "2"}


@pytest.mark.parametrize(("ids", "shuffles"), [([1, 2], 0), (["1", "2"], 1)])
def test_records_are_moved_once_and_only_for_their_first_member(spark, limits, ids, shuffles):
    ready = prepared(spark, DOCUMENT, {"one": _table(ids)})
    pairs = spark.createDataFrame([(*ids, 12.0)], ["unique_id_l", "unique_id_r", "match_weight"])
    found = clusters(
        ready.records, lambda: pairs, ready.surveyed(limits), cluster_weight=10.0, limits=limits, joining=IN_PROCESS
    )
    # What is above the kept chunks of records.
    plan = found.frame._jdf.queryExecution().executedPlan().toString().split("InMemoryTableScan")[0]
    assert (plan.count("Join"), plan.count("Exchange")) == (0, shuffles)


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_and_dedupe"])
def test_clusters_are_components_whatever_the_partitions(spark, limits, link_type):
    sources = {"a": 80, "a-1": 50} if link_type == "link_and_dedupe" else {"a": 120}
    inputs = {name: people(size, seed=size, ids="{}") for name, size in sources.items()}
    answers = []
    for partitions in (1, 5):
        ready = prepared(spark, DOCUMENT | {"link_type": link_type}, inputs, partitions=partitions)
        scored = ready.scored(limits)
        found = clusters(
            ready.records,
            lambda scored=scored: scored.frame,
            ready.surveyed(limits),
            cluster_weight=2.0,
            limits=limits,
            joining=IN_PROCESS,
        )
        rows = found.frame.collect()
        assert found.count == len({row["cluster_id"] for row in rows})
        several = len(sources) > 1
        answers.append(
            {(row["source_dataset"] if several else None, row["unique_id"]): row["cluster_id"] for row in rows}
        )
    assert answers[0] == answers[1]
    graph = nx.Graph([(pair[:2], pair[2:]) for pair, of in plain(scored).items() if of.weight >= 2.0])
    graph.add_nodes_from(answers[0])
    together = {}
    for record, label in answers[0].items():
        together.setdefault(label, set()).add(record)
    assert {frozenset(c) for c in together.values()} == {frozenset(c) for c in nx.connected_components(graph)}
    assert 10 < len(together) < len(answers[0]) - 10


@pytest.mark.parametrize(
    ("kind", "link_type", "sources"),
    [
        (pa.int64(), "dedupe_only", ["a"]),
        (pa.string(), "dedupe_only", ["a"]),
        (pa.int64(), "link_only", ["b", "a"]),
        (pa.string(), "link_and_dedupe", ["b", "a"]),
    ],
    ids=str,
)
def test_edges_between_numbers_give_what_the_pairs_give(spark, limits, tmp_path, kind, link_type, sources):
    made = {name: people(150, seed=seed, ids="{}") for seed, name in enumerate(sources)}
    inputs = {name: table.set_column(0, "unique_id", table["unique_id"].cast(kind)) for name, table in made.items()}
    ready = prepared(spark, DOCUMENT | {"link_type": link_type}, inputs, memory=10**8)
    found = ready.surveyed(limits)
    pairs = ready.scored(limits, joining_weight=-1.0)
    (tmp_path / "pairs").mkdir()
    pairs.write(str(tmp_path / "pairs"))
    edges = pairs.edges()
    assert len(edges) == spark.read.parquet(str(tmp_path / "pairs")).where("match_weight >= -1").count() > 0

    def unread():
        raise AssertionError("the pairs were read back")

    joined = partial(clusters, ready.records, found=found, cluster_weight=-1.0, limits=limits, joining=IN_PROCESS)
    by_number = joined(unread, edges=edges)
    frame = spark.read.parquet(str(tmp_path / "pairs"))
    by_pairs = joined(lambda: frame)
    assert by_number.count == by_pairs.count
    assert sorted(by_number.frame.collect()) == sorted(by_pairs.frame.collect())


def test_edges_are_told_of_records_that_are_held_and_where_they_are_asked_for(spark, limits, tmp_path):
    (tmp_path / "pairs").mkdir()
    for memory, weight in ((0, 5.0), (10**8, None)):
        pairs = prepared(spark, DOCUMENT, {"a": people(20, seed=1)}, memory=memory).scored(
            limits, joining_weight=weight
        )
        pairs.write(str(tmp_path / "pairs"))
        assert pairs.edges() is None
