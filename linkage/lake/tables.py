"""Zones and their tables: what a job declared it may open, and nothing else.

A zone is a root of its own, so that each can be a separate bucket with a separate key. Tables are
Delta: what a reader sees changes in one commit, and a failed write leaves nothing visible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from linkage.errors import InputError, RefusedError
from linkage.lake.directory import names_in
from linkage.lake.files import files_fingerprint
from linkage.lake.paths import LakeRoots, absolute, is_local, table_path
from schemas import TableSchema, Zone, guarded

# Zones whose tables hold what people are called, or what is known of them.
_PERSONAL = frozenset({Zone.LANDING, Zone.IDENTIFIERS, Zone.ATTRIBUTES, Zone.EVALUATION})
_COMMIT = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True)
class Commit:
    """What a write left behind: the table's new version, and the rows that it wrote."""

    version: int
    rows: int


@dataclass(frozen=True)
class Lake:
    """The tables of one pipeline, seen by a job that declared what it reads and writes."""

    spark: SparkSession
    roots: LakeRoots
    reads: frozenset[Zone]
    writes: frozenset[Zone]

    def path(self, zone: Zone, table: str) -> str:
        """Returns where a table is, for a zone that the job declared.

        Raises:
            RefusedError: The job declared neither to read nor to write the zone.
            ConfigError: The zone has no root.
        """
        self._permit(zone, self.reads | self.writes, "open")
        return absolute(table_path(self.roots, zone, table))

    def read(self, zone: Zone, table: str, schema: TableSchema) -> DataFrame:
        """Reads a table and checks it.

        Raises:
            RefusedError: The job did not declare to read the zone.
            InputError: The table is not there, or is not what its schema says.
        """
        self._permit(zone, self.reads, "read")
        path = self.path(zone, table)
        if not DeltaTable.isDeltaTable(self.spark, path):
            raise InputError(f"{zone}/{table}: no such table at {path}; run the job that writes it")
        df = self.spark.read.format("delta").load(path)
        schema.check(df)
        return df

    def overwrite(
        self, df: DataFrame, zone: Zone, table: str, schema: TableSchema, partition_by: Sequence[str] = ()
    ) -> Commit:
        """Replaces a table's rows and columns in one commit.

        Raises:
            RefusedError: The job did not declare to write the zone.
            InputError: The frame is not what the schema says.
            PySparkException: A row breaks a rule of the schema; it holds the line of an InputError.
        """
        self._permit(zone, self.writes, "write")
        schema.check(df)
        path = self.path(zone, table)
        rows = guarded(df, schema, f"{zone}/{table}")
        writer = rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        if zone in _PERSONAL:
            # Delta's log keeps the least and the greatest value of each column, which outlive
            # the rows when they are deleted: no name may get there.
            writer = writer.option("delta.dataSkippingNumIndexedCols", "0")
        writer.partitionBy(*partition_by).save(path)
        return _last_commit(self.spark, path)

    def deliver(self, df: DataFrame, table: str, file_format: str) -> None:
        """Writes a supply into the landing zone as its owner would: plain Parquet or CSV files."""
        self._permit(Zone.LANDING, self.writes, "write")
        writer = df.write.format(file_format).mode("overwrite")
        if file_format == "csv":
            writer = writer.option("header", "true").option("escape", '"')
        writer.save(self.path(Zone.LANDING, table))

    def exists(self, zone: Zone, table: str) -> bool:
        """Whether there is a Delta table of that name."""
        return DeltaTable.isDeltaTable(self.spark, self.path(zone, table))

    def names(self, zone: Zone) -> list[str]:
        """The names of a zone's tables and supplies, sorted; raises RefusedError for a zone not declared to be read."""
        self._permit(zone, self.reads, "list")
        return names_in(self.spark, self.path(zone, ""))

    def fingerprint(self, zone: Zone, table: str) -> str | None:
        """What changes when the data do, as the function of that name tells it."""
        return fingerprint(self.spark, self.path(zone, table))

    def _permit(self, zone: Zone, declared: frozenset[Zone], verb: str) -> None:
        if zone not in declared:
            names = ", ".join(sorted(declared)) or "none"
            raise RefusedError(f"zone {zone}: this job may not {verb} it; it declares {names}")


def write_table(df: DataFrame, path: str, file_format: str = "delta") -> None:
    """Writes a frame at any path, replacing what is there: a Delta table in one commit, or files of another format."""
    df.write.format(file_format).mode("overwrite").option("overwriteSchema", "true").save(path)


def fingerprint(spark: SparkSession, path: str) -> str | None:
    """What changes when the data do: a Delta table's ID and version, or the list of a supply's files.

    None if there is nothing.
    """
    version = _version(spark, absolute(path))
    return files_fingerprint(spark, path) if version is None else f"version {version} of {_table_id(spark, path)}"


def _table_id(spark: SparkSession, path: str) -> str:
    """The ID that a Delta table got when it was made: another one at the same path has another."""
    first = _action(path, 0, "metaData") if is_local(path) else {}
    if first:
        return str(first["id"])
    [row] = DeltaTable.forPath(spark, path).detail().select("id").collect()
    return str(row["id"])


def _action(path: str, version: int, kind: str) -> dict[str, Any]:
    """The first action of a kind in one commit of a table on this machine; empty where there is none."""
    commit = Path(path) / "_delta_log" / f"{version:020}.json"
    for line in commit.read_text(encoding="utf-8").splitlines() if commit.exists() else ():
        action: dict[str, dict[str, Any]] = json.loads(line)
        if kind in action:
            return action[kind]
    return {}


def _version(spark: SparkSession, path: str) -> int | None:
    if not DeltaTable.isDeltaTable(spark, path):
        return None
    if not is_local(path):
        return _last_commit(spark, path).version
    # A listing is much cheaper than asking Delta, and every stage asks for all its tables.
    commits = (_COMMIT.fullmatch(file.name) for file in (Path(path) / "_delta_log").iterdir())
    return max(int(commit[1]) for commit in commits if commit)


def _last_commit(spark: SparkSession, path: str) -> Commit:
    """The newest version and the rows that it wrote; on this machine from its file, as Delta takes a job to tell it."""
    version = _version(spark, path) if is_local(path) else None
    if version is not None:
        metrics = _action(path, version, "commitInfo").get("operationMetrics") or {}
        return Commit(version, int(metrics.get("numOutputRows", 0)))
    [row] = DeltaTable.forPath(spark, path).history(1).select("version", "operationMetrics").collect()
    return Commit(row["version"], int((row["operationMetrics"] or {}).get("numOutputRows", 0)))
