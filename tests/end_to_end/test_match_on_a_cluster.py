"""`match` gives the same rows on a cluster of three processes as on one machine."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from tests.data.prepare_febrl import main as prepare_febrl
from tests.end_to_end.cluster import ROOT, Cluster, submit

MODEL = ROOT / "conf/models/febrl_dedupe.json"
TRAINING = ROOT / "conf/models/febrl.training.yaml"


def rows(table: Path, *key: str) -> list[dict[str, object]]:
    """The rows of a Delta table that was written once, in the order of its key."""
    read: pa.Table = ds.dataset(table, format="parquet").to_table()
    assert read.num_rows > 0
    return read.sort_by([(column, "ascending") for column in key]).to_pylist()


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_the_cluster_gives_the_rows_of_one_machine(cluster: Cluster, tmp_path: Path) -> None:
    prepare_febrl(tmp_path)
    arguments = ["match", "--input", f"people={tmp_path / 'febrl1.parquet'}", "--settings", str(MODEL)]
    arguments += ["--training", str(TRAINING), "--truth", "true_person", "--runs", str(tmp_path / "runs")]
    local, remote = tmp_path / "local", tmp_path / "cluster"

    for result in (submit(*arguments, "--output", str(local)), cluster.submit(*arguments, "--output", str(remote))):
        assert result.returncode == 0, result.stderr

    for table, key in {"scored_pairs": ("unique_id_l", "unique_id_r"), "clusters": ("unique_id",)}.items():
        assert rows(remote / table, *key) == rows(local / table, *key)
    assert (remote / "model.json").read_text() == (local / "model.json").read_text()
    reports = {folder: json.loads((folder / "run.json").read_text()) for folder in (local, remote)}
    assert reports[remote]["spark"]["master"] == cluster.master
    assert reports[local]["spark"]["master"] == "local[*]"
    assert reports[remote]["counts"] == reports[local]["counts"]
