"""A Spark session for what the engine benchmark runs outside the product's own jobs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[2]
LOCAL = ROOT / ".local"
CORES = 2


def prepare() -> None:
    """What a JVM that this process starts needs in its environment."""
    os.environ |= {"JAVA_HOME": str(LOCAL / "java"), "LC_ALL": "C.UTF-8", "SPARK_LOCAL_IP": "127.0.0.1"}
    os.environ |= {"PYSPARK_PYTHON": sys.executable}
    os.environ.setdefault("LINKAGE_LOG_FILE", os.devnull)
    os.environ.pop("SPARK_HOME", None)


def session(name: str, *, memory: int, more: Mapping[str, str] | None = None) -> SparkSession:
    """Two cores, a heap of `memory` GiB, the product's `local` profile and what `more` changes in it."""
    prepare()
    options = profile("local") | {
        "spark.master": f"local[{CORES}]",
        "spark.driver.memory": f"{memory}g",
        "spark.ui.showConsoleProgress": "false",
        "spark.jars": ",".join(sorted(str(jar) for jar in (LOCAL / "jars").glob("*.jar"))),
        "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={ROOT / 'conf/profiles/log4j2.properties'}",
    }
    builder: SparkSession.Builder = SparkSession.builder
    builder = builder.appName(name)
    for key, value in (options | dict(more or {})).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def profile(name: str) -> dict[str, str]:
    """The settings of a profile, read as Spark reads them."""
    lines = (ROOT / "conf" / "profiles" / f"{name}.conf").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(None, 1) for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {key: value.strip() for key, value in pairs}
