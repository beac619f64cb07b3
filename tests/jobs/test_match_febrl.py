"""The models that ship for FEBRL, on FEBRL: how well they link, and that the pairs are Splink's."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.__main__ import main
from tests.linkage.splink_oracle import scored_pairs

NAMES = ("source_dataset", "unique_id")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The sets as the repository's own script prepares them."""
    folder = tmp_path_factory.mktemp("febrl")
    script = ROOT / "tests" / "data" / "prepare_febrl.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, timeout=120)
    return folder


@pytest.mark.parametrize(
    ("settings", "names", "f1", "people"),
    [("febrl_dedupe", ["3"], 0.999, 2000), ("febrl_link", ["4a", "4b"], 0.9995, 5000)],
    ids=["FEBRL 3", "FEBRL 4"],
)
def test_the_shipped_models_link_febrl(spark, files, tmp_path, settings, names, f1, people):
    inputs = {f"febrl{name}": files / f"febrl{name}.parquet" for name in names}
    options = [
        *[f"--input={name}={path}" for name, path in inputs.items()],
        f"--settings={ROOT / 'conf' / 'models' / settings}.json",
        f"--training={ROOT / 'conf' / 'models' / 'febrl.training.yaml'}",
        "--truth=true_person",
        f"--output={tmp_path / 'out'}",
        f"--runs={tmp_path / 'runs'}",
    ]
    assert main(["match", *options]) == 0

    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["accuracy"]["f1"] >= f1
    assert run["counts"]["clusters"] == pytest.approx(people, rel=0.005)
    assert run["counts"]["records"] == sum(pq.read_metadata(path).num_rows for path in inputs.values())

    model = json.loads((tmp_path / "out" / "model.json").read_text(encoding="utf-8"))
    expected = scored_pairs(model, {name: pq.read_table(path) for name, path in inputs.items()})
    rows = spark.read.format("delta").load(str(tmp_path / "out" / "scored_pairs")).collect()
    found = {tuple(row.asDict().get(f"{name}_{side}") for side in "lr" for name in NAMES): row for row in rows}
    assert len(found) == len(rows)
    # The threshold is a weight of nought; at the edge a last bit may decide.
    assert {pair for pair, theirs in expected.items() if theirs.weight >= 1e-6} <= found.keys()
    assert found.keys() <= {pair for pair, theirs in expected.items() if theirs.weight >= -1e-6}
    gammas = [f"gamma_{comparison['output_column_name']}" for comparison in model["comparisons"]]
    for pair, row in found.items():
        theirs = expected[pair]
        assert (row["match_key"], tuple(row[gamma] for gamma in gammas)) == (theirs.match_key, theirs.gammas)
        assert row["match_weight"] == pytest.approx(theirs.weight, abs=1e-6)
    assert run["counts"]["candidate_pairs_total"] == len(expected)
