"""Runs that were killed at a stage of their writing, and what the next one makes of what they left."""

import subprocess
import sys

import pytest

from linkage.lake import clear_leftovers, staged_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from linkage.lake.leftovers import owned_name, replaced_name

place, moment = Path(sys.argv[1]), sys.argv[2]
with owned_name(place) as name:
    staging, replaced = place.with_name(name), place.with_name(replaced_name(name))
    staging.mkdir()
    (staging / "new").touch()
    if moment != "writing":
        place.rename(replaced)
    if moment == "moved":
        staging.rename(place)
    if moment == "at work":
        print(flush=True)
        sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def _start(place, moment):
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(place), moment], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("moment", "there"),
    [("writing", ["out", "out/old"]), ("between", ["out", "out/old"]), ("moved", ["out", "out/new"])],
)
def test_what_a_killed_run_left_is_cleared(spark, tmp_path, moment, there):
    place = tmp_path / "out"
    place.mkdir()
    (place / "old").touch()
    with _start(place, moment) as run:
        run.wait()
    assert len(_names(tmp_path)) > 2
    clear_leftovers(spark, str(place))
    assert _names(tmp_path) == there


def test_what_is_not_ours_and_what_a_live_run_holds_stay(spark, tmp_path):
    place = tmp_path / "out"
    place.mkdir()
    (tmp_path / ".out.partial-0123abcd").mkdir()
    with _start(place, "writing") as killed:
        killed.wait()
    with _start(place, "at work") as live:
        live.stdout.readline()
        before = _names(tmp_path)
        clear_leftovers(spark, str(place))
        assert _names(tmp_path) == before
        live.communicate()
    clear_leftovers(spark, str(place))
    assert _names(tmp_path) == [".out.partial-0123abcd", "out"]


def test_a_run_that_ends_leaves_nothing_beside(spark, tmp_path):
    with staged_folder(spark, str(tmp_path / "out"), mark="run.json", job="match") as folder:
        spark.range(1).write.parquet(folder.table("t"))
        assert [path.suffix for path in sorted(tmp_path.iterdir())][1:] == [".lock"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
