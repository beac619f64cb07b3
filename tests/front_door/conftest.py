"""What the tests of the front door share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.front_door.machine import ROOT, Machine

# What every Debian has. Python, Java and apt-get are not among them: a test adds those that its machine has.
TOOLS = """
    awk basename bash cat chmod cp cut df dirname env find flock grep head id ln mkdir mktemp mv readlink rm sed
    sha256sum sleep sort tail tr
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The checkout's front door on a machine with nothing but Debian's tools."""
    checkout, commands = tmp_path / "check out", tmp_path / "bin"
    commands.mkdir()
    for tool in TOOLS.split():
        found = shutil.which(tool, path=os.defpath)
        assert found, f"this machine has no {tool}"
        (commands / tool).symlink_to(found)
    checkout.mkdir()
    for name in ("setup.sh", "spark-submit.sh", "setup.cfg", "constraints.txt"):
        shutil.copy2(ROOT / name, checkout)
    shutil.copytree(ROOT / "conf", checkout / "conf")
    return Machine(checkout, commands)
