"""Corrected cells of rows that were set aside: put in their place, so that the rows are judged again.

A correction changes no supply and no table: what ingest accepts is a function of the supplies and
of the corrections, so the same corrections twice give the same records, and every supplied row is
still counted once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
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
from linkage.records.rules import UNKNOWN_MARK, Fault, Reason, is_blank
from schemas import TableSchema

_CELLS = "_cells"


@dataclass(frozen=True)
class Corrections:
    """Corrected cells: how many, and `rows`, one per corrected row, with `_set_aside` and `_cells`.

    The cells of a row are a map from column name to value.
    """

    rows: DataFrame
    cells: int


def by_row(corrections: DataFrame, columns: Collection[str]) -> Corrections:
    """The corrections of each row together.

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
    [(twice, strange, given)] = counted.agg(
        F.count_if(F.col("count") > 1), F.count_if(~F.coalesce(known, F.lit(False))), F.count("*")
    ).collect()
    if twice:
        raise InputError(f"corrections: {twice} cells are corrected more than once ({Fault.CORRECTION_REPEATED})")
    if strange:
        raise InputError(
            f"corrections: {strange} cells are in a column that no supply has ({Fault.CORRECTION_OF_NO_COLUMN}); "
            "column_name is a column of the row's supply"
        )
    cells = F.collect_list(F.struct(F.trim("column_name"), F.col("value")))
    rows = corrections.groupBy(F.trim("quarantine_id").alias(SET_ASIDE)).agg(F.map_from_entries(cells).alias(_CELLS))
    return Corrections(rows, given)


def judged_again(flagged: DataFrame, schema: TableSchema, corrections: Corrections, key: bytes) -> DataFrame:
    """Rows of `quarantine.flag` with corrections put in place, flagged anew; one row per row.

    What was accepted stays accepted. Rows that were set aside and not corrected are judged again as
    well: what they were in conflict with may have been corrected. Of a line that could not be taken
    apart the cells that no correction names are empty; all other rows keep theirs. A row refused for a code
    that must be there stays refused until that is a code. Cells in a column that the supply lacks do nothing.

    Args:
        flagged: of `quarantine.flag`.
        schema: of the supply.
        corrections: of `by_row`.
        key: secret of the rows' `quarantine_id`.
    """
    aside = F.size(REASONS) > 0
    named = flagged.withColumn(SET_ASIDE, F.when(aside, quarantine_id(flagged, schema, key)))
    own = F.map_filter(_CELLS, lambda name, _: name.isin(*schema.column_names))
    mended = corrections.rows.withColumn(_CELLS, own).where(F.size(_CELLS) > 0)
    joined = named.join(F.broadcast(mended), SET_ASIDE, how="left")
    in_place = joined.select(
        *(_cell(name).alias(name) for name in schema.column_names),
        MALFORMED,
        REFUSED,
        SOURCE_FILE,
        SET_ASIDE,
        F.when(F.col(_CELLS).isNotNull(), F.size(_CELLS)).alias(CORRECTED),
    )
    refused = F.col(CORRECTED).isNull() | _still_unmapped(schema)
    return flag(in_place.withColumns({name: F.when(refused, F.col(name)) for name in (MALFORMED, REFUSED)}), schema)


def _cell(name: str) -> Column:
    given = F.map_contains_key(_CELLS, name)
    taken_apart = F.col(MALFORMED).isNull() | (F.col(REFUSED) != Reason.ROW_MALFORMED.value)
    supplied = F.when(F.coalesce(taken_apart, F.lit(False)) | F.col(_CELLS).isNull(), F.col(name))
    return F.when(given, F.element_at(_CELLS, name)).otherwise(supplied)


def _still_unmapped(schema: TableSchema) -> Column:
    """Whether a row was refused for a code that must be there, and one that must be there still means nothing."""
    mandatory = [column for column in schema.columns if not column.nullable]
    strange = [F.startswith(F.trim(column.name), F.lit(UNKNOWN_MARK)) for column in mandatory if not column.content]
    strange += [
        ~is_blank(column.name) & ~F.trim(column.name).isin(*schemas.value_set(column.values))
        for column in mandatory
        if column.values is not None
    ]
    unmapped = (F.col(REFUSED) == Reason.CODE_UNMAPPED.value) & reduce(or_, strange)
    return F.coalesce(unmapped, F.lit(False))
