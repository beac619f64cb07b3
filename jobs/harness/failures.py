"""What a failed job says: an exit code and one line, whatever was raised."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from jobs.harness.signals import Interrupted
from linkage.errors import ConfigError, InputError, LinkageError, RefusedError

# In a task's traceback, or in what Spark raises for a row; Spark puts a code behind the latter.
_OURS = re.compile(
    r"linkage\.errors\.(ConfigError|InputError|RefusedError|LinkageError): ([^\n]+?)(?: SQLSTATE: \w+)?(?:\n|\Z)"
)
_UNREADABLE = re.compile(r"\[(?:FAILED_READ_FILE|MALFORMED_)[^\]]*\][^\n]*?reading file (\S+?)\.?(?:\s|$)")
_OUTCOMES = {2: "bad config", 3: "bad input", 4: "refused"}
_BY_NAME = {kind.__name__: kind for kind in (ConfigError, InputError, RefusedError, LinkageError)}


@dataclass(frozen=True)
class Failure:
    """How a run ended: the code for the shell, one line for a person, a word for `run.json`.

    `expected` is false when only the log can explain it.
    """

    exit_code: int
    line: str
    outcome: str
    expected: bool


def explain(error: BaseException, *, resumes: bool = False) -> Failure:
    """Reads what was raised. The line never repeats a foreign message: it may hold row values.

    Args:
        error: What ended the run.
        resumes: Whether the job goes on where it was stopped.
    """
    if isinstance(error, Interrupted | KeyboardInterrupt):
        again = "run it again to go on" if resumes else "run it again"
        return Failure(1, f"stopped by {str(error) or 'SIGINT'}; {again}", "interrupted", expected=True)
    known = error if isinstance(error, LinkageError) else _of_system(error) or _known(str(error))
    if known is not None:
        line = " ".join(str(known).split())
        return Failure(known.exit_code, line, _OUTCOMES.get(known.exit_code, "failed"), expected=True)
    return Failure(1, f"failed unexpectedly ({type(error).__name__})", "failed", expected=False)


def _of_system(error: BaseException) -> LinkageError | None:
    """A file or folder that the system refuses; it is named, and its name is no one's data."""
    if isinstance(error, OSError) and error.filename and error.errno != errno.ENOSPC:
        return LinkageError(f"{error.filename}: {error.strerror}")
    return None


def _known(text: str) -> LinkageError | None:
    """Finds the cause in what Spark reports from its tasks."""
    ours = _OURS.search(text)
    if ours:
        return _BY_NAME[ours[1]](ours[2])
    unreadable = _UNREADABLE.search(text)
    if unreadable:
        name = unreadable[1].removeprefix("file://").removeprefix("file:")
        return InputError(f"{name}: part of it cannot be read; it is damaged, or a row does not fit its header")
    if "No space left on device" in text:
        return LinkageError("the disk is full; make room where the scratch and the output are, then run it again")
    if "java.lang.OutOfMemoryError" in text:
        return LinkageError(
            "Spark ran out of memory; raise spark.driver.memory or spark.executor.memory in the profile"
        )
    return None
