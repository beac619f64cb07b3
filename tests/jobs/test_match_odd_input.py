"""Odd records and rules through `match`: Splink's own answer, or a refusal in one line."""

import json

import pyarrow as pa
import pytest

from linkage.model.splink_settings import parse_settings
from tests.jobs.match_desk import COMPARISONS, PEOPLE, TRAINED, TRAINING, assert_refused
from tests.linkage.splink_models import comparison, exact, level, null, otherwise
from tests.linkage.splink_oracle import scored_pairs

RULES = "blocking_rules_to_generate_predictions"
FEW = PEOPLE.slice(0, 60)
LONG = "x" * 9_999
STRINGS = [
    "a", "a\0", "a\0b", "\0", "", " ", "A", "\u00e9", "e\u0301", "\U0001f600", "\U0001f469\u200d\U0001f467",
    f"{LONG}a", f"{LONG}b", "\ufeff", "\uffff", "\U0010ffff", "a\nb", "a\r\nb", '"', "'", "\\", ",", "NULL", "\u2028",
]  # fmt: skip


def _match(desk, inputs, document, *options):
    """Runs `match` so that it keeps all pairs; inputs are tables by file name."""
    return desk.match(
        *[f"--input={name.partition('.')[0]}={desk.write(name, table)}" for name, table in inputs.items()],
        f"--settings={desk.write('settings.json', document)}",
        "--threshold-weight=-inf",
        *options,
    )


def _assert_splinks(desk, inputs, document):
    """All pairs, rules, levels and weights are Splink's, and each record has a cluster; gives the pairs."""
    tables = {name.partition(".")[0]: table for name, table in inputs.items()}
    expected = scored_pairs(document, tables)
    names = [comparison["output_column_name"] for comparison in document["comparisons"]]
    several = len(inputs) > 1
    rows = desk.table("scored_pairs").collect()
    found = {
        (
            row["source_dataset_l"] if several else None,
            row["unique_id_l"],
            row["source_dataset_r"] if several else None,
            row["unique_id_r"],
        ): (row["match_key"], tuple(row[f"gamma_{name}"] for name in names), row["match_weight"])
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == {
        pair: (theirs.match_key, theirs.gammas, pytest.approx(theirs.weight, abs=1e-6))
        for pair, theirs in expected.items()
    }
    records = {(name, key) for name, table in tables.items() for key in table["unique_id"].to_pylist()}
    clustered = [row.asDict() for row in desk.table("clusters").collect()]
    assert len(clustered) == len(records)
    assert {(row.get("source_dataset", next(iter(tables))), row["unique_id"]) for row in clustered} == records
    return found


def test_rules_that_repeat_swap_or_match_everything_make_splinks_pairs(desk):
    inputs = {"people.parquet": FEW.append_column("sex", pa.array(["f"] * 60))}
    rules = [
        "l.forename = r.surname AND l.surname = r.forename",
        "l.dob = r.dob OR (l.dob = r.dob OR l.surname = r.surname)",
        "l.dob = r.dob",  # finds nothing that is left
        "1 = 1 AND l.city = r.city",
        "l.sex = r.sex",  # the same for all: every pair
    ]
    document = TRAINED | {RULES: rules}
    answer = _match(desk, inputs, document)
    assert answer.code == 0, answer.err
    found = _assert_splinks(desk, inputs, document)
    assert len(found) == 60 * 59 // 2
    made = desk.document("run.json")["counts"]["candidate_pairs"]
    assert made["2"] == 0
    assert min(made["0"], made["1"], made["3"], made["4"]) > 0


def test_constant_missing_and_array_columns_weigh_as_in_splink(desk):
    tags = [[None], [], ["a", None], [None, "a"], ["a"], None]
    table = FEW.append_column("sex", pa.array(["f"] * 60))
    table = table.append_column("unknown", pa.array([None] * 60, pa.string())).append_column("typeless", pa.nulls(60))
    inputs = {"people.parquet": table.append_column("tags", pa.array(tags * 10, pa.list_(pa.string())))}
    adjusted = [
        comparison(name, null(name), exact(name, 0.8, 0.3, tf_adjustment_column=name), otherwise(0.2, 0.7))
        for name in ("sex", "unknown", "typeless", "tags")
    ]
    shared = level("len(list_intersect(tags_l, tags_r)) >= 1", 0.4, 0.2)
    document = TRAINED | {
        RULES: ["l.unknown = r.unknown", "l.typeless = r.typeless", "l.tags = r.tags", "l.city = r.city"],
        "comparisons": [*COMPARISONS, *adjusted, comparison("shared", null("tags"), shared, otherwise(0.6, 0.8))],
    }
    answer = _match(desk, inputs, document)
    assert answer.code == 0, answer.err
    found = _assert_splinks(desk, inputs, document)
    made = desk.document("run.json")["counts"]["candidate_pairs"]
    # Of each of the five arrays ten records; an array that is null is no key, one of nulls is.
    assert (made["0"], made["1"], made["2"]) == (0, 0, 5 * 45)
    assert {gammas[3:6] for _, gammas, _ in found.values()} == {(1, -1, -1)}


def test_a_model_trained_where_a_column_tells_nothing_can_be_used_again(desk):
    table = PEOPLE.append_column("sex", pa.array(["f"] * PEOPLE.num_rows))
    table = table.append_column("unknown", pa.array([None] * PEOPLE.num_rows, pa.string()))
    inputs = {"people.parquet": table}
    silent = [comparison(name, null(name), exact(name), otherwise()) for name in ("sex", "unknown")]
    surname = comparison("surname", null("surname"), exact("surname"), otherwise())
    forename = comparison("forename", null("forename"), exact("forename"), otherwise())
    document = {key: value for key, value in TRAINED.items() if key != "probability_two_random_records_match"}
    document |= {"comparisons": [forename, surname, *silent]}
    # No session leaves the surname free, none knows a value of `unknown`, and all have one `sex`.
    plan = TRAINING | {"em_blocking_rules": [["surname"]]}
    answer = _match(desk, inputs, document, f"--training={desk.write('training.yaml', plan)}")
    assert answer.code == 0, answer.err
    for told in ("comparison surname: no EM session leaves it free", "comparison unknown, level 'ELSE': never seen"):
        assert told in answer.out
    # Splink reads the model, and weighs as the run did.
    _assert_splinks(desk, inputs, desk.document("model.json"))
    matched = desk.output.rename(desk.folder / "matched")
    # All that match and explain ask of a model without a plan.
    assert parse_settings((matched / "model.json").read_text(encoding="utf-8"), where="model.json").is_trained
    answer = desk.explain(f"--run={matched}")
    assert answer.code == 0, answer.err
    # A model that is not trained is named by its file.
    desk.output.rename(desk.folder / "explained")
    (matched / "model.json").write_text(json.dumps(document), encoding="utf-8")
    answer = desk.explain(f"--run={matched}")
    assert_refused(desk, answer, 2, [f"{matched}/model.json: the model is not trained"], job="explain")


def test_strings_of_any_kind_are_compared_as_in_splink(desk):
    count = len(STRINGS)
    table = pa.table(
        {
            "unique_id": [f"{value}{number}" for number, value in enumerate(STRINGS)],
            "forename": STRINGS,
            "surname": [*STRINGS[1:], STRINGS[0]],
            "dob": ["x"] * count,
            "city": STRINGS,
        }
    )
    # In a CSV, nobody can tell an empty string from none.
    without = [None if value == "" else value for value in STRINGS]
    in_csv = table.set_column(1, "forename", pa.array(without)).set_column(4, "city", pa.array(without))
    in_csv = in_csv.set_column(2, "surname", pa.array([*without[1:], without[0]]))
    rules = ["l.city = r.city AND l.forename = r.forename", "l.surname = r.surname", "l.dob = r.dob"]
    document = TRAINED | {"link_type": "link_only", RULES: rules}
    inputs = {"parquet.parquet": table, "csv.csv": in_csv}
    answer = _match(desk, inputs, document, "--cluster-weight=5")
    assert answer.code == 0, answer.err
    found = _assert_splinks(desk, inputs, document)
    assert len(found) == count * count
    assert sum(match_key == "0" for match_key, _, _ in found.values()) == count - 1
    # Each record and its double are one person, and nobody else: strings that look alike are not the same.
    assert desk.document("run.json")["counts"]["clusters"] == count + 1


def test_two_inputs_with_the_same_records_find_each_other(desk):
    inputs = {"one.parquet": FEW, "two.parquet": FEW}
    document = TRAINED | {"link_type": "link_and_dedupe"}
    answer = _match(desk, inputs, document)
    assert answer.code == 0, answer.err
    found = _assert_splinks(desk, inputs, document)
    mirrored = {left for one, left, other, right in found if one != other and left == right}
    reachable = [row["dob"] or (row["surname"] and row["city"]) for row in FEW.to_pylist()]
    assert mirrored == {key for key, keyed in zip(FEW["unique_id"].to_pylist(), reachable, strict=True) if keyed}


@pytest.mark.parametrize(("records", "file"), [(1, "people.parquet"), (0, "people.csv")])
def test_one_record_or_none_is_a_result(desk, records, file):
    answer = _match(desk, {file: FEW.slice(0, records)}, TRAINED)
    assert answer.code == 0, answer.err
    counts = desk.document("run.json")["counts"]
    assert (counts["records"], counts["candidate_pairs_total"], counts["clusters"]) == (records, 0, records)
    assert desk.table("clusters").count() == records
    assert desk.table("scored_pairs").count() == desk.table("pattern_counts").count() == 0


@pytest.mark.parametrize("records", [0, 1])
def test_nothing_can_be_learnt_from_one_record_or_none(desk, records):
    plan = desk.write("training.yaml", TRAINING)
    answer = _match(desk, {"people.parquet": FEW.slice(0, records)}, TRAINED, f"--training={plan}")
    assert_refused(desk, answer, 2, ["deterministic_rules find no pair of records"])


def test_an_id_repeated_in_one_of_two_inputs_is_refused(desk):
    inputs = {"one.parquet": FEW, "two.parquet": pa.concat_tables([FEW, FEW.slice(0, 3)])}
    answer = _match(desk, inputs, TRAINED | {"link_type": "link_only"})
    assert_refused(desk, answer, 3, ["more than one record has (two: 3)"])


@pytest.mark.parametrize("column", ["dob", "forename"])  # of a rule's key, and compared only
def test_text_that_is_not_unicode_is_bad_input(desk, column):
    # Half of a surrogate pair, as some programs write it.
    binary = pa.array([b"\xed\xa0\x80" if row["dob"] else None for row in FEW.to_pylist()], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 60, binary.buffers())
    table = FEW.set_column(FEW.column_names.index(column), column, broken)
    answer = _match(desk, {"people.parquet": table}, TRAINED)
    assert_refused(desk, answer, 3, ["text that is not valid Unicode"])


def test_a_comparison_that_leaves_pairs_without_a_level_is_refused(desk):
    later = comparison("later", null("city"), exact("city", 0.5, 0.3), level("city_l > city_r", 0.5, 0.3))
    plan = desk.write("training.yaml", TRAINING)
    document = TRAINED | {"comparisons": [*COMPARISONS, later]}
    answer = _match(desk, {"people.parquet": FEW}, document, f"--training={plan}")
    assert_refused(desk, answer, 2, ["comparison later: no level takes some pairs; end it with ELSE"])
    # Nor can such pairs be scored: they would go without a word.
    answer = _match(desk, {"people.parquet": FEW}, document)
    assert_refused(desk, answer, 2, ["comparison later: no level takes some pairs; end it with ELSE"])


DEEP = "[" * 20_000
CYCLIC = "recall: 1\nem_blocking_rules: [[dob]]\ndeterministic_rules:"
FILES = {
    "a cyclic plan": ("training.yaml", f"{CYCLIC} &a [*a]", "deterministic_rules"),
    "a plan in itself": ("training.yaml", f"&t\n{CYCLIC} *t", "deterministic_rules"),
    "no expression": ("training.yaml", TRAINING | {"em_blocking_rules": [["dob"], [" "]]}, "em_blocking_rules.1.0"),
    "an endless plan": ("training.yaml", f"recall: {DEEP}", "nested too deeply"),
    "endless settings": ("settings.json", DEEP, "nested too deeply"),
    "empty rules": ("settings.json", TRAINED | {RULES: []}, f"{RULES} is empty"),
    "an empty rule": ("settings.json", TRAINED | {RULES: ["l.dob = r.dob", ""]}, "blocking rule 1 (): broken SQL"),
    "a rule over one record": ("settings.json", TRAINED | {RULES: ["l.sex = l.sex"]}, "no equality between"),
    "a rule for all": ("settings.json", TRAINED | {RULES: ["l.dob = r.dob OR 1 = 1"]}, "no equality between"),
    "half a character": ("settings.json", TRAINED | {RULES: ["l.dob = r.dob AND l.city = '\ud800'"]}, "Unicode"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_files_that_say_nothing_are_refused_in_one_line(desk, case):
    name, content, words = FILES[case]
    files = {"settings.json": TRAINED, "training.yaml": TRAINING} | {name: content}
    written = {name: desk.write(name, content) for name, content in files.items()}
    answer = desk.match(
        f"--input=people={desk.write('people.parquet', FEW)}",
        f"--settings={written['settings.json']}",
        f"--training={written['training.yaml']}",
    )
    assert_refused(desk, answer, 2, [name, words])
    assert answer.err.count("\n") == 1
