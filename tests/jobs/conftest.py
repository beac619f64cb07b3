"""What tests of jobs share: the demo's config, moved into a temporary folder and made small, and a desk for `match`."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from tests.jobs.match_desk import Desk, desk_in

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "conf" / "pipelines" / "demo.yaml"


def small(folder: Path, people: int = 700) -> dict[str, Any]:
    """The demo's config with all its places in a folder, and few people."""
    config: dict[str, Any] = yaml.safe_load(DEMO.read_text())
    config |= {"lake": f"{folder}/lake", "runs": f"{folder}/runs"}
    config["key"]["file"] = f"{folder}/demo.key"
    config["synthesise"] |= {"people": people, "rates": str(ROOT / config["synthesise"]["rates"])}
    config["train"] = {name: str(ROOT / path) for name, path in config["train"].items()}
    return config


def written(folder: Path, config: dict[str, Any]) -> str:
    """Writes a config; returns its path."""
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(config))
    return str(path)


@pytest.fixture
def demo_config(tmp_path):
    return small(tmp_path)


@pytest.fixture
def desk(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A folder with a user's files, in which the job `match` runs."""
    return desk_in(spark, tmp_path, monkeypatch)


@pytest.fixture
def setting(spark):
    """Sets what a profile may say, for one test."""
    given = []

    def set_to(name, value):
        given.append(name)
        spark.conf.set(name, value)

    yield set_to
    for name in given:
        spark.conf.unset(name)
