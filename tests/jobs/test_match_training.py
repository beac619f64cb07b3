"""The job `match` with several inputs and a model that it trains first, and bad plans for that."""

import itertools
import json
import math
from statistics import median

import pyarrow as pa
import pytest

from linkage.model.splink_settings import parse_settings
from tests.jobs.match_desk import PEOPLE, SCORED_COLUMNS, TRAINED, TRAINING, UNTRAINED, Done, assert_refused, desk_in
from tests.linkage.people import people
from tests.linkage.splink_oracle import scored_pairs


@pytest.fixture(scope="module")
def linked(spark, tmp_path_factory):
    """Three Parquet files with integer IDs of another name, linked with a model that is trained first."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        desk = desk_in(spark, tmp_path_factory.mktemp("link"), monkeypatch)
        whole = people(450, seed=32)
        inputs = {}
        for number, name in enumerate(["north", "south", "east"]):
            part = whole.slice(150 * number, 150).set_column(0, "person_no", pa.array(range(150), pa.int32()))
            inputs[name] = part
        untrained = json.loads(json.dumps(TRAINED | {"link_type": "link_only", "unique_id_column_name": "person_no"}))
        del untrained["probability_two_random_records_match"]
        for each in itertools.chain(*[c["comparison_levels"] for c in untrained["comparisons"]]):
            each.pop("m_probability", None), each.pop("u_probability", None)
        answer = desk.match(
            *[f"--input={name}={desk.write(f'{name}.parquet', table)}" for name, table in inputs.items()],
            f"--settings={desk.write('settings.json', untrained)}",
            f"--training={desk.write('training.yaml', TRAINING)}",
        )
        yield Done(desk, answer), inputs


def test_several_inputs_are_linked_with_a_model_trained_on_them(linked):
    done, inputs = linked
    assert done.answer.code == 0, done.answer.err
    pairs, found = done.desk.table("scored_pairs"), done.desk.table("clusters")
    names = {"source_dataset_l": "string", "source_dataset_r": "string"}
    assert dict(pairs.dtypes) == {"unique_id_l": "bigint", "unique_id_r": "bigint", **names, **SCORED_COLUMNS}
    assert dict(found.dtypes) == {"unique_id": "bigint", "source_dataset": "string", "cluster_id": "string"}
    assert pairs.where("source_dataset_l >= source_dataset_r").isEmpty()  # east, north, south
    assert not pairs.isEmpty()
    assert pairs.where("match_weight < 0").isEmpty()
    sources = {(row["source_dataset"], row["unique_id"]) for row in found.collect()}
    assert sources == {(name, number) for name in inputs for number in range(150)}
    assert found.count() == 450

    document = done.desk.document("model.json")
    renamed = {name: table.rename_columns(["unique_id", *table.column_names[1:]]) for name, table in inputs.items()}
    expected = scored_pairs(document | {"unique_id_column_name": "unique_id"}, renamed)
    kept = {pair: theirs for pair, theirs in expected.items() if theirs.weight >= 0}
    rows = pairs.collect()
    assert {
        (row["source_dataset_l"], row["unique_id_l"], row["source_dataset_r"], row["unique_id_r"]): row["match_weight"]
        for row in rows
    } == {pair: pytest.approx(theirs.weight, abs=1e-6) for pair, theirs in kept.items()}
    model = parse_settings(json.dumps(document), where="model.json")
    assert model.is_trained
    assert model.untrained_levels() == []


def test_a_trained_run_tells_how(linked):
    document = linked[0].desk.document("run.json")
    assert document["accuracy"] is None
    assert document["seconds"]["train"] > 0
    training = document["training"]
    assert training["plan"]["seed"] == 2
    assert [session["rule"] for session in training["sessions"]] == ['l."dob" = r."dob"', 'l."surname" = r."surname"']
    assert math.isclose(
        training["prior"], linked[0].desk.document("model.json")["probability_two_random_records_match"]
    )


def test_a_trained_run_keeps_the_way_of_every_m(linked):
    model = parse_settings(json.dumps(linked[0].desk.document("model.json")), where="model.json")
    sessions = linked[0].desk.document("run.json")["training"]["sessions"]
    assert [set(session["parameters"]) for session in sessions] == [{"forename", "surname"}, {"forename", "dob"}]
    for comparison in model.comparisons:
        for level in comparison.scored_levels:
            free = [session for session in sessions if comparison.name in session["parameters"]]
            ways = [session["parameters"][comparison.name][str(level.gamma)] for session in free]
            assert [len(way["m"]) for way in ways] == [session["iterations"] + 1 for session in free]
            assert median(way["m"][-1] for way in ways) == pytest.approx(level.m, rel=1e-5)
            assert all("u" not in way for way in ways)  # EM leaves it where random pairs put it


def test_a_dry_run_needs_no_trained_model(desk):
    options = [f"--input=people={desk.write('people.csv', PEOPLE)}", f"--settings={desk.write('new.json', UNTRAINED)}"]
    assert desk.match(*options, "--dry-run").code == 0
    # And touches no folder, so that none is refused.
    desk.output.mkdir()
    (desk.output / "notes.txt").write_text("mine")
    assert desk.match(*options, "--dry-run").code == 0
    assert (desk.output / "notes.txt").read_text() == "mine"


PLANS = {
    "a misspelt key": (2, ["training.yaml", "seeed: unknown key; did you mean 'seed'?"], TRAINING | {"seeed": 1}),
    "a key missing": (2, ["training.yaml: recall: missing"], {k: v for k, v in TRAINING.items() if k != "recall"}),
    "a value out of range": (2, ["training.yaml: recall: "], TRAINING | {"recall": 2}),
    "not YAML": (2, ["training.yaml: line"], "seed: [1\nrecall: 2"),
    "a session that can estimate nothing": (
        2,
        ["training.yaml: em_blocking_rules: ", "could estimate nothing"],
        TRAINING | {"em_blocking_rules": [["forename", "surname", "dob"]]},
    ),
    "rules that find nothing": (
        2,
        ["deterministic_rules find no pair"],
        TRAINING | {"deterministic_rules": [["nullif(dob, dob)"]]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANS)
def test_bad_training(desk, case):
    code, words, plan = PLANS[case]
    answer = desk.match(
        f"--input=people={desk.write('people.parquet', PEOPLE)}",
        f"--settings={desk.write('settings.json', TRAINED)}",
        f"--training={desk.write('training.yaml', plan)}",
    )
    assert_refused(desk, answer, code, words)
