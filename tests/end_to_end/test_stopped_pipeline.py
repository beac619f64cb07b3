"""A pipeline that is killed, and one that is asked to stop: nothing is left over, the next goes on."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.__main__ import main
from tests.jobs.conftest import ROOT, small, written

PATIENCE = 240


@pytest.fixture
def submit(tmp_path):
    """Starts the pipeline through the script; ends what a failed test leaves running."""
    (tmp_path / "scratch").mkdir()
    config = written(tmp_path, small(tmp_path, people=100))
    environment = os.environ | {"LINKAGE_SCRATCH": str(tmp_path / "scratch")}
    for name in ("SPARK_LOCAL_DIRS", "LINKAGE_LOG_FILE", "PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT"):
        environment.pop(name, None)
    started = []

    def start() -> subprocess.Popen:
        command = [str(ROOT / "spark-submit.sh"), "pipeline", "--config", config]
        started.append(subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.2)


def _children(process: subprocess.Popen) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def _next_stage(process: subprocess.Popen) -> dict:
    return json.loads(process.stderr.readline())


@pytest.mark.timeout(900)
def test_killed_then_asked_to_stop_then_finished(submit, spark, tmp_path, capsys):
    records = tmp_path / "lake" / "identifiers" / "records"

    killed = submit()
    assert [_next_stage(killed)["outcome"] for _ in range(2)] == ["running", "done"]  # synthesise
    _until(lambda: any(tmp_path.glob("scratch/linkage-*/blockmgr-*")))
    java = _children(killed)
    killed.kill()
    killed.wait()
    _until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in java))
    assert list((tmp_path / "scratch").iterdir()), "a killed run cannot tidy up"

    stopped = submit()
    first = _next_stage(stopped)
    assert (first["stage"], first["outcome"]) == ("synthesise", "unchanged")
    _until(lambda: records.exists() or stopped.poll() is not None)
    stopped.send_signal(signal.SIGTERM)
    _, told = stopped.communicate(timeout=PATIENCE)
    assert stopped.returncode == 1
    assert told.splitlines()[-1] == "pipeline: stopped by SIGTERM; run it again to go on"
    assert list((tmp_path / "scratch").iterdir()) == []
    [manifest] = (tmp_path / "runs").glob("*/run.json")
    assert json.loads(manifest.read_text())["outcome"] == "interrupted"

    assert main(["ingest", "--config", str(tmp_path / "pipeline.yaml")]) == 0
    counts = json.loads(capsys.readouterr().err.splitlines()[-1])["counts"]
    assert counts["records"] == spark.read.format("delta").load(str(records)).count()
