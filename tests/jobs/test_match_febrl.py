"""The models that ship for FEBRL, on FEBRL, in either dialect: how well they link, and that the pairs are Splink's."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlglot

from jobs.__main__ import main
from linkage.engine.kernel import KernelLimits
from linkage.model.blocking import keyed_rules
from tests.linkage.engine.parity import differences, engines_pairs
from tests.linkage.febrl_models import in_dialect
from tests.linkage.splink_models import model as read_model
from tests.linkage.splink_oracle import predicted

ROOT = Path(__file__).parents[2]
SETS = {"FEBRL 3": ("febrl_dedupe", ["3"], 0.999, 2000), "FEBRL 4": ("febrl_link", ["4a", "4b"], 0.9995, 5000)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The sets as the repository's own script prepares them."""
    folder = tmp_path_factory.mktemp("febrl")
    script = ROOT / "tests" / "data" / "prepare_febrl.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module", params=SETS)
def matched(request, files, tmp_path_factory):
    """A run of `match`, its output, and Splink's pairs by the model that it trained."""
    settings, names, f1, people = SETS[request.param]
    folder = tmp_path_factory.mktemp(settings)
    paths = {f"febrl{name}": files / f"febrl{name}.parquet" for name in names}
    options = [
        *[f"--input={name}={path}" for name, path in paths.items()],
        f"--settings={ROOT / 'conf' / 'models' / settings}.json",
        f"--training={ROOT / 'conf' / 'models' / 'febrl.training.yaml'}",
        "--truth=true_person",
        f"--output={folder / 'out'}",
        f"--runs={folder / 'runs'}",
    ]
    assert main(["match", *options]) == 0
    run, model = (json.loads((folder / "out" / n).read_text(encoding="utf-8")) for n in ("run.json", "model.json"))
    inputs = {name: pq.read_table(path) for name, path in paths.items()}
    return SimpleNamespace(
        output=folder / "out",
        run=run,
        model=model,
        inputs=inputs,
        splinks=predicted(model, inputs),
        f1=f1,
        people=people,
    )


@pytest.mark.usefixtures("spark")
def test_the_shipped_models_link_febrl(matched):
    assert matched.run["accuracy"]["f1"] >= matched.f1
    assert matched.run["counts"]["clusters"] == pytest.approx(matched.people, rel=0.005)
    assert matched.run["counts"]["records"] == sum(table.num_rows for table in matched.inputs.values())
    assert matched.run["counts"]["candidate_pairs_total"] == matched.splinks.num_rows


def test_the_pairs_are_splinks(spark, matched):
    kept = spark.read.format("delta").load(str(matched.output / "scored_pairs")).toArrow()
    if len(matched.inputs) == 2:
        sources = [set(kept[f"source_dataset_{side}"].to_pylist()) for side in "lr"]
        assert sources == [{"febrl4a"}, {"febrl4b"}]
    # The threshold is a weight of nought; at the edge a last bit may decide.
    above = matched.splinks.filter(pc.field("match_weight") >= 0)
    assert abs(matched.splinks["match_weight"].to_numpy()).min() > 1e-6
    assert differences(kept, above) == {
        "pairs": above.num_rows,
        "unmatched": 0,
        "unlike": 0,
        "weight": pytest.approx(0, abs=1e-6),
    }


def test_the_same_model_in_sparks_dialect_finds_the_same_pairs(spark, matched, tmp_path):
    document = in_dialect("spark", matched.model["link_type"], matched.model)
    assert _sql(document) == _sql(matched.model)
    ours = engines_pairs(spark, KernelLimits(memory="512MB", scratch=str(tmp_path)), document, matched.inputs)
    assert differences(ours, matched.splinks) == {
        "pairs": matched.splinks.num_rows,
        "unmatched": 0,
        "unlike": 0,
        "weight": pytest.approx(0, abs=1e-6),
    }


def _sql(document):
    """The SQL that the kernel runs of settings: levels and rules, however identifiers are quoted."""
    read = read_model(document)
    levels = [level.sql for comparison in read.comparisons for level in comparison.levels if level.sql != "ELSE"]
    rules = [rule.predicate for rule in keyed_rules(read.blocking_rules, read.dialect, where="settings.json")]
    return [sqlglot.parse_one(sql, read="duckdb").sql("duckdb", identify=True) for sql in [*levels, *rules]]
