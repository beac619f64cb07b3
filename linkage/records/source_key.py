"""The key of a row in its supply, as one text whatever its parts."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

import schemas
from linkage.records.keyed_hash import SEPARATOR


def source_key(schema: schemas.TableSchema) -> Column:
    r"""The key of a supply's row as one text, without spaces around its parts; null when a part is blank.

    The separator of the parts is a control character that no system has in its keys.

    >>> df = spark.createDataFrame([("C1", " D2 "), ("C1", "")], "case_id string, defendant_id string")
    >>> [row[0] for row in df.select(source_key(schemas.load("magistrates"))).collect()]
    ['C1\x1fD2', None]
    """
    return key_text(schema.key)


def key_text(columns: Sequence[str]) -> Column:
    """The parts of a key as one text, in the order given; as `source_key`, for columns that name a row of a table."""
    first, *others = key_parts(columns)
    return F.concat(first, *(F.concat(F.lit(SEPARATOR), part) for part in others))


def key_parts(columns: Sequence[str]) -> list[Column]:
    """The parts of a key without spaces around them; a blank one is null."""
    return [F.nullif(F.trim(name), F.lit("")) for name in columns]
