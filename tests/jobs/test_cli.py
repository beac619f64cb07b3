"""The frame around a job: options, exit codes, lines, manifest, scratch."""

import errno
import json
import os
import re
import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest
from pyspark.sql import SparkSession

import schemas
from jobs.__main__ import JOBS, main
from jobs.harness import cli, progress, session, signals
from jobs.harness.run import Run
from linkage.errors import ConfigError, InputError, LinkageError, RefusedError
from linkage.lake import Lake, Zone, read_input


@dataclass(frozen=True)
class _Settings:
    runs: Path
    failure: BaseException | None = None


@pytest.fixture
def job(monkeypatch, tmp_path):
    """A job that does what a test asks, where `_execute` finds it."""
    module = ModuleType("fake_job", "Does what a test asks.\n\nAt length.")
    module.failure = None
    module.runs = tmp_path / "runs"
    module.seen = {}

    def add_arguments(parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, required=True)

    def load(args: Namespace) -> _Settings:
        if args.people < 0:
            raise ConfigError("--people: there are no negative people")
        return _Settings(module.runs, module.failure)

    def run(spark: SparkSession, settings: _Settings, run: Run) -> None:
        module.seen = {"scratch": run.scratch, "mode": run.scratch.stat().st_mode & 0o777, "folder": run.folder}
        with run.stage("count") as stage:
            stage.count(records=spark.range(3).count())
            if settings.failure is not None:
                raise settings.failure

    module.add_arguments, module.load, module.run = add_arguments, load, run
    monkeypatch.setitem(sys.modules, "fake_job", module)
    return module


def _execute(*argv: str) -> int:
    return cli.execute("fake", lambda: sys.modules["fake_job"], argv)


def _manifest(runs: Path) -> dict:
    [path] = runs.glob("*/run.json")
    return json.loads(path.read_text())


@pytest.mark.usefixtures("spark")
def test_done(job, capsys):
    assert _execute("--people", "3") == 0
    manifest = _manifest(job.runs)
    assert manifest["outcome"] == "done"
    assert manifest["error"] is None
    assert manifest["counts"] == {"records": 3}
    assert set(manifest["seconds"]) == {"session", "count", "total"}
    assert {"python", "pyspark", "duckdb"} <= set(manifest["versions"])
    began, line = map(json.loads, capsys.readouterr().err.splitlines())
    assert (began["job"], began["stage"], began["outcome"]) == ("fake", "count", "running")
    assert (line["job"], line["stage"], line["outcome"], line["counts"]) == ("fake", "count", "done", {"records": 3})


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(
    ("failure", "code", "outcome"),
    [
        (ConfigError("settings.json: no such column"), 2, "bad config"),
        (InputError("people.csv: the file is empty"), 3, "bad input"),
        (RefusedError("zone identifiers: not declared"), 4, "refused"),
        (LinkageError("collision"), 1, "failed"),
        (signals.Interrupted("SIGTERM"), 1, "interrupted"),
    ],
)
def test_expected_failures_are_one_line(job, capsys, failure, code, outcome):
    job.failure = failure
    assert _execute("--people", "3") == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"fake: {failure}" if code != 1 else "fake: ")
    manifest = _manifest(job.runs)
    assert (manifest["outcome"], manifest["stages"]) == (outcome, {"count": outcome})
    assert not job.seen["scratch"].exists()


@pytest.mark.usefixtures("spark")
def test_unexpected_failure_names_the_log_and_repeats_no_value(job, capsys):
    job.failure = ValueError("Mary Smith 1970-01-01")
    assert _execute("--people", "3") == 1
    screen = capsys.readouterr()
    assert "Mary" not in screen.out + screen.err
    log = job.seen["folder"] / "spark.log"
    assert screen.err.splitlines()[-1] == f"fake: failed unexpectedly (ValueError); the log says why: {log}"
    told = log.read_text()
    assert "raise settings.failure" in told
    assert "ValueError" in told
    assert "Mary" not in told
    assert "Mary" not in json.dumps(_manifest(job.runs))


@pytest.mark.usefixtures("spark")
def test_scratch_and_run_folder_are_the_owners_only(job):
    assert _execute("--people", "3") == 0
    assert job.seen["mode"] == 0o700
    assert job.seen["folder"].stat().st_mode & 0o077 == 0
    assert not job.seen["scratch"].exists()


@pytest.mark.usefixtures("spark")
def test_an_error_of_ours_raised_in_a_task_keeps_its_exit_code(job, capsys):
    def broken(_):
        raise InputError("record_id: two rows with one key")

    def run(spark: SparkSession, *_) -> None:
        spark.range(1).mapInArrow(broken, "id long").collect()

    job.run = run
    assert _execute("--people", "3") == 3
    assert capsys.readouterr().err.splitlines()[-1] == "fake: record_id: two rows with one key"


@pytest.mark.usefixtures("spark")
def test_a_row_that_breaks_a_rule_of_its_table_is_bad_input(job, tmp_path, capsys):
    def run(spark: SparkSession, *_) -> None:
        lake = Lake(spark, str(tmp_path / "lake"), frozenset({Zone.LINKAGE}), frozenset({Zone.LINKAGE}))
        rows = spark.createDataFrame([(1, "Mary", 1)], "record_id bigint, source_dataset string, cluster_id bigint")
        lake.overwrite(rows, Zone.LINKAGE, "clusters", schemas.load("clusters"))

    job.run = run
    assert _execute("--people", "3") == 3
    said = "column source_dataset has a value that is not in the set source_dataset"
    assert capsys.readouterr().err.splitlines()[-1] == f"fake: linkage/clusters: {said}"
    [log] = job.runs.glob("*/spark.log")
    assert "Mary" not in log.read_text()


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "scratch/a"), "the disk is full; make room"),
        (RuntimeError("java.io.IOException: No space left on device"), "the disk is full; make room"),
        (RuntimeError("java.lang.OutOfMemoryError: Java heap space"), "Spark ran out of memory; raise"),
        (PermissionError(errno.EACCES, "Permission denied", "lake/identifiers"), "lake/identifiers: Permission denied"),
    ],
)
def test_what_the_machine_refuses_is_told_in_one_line(job, capsys, failure, line):
    job.failure = failure
    assert _execute("--people", "3") == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"fake: {line}")


@pytest.mark.usefixtures("spark")
def test_a_file_that_is_damaged_inside_is_named(job, tmp_path, capsys):
    (tmp_path / "a.csv").write_text("id,name\n1,Mary\n2,Mary,Smith\n")

    def run(spark: SparkSession, *_) -> None:
        read_input(spark, str(tmp_path / "a.csv")).collect()

    job.run = run
    assert _execute("--people", "3") == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"fake: {tmp_path}/a.csv: 1 rows have too few or too many fields")
    assert "Mary" not in last
    [log] = job.runs.glob("*/spark.log")
    assert "Mary" not in log.read_text()


def test_run_folders_that_cannot_be_made(job, capsys):
    job.runs.parent.joinpath("runs").write_text("a file is in the way")
    assert _execute("--people", "3") == 1
    err = capsys.readouterr().err
    assert err.startswith(f"fake: {job.runs}")
    assert err.endswith(": Not a directory\n")


@pytest.mark.parametrize(
    ("number", "resumes", "again"),
    [(signal.SIGTERM, True, "run it again to go on"), (signal.SIGINT, False, "run it again")],
)
def test_a_signal_stops_a_long_spark_job_at_once(spark, job, capsys, number, resumes, again):
    def run(spark: SparkSession, *_) -> None:
        threading.Timer(1, os.kill, [os.getpid(), number]).start()
        spark.range(0, 10**13, 1, 2).selectExpr("sum(xxhash64(id) % 7)").collect()

    job.run, job.RESUMES = run, resumes
    before = signal.getsignal(number)
    assert _execute("--people", "3") == 1
    assert capsys.readouterr().err == f"fake: stopped by {number.name}; {again}\n"
    assert _manifest(job.runs)["outcome"] == "interrupted"
    assert signal.getsignal(number) == before
    assert spark.range(3).count() == 3, "the session is as good as new"


@pytest.mark.usefixtures("spark")
def test_a_signal_between_spark_jobs(job, capsys):
    def run(*_) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    job.run = run
    assert _execute("--people", "3") == 1
    assert "stopped by SIGTERM" in capsys.readouterr().err


def test_bad_options_leave_no_run(job, capsys):
    for argv, said in {
        ("--peeple", "3", "--people", "3"): "unknown option '--peeple'; did you mean '--people'?",
        ("--peeple", "3"): "unknown option '--peeple'; did you mean '--people'?",
        ("--people", "many"): "--people: invalid int value",
        ("--people", "-1"): "--people: there are no negative people",
        ("--people", "1", "surplus"): "what is 'surplus'?",
        (): "required: --people",
    }.items():
        assert _execute(*argv) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
    assert not job.runs.exists()


def test_unknown_job(capsys):
    assert main(["macth"]) == 2
    assert capsys.readouterr().err.startswith("spark-submit.sh: unknown job 'macth'; did you mean 'match'?")


def test_help_lists_every_job_with_a_line(capsys):
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in JOBS:
        [line] = [line for line in lines if line.startswith(f"  {name} ")]
        assert line.split(maxsplit=1)[1].endswith(".")


@pytest.mark.parametrize("name", JOBS)
def test_every_job_explains_itself_without_spark(name, capsys, monkeypatch):
    monkeypatch.setattr(session, "spark_session", None)
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: ./spark-submit.sh {name}")


def test_help_has_what_is_required_first_and_without_brackets(capsys):
    for option in ("--help", "-h"):
        assert main(["match", "--input", "people=people.csv", option]) == 0
        usage, required, options = re.split(r"^(?:required|options):$", capsys.readouterr().out, flags=re.MULTILINE)
        assert "--input NAME=PATH --settings SETTINGS" in usage
        assert re.findall(r"^  (--\S+)", required, re.MULTILINE) == ["--input", "--settings"]
        assert re.findall(r"^  (-\S+)", options, re.MULTILINE)[:2] == ["-h,", "--training"]


def test_scratch_of_a_killed_run_is_swept(monkeypatch, tmp_path):
    monkeypatch.setenv("LINKAGE_SCRATCH", str(tmp_path))
    left = tmp_path / "linkage-old-1"
    left.mkdir()
    (left / "owner.lock").touch()
    (left / "names.parquet").touch()
    with session.scratch("a") as first, session.scratch("b"):
        assert not left.exists()
        assert first.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_person_sees_aligned_lines_a_scheduler_objects():
    class Terminal(StringIO):
        def isatty(self):
            return True

    shown, logged = Terminal(), StringIO()
    for stream in (shown, logged):
        told = progress.for_stream("fake", "1", stream)
        told.start("ingest")
        for outcome in ("done", "unchanged", "failed"):
            told.stage("ingest", outcome, 1.25, {"rows": 12345, "bad_rows": 6})
    start, *lines = shown.getvalue().split("\n")
    assert start == "\r\033[Kingest ..."
    assert lines[0] == "\r\033[Kingest          1.2 s  12,345 rows, 6 bad rows"
    assert [line.split()[1] for line in lines[1:-1]] == ["unchanged", "failed"]
    outcomes = [json.loads(line)["outcome"] for line in logged.getvalue().splitlines()]
    assert outcomes == ["running", "done", "unchanged", "failed"]
