"""What surrounds a run: the Spark session, the scratch folder, and signals."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from pyspark.sql import SparkSession

_PREFIX = "linkage-"
_LOCK = "owner.lock"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(BaseException):
    """A signal asked the job to stop; not an Exception, so that nothing swallows it."""


@contextmanager
def spark_session(job: str, log: Path, local: Path) -> Iterator[SparkSession]:
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
    # Spark takes SIGINT for itself when it starts; a run must clean up on it.
    _listen()
    try:
        yield spark
    except (Interrupted, KeyboardInterrupt):
        # The connection to the JVM may have been cut off in mid-sentence: its answers then are to
        # other questions, and anything can come of them.
        with suppress(Exception):
            spark.sparkContext.cancelAllJobs()
        raise
    finally:
        if shared is None:
            with suppress(Exception):
                spark.stop()


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
def signals() -> Iterator[None]:
    """While inside, SIGTERM and SIGINT raise Interrupted, so that a run cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.getsignal(number) for number in _SIGNALS]
    _listen()
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)


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


def _listen() -> None:
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            signal.signal(number, _interrupt)


def _interrupt(number: int, _: FrameType | None) -> None:
    # Cleaning up must not be interrupted in its turn.
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)
