"""The keyed hash equals the HMAC that Python makes, and keeps its key to itself."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from linkage.errors import ConfigError
from linkage.records.keyed_hash import keyed_hash

SCHEMA = "source_dataset string, source_key string"


def by_python(*parts: str, key: bytes) -> int:
    digest = hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def hashed(spark: SparkSession, key: bytes) -> Column:
    return keyed_hash(spark, F.col("source_dataset"), F.col("source_key"), key=key).alias("hash")


@pytest.mark.parametrize("key", [b"k" * 16, bytes(range(64)), bytes(range(200))])
def test_is_the_hmac(spark: SparkSession, key: bytes) -> None:
    rows = [("prison", f"J{i}") for i in range(20)] + [("probation", "J1"), ("prison", "Ω\x1f2")]
    found = spark.createDataFrame(rows, SCHEMA).select("*", hashed(spark, key))
    result = {(r["source_dataset"], r["source_key"]): r["hash"] for r in found.collect()}
    assert result == {row: by_python(*row, key=key) for row in rows}
    assert min(result.values()) < 0 < max(result.values())
    assert dict(found.dtypes)["hash"] == "bigint"


def test_one_part_or_three(spark: SparkSession) -> None:
    key, texts = b"k" * 16, ("a", "b", "c")
    columns = [keyed_hash(spark, *map(F.lit, texts[:n]), key=key) for n in (1, 3)]
    assert tuple(spark.range(1).select(*columns).first()) == (by_python("a", key=key), by_python(*texts, key=key))


def test_null_gives_null(spark: SparkSession) -> None:
    df = spark.createDataFrame([("prison", None), (None, "J1")], SCHEMA)
    assert [row[0] for row in df.select(hashed(spark, b"k" * 16)).collect()] == [None, None]


def test_key_is_not_in_the_plan(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    key = b"do not print me!"
    df = spark.createDataFrame([("prison", "J1")], SCHEMA).select(hashed(spark, key))
    df.explain(extended=True)
    df.collect()
    df.explain(extended=True)
    plan = capsys.readouterr().out
    inner = bytes(b ^ 0x36 for b in key)
    assert "sha2" in plan
    for secret in (key, inner):
        assert secret.decode("latin-1") not in plan
        assert secret.hex().upper() not in plan.upper()


def test_short_keys_are_refused(spark: SparkSession) -> None:
    with pytest.raises(ConfigError, match="8 bytes"):
        hashed(spark, b"k" * 8)
