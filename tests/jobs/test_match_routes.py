"""The ways that `match` reads and writes: by the tasks themselves, or through Spark; rows are the same."""

import networkx as nx
import pytest

from tests.jobs.match_desk import PEOPLE, TRAINED, desk_in


def _rows(desk, name):
    table = desk.table(name)
    return sorted(map(repr, table.select(sorted(table.columns)).collect())), dict(table.dtypes)


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_and_dedupe"])
def test_tables_are_the_same_whoever_reads_and_writes(spark, tmp_path, monkeypatch, link_type):
    names = ["a"] if link_type == "dedupe_only" else ["a", "b"]
    found = {}
    for way in ("tasks", "spark", "spark, nothing held"):
        desk = desk_in(spark, tmp_path / way.replace(",", ""), monkeypatch)
        options = ["--settings", desk.write("model.json", TRAINED | {"link_type": link_type})]
        for number, name in enumerate(names):
            part = PEOPLE.slice(80 * number, 160 // len(names))
            options += ["--input", f"{name}={desk.write(f'{name}.parquet', part)}"]
        with monkeypatch.context() as change:
            if way != "tasks":
                change.setattr("linkage.lake.shared.tasks_share", lambda *_: False)
                change.setattr("jobs.harness.tables.tasks_share", lambda *_: False)
            if way == "spark, nothing held":
                change.setattr("jobs.match.records_memory", lambda *_: 0)
            answer = desk.match(*options, "--cluster-weight", "3")
        assert answer.code == 0, answer.err
        found[way] = [_rows(desk, name) for name in ("scored_pairs", "clusters", "pattern_counts")]
        assert desk.document("run.json")["counts"]["pairs_kept"] == len(found[way][0][0]) > 100
        by_tasks = any(
            path.name.startswith("part-") and "-c000" not in path.name for path in (desk.output / "clusters").iterdir()
        )
        assert by_tasks == (way == "tasks")
    assert found["tasks"] == found["spark"] == found["spark, nothing held"]


def components_by_networkx(edges):
    """What a profile may name: one row per node, with the smallest node that it is connected to."""
    graph = nx.Graph(tuple(row) for row in edges.collect())
    rows = [(node, min(component)) for component in nx.connected_components(graph) for node in component]
    return edges.sparkSession.createDataFrame(rows, "node bigint, component bigint")


@pytest.mark.parametrize("beyond", [None, "tests.jobs.test_match_routes:components_by_networkx"])
def test_clusters_are_the_same_where_they_do_not_fit_this_process(spark, tmp_path, monkeypatch, setting, beyond):
    found = []
    for way in ("within", "beyond"):
        desk = desk_in(spark, tmp_path / way, monkeypatch)
        options = ["--settings", desk.write("model.json", TRAINED), "--input", f"a={desk.write('a.parquet', PEOPLE)}"]
        if way == "beyond":
            setting("spark.linkage.components.edges", "20")
            if beyond:
                setting("spark.linkage.components.beyond", beyond)
        answer = desk.match(*options, "--cluster-weight", "3")
        assert answer.code == 0, answer.err
        found.append(_rows(desk, "clusters"))
    assert found[0] == found[1]
