"""The keyed identifier equals the HMAC that Python makes, and keeps its key to itself."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from pyspark.sql import SparkSession

from linkage.errors import ConfigError
from linkage.records.record_id import with_record_id

SCHEMA = "source_dataset string, source_key string"


def by_python(source: str, source_key: str, key: bytes) -> int:
    digest = hmac.new(key, f"{source}\x1f{source_key}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@pytest.mark.parametrize("key", [b"k" * 16, bytes(range(64)), bytes(range(200))])
def test_is_the_hmac(spark: SparkSession, key: bytes) -> None:
    rows = [("prison", f"J{i}") for i in range(20)] + [("probation", "J1"), ("prison", "Ω\x1f2")]
    found = with_record_id(spark.createDataFrame(rows, SCHEMA), *SCHEMA.replace(" string", "").split(", "), key)
    result = {(r["source_dataset"], r["source_key"]): r["record_id"] for r in found.collect()}
    assert result == {row: by_python(*row, key) for row in rows}
    assert min(result.values()) < 0 < max(result.values())
    assert dict(found.dtypes)["record_id"] == "bigint"


def test_null_gives_null(spark: SparkSession) -> None:
    df = spark.createDataFrame([("prison", None), (None, "J1")], SCHEMA)
    ids = with_record_id(df, "source_dataset", "source_key", b"k" * 16).select("record_id").collect()
    assert [row[0] for row in ids] == [None, None]


def test_key_is_not_in_the_plan(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    key = b"do not print me!"
    df = with_record_id(spark.createDataFrame([("prison", "J1")], SCHEMA), "source_dataset", "source_key", key)
    df.explain(extended=True)
    plan = capsys.readouterr().out
    inner = bytes(b ^ 0x36 for b in key)
    assert "sha2" in plan
    for secret in (key, inner):
        assert secret.decode("latin-1") not in plan
        assert secret.hex().upper() not in plan.upper()


def test_short_keys_are_refused(spark: SparkSession) -> None:
    with pytest.raises(ConfigError, match="8 bytes"):
        with_record_id(spark.createDataFrame([], SCHEMA), "source_dataset", "source_key", b"k" * 8)
