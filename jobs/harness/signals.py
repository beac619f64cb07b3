"""SIGTERM, SIGINT and SIGHUP end a run as an error does: Spark's jobs stop, and everything is tidied up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from pyspark.sql import SparkSession

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SECONDS_BETWEEN = 0.5
_PATIENCE = 30.0


class Interrupted(BaseException):
    """A signal asked the job to stop; not an Exception, so that nothing swallows it."""


@dataclass
class Listener:
    """Waits for signals while a run lasts.

    A call to the JVM must not be broken off: its answer would be taken for that of the next call.
    So Spark's jobs are cancelled from another thread, again and again until the run is over, and
    a call to the JVM fails of that; elsewhere, and at a second signal, Interrupted is raised.
    """

    spark: SparkSession | None = None
    asked: str | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Takes the signals, also back from Spark, which takes SIGINT when it starts."""
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                signal.signal(number, self._hear)

    def check(self) -> None:
        """Raises Interrupted if a signal came while nobody could be told."""
        if self.asked is not None:
            raise Interrupted(self.asked)

    def end(self) -> None:
        """Stops cancelling; later signals change nothing."""
        self._over.set()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked is not None, signal.Signals(number).name
        if self._over.is_set():
            return
        if not again:
            threading.Thread(target=self._cancel, daemon=True).start()
        if again or not _inside_jvm_call(frame):
            raise Interrupted(self.asked)

    def _cancel(self) -> None:
        while not self._over.is_set():
            if self.spark is not None:
                with suppress(Exception):
                    self.spark.sparkContext.cancelAllJobs()
            self._over.wait(_SECONDS_BETWEEN)


@contextmanager
def listening() -> Iterator[Listener]:
    """Listens to signals inside the block, and puts back what was there before."""
    listener = Listener()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    listener.listen()
    try:
        yield listener
    finally:
        listener.end()
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


def call_beside(call: Callable[[], None]) -> None:
    """Calls Spark over a connection of its own, for a while at most, whatever comes of it."""

    def attempt() -> None:
        with suppress(Exception):
            call()

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(_PATIENCE)


def _inside_jvm_call(frame: FrameType | None) -> bool:
    while frame is not None:
        if "/py4j/" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
