"""A table of texts as a constant of the query: looked up in the time of one hash, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from pyspark.sql import Column
from pyspark.sql import functions as F

# Control characters, which no table has in its texts.
_BUCKET, _ENTRY, _VALUE = "\x1d", "\x1e", "\x1f"


def lookup(text: Column, table: Mapping[str, str]) -> Column:
    """What `table` has for a text; null for null and for a text that it does not have.

    A map literal would be searched from its beginning for every row. Here entries lie in buckets
    by the CRC of their text, at most half of which are filled.

    >>> df = spark.createDataFrame([("BOB",), ("ZOE",), (None,)], "name string")
    >>> [row[0] for row in df.select(lookup(F.col("name"), {"BOB": "ROBERT"})).collect()]
    ['ROBERT', None, None]
    """
    size = 1 << (2 * len(table)).bit_length()
    buckets: list[list[str]] = [[] for _ in range(size)]
    for key, value in table.items():
        buckets[crc32(key.encode()) % size].append(f"{key}{_VALUE}{value}")
    constant = F.split(F.lit(_BUCKET.join(_ENTRY.join(bucket) for bucket in buckets)), _BUCKET)
    bucket = F.get(constant, (F.crc32(text.cast("binary")) % size).cast("int"))
    # Read once, or the constant would be in the plan twice; of an empty bucket no map is made.
    return F.try_element_at(F.str_to_map(F.nullif(bucket, F.lit("")), F.lit(_ENTRY), F.lit(_VALUE)), text)
