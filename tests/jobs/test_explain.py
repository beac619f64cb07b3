"""The job `explain` as its users call it: what it writes, and what it refuses."""

import json
import re

import pyarrow as pa
import pytest

from jobs.__main__ import main
from tests.jobs.match_desk import PEOPLE, TRAINED, TRAINING, UNTRAINED, Done, assert_refused, desk_in
from tests.linkage.people import people

MODEL_PAGES = {"match_weights.html", "m_u.html"}
SESSIONS = {"em_session_1.html", "em_session_2.html"}
TRADED = {"thresholds.html", "thresholds.json", "rules.json", "calibration.json", "growth.json"}
LINKED = TRAINED | {"link_type": "link_only"}


def _written(desk):
    return {path.name for path in desk.output.iterdir()}


@pytest.fixture(scope="module")
def linked(spark, tmp_path_factory):
    """Two inputs, one with commas and colons in its IDs, linked and trained; the pair of the middle weight."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        desk = desk_in(spark, tmp_path_factory.mktemp("linked"), monkeypatch)
        whole = people(200, seed=41)
        odd = [f"{n},x:y" for n in range(100)]
        tables = {"north": whole.slice(0, 100).set_column(0, "unique_id", pa.array(odd)), "south": whole.slice(100)}
        inputs = [f"--input={name}={desk.write(f'{name}.parquet', table)}" for name, table in tables.items()]
        answer = desk.match(
            *inputs,
            f"--settings={desk.write('settings.json', LINKED)}",
            f"--training={desk.write('training.yaml', TRAINING)}",
            "--threshold-weight=-100",
        )
        assert answer.code == 0, answer.err
        rows = desk.table("scored_pairs").orderBy("match_weight", "unique_id_l", "unique_id_r").collect()
        kept = desk.output.rename(desk.folder / "matched")
        yield Done(desk, answer), inputs, kept, rows[len(rows) // 2]


def test_a_pair_is_explained_as_match_scored_it(linked):
    done, inputs, matched, row = linked
    desk = done.desk
    pair = f'south:{row["unique_id_r"]},"north:{row["unique_id_l"]}"'
    answer = desk.explain(f"--run={matched}", *inputs, f"--pair={pair}")
    assert answer.code == 0, answer.err
    assert _written(desk) == MODEL_PAGES | SESSIONS | TRADED | {"waterfall.html", "waterfall.json", "run.json"}
    told = desk.document("waterfall.json")
    assert told["match_weight"] == row["match_weight"]
    assert told["match_probability"] == pytest.approx(row["match_probability"])
    sides = ("unique_id_l", "unique_id_r", "source_dataset_l", "source_dataset_r")
    assert [told[name] for name in sides] == [row[name] for name in sides]
    assert f"match weight {row['match_weight']:.2f} bits" in answer.out
    counts = json.loads((matched / "run.json").read_text(encoding="utf-8"))["counts"]
    traded = desk.document("thresholds.json")
    assert traded["used"] == {"threshold_weight": -100.0, "cluster_weight": 10.0}
    assert traded["thresholds"][0]["threshold_weight"] == -100.0
    for each in traded["thresholds"]:
        assert each["pairs_above"] + each["pairs_below"] == counts["candidate_pairs_total"]
    recall = [each["recall"] for each in traded["thresholds"]]
    assert recall == sorted(recall, reverse=True)
    assert (recall[0], recall[-1] < 0.9) == (1.0, True)
    rules = {rule["match_key"]: (rule["condition"], rule["pairs"]) for rule in desk.document("rules.json")["rules"]}
    written = TRAINED["blocking_rules_to_generate_predictions"]
    made = counts["candidate_pairs"]
    assert rules == {str(n): (rule["blocking_rule"], made[str(n)]) for n, rule in enumerate(written)}
    [fits] = desk.document("calibration.json")["sources"]
    assert (fits["possible_pairs"], fits["candidate_pairs"]) == (100 * 100, counts["candidate_pairs_total"])
    assert [row["factor"] for row in desk.document("growth.json")["growth"]] == [2, 5, 10]


def test_values_are_shown_only_if_asked_for_and_logged_never(linked):
    done, inputs, matched, row = linked
    desk = done.desk
    pair = f'--pair="north:{row["unique_id_l"]}",south:{row["unique_id_r"]}'
    model, history = f"--model={matched / 'model.json'}", f"--history={matched / 'run.json'}"
    pages = {}
    # The second run replaces what the first one left.
    for asked, more in (([history], SESSIONS), (["--with-values"], set())):
        answer = desk.explain(model, *inputs, pair, *asked)
        assert answer.code == 0, answer.err
        assert _written(desk) == MODEL_PAGES | more | {"waterfall.html", "waterfall.json", "run.json"}
        drawn = (desk.output / "waterfall.html").read_text(encoding="utf-8").rpartition("<script>")[2]
        pages[asked == ["--with-values"]] = drawn + (desk.output / "waterfall.json").read_text(encoding="utf-8")
    steps = desk.document("waterfall.json")["steps"]
    values = {each for step in steps for pair in step.get("values", {}).values() for each in pair if each}
    assert len(values) >= 3
    logs = "".join(path.read_text(encoding="utf-8") for path in (desk.folder / "runs").glob("*/*") if path.is_file())
    for value in values:
        assert f'"{value}"' in pages[True]
        assert f'"{value}"' not in pages[False]
        assert not re.search(rf"\b{re.escape(value)}\b", logs)
    assert row["unique_id_l"] not in logs


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_one_input_needs_no_source(desk, kind):
    data = f"--input=people={desk.write(f'people.{kind}', PEOPLE)}"
    answer = desk.explain(f"--model={desk.write('model.json', TRAINED)}", data, "--pair=10,9")
    assert answer.code == 0, answer.err
    told = desk.document("waterfall.json")
    assert (told["unique_id_l"], told["unique_id_r"]) == ("10", "9")  # strings, as Splink orders them
    assert "source_dataset_l" not in told


def test_a_model_alone_is_drawn(desk):
    answer = desk.explain(f"--model={desk.write('model.json', TRAINED)}")
    assert answer.code == 0, answer.err
    assert _written(desk) == MODEL_PAGES | {"run.json"}
    assert answer.out.splitlines()[-1] == f"match_weights.html, m_u.html are in {desk.output}"
    assert (desk.output / "m_u.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


ONE, TWO = "--input=north={north}", "--input=south={south}"
REFUSED = {
    "no pair": (2, ["--input and --pair go together"], TRAINED, [ONE]),
    "no input": (2, ["--input and --pair go together"], TRAINED, ["--pair=1,2"]),
    "values of no pair": (2, ["--with-values shows the values of a --pair"], TRAINED, ["--with-values"]),
    "one ID": (2, ["--pair: write it as ID,ID"], TRAINED, [ONE, "--pair=1"]),
    "half a pair": (2, ["--pair: write it as ID,ID"], TRAINED, [ONE, "--pair=1,"]),
    "an empty pair": (2, ["--pair: write it as ID,ID"], TRAINED, [ONE, "--pair="]),
    "an ID with a comma": (2, ["what has a comma in it goes in double quotes"], TRAINED, [ONE, "--pair=a,1,b"]),
    "a quote without end": (2, ["--pair: write it as ID,ID"], TRAINED, [ONE, '--pair="a,1']),
    "one record twice": (2, ["--pair names one record twice"], TRAINED, [ONE, "--pair=1,1"]),
    "no source": (2, ["write SOURCE:ID; sources: north, south"], LINKED, [ONE, TWO, "--pair=1,2"]),
    "an unknown source": (2, ["write SOURCE:ID; sources: north, south"], LINKED, [ONE, TWO, "--pair=north:1,east:2"]),
    "a source without ID": (2, ["write SOURCE:ID"], LINKED, [ONE, TWO, "--pair=north:1,south:"]),
    "an unknown ID": (2, ["the second record of the pair is not in input north"], TRAINED, [ONE, "--pair=1,zz9"]),
    "an ID of two records": (3, ["input twice: several records have the first ID"], TRAINED,
                             ["--input=twice={twice}", "--pair=1,2"]),
    "a pair that is never made": (2, ["link_only makes no pair"], LINKED, [ONE, TWO, "--pair=north:1,north:2"]),
    "inputs to deduplicate": (2, ["dedupe_only takes one input"], TRAINED, [ONE, TWO, "--pair=north:1,south:1"]),
    "a missing file": (3, ["nowhere.csv: no such file"], TRAINED, ["--input=a=nowhere.csv", "--pair=1,2"]),
    "no column": (2, ["input short: no such column: comparison surname"], TRAINED,
                  ["--input=short={short}", "--pair=1,2"]),
    "a model that is not trained": (2, ["model.json: the model is not trained"], UNTRAINED, []),
    "a model of certainty": (2, ["prior is 1"], TRAINED | {"probability_two_random_records_match": 1.0}, []),
    "no model": (2, ["model.json: not JSON"], "no model", []),
    "a history that is none": (2, ["settings.json: holds no EM sessions"], TRAINED, ["--history={settings}"]),
    "another model's history": (2, ["comparison height is none of the model's"], TRAINED, ["--history={history}"]),
}  # fmt: skip
SEEN_IN_INPUTS = {"an unknown ID", "an ID of two records", "no column"}
HISTORY = {
    "rule": "r",
    "iterations": 0,
    "priors": [0.5],
    "parameters": {"height": {"1": {"m": [0.5]}, "0": {"m": [0.5]}}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_usage_and_input(desk, case):
    code, words, document, options = REFUSED[case]
    files = {
        "north": desk.write("north.parquet", PEOPLE),
        "south": desk.write("south.parquet", PEOPLE),
        "twice": desk.write("twice.parquet", pa.concat_tables([PEOPLE, PEOPLE.slice(1, 1)])),
        "short": desk.write("short.parquet", PEOPLE.select(["unique_id", "forename", "dob"])),
        "settings": desk.write("settings.json", TRAINED),
        "history": desk.write("run.json", {"training": {"sessions": [HISTORY]}}),
    }
    model = desk.write("model.json", document)
    answer = desk.explain(f"--model={model}", *[option.format(**files) for option in options])
    assert_refused(desk, answer, code, words, "explain")
    assert "zz9" not in answer.err
    # Before Spark, unless it takes the inputs to see it.
    assert (answer.err.count("\n") == 1) == (case not in SEEN_IN_INPUTS)


RUN = json.dumps({"job": "match", "config": {}})
RUNS = {
    "no model": (2, ["give either --run DIR, a folder that match wrote, or --model"], {}, []),
    "two models": (2, ["give either --run DIR"], {}, ["--run={folder}", "--model={folder}/model.json"]),
    "two histories": (2, ["leave --history out"], {}, ["--run={folder}", "--history={folder}/run.json"]),
    "no run": (2, ["holds no run.json of match; give a folder"], {}, ["--run={folder}"]),
    "another job's": (2, ["holds no run.json of match"], {"run.json": json.dumps({"job": "link"})}, ["--run={folder}"]),
    "a mark that is none": (2, ["holds no run.json of match"], {"run.json": "[1]"}, ["--run={folder}"]),
    "no pattern counts": (3, ["pattern_counts: no Delta table that can be read"],
                          {"run.json": RUN, "model.json": json.dumps(TRAINED)}, ["--run={folder}"]),
}  # fmt: skip


@pytest.mark.parametrize("case", RUNS)
def test_a_run_that_cannot_be_explained(tmp_path, capsys, case):
    code, words, files, options = RUNS[case]
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = [option.format(folder=tmp_path) for option in options]
    assert main(["explain", *given, f"--output={tmp_path}/out", f"--runs={tmp_path}/runs"]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert all(word in err for word in words)


@pytest.mark.parametrize("name", ["notes.txt", "waterfall.html"])
def test_a_folder_with_other_files_is_not_replaced(desk, name):
    model = f"--model={desk.write('model.json', TRAINED)}"
    if name == "notes.txt":
        assert desk.explain(model).code == 0
    else:
        desk.output.mkdir()
    (desk.output / name).write_text("mine")
    answer = desk.explain(model)
    assert answer.code == 4
    assert answer.line.startswith(f"explain: {desk.output}: ")
    assert (desk.output / name).read_text() == "mine"
