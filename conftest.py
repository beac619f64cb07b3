"""What every test and doctest shares: one Spark session for the run, left as clean as it was found.

It stands at the root because doctests live in ``linkage/`` and ``schemas/`` as much as tests do in ``tests/``.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pyspark.sql import SparkSession, functions, types

ROOT = Path(__file__).parent
LOCAL = ROOT / ".local"

# The same examples in every run, and no deadline: a shared machine may take its time.
settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")

TEST_SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.showConsoleProgress": "false",
    # A start is worth more than peak speed in a test.
    "spark.driver.extraJavaOptions": "-Dfile.encoding=UTF-8 -Duser.timezone=UTC"
    " -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
}


def profile_settings(name: str) -> dict[str, str]:
    """The settings of ``conf/profiles/NAME.conf``, read as Spark reads them."""
    lines = (ROOT / "conf" / "profiles" / f"{name}.conf").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(None, 1) for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {key: value.strip() for key, value in pairs}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keeps a worker from listing, as it goes, what DuckDB's bindings had not freed: its last words say nothing."""
    if hasattr(session.config, "workerinput"):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The session of the ``local`` profile, with Delta, two cores and two shuffle partitions."""
    scratch = tmp_path_factory.mktemp("spark")
    os.environ |= {
        "JAVA_HOME": str(LOCAL / "java"),
        "LC_ALL": "C.UTF-8",
        "LINKAGE_LOG_FILE": str(scratch / "spark.log"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    os.environ.pop("SPARK_HOME", None)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    jars = sorted(str(jar) for jar in (LOCAL / "jars").glob("*.jar"))
    assert jars, f"no jars in {LOCAL / 'jars'}: run make setup"
    per_run = {
        "spark.jars": ",".join(jars),
        "spark.local.dir": str(scratch / "local"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={ROOT / 'conf/profiles/log4j2.properties'}"
        f" -Dderby.system.home={scratch}",
    }
    builder = SparkSession.builder.appName("tests")
    for key, value in (profile_settings("local") | TEST_SETTINGS | per_run).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def _left_clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drops the cached frames, the views and the tables that a test made, where it had a session."""
    yield
    if "spark" not in request.fixturenames:
        return
    spark: SparkSession = request.getfixturevalue("spark")
    spark.catalog.clearCache()
    for table in spark.catalog.listTables():
        if table.isTemporary:
            spark.catalog.dropTempView(table.name)
        else:
            spark.sql(f"DROP TABLE IF EXISTS `{table.name}`")


@pytest.fixture(autouse=True)
def _doctest_names(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Doctests find ``spark``, ``F`` and ``T``; a session starts only for those that say ``spark``."""
    doctest_namespace |= {"F": functions, "T": types}
    item = request.node
    if isinstance(item, pytest.DoctestItem) and any("spark" in e.source for e in item.dtest.examples):
        doctest_namespace["spark"] = request.getfixturevalue("spark")
