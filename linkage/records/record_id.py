"""The identifier of a record: a keyed hash of its source and its key there.

64 bits of HMAC-SHA256 (RFC 2104). Without the key nobody can enumerate the identifiers of
known source keys; with it, the same record gets the same identifier in every run.
"""

from __future__ import annotations

import hashlib

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.errors import ConfigError

KEY_SEPARATOR = "\x1f"
SHORTEST_KEY = 16
_BLOCK = 64


def source_key(schema: schemas.TableSchema) -> Column:
    r"""The key of a supply's row as one text, without spaces around its parts; null when a part is blank.

    The separator of the parts is a control character that no system has in its keys.

    >>> df = spark.createDataFrame([("C1", " D2 "), ("C1", "")], "case_id string, defendant_id string")
    >>> [row[0] for row in df.select(source_key(schemas.load("magistrates"))).collect()]
    ['C1\x1fD2', None]
    """
    first, *others = (F.nullif(F.trim(name), F.lit("")) for name in schema.key)
    return F.concat(first, *(F.concat(F.lit(KEY_SEPARATOR), part) for part in others))


def with_record_id(df: DataFrame, source: str, source_key: str, key: bytes) -> DataFrame:
    """`df` with the column `record_id` (bigint); rows neither multiply nor vanish.

    The key reaches the executors as a broadcast row and is not in the query plan. Two keys
    that collide (one chance in two million for ten million records) are not noticed here: the
    caller must check that record_id is unique.

    Args:
        df: rows with a source and a source key; null in either gives a null record_id.
        source: column with the name of the dataset.
        source_key: column with the key of the row in it.
        key: secret of at least 16 bytes.

    Raises:
        ConfigError: the key is too short.

    >>> df = spark.createDataFrame([("prison", "J1")], "source_dataset string, source_key string")
    >>> with_record_id(df, "source_dataset", "source_key", b"0123456789abcdef").first()["record_id"]
    2573423835008478353
    """
    if len(key) < SHORTEST_KEY:
        raise ConfigError(f"the key for record_id has {len(key)} bytes, it needs at least {SHORTEST_KEY}")
    inner, outer = _pads(key)
    pads = df.sparkSession.createDataFrame([(bytearray(inner), bytearray(outer))], "_inner binary, _outer binary")
    message = F.concat(F.col(source), F.lit(KEY_SEPARATOR), F.col(source_key)).cast("binary")
    first = F.unhex(F.sha2(F.concat(F.col("_inner"), message), 256))
    digest = F.sha2(F.concat(F.col("_outer"), first), 256)
    record_id = F.conv(F.substring(digest, 1, 16), 16, -10).cast("bigint")
    return df.crossJoin(F.broadcast(pads)).withColumn("record_id", record_id).drop("_inner", "_outer")


def _pads(key: bytes) -> tuple[bytes, bytes]:
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
