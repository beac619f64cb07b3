"""What a process and all that it starts take: seconds, processor time, memory, space on disk.

Memory is the proportional set size (shared pages are divided among those who share them), from
`/proc/PID/smaps_rollup`; Linux only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.5
_TICK = os.sysconf("SC_CLK_TCK")
_FIRST_LINES = 40


@dataclass
class Measured:
    """What was seen of one command.

    Attributes:
        code: Its exit code.
        seconds: From start to end.
        cpu: Processor seconds of the whole tree.
        memory: Bytes; the highest sum of proportional set sizes.
        disk: Bytes; the most that lay in the watched folder.
        phase_cpu: Processor seconds up to the end of each phase that the command told of, to half a second.
        said: The end of its standard error.
    """

    code: int
    seconds: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    disk: int = 0
    phase_cpu: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def watch(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], cwd: Path, timeout: float
) -> Measured:
    """Runs a command in a session of its own and samples it until it ends, or is stopped after `timeout` seconds.

    A phase ends with a line of JSON on standard error that has a `stage`.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    measured, tree = Measured(code=-1), Tree(process.pid)
    reader = threading.Thread(target=_read_lines, args=(process, tree, measured))
    reader.start()
    ended = threading.Event()
    sampler = threading.Thread(target=_sample, args=(tree, folder, measured, ended, began + timeout))
    sampler.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:  # an interrupt reaches this process only
        tree.stop()
        raise
    finally:
        measured.seconds = time.monotonic() - began
        ended.set()
        sampler.join()
    process.returncode = measured.code = os.waitstatus_to_exitcode(status)
    reader.join()
    # What was waited for is exact but lacks what was orphaned; what was sampled lacks the last half second of each.
    measured.cpu = max(tree.cpu(), usage.ru_utime + usage.ru_stime)
    return measured


class Tree:
    """All processes of a session, with the processor time of those that have ended."""

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._seen: dict[int, float] = {}

    def sample(self) -> list[int]:
        """The processes that live; notes their processor time."""
        living = dict(_session(self._leader))
        self._seen |= living
        return list(living)

    def stop(self) -> None:
        """Kills what lives of the session."""
        for process in self.sample():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def cpu(self) -> float:
        """Processor seconds of all processes ever seen."""
        return sum(dict(self._seen).values())


def proportional_set_size(process: int) -> int:
    """Bytes; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, as far as they are there when it gets to them."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(f"{root}/{name}").st_blocks * 512
            except OSError:
                continue
    return total


def tell_phase(name: str) -> None:
    """Tells the watcher that a phase has ended, as the product's jobs do."""
    sys.stderr.write(json.dumps({"stage": name}) + "\n")
    sys.stderr.flush()


def process_age() -> float:
    """Seconds since this process was started."""
    begun = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text(encoding="ascii").split()[0]) - begun / _TICK


def _session(leader: int) -> Iterator[tuple[int, float]]:
    """Each living process of a session with its processor seconds."""
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(f"/proc/{entry.name}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # The name, in brackets, may hold anything; what follows are numbers.
        fields = text.rpartition(")")[2].split()
        if int(fields[3]) == leader:
            yield int(entry.name), (int(fields[11]) + int(fields[12])) / _TICK


def _sample(tree: Tree, folder: Path, measured: Measured, ended: threading.Event, latest: float) -> None:
    while not ended.wait(INTERVAL):
        if time.monotonic() > latest:
            tree.stop()
        measured.memory = max(measured.memory, sum(map(proportional_set_size, tree.sample())))
        measured.disk = max(measured.disk, size_of(folder))


def _read_lines(process: subprocess.Popen[str], tree: Tree, measured: Measured) -> None:
    if process.stderr is None:
        return
    for line in process.stderr:
        measured.said = [*measured.said[1 - _FIRST_LINES :], line.rstrip()]
        if line.startswith("{") and '"stage"' in line:
            tree.sample()
            measured.phase_cpu[json.loads(line)["stage"]] = tree.cpu()
