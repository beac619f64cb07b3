"""Two records picked out of all by their IDs, with what scoring would know of them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import functions as F

from linkage.engine.frequencies import with_joined_frequencies
from linkage.engine.records import ID, SOURCE, LinkageRecords
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
        share of values that equal this record's, null where it has none; where records have a person, of
        values counted once for each.

    Raises:
        ConfigError: One of the two is not there.
        InputError: Several records of a source have the ID.
    """
    numbers = {name: number for number, name in enumerate(records.sources)}
    rows = [(numbers[source], written) for source, written in chosen]
    # A frame's rows are in no plan, and so in no log.
    wanted = records.frame.sparkSession.createDataFrame(rows, f"{_SOURCE} smallint, {_WRITTEN} string")
    is_wanted = (F.col(SOURCE) == F.col(_SOURCE)) & (F.col(ID).cast("string") == F.col(_WRITTEN))
    columns = list(dict.fromkeys(column.lower() for column in adjusted))
    two = records.frame.join(F.broadcast(wanted), is_wanted, how="left_semi")
    pair = with_joined_frequencies(two, columns, over=records.frame).toArrow()
    found = [(row[SOURCE], str(row[ID])) for row in pair.select([SOURCE, ID]).to_pylist()]
    for place, (source, written) in zip(("first", "second"), chosen, strict=True):
        count = found.count((numbers[source], written))
        if count == 0:
            raise ConfigError(f"the {place} record of the pair is not in input {source}; name one by its unique ID")
        if count > 1:
            raise InputError(f"input {source}: several records have the {place} ID of the pair; make IDs unique")
    return pair
