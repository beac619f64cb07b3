"""Every record given to a cluster, from the scored pairs above a weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine import chunks, kernel, named
from linkage.engine.components import IN_PROCESS_EDGES, Components, connected_components
from linkage.engine.in_tasks import InTasks, in_spark
from linkage.engine.kernel import KernelLimits
from linkage.engine.labels import CLUSTER, labelled
from linkage.engine.records import LinkageRecords
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
    files: Sequence[str] = (),
) -> Clusters:
    """Join records that pairs of at least this weight connect.

    Args:
        records: All records.
        pairs: Reads scored pairs, as `linkage.engine.scoring` gives them, back from where they were
            written.
        found: A survey of the records.
        cluster_weight: In bits.
        limits: What a task's DuckDB may use.
        files: The Parquet files that the pairs are in, if this process can open them; they need no
            reading back, unless they are too many.
    """
    edges = edges_in_files(records, files, found, cluster_weight=cluster_weight, limits=limits) if files else None
    if edges is None:
        edges = edges_of(records, pairs().where(F.col("match_weight") >= cluster_weight), found, limits=limits)
    components = connected_components(edges)
    return Clusters(labelled(records, found, {CLUSTER: components}, limits=limits), _count(found.records, components))


def edges_of(
    records: LinkageRecords, pairs: DataFrame, found: Survey, *, limits: KernelLimits, also: str | None = None
) -> DataFrame:
    """The nodes `l` and `r` (bigint) of named pairs, and a further column (tinyint) as it is."""
    names = [f"{name}_{side}" for name in named.record_columns(records) for side in "lr"]
    sql = f"SELECT {_ends(records, found)}{', ' + also if also else ''} FROM {chunks.RECORDS}"
    task = partial(kernel.convert, sql=sql, limits=limits)
    schema = "l bigint, r bigint" + (f", {also} tinyint" if also else "")
    return pairs.select(*names, *([also] if also else [])).mapInArrow(task, schema)


def edges_in_files(
    records: LinkageRecords, files: Sequence[str], found: Survey, *, cluster_weight: float, limits: KernelLimits
) -> pa.Table | None:
    """The same from Parquet files, in this process; None if they are too many for it."""
    with kernel.opened(limits) as connection:
        joining = "read_parquet($files) WHERE match_weight >= $weight"
        given = {"files": list(files), "weight": cluster_weight}
        [(count,)] = connection.execute(f"SELECT count(*) FROM {joining}", given).fetchall()
        if count > IN_PROCESS_EDGES:
            return None
        return connection.sql(f"SELECT {_ends(records, found)} FROM {joining}", params=given).to_arrow_table()


def _ends(records: LinkageRecords, found: Survey) -> str:
    return ", ".join(f"{named.pair_end(records, side, seed=found.seed)} AS {side}" for side in "lr")


def _count(records: int, components: Components) -> int:
    return records - components.nodes + components.count
