"""The summary of data quality that ingest leaves: a table of counts, and a page in the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

import schemas
from jobs.harness import stages
from jobs.judging import Group
from jobs.settings import PipelineSettings
from linkage.lake import Zone
from linkage.outputs.data_quality import data_quality_page
from linkage.quality.data_quality import Counts, Row, summary
from linkage.records.quality import INVALID, PLACEHOLDER, finding_counts
from linkage.records.rules import NO_FAULT

TABLE, PAGE = "data_quality", "data_quality.html"

_Task = stages.Task[PipelineSettings]


def write(task: _Task, groups: Sequence[Group]) -> None:
    """Writes the summary of these supplies beside those of earlier ones, and the page."""
    lake, config, schema = task.lake, task.config.ingest, schemas.load(TABLE)
    earlier = lake.read(Zone.OUTPUTS, TABLE, schema) if lake.exists(Zone.OUTPUTS, TABLE) else None
    rows = summary(
        _counts(groups, _findings(task)),
        as_of=config.as_of,
        expected={name: _expected(name) for name in config.supplies},
        previous=None if earlier is None else _previous(earlier, config.as_of),
        smallest=config.smallest_count,
    )
    table = task.spark.createDataFrame([tuple(row) for row in rows], schema.struct_type())
    if earlier is not None:
        # Supplies of one day replace those of that day.
        table = earlier.where(F.col("supplied_as_of") != F.lit(config.as_of)).unionByName(table)
    lake.overwrite(table.coalesce(1), Zone.OUTPUTS, TABLE, schema)
    (task.run.folder / PAGE).write_text(data_quality_page(rows), encoding="utf-8")


def _findings(task: _Task) -> dict[tuple[str, str, str, str], int]:
    """Records with a field that could not be used, by supply, period, column and kind."""
    read = task.lake.read
    records = read(Zone.IDENTIFIERS, "records", schemas.load("records"))
    evidence = read(Zone.LINKAGE, "linkage_evidence", schemas.load("linkage_evidence"))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in finding_counts(records, evidence).collect()}


def _counts(groups: Sequence[Group], findings: dict[tuple[str, str, str, str], int]) -> list[Counts]:
    """One entry for each supply, period and linkage field; organisations are no part of what is linked."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    for group in groups:
        if NO_FAULT & set(group.reasons):
            continue
        for column, missing in group.missing.items():
            cell = rows.setdefault((group.supply, group.period, column), [0, 0, 0])
            cell[0] += group.rows
            cell[1] += 0 if group.reasons else group.rows
            cell[2] += missing
    return [
        Counts(*place, *cell, *(findings.get((*place, kind), 0) for kind in (INVALID, PLACEHOLDER)))
        for place, cell in sorted(rows.items())
    ]


def _expected(supply: str) -> dict[str, float]:
    columns = schemas.load(supply).columns
    return {c.name: c.expected_missing for c in columns if c.expected_missing is not None}


def _previous(earlier: DataFrame, as_of: date) -> list[Row]:
    """The rows of each dataset's supply before this one."""
    last = Window.partitionBy("source_dataset")
    before = earlier.where(F.col("supplied_as_of") < F.lit(as_of))
    latest = before.withColumn("_last", F.max("supplied_as_of").over(last)).where("supplied_as_of = _last")
    return [Row(*row) for row in latest.select(*schemas.load(TABLE).column_names).collect()]
