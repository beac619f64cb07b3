"""The command line of every job: parse, run, and turn whatever happens into an exit code.

0 done, 2 bad usage or config, 3 bad input, 4 refused by a rule, 1 anything else.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.harness import failures, session
from jobs.harness.run import Run, open_run
from jobs.harness.signals import Interrupted, Listener, listening
from linkage.documents import suggest
from linkage.errors import ConfigError, LinkageError

PROGRAM = "spark-submit.sh"
COMMAND = f"./{PROGRAM}"


class RunSettings(Protocol):
    """What `load` returns: anything that says where run folders go."""

    @property
    def runs(self) -> Path:
        """The folder that gets one folder for each run."""


class Job(Protocol):
    """What a job offers. The first line of its module's docstring is its help.

    A job that goes on where it was stopped has `RESUMES = True` beside.
    """

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the job's options."""

    def load(self, args: argparse.Namespace) -> RunSettings:
        """Turns options into settings without Spark; raises ConfigError."""

    def run(self, spark: SparkSession, settings: Any, run: Run) -> None:  # noqa: ANN401  what its own load returned
        """Does the work, prints the report."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; options are never guessed from their beginning. Help has required ones first."""

    def __init__(self, **options: str | None) -> None:
        super().__init__(
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,  # type: ignore[arg-type]
        )
        self._needed, self._others = self.add_argument_group("required"), self.add_argument_group("options")
        self.add_argument("-h", "--help", action="help", help="show this and stop")

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:  # noqa: ANN401  as argparse has it
        group = self._needed if options.get("required") else self._others
        return group.add_argument(*names, **options)

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help")


def dispatch(argv: Sequence[str], jobs: Mapping[str, str], find: Callable[[str], Job]) -> int:
    """Runs the job that the first argument names; `jobs` maps names to modules, `find` these to jobs."""
    if not argv or argv[0] in ("-h", "--help"):
        print(_overview(jobs))
        return 0 if argv else 2
    name = argv[0]
    if name not in jobs:
        print(f"{PROGRAM}: unknown job '{name}'{suggest(name, list(jobs))}", file=sys.stderr)
        return ConfigError.exit_code
    return execute(name, lambda: find(jobs[name]), argv[1:])


def execute(name: str, find: Callable[[], Job], argv: Sequence[str]) -> int:
    """Runs the job that is found with its options and returns the exit code; never raises."""
    try:
        job = find()
        settings = job.load(_parse(name, job, argv))
        with listening() as listener:
            return _run(name, job, settings, listener)
    except SystemExit as asked:
        return int(asked.code or 0)
    except BaseException as error:  # noqa: BLE001  the outermost frame
        return _fail(name, error, None)


def _run(name: str, job: Job, settings: RunSettings, listener: Listener) -> int:
    with open_run(name, settings.runs) as run:
        try:
            began = time.monotonic()
            with session.spark_session(name, run.log, run.scratch, listener) as spark:
                run.manifest.seconds["session"] = time.monotonic() - began
                run.manifest.spark = session.describe(spark)
                job.run(spark, settings, run)
        except BaseException as error:  # noqa: BLE001  the outermost frame of a run
            cause = Interrupted(listener.asked) if listener.asked else error
            return _fail(name, cause, run, resumes=getattr(job, "RESUMES", False))
        run.manifest.outcome = "done"
        return 0


def _parse(name: str, job: Job, argv: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog=f"{COMMAND} {name}", description=job.__doc__)
    job.add_arguments(parser)
    if {"-h", "--help"}.intersection(argv):
        parser.print_help()
        raise SystemExit(0)
    required = [action for action in parser._actions if action.required]
    for action in required:  # a misspelt option is named before the one that it leaves missing
        action.required = False
    _, unknown = parser.parse_known_args(argv)
    if unknown:
        options = [text for action in parser._actions for text in action.option_strings if text.startswith("--")]
        word = unknown[0].partition("=")[0]
        parser.error(
            f"unknown option '{word}'{suggest(word, options)}" if word.startswith("-") else f"what is '{word}'?"
        )
    for action in required:
        action.required = True
    return parser.parse_args(argv)


def _fail(name: str, error: BaseException, run: Run | None, *, resumes: bool = False) -> int:
    failure = failures.explain(error, resumes=resumes)
    log = run.log if run else Path(os.environ.get("LINKAGE_LOG_FILE") or f"{tempfile.gettempdir()}/linkage-{name}.log")
    if run is not None:
        run.manifest.outcome, run.manifest.error = failure.outcome, failure.line
    if run is not None or not failure.expected:
        # A full disk must not hide what happened.
        with suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                file.writelines(_trace(error))
    print(f"{name}: {failure.line}" + ("" if failure.expected else f"; the log says why: {log}"), file=sys.stderr)
    return failure.exit_code


def _trace(error: BaseException) -> list[str]:
    """Where an exception came from, and its kind; only ours tell more: others may quote a row."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [] if cause is None else [*_trace(cause), "\nwhich led to:\n\n"]
    told = f": {error}" if isinstance(error, LinkageError) else ""
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    kind = f"{type(error).__name__}{f' [{condition}]' if condition else ''}{told}\n"
    return [*before, *traceback.format_tb(error.__traceback__), kind]


def _overview(jobs: Mapping[str, str]) -> str:
    lines = [f"usage: {COMMAND} [--profile NAME] JOB [options]", "", "jobs:"]
    lines += [f"  {name:<12} {_first_line(module)}" for name, module in jobs.items()]
    return "\n".join([*lines, "", f"{COMMAND} JOB --help tells the options of a job."])


def _first_line(module: str) -> str:
    """Reads a module's help without importing it: help needs no Spark."""
    spec = find_spec(module)
    source = spec.loader.get_source(module) if spec and spec.loader else None  # type: ignore[attr-defined]
    return (ast.get_docstring(ast.parse(source or "")) or "").partition("\n")[0]
