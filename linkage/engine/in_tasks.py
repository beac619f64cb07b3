"""Rows that tasks make: handed to Spark, or written by the tasks themselves where Spark need not see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from linkage.engine import kernel
from linkage.engine.records import Task


@dataclass(frozen=True)
class File:
    """A Parquet file that a task wrote: its name in the folder, its bytes and its rows."""

    name: str
    size: int
    rows: int


@dataclass(frozen=True)
class Written:
    """What tasks wrote.

    Attributes:
        files: Those of tasks that succeeded. Others in the folder are of attempts that failed.
        schema: That of all files.
        summaries: What the tasks told beside.
    """

    files: Sequence[File]
    schema: pa.Schema
    summaries: Sequence[bytes]


def in_spark(rows: InTasks | DataFrame) -> DataFrame:
    """Rows in Spark, whoever makes them."""
    return rows.frame() if isinstance(rows, InTasks) else rows


@dataclass(frozen=True)
class InTasks:
    """Rows that a task makes of each partition of chunks.

    Attributes:
        chunks: What the tasks get.
        task: To rows; if it gets a `folder`, it writes them there and gives back `kernel.WRITTEN`.
        schema: That of the rows.
    """

    chunks: DataFrame
    task: Task
    schema: T.StructType

    def frame(self) -> DataFrame:
        """The rows in Spark."""
        return self.chunks.mapInArrow(self.task, self.schema)

    def write(self, folder: str) -> Written:
        """Have the tasks write the rows as Parquet into a folder that all of them can open.

        A column `summary` is told and not written.
        """
        writing, schema = partial(self.task, folder=folder), from_arrow_schema(kernel.WRITTEN)
        told = self.chunks.mapInArrow(writing, schema).toArrow().to_pylist()
        files = [File(row["name"], row["size"], row["rows"]) for row in told if row["name"] is not None]
        fields = [field for field in to_arrow_schema(self.schema, timezone="UTC") if field.name != kernel.SUMMARY]
        summaries = [row["summary"] for row in told if row["summary"] is not None]
        return Written(sorted(files, key=lambda file: file.name), pa.schema(fields), summaries)
