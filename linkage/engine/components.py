"""Connected components of the pairs above a weight: the clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as scipy_components

from linkage.engine.contraction import computed, contracted_components
from linkage.errors import LinkageError

Nodes = NDArray[np.int64]

# Places of nodes in a list: half the bytes where that is enough.
_Positions = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True)
class ComponentLimits:
    """Where components are found.

    Attributes:
        in_process_edges: So many edges, or fewer, go to the driver's process: 16 bytes each in Spark's
            driver, and five times as much in this process.
        beyond: What serves for more: from edges without loops to one row per node with `component`, its
            smallest node. Randomised contraction where nothing else is given.
    """

    in_process_edges: int
    beyond: Callable[[DataFrame], DataFrame] | None = None


@dataclass(frozen=True)
class Components:
    """The components of a graph.

    Attributes:
        nodes: How many nodes have an edge to another.
        count: How many components they are.
        rows: One row per such node: `node` (bigint) and `component` (bigint), the smallest node of
            the component. In this process, or a frame where that is too small.
    """

    nodes: int
    count: int
    rows: pa.Table | DataFrame

    def clusters(self, records: int) -> int:
        """How many clusters so many records are: those in no component are one each."""
        return records - self.nodes + self.count


def connected_components(edges: DataFrame, limits: ComponentLimits) -> Components:
    """Join nodes that edges connect: in the driver's process, or by Spark if they are too many.

    Args:
        edges: One row per edge: `l` and `r` (bigint). Repeated edges and loops do no harm.
        limits: How many are too many, and what serves then.

    Raises:
        LinkageError: What serves beyond this process gave no components of these edges.
    """
    between = edges.select("l", "r").where("l <> r")
    if between.count() <= limits.in_process_edges:
        return _in_process(between.toArrow())
    between = computed(between)
    if limits.beyond is None:
        rows = contracted_components(between, finish=_finished, in_process_edges=limits.in_process_edges)
    else:
        rows = _checked(computed(limits.beyond(between)), between)
    return _counted(rows)


def nested_components(edges: DataFrame, limits: ComponentLimits, *, levels: int) -> list[Components]:
    """The components at several levels, from one pass over the edges, each of which serves one level.

    Args:
        edges: As for `connected_components`, and `level` (tinyint): from which level on the edge
            is there; 0 is the first.
        limits: As for `connected_components`.
        levels: How many levels there are.

    Returns:
        Components at each level. Those found in this process have the nodes of all levels.

    Raises:
        LinkageError: As for `connected_components`.
    """
    between = edges.select("l", "r", "level").where("l <> r")
    if between.count() > limits.in_process_edges:
        return _nested_by_spark(computed(between), limits, levels=levels)
    table = between.toArrow()
    left, right, level = (table[name].to_numpy() for name in ("l", "r", "level"))
    del table
    node, found = nested_components_of(left, right, level, levels=levels)
    return [_components(node, component) for component in found]


def _nested_by_spark(edges: DataFrame, limits: ComponentLimits, *, levels: int) -> list[Components]:
    """Components at each level, found among those of the level before and what the new edges add to them."""
    found = [connected_components(edges.where("level = 0"), limits)]
    for level in range(1, levels):
        before = _frame(found[-1], edges)
        joined = connected_components(_between_components(edges.where(F.col("level") == level), before), limits)
        after = _frame(joined, edges).select(F.col("node").alias("was"), F.col("component").alias("is"))
        moved = before.join(after, F.col("component") == F.col("was"), how="left")
        kept = moved.select("node", F.coalesce("is", "component").alias("component"))
        # What had no edge before is a node of the smaller graph under its own name.
        added = after.join(before, F.col("was") == F.col("node"), how="left_anti").select("was", "is")
        found.append(_counted(computed(kept.unionAll(added))))
    return found


def _between_components(edges: DataFrame, components: DataFrame) -> DataFrame:
    """Edges between what their ends had been joined to; a node that is in no component stays itself."""
    for side in ("l", "r"):
        theirs = components.select(F.col("node").alias(side), F.col("component").alias(f"of_{side}"))
        edges = edges.join(theirs, side, how="left")
    return edges.select(*(F.coalesce(f"of_{side}", side).alias(side) for side in ("l", "r")))


def _frame(components: Components, edges: DataFrame) -> DataFrame:
    """The rows of components that may be in this process."""
    rows = components.rows
    return edges.sparkSession.createDataFrame(rows) if isinstance(rows, pa.Table) else rows


def _counted(rows: DataFrame) -> Components:
    [(nodes, count)] = rows.agg(F.count("*"), F.count_if(F.col("node") == F.col("component"))).collect()
    return Components(nodes, count, rows)


def _checked(rows: DataFrame, edges: DataFrame) -> DataFrame:
    """The rows that something else gave, if each node is in one component, with all that its edges lead to.

    GraphFrames has given wrong components where Spark planned anew while it ran (its issues 428 and 453), so both
    are computed before they are looked at. Components that are joined without an edge between them pass.
    """
    labels = rows.select("node", "component")
    left, right = (labels.select(F.col("node").alias(side), F.col("component").alias(f"of_{side}")) for side in "lr")
    ends = edges.join(left, "l", how="left").join(right, "r", how="left")
    parted = ends.where(~F.col("of_l").eqNullSafe(F.col("of_r")) | F.col("of_l").isNull())
    repeated = labels.groupBy("node").count().where("count > 1")
    misnamed = labels.groupBy("component").agg(F.min("node").alias("smallest")).where("component <> smallest")
    wrong = {
        "edges between two components": parted,
        "nodes that are there twice": repeated,
        "components not named by their smallest node": misnamed,
    }
    [counts] = _counts(wrong).collect()
    found = [f"{counts[place]} {what}" for place, what in enumerate(wrong) if counts[place]]
    if found:
        raise LinkageError(f"spark.linkage.components.beyond: gave {', '.join(found)}; leave the setting out")
    return labels


def _counts(frames: Mapping[str, DataFrame]) -> DataFrame:
    """One row: how many rows each frame has, in their order."""
    numbered = [frame.select(F.lit(place).alias("place")) for place, frame in enumerate(frames.values())]
    together = reduce(DataFrame.unionAll, numbered)
    return together.agg(*(F.count_if(F.col("place") == place) for place in range(len(numbered))))


def _in_process(edges: pa.Table) -> Components:
    left, right = edges["l"].to_numpy(), edges["r"].to_numpy()
    del edges
    return _components(*components_of(left, right))


def _components(node: Nodes, component: Nodes) -> Components:
    rows = pa.table({"node": node, "component": component})
    return Components(len(node), int(np.count_nonzero(node == component)), rows)


def _finished(edges: DataFrame) -> DataFrame:
    return edges.sparkSession.createDataFrame(_in_process(edges.toArrow()).rows)


def components_of(left: Nodes, right: Nodes) -> tuple[Nodes, Nodes]:
    """The nodes of a graph, ascending, and for each the smallest node connected to it.

    >>> node, component = components_of(np.array([5, 7]), np.array([7, 2]))
    >>> node.tolist(), component.tolist()
    ([2, 5, 7], [2, 2, 2])
    """
    nodes, positions = _numbered(np.concatenate([left, right]))
    labels = _labels(positions[: len(left)], positions[len(left) :], len(nodes))
    return nodes, nodes[_first(labels)][labels]


def nested_components_of(
    left: Nodes, right: Nodes, level: NDArray[np.int8], *, levels: int
) -> tuple[Nodes, list[Nodes]]:
    """The nodes of a graph, ascending, and for each its component, by the smallest node, at each level.

    Args:
        left: An end of each edge.
        right: The other.
        level: From which level on the edge is there; 0 is the first.
        levels: How many levels there are.

    >>> node, components = nested_components_of(
    ...     np.array([5, 7]), np.array([7, 2]), np.array([1, 0], np.int8), levels=2)
    >>> node.tolist(), [component.tolist() for component in components]
    ([2, 5, 7], [[2, 5, 2], [2, 2, 2]])
    """
    nodes, positions = _numbered(np.concatenate([left, right]))
    one, other = positions[: len(left)], positions[len(left) :]
    labels: NDArray[np.int32] = np.arange(len(nodes), dtype=np.int32)
    found = []
    for number in range(levels):
        new = level == number
        # What was joined before is one node of a smaller graph.
        labels = _labels(labels[one[new]], labels[other[new]], int(labels.max(initial=-1)) + 1)[labels]
        found.append(nodes[_first(labels)][labels])
    return nodes, found


def numbered_components(left: _Positions, right: _Positions, size: int) -> tuple[NDArray[np.int32], int]:
    """For each of `size` nodes, numbered from 0, the smallest node connected to it, and how many components there are.

    >>> roots, count = numbered_components(np.array([1, 2]), np.array([2, 4]), 5)
    >>> roots.tolist(), count
    ([0, 1, 1, 3, 1], 3)
    """
    labels = _labels(left, right, size)
    first = _first(labels)
    return first.astype(np.int32)[labels], len(first)


def _numbered(ends: Nodes) -> tuple[Nodes, _Positions]:
    """The distinct nodes, ascending, and for each end of an edge the position of its node.

    As `numpy.unique` with its inverse, in two thirds of the memory.
    """
    order = np.argsort(ends)
    ends = ends[order]
    is_new = np.ones(len(ends), np.bool_)
    np.not_equal(ends[1:], ends[:-1], out=is_new[1:])
    nodes = ends[is_new]
    del ends
    dtype: np.dtype[np.signedinteger[Any]] = np.dtype(np.int32 if len(order) < 2**31 else np.int64)
    positions = np.empty(len(order), dtype)
    ranks = np.cumsum(is_new, dtype=dtype)
    ranks -= 1
    positions[order] = ranks
    return nodes, positions


def _labels(one: _Positions, other: _Positions, size: int) -> NDArray[np.int32]:
    """For each of `size` nodes the number of its component, by edges between positions."""
    if not size:
        return np.empty(0, np.int32)
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(size, size))
    labels: NDArray[np.int32] = scipy_components(graph, directed=False)[1]
    return labels


def _first(labels: NDArray[np.int32]) -> _Positions:
    """For each label the first position that has it: the smallest node, as nodes ascend."""
    first = np.empty(labels.max(initial=-1) + 1, np.int64)
    # Of several values for one entry, NumPy keeps the last.
    first[labels[::-1]] = np.arange(len(labels) - 1, -1, -1)
    return first
