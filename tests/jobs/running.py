"""Jobs as users call them: options in; exit code, output and errors out."""

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import NamedTuple

from jobs.__main__ import main


class Answer(NamedTuple):
    """What a user sees of a run."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The last line on stderr: stages may have reported before it."""
        return self.err.splitlines()[-1]

    @property
    def stages(self) -> list[str]:
        """The stages that ended, in order."""
        told = [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]
        return [line["stage"] for line in told if line["outcome"] != "running"]


def answered(*words: str) -> Answer:
    """Runs a job, in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return Answer(code, out.getvalue(), err.getvalue())
