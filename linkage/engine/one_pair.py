"""Two records picked out of all by their IDs, with what scoring would know of them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import functions as F

from linkage.engine.held import ROW
from linkage.engine.records import ID, SOURCE, LinkageRecords, backticked
from linkage.engine.weights import term_frequency_column
from linkage.errors import ConfigError, InputError

_SOURCE = "__wanted_source"
_WRITTEN = "__wanted_id"


def one_pair(records: LinkageRecords, chosen: Sequence[tuple[str, str]], adjusted: Sequence[str]) -> pa.Table:
    """The chosen two of the records, in no order, each with the frequencies of its values.

    Args:
        records: All that would be linked together: frequencies are counted over them.
        chosen: Source name and ID, as it is written, of each.
        adjusted: The model's term-frequency columns.

    Returns:
        The columns of the records' frame, and a `term_frequency_column` for each adjusted one: the
        share of values that equal this record's, null where it has none.

    Raises:
        ConfigError: One of the two is not there.
        InputError: Several records of a source have the ID.
    """
    numbers = {name: number for number, name in enumerate(records.sources)}
    rows = [(numbers[source], written) for source, written in chosen]
    # A frame's rows are in no plan, and so in no log.
    wanted = records.frame.sparkSession.createDataFrame(rows, f"{_SOURCE} smallint, {_WRITTEN} string")
    is_wanted = (F.col(SOURCE) == F.col(_SOURCE)) & (F.col(ID).cast("string") == F.col(_WRITTEN))
    pair = records.frame.join(F.broadcast(wanted), is_wanted, "left_semi").toArrow()
    found = [(row[SOURCE], str(row[ID])) for row in pair.select([SOURCE, ID]).to_pylist()]
    for place, (source, written) in zip(("first", "second"), chosen, strict=True):
        count = found.count((numbers[source], written))
        if count == 0:
            raise ConfigError(f"the {place} record of the pair is not in input {source}; name one by its unique ID")
        if count > 1:
            raise InputError(f"input {source}: several records have the {place} ID of the pair; make IDs unique")
    columns = list(dict.fromkeys(column.lower() for column in adjusted))
    for column, shares in zip(columns, _frequencies(records, pair, columns), strict=True):
        pair = pair.append_column(term_frequency_column(column), pa.array(shares, pa.float64()))
    return pair


def _frequencies(records: LinkageRecords, pair: pa.Table, columns: Sequence[str]) -> list[list[float | None]]:
    """For each column the share of values that are each record's; values stay out of plans, too."""
    if not columns:
        return []
    rows = pa.array(range(pair.num_rows), pa.int64())
    named = pair.select(columns).rename_columns([f"{ROW}_{column}" for column in columns]).append_column(ROW, rows)
    mine = F.broadcast(records.frame.sparkSession.createDataFrame(named))
    counted = [
        count.alias(f"{name}_{position}")
        for position, column in enumerate(columns)
        for name, count in (
            ("present", F.count(backticked(column))),
            ("equal", F.count_if(F.col(backticked(column)) == F.col(backticked(f"{ROW}_{column}")))),
        )
    ]
    by_row = records.frame.select(*map(backticked, columns)).crossJoin(mine).groupBy(ROW).agg(*counted).sort(ROW)
    found = by_row.collect()
    return [
        [row[f"equal_{n}"] / row[f"present_{n}"] if row[f"equal_{n}"] else None for row in found]
        for n in range(len(columns))
    ]
