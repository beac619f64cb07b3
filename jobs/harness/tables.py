"""Tables of a job's output folder, written by the tasks themselves where they can."""

from __future__ import annotations

from dataclasses import replace

from pyspark.sql import DataFrame, SparkSession

from linkage.engine.in_tasks import InTasks, Written, in_spark
from linkage.engine.nested import NestedClusters
from linkage.engine.scoring import ScoredPairs
from linkage.lake import StagedFolder, commit_files, new_folder, read_input, tasks_share, write_table


def write_pairs(spark: SparkSession, pairs: ScoredPairs, path: str) -> None:
    """Writes scored pairs as a Delta table."""
    if not tasks_share(spark, path):
        write_table(pairs.frame, path)
        return
    folder = new_folder(path)
    _commit(pairs.write(folder), folder)


def write_rows_of_tasks(spark: SparkSession, rows: InTasks | DataFrame, path: str) -> None:
    """Writes rows that tasks make, or that Spark has, as a Delta table."""
    if isinstance(rows, InTasks) and tasks_share(spark, path):
        folder = new_folder(path)
        _commit(rows.write(folder), folder)
    else:
        write_table(in_spark(rows), path)


def write_nested(spark: SparkSession, nested: NestedClusters, folder: StagedFolder) -> None:
    """Writes `nested_clusters`, and how these nest as `cluster_nesting`, in a folder of tables."""
    write_table(nested.frame, folder.table("nested_clusters"))
    written = replace(nested, frame=read_input(spark, folder.table("nested_clusters")))
    write_table(written.nesting().coalesce(1), folder.table("cluster_nesting"))


def _commit(written: Written, folder: str) -> None:
    commit_files(folder, written.schema, {file.name: (file.size, file.rows) for file in written.files})
