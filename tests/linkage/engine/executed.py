"""The queries that Spark has run, as it ran them: adaptive plans in their last form, with what was counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Node:
    """An operator of a plan.

    Attributes:
        name: Such as `Exchange`.
        told: How Spark describes it.
        columns: Those of its output, where its description ends with them.
        rows: Rows that came out, where Spark counts them.
        caches: How many cached frames it lies below.
    """

    name: str
    told: str
    columns: tuple[str, ...]
    rows: int | None
    caches: int


@dataclass(frozen=True)
class Query:
    """A query that was run: the file that asked for it, and its operators, the last one first."""

    asked_by: str
    nodes: tuple[Node, ...]

    def named(self, name: str, *, caches: int = 0) -> list[Node]:
        """Its operators of a name, below so many cached frames at most."""
        return [node for node in self.nodes if node.name == name and node.caches <= caches]


@contextmanager
def executed(spark: SparkSession) -> Iterator[list[Query]]:
    """A list that is filled at the end with the queries that were run since, in their order."""
    before = {run.executionId() for run in _items(_store(spark).executionsList())}
    queries: list[Query] = []
    yield queries
    store = _store(spark)
    for run in _items(store.executionsList()):
        if run.executionId() not in before:
            asked_by = re.search(r"(\w+\.py):\d+$", run.description())
            nodes = _nodes(store.planGraph(run.executionId()), store.executionMetrics(run.executionId()))
            queries.append(Query("" if asked_by is None else asked_by[1], tuple(nodes)))


def cached(spark: SparkSession) -> set[int]:
    """The numbers of the frames that Spark keeps."""
    return {int(number) for number in _context(spark).getPersistentRDDs().keys().mkString(" ").split()}


def _context(spark: SparkSession) -> Any:
    return spark.sparkContext._jsc.sc()


def _store(spark: SparkSession) -> Any:
    """What Spark knows of its queries, once all that has happened is taken in."""
    _context(spark).listenerBus().waitUntilEmpty()
    return spark._jsparkSession.sharedState().statusStore()


def _nodes(graph: Any, metrics: Any) -> Iterator[Node]:
    values = {pair._1(): pair._2() for pair in _items(metrics.toSeq())}
    readers = {edge.fromId(): edge.toId() for edge in _items(graph.edges())}
    plan = {node.id(): node for node in _items(graph.allNodes())}

    def caches(number: int) -> int:
        reader = readers.get(number)
        return 0 if reader is None else caches(reader) + (plan[reader].name() == "InMemoryTableScan")

    for number, node in sorted(plan.items()):
        counted = [values.get(m.accumulatorId()) for m in _items(node.metrics()) if m.name() == "number of output rows"]
        rows = int(counted[0].replace(",", "")) if counted and counted[0] else None
        last = re.search(r"\[([^\[\]]*)\](?:, \w+)?$", node.desc())
        columns = () if last is None else tuple(re.findall(r"(\w+)#\d+", last[1]))
        yield Node(node.name(), node.desc(), columns, rows, caches(number))


def _items(sequence: Any) -> Iterator[Any]:
    return (sequence.apply(place) for place in range(sequence.size()))
