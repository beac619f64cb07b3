"""What is measured of a process and of those that it starts."""

import os
import sys
from pathlib import Path

from tests.benchmarks.engine_watch import process_age, proportional_set_size, size_of, watch

_MEGABYTE = 2**20
# It holds 64 MB itself and lets a child of its own hold as much and use the processor for a second.
_PROGRAM = f"""
import json, pathlib, subprocess, sys, time
child = "import time; kept = b'x' * {64 * _MEGABYTE}; t = time.process_time()\\nwhile time.process_time() - t < 1: pass"
kept = b"x" * {64 * _MEGABYTE}
pathlib.Path(sys.argv[1], "spill").write_bytes(kept)
running = subprocess.Popen([sys.executable, "-c", child + "\\ntime.sleep(0.8)"])
running.wait()
print(json.dumps(dict(stage="predict")), file=sys.stderr)
print("the last line", file=sys.stderr)
sys.exit(int(sys.argv[2]))
"""


def _watched(folder: Path, *, code: int = 0, program: str = _PROGRAM, timeout: float = 60):
    command = [sys.executable, "-c", program, str(folder), str(code)]
    return watch(command, folder=folder, environment=os.environ, cwd=folder, timeout=timeout)


def test_a_process_is_measured_with_its_children(tmp_path):
    measured = _watched(tmp_path)
    assert measured.code == 0
    assert 128 * _MEGABYTE < measured.memory < 256 * _MEGABYTE
    assert 64 * _MEGABYTE <= measured.disk < 66 * _MEGABYTE
    assert 1.0 <= measured.cpu < 5.0
    assert 0.9 < measured.phase_cpu["predict"] <= measured.cpu
    assert measured.seconds > 1.8


def test_a_failure_leaves_its_code_and_last_line(tmp_path):
    measured = _watched(tmp_path, code=3)
    assert (measured.code, measured.said[-1]) == (3, "the last line")


def test_what_takes_too_long_is_stopped(tmp_path):
    measured = _watched(tmp_path, program="import time; time.sleep(60)", timeout=1)
    assert measured.code == -9
    assert measured.seconds < 10


def test_memory_is_this_process_s_own_and_nothing_for_one_that_ended():
    assert proportional_set_size(os.getpid()) > 5 * _MEGABYTE
    assert proportional_set_size(2**22 + 1) == 0


def test_a_folder_s_size_is_that_of_its_files(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_bytes(b"x" * _MEGABYTE)
    assert _MEGABYTE <= size_of(tmp_path) < 1.1 * _MEGABYTE
    assert size_of(tmp_path / "none") == 0


def test_this_process_is_older_than_nothing():
    assert 0 < process_age() < 24 * 3600
