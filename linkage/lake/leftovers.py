"""What a killed run leaves beside its output on this machine, and how the next one knows it to be nobody's."""

from __future__ import annotations

import fcntl
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

_LOCK = ".lock"
_REPLACED = ".replaced"


def replaced_name(staging: str) -> str:
    """What the old folder is called while the new one takes its place."""
    return staging + _REPLACED


def new_name(name: str) -> str:
    """A name beside a folder, for what is to replace it.

    >>> len(new_name("linked")) - len(".linked.partial-")
    8
    """
    return f".{name}.partial-{secrets.token_hex(4)}"


@contextmanager
def owned_name(place: Path) -> Iterator[str]:
    """A new name beside the folder, with a lock that ends when the block does, or the process."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        name, lock = new_name(place.name), None
        while lock is None:  # someone who tidied up may have taken the lock first, and it is gone
            name = new_name(place.name)
            lock = held.enter_context(place.with_name(name + _LOCK).open("w"))
            with suppress(OSError):  # storage without locks: nothing there is taken for a leftover
                fcntl.flock(lock, fcntl.LOCK_EX)
            lock = lock if Path(lock.name).exists() else None
        try:
            yield name
        finally:
            Path(lock.name).unlink(missing_ok=True)


def clear_leftovers(place: Path) -> None:
    """Remove what killed runs left beside the folder, and put back an old folder that one had moved away.

    A leftover is ours if it has a lock beside it. While any of these locks is held, another run is
    at work, and everything stays.
    """
    pattern = re.compile(re.escape(f".{place.name}.partial-") + "[0-9a-f]{8}" + re.escape(_LOCK))
    if not place.parent.is_dir():
        return
    locks = sorted(path for path in place.parent.iterdir() if pattern.fullmatch(path.name))
    with ExitStack() as held, suppress(OSError):  # what cannot be locked or removed stays
        for lock in locks:
            _take(held.enter_context(lock.open("r+")))
        for lock in locks:
            _clear(place, lock)


def _take(lock: IO[str]) -> None:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _clear(place: Path, lock: Path) -> None:
    staging = lock.with_name(lock.name.removesuffix(_LOCK))
    replaced = lock.with_name(replaced_name(staging.name))
    if replaced.exists() and staging.exists() and not place.exists():
        replaced.rename(place)  # killed between the two moves
    for folder in (replaced, staging):
        if folder.exists():
            shutil.rmtree(folder)
    lock.unlink()
