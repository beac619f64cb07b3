"""The job `match` as its users call it: what it writes, and what it refuses with which exit code."""

import io
import itertools
import json
import math
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

from jobs.__main__ import main
from linkage.model.splink_settings import parse_settings
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, null, otherwise, settings
from tests.linkage.splink_oracle import linker, scored_pairs

COMPARISONS = [
    comparison(
        "forename",
        null("forename"),
        exact("forename", 0.8, 0.1, tf_adjustment_column="forename"),
        level("levenshtein(forename_l, forename_r) <= 1", 0.1, 0.1),
        otherwise(0.1, 0.8),
    ),
    comparison("surname", null("surname"), exact("surname", 0.85, 0.12), otherwise(0.15, 0.88)),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.003), otherwise(0.1, 0.997)),
]
TRAINED = settings(
    *COMPARISONS,
    rules=["l.dob = r.dob", "l.surname = r.surname AND l.city = r.city"],
    probability_two_random_records_match=0.01,
)
TRAINING = {
    "seed": 2,
    "deterministic_rules": [["forename", "surname", "dob"]],
    "recall": 0.7,
    "em_blocking_rules": [["dob"], ["surname"]],
}
SCORED_COLUMNS = {
    "match_key": "string",
    "match_weight": "double",
    "match_probability": "double",
    "gamma_forename": "int",
    "gamma_surname": "int",
    "gamma_dob": "int",
}


@dataclass(frozen=True)
class Answer:
    """What a user sees of a run."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The last line on stderr: stages may have reported before it."""
        return self.err.splitlines()[-1]


@dataclass(frozen=True)
class Desk:
    """A folder with a user's files, and the job run in it."""

    spark: SparkSession
    folder: Path

    def write(self, name: str, content: object) -> str:
        """Writes text, YAML, JSON, bytes or a table, by the ending of its name; returns the path."""
        path = self.folder / name
        if isinstance(content, pa.Table):
            (pyarrow.csv.write_csv if name.endswith(".csv") else pq.write_table)(content, path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_text(
                json.dumps(content) if name.endswith(".json") else yaml.safe_dump(content), encoding="utf-8"
            )
        return str(path)

    @property
    def output(self) -> Path:
        """Where the tests let the job write."""
        return self.folder / "out"

    def match(self, *options: str) -> Answer:
        """Runs the job with an output folder."""
        out, err = io.StringIO(), io.StringIO()
        fixed = ["--output", str(self.output), "--runs", str(self.folder / "runs")]
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["match", *options, *fixed])
        assert list((self.folder / "scratch").iterdir()) == [], "something was left in scratch"
        assert not list(self.folder.glob(".*")), "something was left beside the output"
        return Answer(code, out.getvalue(), err.getvalue())

    def table(self, name: str) -> DataFrame:
        """A table of the output."""
        return self.spark.read.format("delta").load(str(self.output / name))

    def document(self, name: str) -> dict:
        """A JSON file of the output."""
        return json.loads((self.output / name).read_text(encoding="utf-8"))


def _desk(spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    (folder / "scratch").mkdir(parents=True)
    monkeypatch.setenv("LINKAGE_SCRATCH", str(folder / "scratch"))
    return Desk(spark, folder)


@pytest.fixture
def desk(spark, tmp_path, monkeypatch) -> Desk:
    return _desk(spark, tmp_path, monkeypatch)


PEOPLE = people(160, seed=31, ids="{}")
# Truth that the model must not see; unknown for some.
WITH_TRUTH = PEOPLE.append_column(
    "person", pa.array([None if n % 9 == 0 else f"p{n % 40}" for n in range(PEOPLE.num_rows)])
)


@dataclass(frozen=True)
class Done:
    """A run that went well, with its desk."""

    desk: Desk
    answer: Answer


@pytest.fixture(scope="module")
def deduplicated(spark, tmp_path_factory):
    """A CSV with string IDs, deduplicated with a trained model."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        desk = _desk(spark, tmp_path_factory.mktemp("dedupe"), monkeypatch)
        more = {"retain_matching_columns": True, "additional_columns_to_retain": ["city"]}
        answer = desk.match(
            f"--input=people={desk.write('people.csv', WITH_TRUTH)}",
            f"--settings={desk.write('settings.json', TRAINED | more)}",
            "--threshold-weight=-20",
            "--cluster-weight=3.5",
            "--truth=person",
        )
        yield Done(desk, answer)


@pytest.fixture(scope="module")
def linked(spark, tmp_path_factory):
    """Three Parquet files with integer IDs of another name, linked with a model that is trained first."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        desk = _desk(spark, tmp_path_factory.mktemp("link"), monkeypatch)
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


def test_a_run_says_what_it_found_and_where(deduplicated):
    answer = deduplicated.answer
    assert answer.code == 0, answer.err
    counts = deduplicated.desk.document("run.json")["counts"]
    assert f"{counts['records']:,} records, {counts['candidate_pairs_total']:,} candidate pairs" in answer.out
    assert answer.out.splitlines()[-1] == f"tables, model and run.json are in {deduplicated.desk.output}"
    accuracy = deduplicated.desk.document("run.json")["accuracy"]
    assert f"against person: precision {accuracy['precision']:.4f}" in answer.out
    stages = [json.loads(line)["stage"] for line in answer.err.splitlines()]
    assert stages == ["read", "count", "predict", "cluster", "write"]


def test_scored_pairs_are_splinks_under_the_interfaces_names(deduplicated):
    table = deduplicated.desk.table("scored_pairs")
    assert dict(table.dtypes) == {"unique_id_l": "string", "unique_id_r": "string", **SCORED_COLUMNS}
    expected = scored_pairs(TRAINED, {"people": PEOPLE})
    found = {(None, row["unique_id_l"], None, row["unique_id_r"]): row for row in table.collect()}
    assert found.keys() == {pair for pair, theirs in expected.items() if theirs.weight >= -20}
    for pair, row in found.items():
        theirs = expected[pair]
        gammas = tuple(row[f"gamma_{name}"] for name in ("forename", "surname", "dob"))
        assert (row["match_key"], gammas) == (theirs.match_key, theirs.gammas)
        assert row["match_weight"] == pytest.approx(theirs.weight, abs=1e-6)
        assert row["match_probability"] == pytest.approx(1 / (1 + 2**-theirs.weight))


def test_clusters_hold_every_record_once(deduplicated):
    table = deduplicated.desk.table("clusters")
    assert dict(table.dtypes) == {"unique_id": "string", "cluster_id": "string"}
    rows = {row["unique_id"]: row["cluster_id"] for row in table.collect()}
    assert table.count() == len(rows) == PEOPLE.num_rows
    assert rows.keys() == set(PEOPLE["unique_id"].to_pylist())
    for row in deduplicated.desk.table("scored_pairs").where("match_weight >= 3.5").collect():
        assert rows[row["unique_id_l"]] == rows[row["unique_id_r"]]
    assert 5 < len(set(rows.values())) < len(rows)


def test_accuracy_is_that_of_the_clusters_pairs(deduplicated):
    rows = {row["unique_id"]: row["cluster_id"] for row in deduplicated.desk.table("clusters").collect()}
    known = [(key, person) for key, person in zip(*_columns(WITH_TRUTH, "unique_id", "person"), strict=True) if person]
    found = true = both = 0
    for (one, of_one), (other, of_other) in itertools.combinations(known, 2):
        together, same = rows[one] == rows[other], of_one == of_other
        found, true, both = found + together, true + same, both + (together and same)
    accuracy = deduplicated.desk.document("run.json")["accuracy"]
    expected = {"precision": both / found, "recall": both / true, "f1": 2 * both / (found + true)}
    assert accuracy == {name: pytest.approx(rate) for name, rate in expected.items()}


def _columns(table, *names):
    return [table[name].to_pylist() for name in names]


def test_run_json_is_that_of_the_interface(deduplicated):
    document = deduplicated.desk.document("run.json")
    assert document["outcome"] == "done"
    seconds = document["seconds"]
    assert {"session", "read", "predict", "cluster", "total"} <= seconds.keys()
    assert seconds["total"] < sum(seconds.values())
    assert seconds["total"] >= seconds["read"] + seconds["predict"] + seconds["cluster"] - 0.01
    counts = document["counts"]
    expected = [theirs.match_key for theirs in scored_pairs(TRAINED, {"people": PEOPLE}).values()]
    assert counts["records"] == PEOPLE.num_rows
    assert counts["candidate_pairs"] == {key: expected.count(key) for key in "01"}
    assert counts["candidate_pairs_total"] == len(expected)
    assert counts["pairs_kept"] == deduplicated.desk.table("scored_pairs").count()
    assert counts["clusters"] == deduplicated.desk.table("clusters").select("cluster_id").distinct().count()
    assert {"python", "pyspark", "duckdb", "splink"} <= document["versions"].keys()
    [(path, version)] = document["inputs"].items()
    assert path == str(deduplicated.desk.folder / "people.csv")
    assert version.startswith("1 files, ")
    assert {"settings", "training"} <= document["config"].keys()
    assert document["spark"]["version"] == deduplicated.desk.spark.version
    assert "additional_columns_to_retain is ignored" in " ".join(document["notes"])
    assert "retain_matching_columns" in " ".join(document["notes"])


def test_run_json_holds_no_value_of_a_record(deduplicated):
    text = (deduplicated.desk.output / "run.json").read_text(encoding="utf-8")
    for column in ("surname", "dob", "city", "person"):
        values = {value for value in WITH_TRUTH[column].to_pylist() if value}
        assert not {value for value in values if f'"{value}"' in text or f" {value} " in text}


def test_the_model_comes_back_for_splink(deduplicated):
    document = deduplicated.desk.document("model.json")
    assert document["sql_dialect"] == "duckdb"
    predicted = linker(document, {"people": PEOPLE}).inference.predict(warning_mode="never").as_record_list()
    expected = scored_pairs(TRAINED, {"people": PEOPLE})
    found = {(row["unique_id_l"], row["unique_id_r"]): row["match_weight"] for row in predicted}
    assert found == {pair[1::2]: pytest.approx(theirs.weight, abs=1e-9) for pair, theirs in expected.items()}


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


def test_settings_in_sparks_dialect_stay_in_it(desk):
    document = settings(
        comparison(
            "surname",
            level("`surname_l` IS NULL OR `surname_r` IS NULL", is_null_level=True),
            level("`surname_l` = `surname_r`", 0.8, 0.1),
            level("jaro_winkler(`surname_l`, `surname_r`) >= 0.8", 0.1, 0.1),
            otherwise(0.1, 0.8),
        ),
        rules=["l.`city` = r.`city`"],
        probability_two_random_records_match=0.5,
    ) | {"sql_dialect": "spark"}
    answer = desk.match(
        f"--input=people={desk.write('people.parquet', PEOPLE)}",
        f"--settings={desk.write('settings.json', document)}",
        "--threshold-weight=-inf",
    )
    assert answer.code == 0, answer.err
    written = desk.document("model.json")
    assert written["sql_dialect"] == "spark"
    assert "jaro_winkler(`surname_l`, `surname_r`) >= 0.8" in json.dumps(written)
    # Another hand's translation.
    found = desk.table("scored_pairs")
    gammas = {(row["unique_id_l"], row["unique_id_r"]): row["gamma_surname"] for row in found.collect()}
    with duckdb.connect() as connection:
        connection.register("people", PEOPLE)
        rows = connection.sql(
            """SELECT l.unique_id, r.unique_id, CASE WHEN l.surname IS NULL OR r.surname IS NULL THEN -1
            WHEN l.surname = r.surname THEN 2 WHEN jaro_winkler_similarity(l.surname, r.surname) >= 0.8 THEN 1 ELSE 0
            END FROM people l JOIN people r ON l.city = r.city AND l.unique_id < r.unique_id"""
        ).fetchall()
    assert gammas == {(left, right): gamma for left, right, gamma in rows}
    assert set(gammas.values()) == {-1, 0, 1, 2}


def test_a_dry_run_estimates_and_writes_nothing(desk):
    options = [
        f"--input=people={desk.write('people.csv', PEOPLE)}",
        f"--settings={desk.write('settings.json', TRAINED)}",
        "--dry-run",
    ]
    answer = desk.match(*options)
    assert answer.code == 0, answer.err
    assert not desk.output.exists()
    born = [value for value in PEOPLE["dob"].to_pylist() if value]
    pairs = sum(one == other for one, other in itertools.combinations(born, 2))
    [line] = [line for line in answer.out.splitlines() if line.strip().startswith("0 ")]
    assert line.split()[:4] == ["0", f"{len(born):,}", f"{len(set(born)):,}", f"{pairs:,}"]
    assert not {value for value in born if value in answer.out + answer.err}


def test_a_dry_run_needs_no_trained_model(desk):
    options = [f"--input=people={desk.write('people.csv', PEOPLE)}", f"--settings={desk.write('new.json', UNTRAINED)}"]
    assert desk.match(*options, "--dry-run").code == 0


def test_a_level_that_fails_on_a_value_does_not_tell_it(desk):
    level = {
        "sql_condition": "CAST(surname_l AS INT) = CAST(surname_r AS INT)",
        "m_probability": 0.5,
        "u_probability": 0.1,
    }
    otherwise = {"sql_condition": "ELSE", "m_probability": 0.5, "u_probability": 0.9}
    document = TRAINED | {"comparisons": [{"output_column_name": "surname", "comparison_levels": [level, otherwise]}]}
    answer = desk.match(
        f"--input=people={desk.write('people.csv', PEOPLE)}", f"--settings={desk.write('cast.json', document)}"
    )
    assert answer.code == 2
    assert "cannot be computed on the data (Conversion Error)" in answer.line
    [log] = (desk.folder / "runs").glob("*/spark.log")
    told = log.read_text(encoding="utf-8") + answer.err + answer.out
    assert "Conversion Error" in told
    surnames = {value for value in PEOPLE["surname"].to_pylist() if value}
    assert not {value for value in surnames if f"'{value}'" in told or f" {value} " in told}
    assert not desk.output.exists()


def test_an_input_without_rows_gives_empty_tables(desk):
    answer = desk.match(
        f"--input=people={desk.write('people.csv', PEOPLE.slice(0, 0))}",
        f"--settings={desk.write('settings.json', TRAINED)}",
    )
    assert answer.code == 0, answer.err
    assert desk.document("run.json")["counts"]["clusters"] == 0
    assert desk.table("clusters").count() == 0


def test_a_folder_of_ours_is_replaced_and_kept_when_the_next_run_fails(desk):
    data = desk.write("people.parquet", PEOPLE)
    small = desk.write("small.parquet", PEOPLE.slice(0, 30))
    good = f"--settings={desk.write('settings.json', TRAINED)}"
    # Binds, and stops at the first surname that is no number: in the kernel, while pairs are written.
    bad = TRAINED | {
        "comparisons": [*COMPARISONS[1:], comparison("n", level("CAST(surname_l AS INT) = 1", 0.5, 0.1), otherwise())]
    }
    assert desk.match(f"--input=people={data}", good).code == 0
    (desk.output / "left-behind").touch()
    assert desk.match(f"--input=people={small}", good).code == 0
    assert sorted(path.name for path in desk.output.iterdir() if path.name[0] != ".") == [
        "clusters",
        "model.json",
        "run.json",
        "scored_pairs",
    ]
    before = (desk.output / "run.json").read_text(encoding="utf-8")
    answer = desk.match(f"--input=people={data}", f"--settings={desk.write('bad.json', bad)}")
    assert answer.code == 2
    assert answer.line.startswith("match: ")
    for surname in {value for value in PEOPLE["surname"].to_pylist() if value}:
        assert not re.search(rf"\b{re.escape(surname)}\b", answer.err + answer.out)
    assert (desk.output / "run.json").read_text(encoding="utf-8") == before
    assert desk.table("clusters").count() == 30


# What a user may get wrong. Each case: the exit code, words of the line, and what differs from a run that works.

BROKEN_LEVEL = comparison("surname", null("surname"), level("surname_l = = surname_r", 0.5, 0.5), otherwise())
UNKNOWN_FUNCTION = comparison(
    "surname", null("surname"), level("likeness(surname_l, surname_r) > 1", 0.5), otherwise(0.5, 0.5)
)
UNTRAINED = settings(comparison("surname", null("surname"), exact("surname"), otherwise()), rules=["l.dob = r.dob"])


def _parquet_bytes(table):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def _with_ids(ids, kind=None):
    return PEOPLE.slice(0, len(ids)).set_column(0, "unique_id", pa.array(ids, kind))


WHOLE = _parquet_bytes(PEOPLE)
HEADER = "unique_id,forename,surname,dob,city\n"
INPUTS = {
    "an empty file": (3, ["people.csv: the file is empty"], ("people.csv", b"")),
    "a name twice in the header": (3, ["people.csv", "twice: dob"], ("people.csv", "unique_id,dob,dob\n")),
    "no name in the header": (3, ["people.csv", "column 2"], ("people.csv", "unique_id,,dob\n1,a,b\n")),
    "a header of other names": (2, ["input people: no such column", "surname"], ("people.csv", "unique_id\n1\n")),
    "no ID column": (2, ["input people: no column unique_id"], ("people.csv", HEADER[7:] + "1,a,b,c,d\n")),
    "a row longer than the header": (3, ["people.csv"], ("people.csv", HEADER + "1,a,b,c,d,e\n")),
    "a Parquet file cut short": (3, ["people.parquet", "cut short"], ("people.parquet", WHOLE[: len(WHOLE) // 2])),
    "no Parquet at all": (3, ["people.parquet"], ("people.parquet", b"not Parquet at all")),
    "an unknown kind of file": (3, ["people.xlsx: neither Parquet nor CSV"], ("people.xlsx", b"PK...")),
    "a column of a wrong type": (
        3,
        ["input people: column surname is struct<x:bigint>"],
        ("people.parquet", PEOPLE.set_column(2, "surname", pa.array([{"x": 1}] * PEOPLE.num_rows))),
    ),
    "a level that the type does not fit": (
        2,
        ["comparison forename, level 'levenshtein(forename_l, forename_r) <= 1'", "levenshtein"],
        ("people.parquet", PEOPLE.set_column(1, "forename", pa.array(range(PEOPLE.num_rows)))),
    ),
    "an ID of a wrong type": (3, ["unique_id is double"], ("people.parquet", _with_ids([1.0, 2.0]))),
    "two rows with one ID": (3, ["one record has (people: 2)"], ("people.parquet", _with_ids([7, 7, 8, 8, 9]))),
    "a row without ID": (3, ["null unique ID (people: 1)"], ("people.csv", HEADER + ",a,b,c,d\n")),
}  # fmt: skip
SETTINGS = {
    "not JSON": (2, ["settings.json: not JSON"], "{'link_type': 'dedupe_only'"),
    "a misspelt key": (2, ["settings.json", "comparision"], TRAINED | {"comparision": []}),
    "a column that is not there": (
        2,
        ["no such column: comparison sex: sex"],
        TRAINED | {"comparisons": [comparison("sex", null("sex"), exact("sex", 0.5, 0.5), otherwise(0.5, 0.5))]},
    ),
    "a rule over a column that is not there": (
        2,
        ["no such column: blocking rule (l.town = r.town): town"],
        TRAINED | {"blocking_rules_to_generate_predictions": ["l.town = r.town"]},
    ),
    "a level with broken SQL": (
        2,
        ["settings.json", "surname_l = = surname_r"],
        TRAINED | {"comparisons": [BROKEN_LEVEL]},
    ),
    "an unknown function": (
        2,
        ["comparison surname, level 'likeness(surname_l, surname_r) > 1'", "likeness does not exist"],
        TRAINED | {"comparisons": [UNKNOWN_FUNCTION]},
    ),
    "a rule without equality": (
        2,
        ["settings.json: blocking rule 0 (l.dob > r.dob): no equality"],
        TRAINED | {"blocking_rules_to_generate_predictions": ["l.dob > r.dob"]},
    ),
    "a model that is not trained": (2, ["settings.json: the model is not trained; give --training"], UNTRAINED),
    "a link of one input": (2, ["link_only takes several inputs, 1 is given"], TRAINED | {"link_type": "link_only"}),
}  # fmt: skip
OPTIONS = {
    "an unknown option": (2, ["unknown option '--max-pair'", "did you mean '--max-pairs'"], ["--max-pair=3"]),
    "a word too many": (2, ["what is 'extra'"], ["extra"]),
    "no number": (2, ["--max-pairs", "invalid int value: 'many'"], ["--max-pairs=many"]),
    "clusters below the threshold": (
        2,
        ["--cluster-weight 3 is below --threshold-weight 5"],
        ["--threshold-weight=5", "--cluster-weight=3"],
    ),
    "a weight that is no number": (2, ["--threshold-weight nan"], ["--threshold-weight=nan"]),
    "a cluster weight that is no number": (2, ["--cluster-weight nan"], ["--cluster-weight=nan"]),
    "one path twice": (2, ["--input again", "is given twice"], ["--input=again={folder}/./people.parquet"]),
    "one name twice": (2, ["--input people is given twice"], ["--input=people={folder}/other.parquet"]),
    "an input without name": (2, ["--input other.parquet: write it as NAME=PATH"], ["--input=other.parquet"]),
    "a missing file": (3, ["nowhere.parquet: no such file or folder"], ["--input=more={folder}/nowhere.parquet"]),
    "no truth column": (2, ["input people: no column person, which --truth names"], ["--truth=person"]),
    "a truth that is compared": (2, ["--truth dob: the model reads this column"], ["--truth=dob"]),
    "a truth that a rule reads": (2, ["--truth city: the model reads this column"], ["--truth=city"]),
    "a truth that weights names": (2, ["--truth Weighed: the model reads this column"], ["--truth=Weighed"]),
    "no training file": (2, ["nowhere.yaml: no such file"], ["--training={folder}/nowhere.yaml"]),
    "pairs over budget by one rule": (4, ["--max-pairs 3: ", "distinct pairs", "blocking rule 1"], ["--max-pairs=3"]),
}  # fmt: skip
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


def _assert_refused(desk, answer, code, words):
    assert answer.code == code, answer.err
    assert answer.line.startswith("match: ")
    for word in words:
        assert word in answer.line
    others = answer.err.splitlines()[:-1]
    assert all(line.startswith("{") for line in others), "the message is more than a line"
    assert "Traceback" not in answer.err + answer.out
    assert not desk.output.exists()


@pytest.mark.parametrize("case", INPUTS)
def test_bad_input(desk, case):
    code, words, (name, content) = INPUTS[case]
    answer = desk.match(
        f"--input=people={desk.write(name, content)}", f"--settings={desk.write('settings.json', TRAINED)}"
    )
    _assert_refused(desk, answer, code, words)


@pytest.mark.parametrize("case", SETTINGS)
def test_bad_settings(desk, case):
    code, words, document = SETTINGS[case]
    data = desk.write("people.parquet", PEOPLE)
    answer = desk.match(f"--input=people={data}", f"--settings={desk.write('settings.json', document)}")
    _assert_refused(desk, answer, code, words)


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_options(desk, case):
    code, words, options = OPTIONS[case]
    weighed = [*COMPARISONS[1:], comparison("f", null("forename"), _weighed(), otherwise(0.5, 0.5))]
    document = TRAINED | {"comparisons": weighed} if "Weighed" in str(options) else TRAINED
    data = desk.write("people.parquet", PEOPLE.append_column("Weighed", PEOPLE["city"]))
    answer = desk.match(
        f"--input=people={data}",
        f"--settings={desk.write('settings.json', document)}",
        *[option.format(folder=desk.folder) for option in options],
    )
    _assert_refused(desk, answer, code, words)


def _weighed():
    """A level whose weight depends on the frequency of another column's values."""
    more = {"tf_adjustment_column": "Weighed", "disable_tf_exact_match_detection": True}
    return level("levenshtein(forename_l, forename_r) <= 1", 0.5, 0.1, **more)


@pytest.mark.parametrize("case", PLANS)
def test_bad_training(desk, case):
    code, words, plan = PLANS[case]
    answer = desk.match(
        f"--input=people={desk.write('people.parquet', PEOPLE)}",
        f"--settings={desk.write('settings.json', TRAINED)}",
        f"--training={desk.write('training.yaml', plan)}",
    )
    _assert_refused(desk, answer, code, words)


def test_inputs_that_differ_in_a_type(desk):
    other = PEOPLE.set_column(3, "dob", pa.array(range(PEOPLE.num_rows)))
    answer = desk.match(
        f"--input=b={desk.write('b.parquet', PEOPLE)}",
        f"--input=a={desk.write('a.parquet', other)}",
        f"--settings={desk.write('settings.json', TRAINED | {'link_type': 'link_only'})}",
    )
    _assert_refused(desk, answer, 3, ["column dob is bigint in input a and string in b"])


def test_a_budget_that_key_sizes_leave_open_is_settled_by_counting(desk):
    # Two rules that make the same pairs: as many keys' pairs again as there are distinct ones.
    document = TRAINED | {
        "blocking_rules_to_generate_predictions": ["l.dob = r.dob", "l.dob = r.dob AND l.city = l.city"]
    }
    born = [value for value in PEOPLE["dob"].to_pylist() if value]
    pairs = sum(one == other for one, other in itertools.combinations(born, 2))
    options = [
        f"--input=people={desk.write('people.parquet', PEOPLE)}",
        f"--settings={desk.write('settings.json', document)}",
    ]
    document["blocking_rules_to_generate_predictions"].pop(0)
    undecided = f"--settings={desk.write('undecided.json', document)}"
    present = [(d, c) for d, c in zip(*_columns(PEOPLE, "dob", "city"), strict=True) if d]
    fewer = _first_has_city(PEOPLE)
    refused = desk.match(options[0], undecided, f"--max-pairs={fewer - 1}")
    assert len(present) == len(born)
    assert fewer < pairs
    _assert_refused(desk, refused, 4, [f"--max-pairs {fewer - 1}", f"at least {fewer} distinct pairs"])
    assert desk.match(*options, f"--max-pairs={pairs}").code == 0
    assert desk.document("run.json")["counts"]["candidate_pairs_total"] == pairs


def _first_has_city(table):
    rows = sorted((row for row in table.to_pylist() if row["dob"]), key=lambda row: row["unique_id"])
    return sum(one["dob"] == other["dob"] and one["city"] is not None for one, other in itertools.combinations(rows, 2))


@pytest.mark.parametrize("content", ["a folder", "a file", "another program's run.json"])
def test_what_is_not_ours_is_not_replaced(desk, content):
    if content == "a file":
        desk.output.write_text("mine")
        kept = desk.output
    else:
        desk.output.mkdir()
        kept = desk.output / ("run.json" if "run" in content else "thesis.txt")
        kept.write_text('{"mine": true}')
    answer = desk.match(
        f"--input=people={desk.write('people.parquet', PEOPLE)}",
        f"--settings={desk.write('settings.json', TRAINED)}",
    )
    assert answer.code == 4, answer.err
    assert answer.line.startswith(f"match: {desk.output}: exists")
    assert kept.read_text() in ("mine", '{"mine": true}')


@pytest.mark.usefixtures("spark")
def test_an_unknown_job(capsys):
    assert main(["mach"]) == 2
    assert "unknown job 'mach'; did you mean 'match'?" in capsys.readouterr().err


def test_help_names_every_option(capsys):
    assert main(["match", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("--input", "--settings", "--training", "--threshold-weight", "--cluster-weight", "--truth"):
        assert option in shown
    assert "Link or deduplicate any records" in shown
