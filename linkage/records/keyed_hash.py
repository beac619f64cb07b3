"""Identifiers that nobody without the key can enumerate: 64 bits of HMAC-SHA256 (RFC 2104)."""

from __future__ import annotations

import hashlib

import pyarrow as pa
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from linkage.errors import ConfigError

SEPARATOR = "\x1f"
SHORTEST_KEY = 16
_BLOCK = 64


def keyed_hash(spark: SparkSession, *parts: Column, key: bytes) -> Column:
    """A bigint that the same parts get in every run with the same key; null if a part is null.

    The key reaches the executors as the answer of a subquery and is not in the query plan. Two
    texts that collide (one chance in two million for ten million texts) are not noticed here: the
    caller must check that no two of its rows share a hash.

    Args:
        spark: the session of the frame that takes the column.
        parts: texts, joined by a control character that no system has in its keys.
        key: secret of at least 16 bytes.

    Raises:
        ConfigError: the key is too short.

    >>> df = spark.createDataFrame([("prison", "J1")], "source_dataset string, source_key string")
    >>> hashed = keyed_hash(spark, F.col("source_dataset"), F.col("source_key"), key=b"0123456789abcdef")
    >>> df.select(hashed).first()[0]
    2573423835008478353
    """
    if len(key) < SHORTEST_KEY:
        raise ConfigError(f"the key of a keyed hash has {len(key)} bytes, it needs at least {SHORTEST_KEY}")
    # From Arrow Spark makes a local relation, for whose one row it starts no job.
    pads = spark.createDataFrame(pa.table({"pads": pa.array([_pads(key)], pa.binary())})).scalar()
    first, *others = parts
    message = F.concat(first, *(F.concat(F.lit(SEPARATOR), part) for part in others)).cast("binary")
    inner = F.unhex(F.sha2(F.concat(F.substring(pads, 1, _BLOCK), message), 256))
    outer = F.sha2(F.concat(F.substring(pads, _BLOCK + 1, _BLOCK), inner), 256)
    return F.conv(F.substring(outer, 1, 16), 16, -10).cast("bigint")


def _pads(key: bytes) -> bytes:
    """What the inner hash starts with, then what the outer one does, a block each."""
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block) + bytes(b ^ 0x5C for b in block)
