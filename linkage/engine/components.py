"""Connected components of the pairs above a weight: the clusters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as scipy_components

# Above this many nodes the answer is joined by a shuffle, not broadcast.
BROADCAST_NODES = 4_000_000


def connected_components(edges: DataFrame) -> DataFrame:
    """Join nodes that edges connect, in the driver's process.

    Args:
        edges: One row per edge: `l` and `r` (bigint). Repeated edges and loops do no harm.

    Returns:
        One row per node that has an edge: `node` (bigint) and `component` (bigint), the smallest
        node of the component. Nodes without edges are not there.
    """
    table = edges.select("l", "r").toArrow()
    node, component = components_of(table["l"].to_numpy(), table["r"].to_numpy())
    found = edges.sparkSession.createDataFrame(pa.table({"node": node, "component": component}))
    return F.broadcast(found) if len(node) <= BROADCAST_NODES else found


def components_of(left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nodes of a graph, ascending, and for each the smallest node connected to it.

    >>> node, component = components_of(np.array([5, 7]), np.array([7, 2]))
    >>> node.tolist(), component.tolist()
    ([2, 5, 7], [2, 2, 2])
    """
    nodes, positions = np.unique(np.concatenate([left, right]), return_inverse=True)
    if not len(nodes):
        return nodes.astype(np.int64), nodes.astype(np.int64)
    one, other = positions[: len(left)], positions[len(left) :]
    graph = coo_array((np.ones(len(left), np.int8), (one, other)), shape=(len(nodes), len(nodes)))
    _, labels = scipy_components(graph, directed=False)
    # Positions ascend with nodes, so the first position of a label is its smallest node.
    _, first = np.unique(labels, return_index=True)
    return nodes, nodes[first][labels]
