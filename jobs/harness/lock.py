"""One run at a time: two that write the same tables would take each other's for their own."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkage.errors import RefusedError
from linkage.lake import LakeRoots, Zone
from linkage.lake.paths import absolute, is_local

NAME = ".lock"


@contextmanager
def alone(lake: LakeRoots, runs: Path) -> Iterator[None]:
    """Keeps a second run from the same tables, whatever config it has.

    The lock lies with the tables: in the lake's root, or in that of the linkage zone where each
    zone has its own. A URL has no locks; there the lock lies in the runs folder, and all that
    write to such a lake must share that.

    Raises:
        RefusedError: Another run is at work.
    """
    path = _place(lake, runs) / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RefusedError(f"another run is at work (it holds {path}); wait until it ends") from None
        yield


def _place(lake: LakeRoots, runs: Path) -> Path:
    root = lake if isinstance(lake, str) else lake.get(Zone.LINKAGE)
    root = None if root is None else root.removeprefix("file://")
    return Path(absolute(root)) if root is not None and is_local(root) else runs
