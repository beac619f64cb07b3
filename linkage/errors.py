"""One tree of exceptions; a job turns each into an exit code and one clear line.

The lowest layer: everything may import it, it imports nothing of ours. A message says in one
line what is wrong, where, and what to do; it never holds a value from a record.
"""

from __future__ import annotations


class LinkageError(Exception):
    """Anything that a job stops for on purpose."""

    exit_code = 1


class ConfigError(LinkageError):
    """Bad usage, settings or configuration: the user's own files or options are wrong."""

    exit_code = 2


class InputError(LinkageError):
    """Bad input data: a file or table that cannot be used as it is."""

    exit_code = 3


class RefusedError(LinkageError):
    """A rule says no: a budget, a zone, an agreement or a gate."""

    exit_code = 4
