"""`--input NAME=PATH` of jobs that read files of a user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from linkage.engine.record_inputs import check_number_of_inputs
from linkage.errors import ConfigError
from linkage.lake import check_input
from linkage.model.specification import LinkageModel


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


def check_inputs(inputs: Mapping[str, str], model: LinkageModel) -> None:
    """Refuses what can be seen without Spark; what is on this machine is looked at.

    Raises:
        ConfigError: The model's link type takes another number of inputs.
        InputError: As for `check_input`.
    """
    for path in inputs.values():
        check_input(path)
    check_number_of_inputs(len(inputs), model.link_type)
