"""The clustering of generated edges, as `make bench-engine` measures it."""

from tests.benchmarks.engine_runs import run_edges


def test_edges_are_made_and_clustered():
    figures = run_edges(4000, memory=4, timeout=150)
    assert figures["kept"] == 4000
    assert figures["cluster"] > 0
    assert figures["memory"] > 0
