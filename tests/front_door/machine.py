"""A checkout in a folder of its own, on a machine made of the commands that a test puts there."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCAL = ROOT / ".local"


@dataclass(frozen=True)
class Machine:
    """A checkout, and the commands of the machine that it is on."""

    checkout: Path
    commands: Path

    def has(self, command: str, *lines: str) -> Path:
        """Adds a command that does what the lines of shell say."""
        path = self.commands / command
        write_script(path, *lines)
        return path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a script of the checkout and nothing from outside this machine."""
        environment = {"PATH": str(self.commands), "HOME": str(self.checkout), **variables}
        environment.setdefault("LINKAGE_JVM_FOLDER", str(self.checkout / "no-jvm"))
        script = str(self.checkout / command[0])
        return subprocess.run(
            [script, *command[1:]], env=environment, capture_output=True, text=True, timeout=60, check=False
        )


def write_script(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text("\n".join(["#!/bin/bash", *lines, ""]))
    path.chmod(0o755)
