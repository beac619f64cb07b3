"""Every record given to a cluster, from the scored pairs above a weight."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine.components import connected_components
from linkage.engine.kernel import KernelLimits
from linkage.engine.labels import CLUSTER, labelled
from linkage.engine.records import LinkageRecords, node
from linkage.engine.survey import Survey


@dataclass(frozen=True)
class Clusters:
    """Every record with its cluster.

    Attributes:
        frame: One row per record, singletons too: `__source`, `__id` and `cluster_id`, a string
            made from the cluster's first member in Splink's order, so that it depends on the pairs
            alone.
        count: How many clusters there are.
    """

    frame: DataFrame
    count: int


def clusters(
    records: LinkageRecords, pairs: DataFrame, found: Survey, *, cluster_weight: float, limits: KernelLimits
) -> Clusters:
    """Join records that pairs of at least this weight connect.

    Args:
        records: All records.
        pairs: Scored pairs as `linkage.engine.scoring` gives them, read back from where they
            were written.
        found: A survey of the records.
        cluster_weight: In bits.
        limits: What a task's DuckDB may use.
    """
    joining = pairs.where(F.col("match_weight") >= cluster_weight)
    components = connected_components(joining.select(*ends(records, found)))
    alone = found.records - components.nodes
    frame = labelled(records, found, {CLUSTER: components}, limits=limits)
    return Clusters(frame, alone + components.count)


def ends(records: LinkageRecords, found: Survey) -> tuple[Column, Column]:
    """The nodes `l` and `r` of a pair."""
    left, right = (
        node(records, F.col(f"source_{side}"), F.col(f"id_{side}"), seed=found.seed).alias(side) for side in "lr"
    )
    return left, right
