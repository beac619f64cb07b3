"""`--input NAME=PATH` of jobs that read files of a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linkage.errors import ConfigError


def named_inputs(options: Sequence[str]) -> dict[str, str]:
    """Paths by name, in the order given.

    Raises:
        ConfigError: One is not NAME=PATH, or a name or a path is given twice.

    >>> named_inputs(["north=a.csv", "south=b=c.csv"])
    {'north': 'a.csv', 'south': 'b=c.csv'}
    """
    inputs: dict[str, str] = {}
    for option in options:
        name, equals, path = option.partition("=")
        if not (name and equals and path):
            raise ConfigError(f"--input {option}: write it as NAME=PATH")
        if name in inputs:
            raise ConfigError(f"--input {name} is given twice; every input needs a name of its own")
        if any(Path(path).resolve() == Path(other).resolve() for other in inputs.values()):
            raise ConfigError(f"--input {name}: {path} is given twice; linking a file with itself finds every record")
        inputs[name] = path
    return inputs
