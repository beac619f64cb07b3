"""A pipeline of one supply that caps hot keys: what it links, and what it tells of the pairs that it lost."""

import itertools
import json
import re
from collections import Counter

import pytest

import schemas
from jobs.__main__ import main
from linkage.lake import Zone
from tests.jobs.conftest import ROOT, written
from tests.jobs.pipeline_desk import PipelineDesk

CAP = 10
EQUALITY = re.compile(r'l\."(\w+)" = r\."\1"')


@pytest.fixture(scope="module")
def capped(spark, tmp_path_factory):
    """A pipeline's lake after two runs, and each run's manifest and output."""
    desk = PipelineDesk(spark, tmp_path_factory.mktemp("capped"))
    desk.config["train"]["model"] = str(_plain_model(desk.folder))
    desk.config["synthesise"]["datasets"] = ["magistrates"]
    desk.config["ingest"]["supplies"] = {"magistrates": {}}
    desk.config["link"]["cap_key_pairs"] = CAP
    desk.config["resolve"]["also_cluster_weights"] = [30, 1]
    runs = []
    for _ in range(2):
        answer = desk.run()
        assert answer.code == 0, answer.err
        runs.append((desk.manifest, answer.out))
    return desk.lake, runs


def _plain_model(folder):
    """The model of the demo with those of its rules that only ask for equal values."""
    model = json.loads((ROOT / "conf" / "models" / "justice.json").read_text())
    model["blocking_rules_to_generate_predictions"] = [{"blocking_rule": rule} for rule in _rules(model)]
    path = folder / "model.json"
    path.write_text(json.dumps(model))
    return path


def _rules(model):
    every = model["blocking_rules_to_generate_predictions"]
    plain = [rule["blocking_rule"] for rule in every if "arrays_to_explode" not in rule]
    plain = [rule for rule in plain if all(EQUALITY.fullmatch(part) for part in rule.split(" AND "))]
    assert 5 < len(plain) < len(every)
    return plain


def _by_hand(rows):
    """By match key: candidate pairs, and what capping did, of rules that only ask for equal values."""
    model = json.loads((ROOT / "conf" / "models" / "justice.json").read_text())
    rules = [re.findall(r'l\."(\w+)"', rule) for rule in _rules(model)]
    under = [{} for _ in rules]
    for row, (of_rule, columns) in itertools.product(rows, zip(under, rules, strict=True)):
        values = tuple(row[column] for column in columns)
        if None not in values:
            of_rule.setdefault(values, set()).add(row["record_id"])
    above = [[ids for ids in of_rule.values() if len(ids) * (len(ids) - 1) // 2 > CAP] for of_rule in under]
    made, candidates = set(), Counter()
    for place, of_rule in enumerate(under):
        left = [ids for ids in of_rule.values() if ids not in above[place]]
        new = {frozenset(pair) for ids in left for pair in itertools.combinations(ids, 2)} - made
        candidates[str(place)] = len(new)
        made |= new
    told = {}
    for place, keys in enumerate(above):
        pairs = [frozenset(pair) for ids in keys for pair in itertools.combinations(ids, 2)]
        if keys:
            told[str(place)] = {
                "keys": len(keys),
                "records": sum(map(len, keys)),
                "pairs_not_made": len(pairs),
                "made_elsewhere": len(made.intersection(pairs)),
                "pairs_lost": len(pairs) - len(made.intersection(pairs)),
                "is_exact": True,
            }
    return candidates, told


def test_the_manifest_holds_what_was_foretold_beside_what_was_observed(capped):
    _, [(manifest, _), (again, _)] = capped
    assert manifest["observed"]["pairs"] == manifest["counts"]["pairs_considered"]
    assert manifest["observed"]["seconds"] > 0
    assert manifest["estimate"]["seconds"] > 0.5  # Spark takes longer than that to write a table
    assert 0.2 < manifest["observed"]["shuffle_bytes"] / manifest["estimate"]["shuffle_bytes"] < 20
    assert manifest["estimate"]["calibrated_on"] == ["survey"]
    assert "estimate" not in again  # nothing was linked


def test_the_manifest_tells_exactly_what_was_lost(capped):
    lake, [(manifest, out), (again, _)] = capped
    candidates, told = _by_hand(lake.read(Zone.IDENTIFIERS, "records", schemas.load("records")).collect())
    assert manifest["capped"] == told
    assert sum(each["made_elsewhere"] for each in told.values()) > 0
    assert sum(each["pairs_lost"] for each in told.values()) > 0
    patterns = lake.read(Zone.LINKAGE, "pattern_counts", schemas.load("pattern_counts")).collect()
    counted = Counter()
    for row in patterns:
        counted[row["match_key"]] += row["pairs"]
    assert counted == +candidates
    assert {row["source_dataset_l"] for row in patterns} == {"magistrates"}
    assert manifest["counts"]["pairs_considered"] == sum(candidates.values())
    # No two of its rules ask for the same values.
    assert manifest["counts"]["capped_keys"] == sum(each["keys"] for each in told.values())
    model = json.loads((ROOT / "conf" / "models" / "justice.json").read_text())
    rules = _rules(model)
    for match_key, each in told.items():
        keys, records, not_made, elsewhere, lost, _ = (f"{value:,}" for value in each.values())
        line = (
            f"link.cap_key_pairs {CAP}: blocking rule {match_key} ({rules[int(match_key)]}): {keys} keys of {records} "
            f"records capped; {not_made} pairs not made, {elsewhere} of them by another rule or key, {lost} lost"
        )
        assert line in out.splitlines()
    # A run that finds the pairs made says it still.
    assert again["stages"]["link"] == "unchanged"
    assert again["counts"] == manifest["counts"]
    assert 0 < manifest["counts"]["persons"] < manifest["counts"]["records"]


def test_the_summary_warns_of_lost_pairs_also_when_nothing_was_to_do(capped):
    _, runs = capped
    for manifest, out in runs:
        counts = manifest["counts"]
        line = f"keys capped         {counts['capped_keys']:,}; what each rule lost by it is in the run that linked"
        assert line in out.splitlines()


def test_clusters_at_further_weights_are_a_table_of_their_own(capped):
    lake, _ = capped
    at = {weight: {} for weight in (1.0, 10.0, 30.0)}
    parents = {}
    for row in lake.read(Zone.LINKAGE, "nested_clusters", schemas.load("nested_clusters")).collect():
        at[row["cluster_weight"]][row["record_id"]] = row["cluster_id"]
        parents[row["cluster_weight"], row["record_id"]] = row["parent_id"]
    clusters = lake.read(Zone.LINKAGE, "clusters", schemas.load("clusters")).collect()
    assert at[10.0] == {row["record_id"]: row["cluster_id"] for row in clusters}
    for row in lake.read(Zone.LINKAGE, "scored_pairs", schemas.load("scored_pairs")).collect():
        for weight, found in at.items():
            if row["match_weight"] >= weight:
                assert found[row["record_id_l"]] == found[row["record_id_r"]]
    for weight, lower in ((30.0, 10.0), (10.0, 1.0), (1.0, None)):
        assert {record: parents[weight, record] for record in at[weight]} == (
            at.get(lower) or dict.fromkeys(at[weight])
        )
    assert len(set(at[30.0].values())) > len(set(at[10.0].values())) > len(set(at[1.0].values()))


@pytest.mark.parametrize("cap", [0, -1, 2.5, "many"])
def test_a_cap_that_is_no_number_of_pairs_is_refused(tmp_path, capsys, demo_config, cap):
    demo_config["link"]["cap_key_pairs"] = cap
    path = written(tmp_path, demo_config)
    assert main(["link", "--config", path]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"link: {path}: link.cap_key_pairs: ")
    assert err.count("\n") == 1
