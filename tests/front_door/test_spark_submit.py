"""The script that runs jobs: what it says, what it hands to Spark, which code it leaves with."""

from __future__ import annotations

import shlex
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.front_door.machine import LOCAL, ROOT, Machine, write_script

# A Python that builds the archive of the code with the real one; as the job it notes what it was given.
PYTHON = (
    f"if [[ $1 == - ]]; then exec '{LOCAL}/venv/bin/python' \"$@\"; fi",
    'env >"$HOME/environment"; printf "%s\\n" "$@" >"$HOME/arguments"',
    'if [[ $PYSPARK_SUBMIT_ARGS =~ \\\'(.*spark\\.conf)\\\' ]]; then cp -p "${BASH_REMATCH[1]}" "$HOME/settings"; fi',
    'exit "${JOB_EXITS:-0}"',
)


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """A machine that is set up, with the project's code, and a job that does nothing."""
    for package in ("jobs", "linkage", "schemas"):
        (machine.checkout / package).symlink_to(ROOT / package)
    local = machine.checkout / ".local"
    write_script(local / "venv/bin/python", *PYTHON)
    write_script(local / "java/bin/java", 'touch "$HOME/java-ran"')
    (local / "venv/lib/python3.12/site-packages/pyspark").mkdir(parents=True)
    (local / "jars").mkdir()
    (local / "jars/delta.jar").touch()
    return machine


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def refused(result: subprocess.CompletedProcess[str], code: int) -> str:
    assert result.returncode == code, result
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def settings(machine: Machine) -> dict[str, str]:
    """The settings that Spark would have read: the last line of a key counts."""
    lines = (machine.checkout / "settings").read_text().splitlines()
    pairs = (line.split(None, 1) for line in lines if line.strip() and not line.startswith("#"))
    return dict(pairs)


def test_help_lists_profiles_and_jobs_without_java(machine: Machine) -> None:
    (machine.checkout / ".local/java/bin").mkdir(parents=True)
    write_script(machine.checkout / ".local/java/bin/java", 'touch "$HOME/java-ran"')
    (machine.checkout / ".local/venv").symlink_to(LOCAL / "venv")
    (machine.checkout / "jobs").symlink_to(ROOT / "jobs")
    (machine.checkout / "linkage").symlink_to(ROOT / "linkage")
    (machine.checkout / "schemas").symlink_to(ROOT / "schemas")
    result = machine.run("spark-submit.sh", "--help")
    assert result.returncode == 0, result.stderr
    for word in ("databricks", "kubernetes", "local", "standalone", "yarn", "match", "pipeline"):
        assert word in result.stdout
    assert "profiles: databricks kubernetes local standalone yarn\n" in result.stdout
    named = [word for word in result.stdout.split() if word.endswith("spark-submit.sh")]
    assert set(named) == {"./spark-submit.sh"}
    assert not (machine.checkout / "java-ran").exists()


def test_help_before_the_set_up(machine: Machine) -> None:
    result = machine.run("spark-submit.sh", "--help")
    assert result.returncode == 0
    assert "make setup" in result.stdout


def test_help_of_a_job_starts_no_java(ready: Machine) -> None:
    assert ready.run("spark-submit.sh", "match", "--help").returncode == 0
    assert (ready.checkout / "arguments").read_text().splitlines()[1:] == ["match", "--help"]
    assert not (ready.checkout / "settings").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "nowhere", "match"], "unknown profile 'nowhere'; there are: databricks kubernetes local"),
        (["--profile=../local", "match"], "unknown profile '../local'"),
        (["--profile"], "--profile needs a name"),
        ([], "name a job"),
        (["--fast", "match"], "unknown option --fast before the job"),
        (["--profile", "databricks", "match"], "names no spark.master"),
        (["--profile", "standalone", "match"], "put the cluster's secret into LINKAGE_AUTH_SECRET"),
    ],
)
def test_bad_usage(ready: Machine, arguments: list[str], message: str) -> None:
    write_script(ready.checkout / "setup.sh", ': >"$HOME/packed"')
    line = refused(ready.run("spark-submit.sh", *arguments), 2)
    assert message in line
    assert line == line.rstrip()
    assert not (ready.checkout / "packed").exists(), "half a minute was lost before"


def test_an_unknown_job() -> None:
    result = subprocess.run([ROOT / "spark-submit.sh", "macth"], capture_output=True, text=True, check=False)
    line = refused(result, 2)
    assert "macth" in line
    assert "match" in line.replace("macth", "")


def test_before_the_set_up(machine: Machine) -> None:
    assert "run: make setup" in refused(machine.run("spark-submit.sh", "match"), 1)


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 7])
def test_the_exit_code_is_the_jobs(ready: Machine, code: int) -> None:
    result = ready.run("spark-submit.sh", "match", JOB_EXITS=str(code))
    assert (result.returncode, result.stdout, result.stderr) == (code, "", "")


def test_what_spark_is_given(ready: Machine) -> None:
    assert ready.run("spark-submit.sh", "match", "--input", "a b=c'd").returncode == 0
    assert (ready.checkout / "arguments").read_text().splitlines()[1:] == ["match", "--input", "a b=c'd"]
    given = settings(ready)
    assert given["spark.master"] == "local[*]"
    assert given["spark.jars"] == str(ready.checkout / ".local/jars/delta.jar")
    assert given["spark.ui.showConsoleProgress"] == "false"
    environment = dict(
        line.split("=", 1) for line in (ready.checkout / "environment").read_text().splitlines() if "=" in line
    )
    assert environment["LC_ALL"] == "C.UTF-8"
    assert environment["SPARK_LOCAL_IP"] == "127.0.0.1"
    code = Path(shlex.split(environment["PYSPARK_SUBMIT_ARGS"])[3])
    with zipfile.ZipFile(code) as archive:
        names = archive.namelist()
    assert {"jobs/__main__.py", "linkage/errors.py", "schemas/loader.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


def test_the_code_is_packed_again_only_when_it_changed(ready: Machine) -> None:
    def pack() -> dict[str, int]:
        assert ready.run("spark-submit.sh", "match").returncode == 0
        return {path.name: path.stat().st_ino for path in (ready.checkout / ".local/code").iterdir()}

    (ready.checkout / "schemas").unlink()
    (ready.checkout / "schemas").mkdir()
    before = pack()
    assert pack() == before
    (ready.checkout / "schemas/new.yaml").write_text("name: new\n")
    assert len(pack()) == 2


def test_a_secret_is_in_a_file_of_its_owner_that_goes(ready: Machine) -> None:
    write_script(ready.checkout / "setup.sh", ': >"$HOME/packed"')
    temporary = ready.checkout / "tmp"
    temporary.mkdir()
    variables = {"LINKAGE_AUTH_SECRET": "s3cret", "TMPDIR": str(temporary), "LINKAGE_MASTER": "spark://127.0.0.1:1"}
    assert ready.run("spark-submit.sh", "--profile", "standalone", "match", **variables).returncode == 0
    assert settings(ready)["spark.authenticate.secret"] == "s3cret"
    assert settings(ready)["spark.master"] == "spark://127.0.0.1:1"
    assert (ready.checkout / "packed").exists()
    assert settings(ready)["spark.archives"] == f"{ready.checkout}/.local/environment.tar.gz#environment"
    assert (ready.checkout / "settings").stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in (ready.checkout / "environment").read_text()
    deadline = time.monotonic() + 10
    while list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list(temporary.iterdir())


def test_further_settings_win_over_the_profile(ready: Machine) -> None:
    further = ready.checkout / "further.conf"
    further.write_text("spark.driver.memory 7g")
    assert ready.run("spark-submit.sh", "match", LINKAGE_PROPERTIES=str(further)).returncode == 0
    assert settings(ready)["spark.driver.memory"] == "7g"
    missing = ready.run("spark-submit.sh", "match", LINKAGE_PROPERTIES="/none")
    assert "LINKAGE_PROPERTIES: cannot read /none" in refused(missing, 2)


def test_a_port_that_is_taken(ready: Machine, taken_port: int) -> None:
    further = ready.checkout / "further.conf"
    further.write_text(f"spark.driver.port {taken_port}\nspark.port.maxRetries 0\n")
    result = ready.run("spark-submit.sh", "match", LINKAGE_PROPERTIES=str(further))
    assert f"port {taken_port} is taken, and spark.driver.port has no other" in refused(result, 1)
    further.write_text(f"spark.driver.port {taken_port}\nspark.port.maxRetries 9\n")
    assert ready.run("spark-submit.sh", "match", LINKAGE_PROPERTIES=str(further)).returncode == 0


def test_cluster_mode_submits_to_the_cluster(ready: Machine) -> None:
    home = ready.checkout / ".local/venv/lib/python3.12/site-packages/pyspark"
    write_script(home / "bin/spark-submit", 'printf "%s\\n" "$@" >"$HOME/arguments"')
    further = ready.checkout / "further.conf"
    further.write_text("spark.submit.deployMode cluster\n")
    assert ready.run("spark-submit.sh", "match", "--dry-run", LINKAGE_PROPERTIES=str(further)).returncode == 0
    arguments = (ready.checkout / "arguments").read_text().splitlines()
    assert arguments[0::2][:2] == ["--properties-file", "--py-files"]
    assert arguments[4:] == [f"{ready.checkout}/jobs/__main__.py", "match", "--dry-run"]
