"""Supplies as ingest has judged them: each row with its broken rules, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import schemas
from jobs.deliveries import Supplied
from jobs.harness import stages
from jobs.settings import PipelineSettings
from jobs.supply_settings import IngestSettings
from linkage.errors import InputError, LinkageError
from linkage.lake import read_input
from linkage.records import companions, corrections, quality, quarantine, standardise
from linkage.records.fields import linkage_fields
from linkage.records.rules import NO_FAULT, Fault

# What the keys of IDs and tokens are derived for.
RECORD_KEY, QUARANTINE_KEY, CASE_KEY = "record_id", "quarantine_id", "case_token"


@dataclass(frozen=True)
class Judged:
    """One supply, or a table that comes along with one: each row with its broken rules, kept so that it is read once.

    Rows of a supply have their ID, and the day of their case where that is what dates them.

    `corrections` are the corrected cells that there are, of whatever supply; None where nobody corrects.
    """

    name: str
    schema: schemas.TableSchema
    rows: int
    flagged: DataFrame
    corrections: int | None = None


@dataclass(frozen=True)
class Group:
    """Rows of one supply and year that break the same rules; `missing` counts by linkage field.

    `corrected` says whether they were corrected, `cells` in how many cells.
    """

    supply: str
    period: str
    reasons: tuple[str, ...]
    corrected: bool
    rows: int
    cells: int
    missing: Mapping[str, int]


@contextmanager
def judged(task: stages.Task[PipelineSettings], supplied: Sequence[Supplied]) -> Iterator[list[Judged]]:
    """All supplies, judged with the corrections that there are; nothing is computed yet.

    Raises:
        InputError: The corrections are not what their schema says.
    """
    record_key, quarantine_key = (task.ring.derive(purpose) for purpose in (RECORD_KEY, QUARANTINE_KEY))
    mended = _corrections(task)
    found: dict[str, Judged] = {}
    # What dates the rows of a supply is judged before them.
    for one in sorted(supplied, key=lambda one: one.schema.part_of is None):
        flagged = quarantine.flag(_with_file(one), one.schema)
        if mended is not None:
            flagged = corrections.judged_again(flagged, one.schema, mended, quarantine_key)
        if one.schema.part_of is None:
            flagged = standardise.identify(_dated(flagged, one.schema, found), one.name, record_key)
        kept = flagged.persist(StorageLevel.MEMORY_AND_DISK)
        found[one.name] = Judged(one.name, one.schema, one.rows, kept, None if mended is None else mended.cells)
    try:
        yield [found[one.name] for one in supplied]
    finally:
        for judged_one in found.values():
            judged_one.flagged.unpersist()


def _dated(flagged: DataFrame, supply: schemas.TableSchema, found: Mapping[str, Judged]) -> DataFrame:
    """The rows with the day of their case, where that is what dates them and the cases have come."""
    key = companions.key_to_cases(supply)
    if key is None or key.table not in found:
        return flagged
    return companions.with_case_day(flagged, key, quarantine.accepted(found[key.table].flagged))


def _corrections(task: stages.Task[PipelineSettings]) -> corrections.Corrections | None:
    config = task.config.ingest
    if config.corrections is None:
        return None
    cells = read_input(task.spark, config.corrections)
    schemas.load("corrections").check(cells)
    known = {n for table in (*config.supplies, *config.companions) for n in schemas.load(table).column_names}
    return corrections.by_row(cells, known)


def _with_file(one: Supplied) -> DataFrame:
    """The supply with the name of each row's file; rows of a feed come from a table of ours."""
    if one.feeds:
        return one.frame
    name = F.element_at(F.split(F.input_file_name(), "/"), -1)
    # Spark names files as URLs do, which leave a plus as it is; decoding makes a space of it.
    plain = F.url_decode(F.replace(name, F.lit("+"), F.lit("%2B")))
    return one.frame.withColumn(quarantine.SOURCE_FILE, F.nullif(plain, F.lit("")))


def groups(supplies: Sequence[Judged], config: IngestSettings) -> list[Group]:
    """Counts all rows by year and broken rules: one job, which fills what is kept of the supplies."""
    counted = [
        supply.flagged.groupBy(
            F.lit(supply.name).alias("supply"),
            quality.period(supply.flagged, supply.schema, as_of=config.as_of).alias("period"),
            F.col(quarantine.REASONS),
            F.col(quarantine.CORRECTED).isNotNull().alias("corrected"),
        ).agg(
            F.count("*").alias("rows"),
            F.coalesce(F.sum(quarantine.CORRECTED), F.lit(0)).alias("cells"),
            quality.missing_counts(supply.schema).alias("missing"),
        )
        for supply in supplies
    ]
    fields = {supply.name: linkage_fields(supply.schema) for supply in supplies}
    return [
        Group(name, period, tuple(reasons), corrected, rows, cells, dict(zip(fields[name], missing, strict=True)))
        for name, period, reasons, corrected, rows, cells, missing in reduce(DataFrame.unionByName, counted).collect()
    ]


def check(supplies: Sequence[Judged], found: Sequence[Group], config: IngestSettings) -> None:
    """Refuses a supply of which rows are lost or too many are bad; nothing has been written yet.

    Raises:
        LinkageError: A row that came in has not been judged.
        InputError: Too large a share of one supply's rows is at fault.
    """
    for supply in supplies:
        mine = [group for group in found if group.supply == supply.name]
        rows = sum(group.rows for group in mine)
        if rows != supply.rows:
            raise LinkageError(f"supply {supply.name}: {supply.rows} rows came in and {rows} were judged")
        bad = sum(group.rows for group in mine if set(group.reasons) - NO_FAULT)
        if bad > config.max_bad_share * rows:
            most = ", ".join(f"{reason}: {count}" for reason, count in _reasons(mine).most_common(3))
            raise InputError(
                f"supply {supply.name}: {bad} of {rows} rows are bad, more than the share "
                f"{config.max_bad_share} that ingest.max_bad_share allows ({most}; {Fault.TOO_MANY_BAD_ROWS})"
            )


def counts(supplies: Sequence[Judged], found: Sequence[Group]) -> dict[str, int]:
    """How many rows break each rule, over all supplies, and how many were corrected; a row may break several.

    `corrected_cells_unused` are those that no row got: none that was set aside is called so, or its supply has no
    such column.
    """
    told = {f"quarantined_{reason}": count for reason, count in sorted(_reasons(found).items())}
    corrected = [group for group in found if group.corrected]
    if corrected:
        told["corrected"] = sum(group.rows for group in corrected)
        told["corrected_accepted"] = sum(group.rows for group in corrected if not group.reasons)
    unused = (supplies[0].corrections or 0) - sum(group.cells for group in corrected)
    if unused:
        told["corrected_cells_unused"] = unused
    return told


def _reasons(found: Sequence[Group]) -> Counter[str]:
    reasons: Counter[str] = Counter()
    for group in found:
        reasons.update(dict.fromkeys(group.reasons, group.rows))
    return reasons
