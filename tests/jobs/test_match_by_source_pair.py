"""Parameters by pair of sources from `match` to `match` and `explain`: trained, written, read and used."""

import pytest
from splink import SettingsCreator

from linkage.model.source_pairs import to_document
from linkage.model.specification import prior_weight
from tests.jobs.match_desk import PEOPLE, TRAINED, TRAINING, assert_refused
from tests.linkage.people import people
from tests.linkage.splink_models import model

BOTH = TRAINED | {"link_type": "link_and_dedupe"}
PLAN = TRAINING | {"by_source_pair": True}


def _scored(desk):
    columns = ("source_dataset_l", "unique_id_l", "source_dataset_r", "unique_id_r")
    return {tuple(row[c] for c in columns): row["match_weight"] for row in desk.table("scored_pairs").collect()}


def test_what_was_trained_apart_is_kept_and_used_again(desk):
    whole = people(1300, seed=33, ids="{}")
    inputs = [
        f"--input=north={desk.write('north.parquet', whole.slice(0, 600))}",
        f"--input=south={desk.write('south.parquet', whole.slice(600))}",
    ]
    options = [f"--settings={desk.write('settings.json', BOTH)}", f"--training={desk.write('training.yaml', PLAN)}"]
    answer = desk.match(*inputs, *options)
    assert answer.code == 0, answer.err
    scored = _scored(desk)
    pooled, own = desk.document("model.json"), desk.document("model_by_source_pair.json")
    SettingsCreator.from_path_or_dict(pooled).get_settings("duckdb")
    priors = {tuple(pair["sources"]): pair["prior"] for pair in own["source_pairs"]}
    assert priors.keys() == {("north", "north"), ("north", "south"), ("south", "south")}
    assert len({*priors.values(), pooled["probability_two_random_records_match"]}) == 4
    told = desk.document("run.json")["training"]["source_pairs"]
    assert {tuple(pair["sources"]): pair["prior"] for pair in told} == priors

    saved = desk.write("model.json", pooled)
    beside = desk.write("model_by_source_pair.json", own)
    pair = max(p for p in scored if p[0] == "south")
    explained = desk.folder / "explained"
    desk.output.rename(desk.folder / "first")
    answer = desk.explain(f"--model={saved}", *inputs, "--pair={}:{},{}:{}".format(*pair))
    assert answer.code == 0, answer.err
    waterfall = desk.document("waterfall.json")
    assert waterfall["match_weight"] == scored[pair]
    assert waterfall["steps"][0]["match_weight"] == pytest.approx(prior_weight(priors["south", "south"]))
    desk.output.rename(explained)

    again = desk.match(*inputs, f"--settings={saved}")
    assert again.code == 0, again.err
    assert _scored(desk) == scored
    assert desk.document("model_by_source_pair.json") == own
    assert "sources that are no inputs" not in again.out

    # Beside a model that it does not belong to, it is refused.
    desk.output.rename(desk.folder / "second")
    desk.write("model.json", BOTH)
    refused = desk.match(*inputs, f"--settings={saved}")
    assert_refused(desk, refused, 2, [beside, "belongs to a model with other parameters"])


def test_a_model_of_other_sources_serves_with_what_all_pairs_have(desk):
    levels = {"surname": {"1": {"m": 0.5}}}
    document = {"source_pairs": [{"sources": ["east", "people"], "prior": 0.5, "parameters": levels}]}
    saved = desk.write("model.json", TRAINED)
    desk.write("model_by_source_pair.json", document | {"model": to_document(model(TRAINED))["model"]})
    answer = desk.match(f"--input=people={desk.write('people.parquet', PEOPLE.slice(0, 20))}", f"--settings={saved}")
    assert answer.code == 0, answer.err
    assert "note: the model has parameters for sources that are no inputs: east" in answer.out


def test_one_source_is_refused_before_any_work(desk):
    answer = desk.match(
        f"--input=people={desk.write('people.parquet', PEOPLE)}",
        f"--settings={desk.write('settings.json', TRAINED)}",
        f"--training={desk.write('training.yaml', PLAN)}",
    )
    assert_refused(desk, answer, 2, ["training.yaml: by_source_pair: link_type dedupe_only has one source"])
    assert answer.err.count("\n") == 1
