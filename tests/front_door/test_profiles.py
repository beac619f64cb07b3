"""Profiles: what their comments reckon is what they set."""

import re
from pathlib import Path

import pytest

PROFILES = Path(__file__).parents[2] / "conf" / "profiles"
# Databricks gives an executor the cores of its node.
NODE_CORES = "4"
PYTHON_AND_ARROW, REST = 512, 384


def _settings(name: str) -> dict[str, str]:
    lines = (PROFILES / f"{name}.conf").read_text(encoding="utf-8").splitlines()
    return dict(line.split(None, 1) for line in lines if line.strip() and not line.startswith("#"))


def _mebibytes(size: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(m|g|MB|GB)", size).groups()
    return int(number) * (1024 if unit in ("g", "GB") else 1)


@pytest.mark.parametrize("name", ["databricks", "kubernetes", "standalone", "yarn"])
def test_executors_have_room_beside_the_heap(name):
    settings = _settings(name)
    cores = int(settings.get("spark.executor.cores", NODE_CORES if name == "databricks" else "0"))
    limit = _mebibytes(settings["spark.linkage.kernel.memory"])
    records = _mebibytes(settings["spark.linkage.records.memory"])
    assert cores > 0, "what the overhead is for depends on the cores"
    assert _mebibytes(settings["spark.executor.memoryOverhead"]) == cores * (limit + records + PYTHON_AND_ARROW) + REST
    assert "spark.executor.pyspark.memory" not in settings
