"""Corrected cells of rows that were set aside: put in their place, so that the rows are judged again.

A correction changes no supply and no table: what ingest accepts is a function of the supplies and
of the corrections, so the same corrections twice give the same records, and every supplied row is
still counted once.
"""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.errors import InputError
from linkage.records.quarantine import (
    CORRECTED,
    MALFORMED,
    REASONS,
    REFUSED,
    SET_ASIDE,
    SOURCE_FILE,
    flag,
    quarantine_id,
)
from linkage.records.rules import Fault
from schemas import TableSchema

_CELLS = "_cells"


def by_row(corrections: DataFrame, columns: Collection[str]) -> DataFrame:
    """One row per corrected row: `_set_aside` and its cells as a map from column name to value.

    Runs one small job.

    Args:
        corrections: rows of the table `corrections`.
        columns: the columns that some supply has.

    Raises:
        InputError: A cell is corrected twice, or in a column that no supply has.
    """
    cell = F.struct(F.trim("quarantine_id").alias("row"), F.trim("column_name").alias("name"))
    counted = corrections.groupBy(cell.alias("cell")).count()
    known = F.col("cell.name").isin(*columns)
    [(twice, strange)] = counted.agg(
        F.count_if(F.col("count") > 1), F.count_if(~F.coalesce(known, F.lit(False)))
    ).collect()
    if twice:
        raise InputError(f"corrections: {twice} cells are corrected more than once ({Fault.CORRECTION_REPEATED})")
    if strange:
        raise InputError(
            f"corrections: {strange} cells are in a column that no supply has ({Fault.CORRECTION_OF_NO_COLUMN}); "
            "column_name is a column of the row's supply"
        )
    cells = F.collect_list(F.struct(F.trim("column_name"), F.col("value")))
    return corrections.groupBy(F.trim("quarantine_id").alias(SET_ASIDE)).agg(F.map_from_entries(cells).alias(_CELLS))


def judged_again(flagged: DataFrame, schema: TableSchema, corrections: DataFrame, key: bytes) -> DataFrame:
    """Rows of `quarantine.flag` with corrections put in place, flagged anew; one row per row.

    What was accepted stays accepted. Rows that were set aside and not corrected are judged again as
    well: what they were in conflict with may have been corrected. Of a line that could not be taken
    apart the cells that no correction names are empty.

    Args:
        flagged: of `quarantine.flag`.
        schema: of the supply.
        corrections: of `by_row`.
        key: secret of the rows' `quarantine_id`.
    """
    aside = F.size(REASONS) > 0
    named = flagged.withColumn(SET_ASIDE, F.when(aside, quarantine_id(flagged, schema, key)))
    joined = named.join(F.broadcast(corrections), SET_ASIDE, how="left")
    corrected = F.col(_CELLS).isNotNull()
    return flag(
        joined.select(
            *(_cell(name).alias(name) for name in schema.column_names),
            *(F.when(~corrected, F.col(name)).alias(name) for name in (MALFORMED, REFUSED)),
            SOURCE_FILE,
            SET_ASIDE,
            corrected.alias(CORRECTED),
        ),
        schema,
    )


def _cell(name: str) -> Column:
    given = F.map_contains_key(_CELLS, name)
    supplied = F.when(F.col(MALFORMED).isNull() | F.col(_CELLS).isNull(), F.col(name))
    return F.when(given, F.element_at(_CELLS, name)).otherwise(supplied)
