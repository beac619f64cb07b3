"""The set-up on machines that lack something: one line that says what to do, and a code that is not zero."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.front_door.machine import LOCAL, Machine, write_script

# A Python that says its version and makes environments whose Python is itself.
PYTHON = (
    'case "$*" in',
    "  *version_info*) echo {version} ;;",
    '  "-m venv "*) mkdir -p "${{@: -1}}/bin"; cp "$0" "${{@: -1}}/bin/python" ;;',
    "  *ensurepip*) exit {without_venv} ;;",
    "  *pip*install*) echo '{pip_says}'; exit {pip_exits} ;;",
    "esac",
)


def give_python(
    machine: Machine,
    *,
    name: str = "python3",
    version: str = "3.12",
    without_venv: int = 0,
    pip_says: str = "",
    pip_exits: int = 0,
) -> None:
    values = {"version": version, "without_venv": without_venv, "pip_says": pip_says, "pip_exits": pip_exits}
    machine.has(name, *(line.format(**values) for line in PYTHON))


def give_java(machine: Machine, home: str, version: str = "17.0.15", ivy: str = f"cp '{LOCAL}'/jars/*.jar .") -> Path:
    """A Java that says its version; as Ivy it runs a line of shell in the folder that it should fill."""
    java = machine.checkout / home / "bin" / "java"
    write_script(
        java,
        'case "$*" in',
        f'  *ivy.Main*) cd "$(dirname "${{1#*=}}")"; {ivy} ;;',
        f"  *) echo '    java.home = {machine.checkout / home}' >&2; echo 'openjdk version \"{version}\"' >&2 ;;",
        "esac",
    )
    return java


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """What was said on stderr: it must be one line, after a code that is not zero."""
    assert result.returncode == 1, result
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_no_python(machine: Machine) -> None:
    assert "Python 3.11, 3.12 or 3.13 is needed; install one" in one_line(machine.run("setup.sh"))


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.14"])
def test_a_python_that_does_not_fit(machine: Machine, version: str) -> None:
    give_python(machine, version=version)
    assert f"is needed (python3 is {version})" in one_line(machine.run("setup.sh"))


def test_a_named_python_that_does_not_fit_is_not_replaced_by_another(machine: Machine) -> None:
    give_python(machine)
    give_python(machine, name="mine", version="3.9")
    assert "(mine is 3.9)" in one_line(machine.run("setup.sh", PYTHON="mine"))


def test_a_name_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.has("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    give_python(machine, name="python3.11", version="3.11")
    result = machine.run("setup.sh")
    assert "python3.11" in result.stdout
    assert "Java 17 or 21 is needed" in one_line(result)


def test_a_python_without_its_venv_package(machine: Machine) -> None:
    give_python(machine, without_venv=1)
    machine.has("id", "echo 1000")
    assert "apt-get install python3.12-venv" in one_line(machine.run("setup.sh"))


def test_root_on_debian_gets_the_venv_package_installed(machine: Machine) -> None:
    give_python(machine, without_venv=1)
    machine.has("id", "echo 0")
    machine.has("apt-get", f"echo \"$@\" >>'{machine.checkout}/installed'")
    assert "Java" in one_line(machine.run("setup.sh"))
    assert "python3.12-venv" in (machine.checkout / "installed").read_text()


def test_a_full_disk_is_seen_before_anything_is_made(machine: Machine) -> None:
    give_python(machine)
    (machine.commands / "df").unlink()
    machine.has("df", "echo header", "echo '/dev/sda 9 9 1048576 99% /'")
    assert "too full: 3000 MB are needed, 1024 MB are free" in one_line(machine.run("setup.sh"))
    assert not (machine.checkout / ".local" / "venv").exists()


@pytest.mark.parametrize(
    ("pip_says", "expected"),
    [
        ("Temporary failure in name resolution", "no network for: installing Python packages"),
        ("OSError: [Errno 28] No space left on device", "the disk became full during: installing Python packages"),
        ("error: something else", "failed: installing Python packages (details: "),
    ],
)
def test_packages_that_cannot_be_installed(machine: Machine, pip_says: str, expected: str) -> None:
    give_python(machine, pip_says=pip_says, pip_exits=1)
    assert expected in one_line(machine.run("setup.sh"))
    left = {path.name for path in (machine.checkout / ".local").iterdir()}
    assert left == {"lock", "logs"}, "a half-made environment was left"


def test_no_java(machine: Machine) -> None:
    give_python(machine)
    machine.has("id", "echo 1000")
    assert "Java 17 or 21 is needed; install one" in one_line(machine.run("setup.sh"))


def test_only_a_wrong_java(machine: Machine) -> None:
    give_python(machine)
    machine.has("id", "echo 1000")
    java = give_java(machine, "jdk11", version="11.0.2")
    assert f"Java 17 or 21 is needed ({java} is 11)" in one_line(
        machine.run("setup.sh", JAVA_HOME=str(java.parents[1]))
    )


def test_a_right_java_is_found_behind_a_wrong_one(machine: Machine) -> None:
    give_python(machine)
    wrong = give_java(machine, "jdk25", version="25")
    right = give_java(machine, "jvm/jdk21", version="21.0.1")
    result = machine.run("setup.sh", JAVA_HOME=str(wrong.parents[1]), LINKAGE_JVM_FOLDER=str(right.parents[2]))
    assert result.returncode == 0, result.stderr
    assert (machine.checkout / ".local/java/home").read_text().strip() == str(right.parents[1])


def test_root_on_debian_gets_the_first_java_that_the_release_has(machine: Machine) -> None:
    give_python(machine)
    machine.has("id", "echo 0")
    machine.has("apt-cache", '[[ "$*" == *openjdk-17* ]]')
    java = give_java(machine, "made")
    machine.has(
        "apt-get",
        f"if [[ $1 == install ]]; then mkdir -p '{machine.checkout}/jvm'; "
        f"cp -r '{java.parents[1]}' '{machine.checkout}/jvm/jdk17'; echo \"$@\" >'{machine.checkout}/asked'; fi",
    )
    result = machine.run("setup.sh", LINKAGE_JVM_FOLDER=str(machine.checkout / "jvm"))
    assert result.returncode == 0, result.stderr
    assert "openjdk-17-jre-headless" in (machine.checkout / "asked").read_text()


@pytest.mark.parametrize(
    ("ivy", "expected"),
    [
        ("echo 'Host central not found'; exit 1", "no network for: fetching jars"),
        ("echo broken >delta.jar", "they are not those of conf/jars/jars.sha256"),
    ],
)
def test_jars_that_cannot_be_had(machine: Machine, ivy: str, expected: str) -> None:
    give_python(machine)
    java = give_java(machine, "jdk17", ivy=ivy)
    assert expected in one_line(machine.run("setup.sh", JAVA_HOME=str(java.parents[1])))
    assert not list((machine.checkout / ".local").glob("jars*"))


def test_a_second_set_up_needs_nothing_and_says_nothing(machine: Machine) -> None:
    give_python(machine)
    java = give_java(machine, "jdk17")
    first = machine.run("setup.sh", JAVA_HOME=str(java.parents[1]))
    assert first.returncode == 0, first.stderr
    for command in ("python3", "df"):
        (machine.commands / command).unlink()
    second = machine.run("setup.sh")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_a_damaged_jar_is_fetched_again(machine: Machine) -> None:
    give_python(machine)
    java = give_java(machine, "jdk17")
    assert machine.run("setup.sh", JAVA_HOME=str(java.parents[1])).returncode == 0
    jar = next((machine.checkout / ".local/jars").glob("*.jar"))
    whole = jar.read_bytes()
    jar.write_bytes(whole[:100])
    assert machine.run("setup.sh").returncode == 0
    assert jar.read_bytes() == whole
