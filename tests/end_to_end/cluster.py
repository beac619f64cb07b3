"""A Spark cluster on this machine, as an operator would run one: a master, two workers, one secret."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCAL = ROOT / ".local"
WORKERS = 2
STARTS_WITHIN_SECONDS = 90


@dataclass(frozen=True)
class Cluster:
    """Where the cluster listens, and what its processes share."""

    master: str
    secret: str

    def submit(self, *arguments: str, secret: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs ``spark-submit.sh --profile standalone`` against this cluster."""
        variables = {"LINKAGE_MASTER": self.master, "LINKAGE_AUTH_SECRET": secret or self.secret}
        return submit("--profile", "standalone", *arguments, variables=variables)


def submit(*arguments: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs ``spark-submit.sh`` as a user does, in an environment that owes nothing to the tests' own."""
    inherited = {key: os.environ[key] for key in ("HOME", "PATH", "TMPDIR") if key in os.environ}
    command = [str(ROOT / "spark-submit.sh"), *arguments]
    environment = inherited | dict(variables or {})
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)


@contextmanager
def started(folder: Path) -> Iterator[Cluster]:
    """Starts master and workers with the standalone profile's encryption, and ends them."""
    secret = secrets.token_hex(16)
    port, web_port = _free_port(), _free_port()
    master = f"spark://127.0.0.1:{port}"
    shared = _shared_settings(folder, secret)
    common = ["--host", "127.0.0.1", "--properties-file", str(shared)]
    with ExitStack() as processes:

        def start(name: str, main_class: str, *arguments: str) -> None:
            processes.enter_context(_daemon(folder, name, [main_class, *common, *arguments]))

        start("master", "org.apache.spark.deploy.master.Master", "--port", str(port), "--webui-port", str(web_port))
        _wait_for(web_port, 0, folder)
        for number in range(WORKERS):
            limits = ["--cores", "1", "--memory", "3500m", "--webui-port", "0"]
            work = ["--work-dir", str(folder / f"work{number}")]
            start(f"worker{number}", "org.apache.spark.deploy.worker.Worker", *limits, *work, master)
        _wait_for(web_port, WORKERS, folder)
        yield Cluster(master, secret)


def _shared_settings(folder: Path, secret: str) -> Path:
    path = folder / "cluster.conf"
    path.touch(mode=0o600)
    path.write_text(
        "spark.authenticate true\nspark.network.crypto.enabled true\nspark.network.crypto.cipher AES/GCM/NoPadding\n"
        f"spark.authenticate.secret {secret}\n"
    )
    return path


@contextmanager
def _daemon(folder: Path, name: str, command: list[str]) -> Iterator[None]:
    home = next((LOCAL / "venv" / "lib").glob("python*")) / "site-packages" / "pyspark"
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "JAVA_HOME": str(LOCAL / "java"),
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
    }
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([str(home / "bin/spark-class"), *command], env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(web_port: int, workers: int, folder: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{web_port}/json/", timeout=5) as answer:
                if json.load(answer)["aliveworkers"] >= workers:
                    return
        except OSError:
            pass
        time.sleep(0.25)
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(folder.glob("*.log")))
    raise TimeoutError(f"no cluster with {workers} workers after {STARTS_WITHIN_SECONDS} s:\n{logs}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
