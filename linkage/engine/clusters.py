"""Every record given to a cluster, from the scored pairs above a weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.engine import chunks, kernel, labelling, named
from linkage.engine.components import ComponentLimits, connected_components, numbered_components
from linkage.engine.in_tasks import InTasks, in_spark
from linkage.engine.kernel import KernelLimits
from linkage.engine.labelling import NamingPlan
from linkage.engine.labels import CLUSTER, labelled
from linkage.engine.records import ID, SOURCE, SOURCE_SEPARATOR, LinkageRecords
from linkage.engine.survey import Survey


@dataclass(frozen=True)
class Clusters:
    """Every record with its cluster.

    Attributes:
        rows: One row per record, singletons too: `unique_id`, `source_dataset` where there are
            several inputs, and `cluster_id`, a string made from the cluster's first member in Splink's
            order, so that it depends on the pairs alone.
        count: How many clusters there are.
    """

    rows: InTasks | DataFrame
    count: int

    @property
    def frame(self) -> DataFrame:
        """The rows in Spark."""
        return in_spark(self.rows)


def clusters(
    records: LinkageRecords,
    pairs: Callable[[], DataFrame],
    found: Survey,
    *,
    cluster_weight: float,
    limits: KernelLimits,
    joining: ComponentLimits,
    edges: pa.Table | None = None,
) -> Clusters:
    """Join records that pairs of at least this weight connect.

    Args:
        records: All records.
        pairs: Reads scored pairs, as `linkage.engine.scoring` gives them, back from where they were
            written.
        found: A survey of the records.
        cluster_weight: In bits.
        limits: What a task's DuckDB may use.
        joining: Where components are found.
        edges: As `ScoredPairs.edges` tells them at this weight; pairs need no reading back then, unless they
            are too many for this process.
    """
    if edges is not None and len(edges) <= joining.in_process_edges and _is_named_by_number(records):
        return _of_numbers(records, edges, limits)
    above = pairs().where(F.col("match_weight") >= cluster_weight)
    components = connected_components(edges_of(records, above, found, limits=limits), joining)
    rows = labelled(records, found, {CLUSTER: components}, limits=limits)
    return Clusters(rows, components.clusters(found.records))


def _is_named_by_number(records: LinkageRecords) -> bool:
    """Whether the first member of a cluster has the smallest number.

    In a link, records are numbered by their IDs as text, and the records of a single source named by them as numbers.
    """
    return records.held is not None and (records.link_type == "dedupe_only" or len(records.sources) > 1)


def _of_numbers(records: LinkageRecords, edges: pa.Table, limits: KernelLimits) -> Clusters:
    """From edges between the numbers of records that are held."""
    left, right = (edges[side].to_numpy() for side in "lr")
    roots, count = numbered_components(left, right, records.count())
    plan = NamingPlan(ID, SOURCE, records.sources if len(records.sources) > 1 else (), SOURCE_SEPARATOR, limits)
    shared = records.frame.sparkSession.sparkContext.broadcast(roots.tobytes())
    task = records.task(partial(labelling.name_held, plan=plan, roots=shared))
    schema = named.record_schema(records).add(CLUSTER, T.StringType())
    return Clusters(InTasks(records.chunks, task, schema), count)


def edges_of(
    records: LinkageRecords, pairs: DataFrame, found: Survey, *, limits: KernelLimits, also: str | None = None
) -> DataFrame:
    """The nodes `l` and `r` (bigint) of named pairs, and a further column (tinyint) as it is."""
    names = [f"{name}_{side}" for name in named.record_columns(records) for side in "lr"]
    sql = f"SELECT {_ends(records, found)}{', ' + also if also else ''} FROM {chunks.RECORDS}"
    task = partial(kernel.convert, sql=sql, limits=limits)
    schema = "l bigint, r bigint" + (f", {also} tinyint" if also else "")
    return pairs.select(*names, *([also] if also else [])).mapInArrow(task, schema)


def _ends(records: LinkageRecords, found: Survey) -> str:
    return ", ".join(f"{named.pair_end(records, side, seed=found.seed)} AS {side}" for side in "lr")
