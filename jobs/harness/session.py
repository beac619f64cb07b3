"""What surrounds a run: the Spark session and the scratch folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.harness.signals import Listener, call_beside
from linkage.engine.kernel import warmed

_PREFIX = "linkage-"
_LOCK = "owner.lock"


@contextmanager
def spark_session(job: str, log: Path, local: Path, listener: Listener) -> Iterator[SparkSession]:
    """The session that is there, or one started for this job and stopped after it.

    Settings come from the profile. A JVM that this starts writes its messages to `log`, and its
    shuffles and spills to `local`, as they hold identifiers.
    """
    shared = SparkSession.getActiveSession()
    if shared is None:
        os.environ["LINKAGE_LOG_FILE"] = str(log.absolute())
        os.environ.setdefault("SPARK_LOCAL_DIRS", str(local))
    builder: SparkSession.Builder = SparkSession.builder
    spark = builder.appName(f"linkage {job}").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    listener.spark = spark
    listener.listen()
    listener.check()
    try:
        yield spark
    finally:
        listener.end()
        if shared is None:
            call_beside(spark.stop)
        else:
            # Others go on in it: what the job kept of its records must not stay.
            with suppress(PySparkException, Py4JError):
                spark.catalog.clearCache()


def start_workers(spark: SparkSession) -> None:
    """Has Spark start its Python workers, with what our tasks import, while the job does something else.

    The first task would wait for them otherwise: a second or more.
    """

    def attempt() -> None:
        with suppress(Exception):
            spark.range(0, cores, 1, cores).mapInArrow(warmed, "id bigint").toArrow()

    cores = spark.sparkContext.defaultParallelism
    threading.Thread(target=attempt, daemon=True).start()


def describe(spark: SparkSession) -> dict[str, Any]:
    """What of the session explains a run's speed and answers."""
    conf = spark.conf
    return {
        "version": spark.version,
        "master": conf.get("spark.master", None),
        "driver_memory": conf.get("spark.driver.memory", None),
        "shuffle_partitions": conf.get("spark.sql.shuffle.partitions", None),
    }


@contextmanager
def scratch(run_id: str) -> Iterator[Path]:
    """A folder for what a run spills, open to its owner only, gone when the run ends.

    It lies in the folder that LINKAGE_SCRATCH names, else among the system's temporary files.
    Folders of runs that were killed are removed first: nobody holds their lock.
    """
    root = Path(os.environ.get("LINKAGE_SCRATCH") or tempfile.gettempdir())
    _sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{run_id}-", dir=root))
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep(root: Path) -> None:
    for lock_file in root.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            with lock_file.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock_file.parent, ignore_errors=True)
        except OSError:
            continue
