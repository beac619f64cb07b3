"""The key of a row in its supply, as one text whatever its parts."""

from __future__ import annotations

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
    first, *others = (F.nullif(F.trim(name), F.lit("")) for name in schema.key)
    return F.concat(first, *(F.concat(F.lit(SEPARATOR), part) for part in others))
