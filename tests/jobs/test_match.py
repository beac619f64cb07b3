"""The job `match` as its users call it: what it writes and prints."""

import itertools
import json
import re
from collections import Counter

import duckdb
import networkx as nx
import pyarrow as pa
import pytest

from jobs.__main__ import main
from tests.jobs.match_desk import (
    COMPARISONS,
    PEOPLE,
    SCORED_COLUMNS,
    TRAINED,
    Done,
    columns,
    desk_in,
)
from tests.linkage.splink_models import comparison, level, otherwise, settings
from tests.linkage.splink_oracle import linker, scored_pairs

RULE = "l.surname = r.surname AND l.city = r.city"
# In fewer digits another weight.
TWELVE = 12.000000000000002
# Truth that the model must not see; unknown for some.
WITH_TRUTH = PEOPLE.append_column(
    "person", pa.array([None if n % 9 == 0 else f"p{n % 40}" for n in range(PEOPLE.num_rows)])
)


@pytest.fixture(scope="module")
def deduplicated(spark, tmp_path_factory):
    """A CSV with string IDs, deduplicated with a trained model."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        desk = desk_in(spark, tmp_path_factory.mktemp("dedupe"), monkeypatch)
        more = {"retain_matching_columns": True, "additional_columns_to_retain": ["city"]}
        answer = desk.match(
            f"--input=people={desk.write('people.csv', WITH_TRUTH)}",
            f"--settings={desk.write('settings.json', TRAINED | more)}",
            "--threshold-weight=-20",
            "--cluster-weight=3.5",
            f"--also-cluster-weights={TWELVE},-20",
            "--max-pairs=100000",
            "--truth=person",
        )
        yield Done(desk, answer)


def test_a_run_says_what_it_found_and_where(deduplicated):
    answer = deduplicated.answer
    assert answer.code == 0, answer.err
    counts = deduplicated.desk.document("run.json")["counts"]
    assert f"{counts['records']:,} records, {counts['candidate_pairs_total']:,} candidate pairs" in answer.out
    assert answer.out.splitlines()[-1] == f"tables, model and run.json are in {deduplicated.desk.output}"
    accuracy = deduplicated.desk.document("run.json")["accuracy"]
    assert f"against person: precision {accuracy['precision']:.4f}" in answer.out
    assert answer.stages == ["read", "count", "predict", "cluster", "nest", "write"]
    assert not list(deduplicated.desk.output.glob(".*"))


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


def test_clusters_at_further_weights_nest(deduplicated):
    desk = deduplicated.desk
    at = {weight: {} for weight in (-20.0, 3.5, TWELVE)}
    parents = {}
    for row in desk.table("nested_clusters").collect():
        at[row["cluster_weight"]][row["unique_id"]] = row["cluster_id"]
        parents.setdefault((row["cluster_weight"], row["cluster_id"]), set()).add(row["parent_id"])
    assert at[3.5] == {row["unique_id"]: row["cluster_id"] for row in desk.table("clusters").collect()}
    pairs = desk.table("scored_pairs").collect()
    for weight, found in at.items():
        graph = nx.Graph([(row["unique_id_l"], row["unique_id_r"]) for row in pairs if row["match_weight"] >= weight])
        graph.add_nodes_from(PEOPLE["unique_id"].to_pylist())
        together = {}
        for record, label in found.items():
            together.setdefault(label, set()).add(record)
        assert set(map(frozenset, together.values())) == set(map(frozenset, nx.connected_components(graph)))
    lower = {TWELVE: 3.5, 3.5: -20.0}
    for weight, found in at.items():
        for record, label in found.items():
            [parent] = parents[weight, label]
            assert parent == (at[lower[weight]][record] if weight in lower else None)
    sizes = Counter((weight, label, *parents[weight, label]) for weight in at for label in at[weight].values())
    assert {tuple(row)[:3]: row["records"] for row in desk.table("cluster_nesting").collect()} == sizes
    counts = {repr(weight).removesuffix(".0"): len(set(found.values())) for weight, found in at.items()}
    assert desk.document("run.json")["counts"]["clusters_by_weight"] == counts
    assert f"clusters by weight in bits: {counts['-20']:,} at -20, {counts['3.5']:,} at 3.5" in deduplicated.answer.out


def test_accuracy_is_that_of_the_clusters_pairs(deduplicated):
    rows = {row["unique_id"]: row["cluster_id"] for row in deduplicated.desk.table("clusters").collect()}
    known = [(key, person) for key, person in zip(*columns(WITH_TRUTH, "unique_id", "person"), strict=True) if person]
    found = true = both = 0
    for (one, of_one), (other, of_other) in itertools.combinations(known, 2):
        together, same = rows[one] == rows[other], of_one == of_other
        found, true, both = found + together, true + same, both + (together and same)
    accuracy = deduplicated.desk.document("run.json")["accuracy"]
    expected = {"precision": both / found, "recall": both / true, "f1": 2 * both / (found + true)}
    assert accuracy == {name: pytest.approx(rate) for name, rate in expected.items()}


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
    asked = {name: text for name, text in document["config"].items() if name not in ("settings", "training")}
    assert asked == {
        "threshold_weight": "-20",
        "cluster_weight": "3.5",
        "also_cluster_weights": f"{TWELVE},-20",
        "max_pairs": "100000",
        "truth": "person",
    }
    [note] = document["notes"]
    assert note.startswith("additional_columns_to_retain, retain_matching_columns: ignored")


def test_all_candidate_pairs_are_counted_by_what_they_agree_on(deduplicated):
    expected = Counter(
        (theirs.match_key, *theirs.gammas) for theirs in scored_pairs(TRAINED, {"people": PEOPLE}).values()
    )
    table = deduplicated.desk.table("pattern_counts")
    gammas = [name for name in table.columns if name.startswith("gamma_")]
    assert dict(table.dtypes) == {
        "match_key": "string",
        **dict.fromkeys(gammas, "int"),
        "pairs": "bigint",
        "kept": "bigint",
    }
    rows = table.collect()
    assert {(row["match_key"], *(row[gamma] for gamma in gammas)): row["pairs"] for row in rows} == expected
    assert sum(row["kept"] for row in rows) == deduplicated.desk.table("scored_pairs").count()


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
    ]
    answer = desk.match(*options, "--dry-run")
    assert answer.code == 0, answer.err
    assert not desk.output.exists()
    born = [value for value in PEOPLE["dob"].to_pylist() if value]
    pairs = sum(one == other for one, other in itertools.combinations(born, 2))
    line = answer.out.splitlines()[1]
    assert line.split()[:4] == ["0", f"{len(born):,}", f"{len(set(born)):,}", f"{pairs:,}"]
    assert not {value for value in born if value in answer.out + answer.err}
    assert line.split()[4] == f"{pairs:,}"  # nothing comes before the first rule
    assert re.search(r"^prediction: about [\d,]+ distinct pairs, [\d.]+ s and .* of shuffle", answer.out, re.MULTILINE)
    assert f"hottest keys of rule 1: {RULE}" in answer.out
    # What a killed run left is for a run to clear.
    left = desk.folder / "place" / ".out.partial-0123abcd"
    left.mkdir(parents=True)
    left.with_name(left.name + ".lock").touch()
    shown = desk.dry_run(*options, "--show-keys", f"--output={left.with_name('out')}")
    assert [path.name for path in sorted(left.parent.iterdir())] == [left.name, f"{left.name}.lock"]

    def named(out):
        return re.findall(r"\b[0-9a-f]{16}\b", out)

    # Under a secret of each run: nobody finds a date of birth by hashing all of them.
    assert len(named(answer.out)) == len(named(shown.out)) > 0
    assert set(named(answer.out)).isdisjoint(named(shown.out))
    [hottest, *_] = Counter(born).most_common(1)
    assert hottest[0] in shown.out
    assert hottest[0] not in shown.err


def test_keys_are_shown_by_a_dry_run_only(desk):
    answer = desk.match(
        f"--input=people={desk.write('people.csv', PEOPLE)}",
        f"--settings={desk.write('settings.json', TRAINED)}",
        "--show-keys",
    )
    assert answer.code == 2
    assert "--show-keys: only --dry-run shows keys" in answer.err


def test_a_run_says_what_prediction_was_expected_to_take_and_took(deduplicated):
    document = deduplicated.desk.document("run.json")
    foretold, observed = document["estimate"], document["observed"]
    assert foretold["calibrated_on"] == ["survey"]  # a trained model needs no training
    assert foretold["seconds"] > 0
    assert foretold["shuffle_bytes"] > 0
    assert observed["seconds"] == document["seconds"]["predict"]
    assert observed["pairs"] == document["counts"]["candidate_pairs_total"]
    # A row of a key takes about as much as was foretold; packing a few rows takes more.
    assert 0.2 < observed["shuffle_bytes"] / foretold["shuffle_bytes"] < 20
    assert observed["pairs"] / 2 < foretold["pairs"] < observed["pairs"] * 2


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
        "pattern_counts",
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
