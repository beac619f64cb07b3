"""What a profile says of memory and of clusters, checked before any work."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.harness.limits import component_limits, kernel_limits, records_memory
from linkage.engine.kernel import connect
from linkage.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("edges", "many", ["spark.linkage.components.edges many", "number"]),
        ("beyond", "tests.jobs:nothing", ["spark.linkage.components.beyond", "MODULE:FUNCTION"]),
        ("beyond", "no_such_module:nothing", ["no_such_module:nothing"]),
        ("beyond", "components", ["MODULE:FUNCTION"]),
        ("beyond", "math:pi", ["math:pi", "MODULE:FUNCTION"]),  # there, and nothing to call
        ("beyond", ".x:function", ["MODULE:FUNCTION"]),
        ("beyond", ":function", ["MODULE:FUNCTION"]),
        ("beyond", " ", ["MODULE:FUNCTION"]),
        ("edges", "\u00b2", ["number"]),  # a digit that is no number
        ("edges", "-1", ["number"]),
    ],
)
def test_what_a_profile_says_of_clusters_is_checked_before_any_work(spark, setting, name, value, words):
    setting(f"spark.linkage.components.{name}", value)
    with pytest.raises(ConfigError) as refused:
        component_limits(spark)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(("text", "size"), [("500MB", 500_000_000), (" 1gb", 10**9), ("2GiB", 2**31), ("0MB", 0)])
def test_the_memory_for_records_is_a_number_of_bytes(spark, setting, text, size):
    setting("spark.linkage.records.memory", text)
    assert records_memory(spark) == size


WRONG = ["1XB", "GB", "\u00b2GB", "1.5.5GB", "-1GB", "1", "80%", "0.5GB"]


@pytest.mark.parametrize("text", WRONG)
def test_memory_that_is_no_size_is_refused_before_any_work(spark, setting, text):
    run = SimpleNamespace(scratch=Path("scratch"))
    for name, limit in (("records", records_memory), ("kernel", lambda spark: kernel_limits(spark, run))):
        setting(f"spark.linkage.{name}.memory", text)
        with pytest.raises(ConfigError, match=rf"^spark\.linkage\.{name}\.memory {re.escape(text)}: write it as 500MB"):
            limit(spark)


def test_duckdb_takes_the_memory_of_a_profile_and_a_task_needs_some(spark, setting):
    run = SimpleNamespace(scratch=Path("scratch"))
    for text in ("64MB", " 1 gb", "2GiB"):
        setting("spark.linkage.kernel.memory", text)
        connect(kernel_limits(spark, run), "spill").close()
    setting("spark.linkage.kernel.memory", "0MB")
    with pytest.raises(ConfigError, match="a task needs some"):
        kernel_limits(spark, run)
