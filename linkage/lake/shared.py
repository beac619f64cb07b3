"""Files and tables that tasks open themselves, where they see what the driver sees: with Spark on one machine.

What tasks wrote becomes a Delta table by one commit, made without Spark: for a small table, Spark's
own way to it takes seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, Schema, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyspark.sql import DataFrame, SparkSession

from linkage.errors import InputError
from linkage.lake.files import local_parquet
from linkage.lake.paths import absolute, is_local


def tasks_share(spark: SparkSession, path: str) -> bool:
    """Whether tasks can open a path as this process can."""
    return is_local(path) and str(spark.sparkContext.master).startswith("local")


def parquet_files(spark: SparkSession, path: str) -> list[str] | None:
    """The Parquet files of an input, if tasks can read them themselves: no Delta table, no folders that name values."""
    return local_parquet(path) if tasks_share(spark, path) else None


def written_and_read(df: DataFrame, path: str) -> DataFrame:
    """The frame as Parquet files in scratch, from which the plan of all that is made of it begins.

    Without dictionaries: to fill them takes a third of the time of such a write, and the files are gone soon.

    Args:
        df: What to keep.
        path: A folder that is not there yet, which tasks can open.
    """
    df.write.option("parquet.enable.dictionary", "false").parquet(path)
    return df.sparkSession.read.schema(df.schema).parquet(path)


def new_folder(path: str) -> str:
    """A folder on this machine, made, as tasks write it."""
    folder = absolute(path)
    Path(folder).mkdir(parents=True)
    return folder


def commit_files(path: str, schema: pa.Schema, files: Mapping[str, tuple[int, int]]) -> None:
    """Make a new Delta table of the Parquet files that lie in a folder.

    Args:
        path: A `new_folder`.
        schema: That of the files.
        files: Bytes and rows by name. What else is there, of tasks that failed, is removed.
    """
    folder = Path(absolute(path))
    now = int(time.time() * 1000)
    actions = [
        AddAction(name, size, {}, now, True, json.dumps({"numRecords": rows}))
        for name, (size, rows) in sorted(files.items())
    ]
    for entry in folder.iterdir():
        if entry.name not in files:
            entry.unlink()
    create_table_with_add_actions(str(folder), Schema.from_arrow(schema), actions)


def write_rows(spark: SparkSession, rows: pa.Table, path: str) -> None:
    """Write rows of this process as a new Delta table."""
    if is_local(path):
        write_deltalake(absolute(path), rows)
    else:
        spark.createDataFrame(rows).coalesce(1).write.format("delta").save(path)


def read_rows(path: str) -> pa.Table:
    """Reads a small Delta table on this machine into this process, without Spark.

    Raises:
        InputError: There is no such table, or it cannot be read.
    """
    try:
        return DeltaTable(absolute(path)).to_pyarrow_table()
    except (DeltaError, OSError):
        raise InputError(f"{path}: no Delta table that can be read") from None
