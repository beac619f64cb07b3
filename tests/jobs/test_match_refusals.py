"""What a user of `match` may get wrong: each has its exit code and one line."""

import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.__main__ import main
from jobs.harness import session
from tests.jobs.match_desk import COMPARISONS, PEOPLE, TRAINED, UNTRAINED, assert_refused, columns
from tests.linkage.splink_models import comparison, exact, level, null, otherwise

BROKEN_LEVEL = comparison("surname", null("surname"), level("surname_l = = surname_r", 0.5, 0.5), otherwise())
UNKNOWN_FUNCTION = comparison(
    "surname", null("surname"), level("likeness(surname_l, surname_r) > 1", 0.5), otherwise(0.5, 0.5)
)


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
    "a name twice in the header": (3, ["people.csv", "twice: columns 2, 3"], ("people.csv", "unique_id,dob,dob\n")),
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
    "no pairs at all": (2, ["--max-pairs 0: give a number of pairs, 1 or more"], ["--max-pairs=0"]),
    "clusters below the threshold": (
        2,
        ["--cluster-weight 3 is below --threshold-weight 5"],
        ["--threshold-weight=5", "--cluster-weight=3"],
    ),
    "a weight that is no number": (2, ["--threshold-weight nan"], ["--threshold-weight=nan"]),
    "further clusters below the threshold": (
        2,
        ["--also-cluster-weights 3 is below --threshold-weight 5"],
        ["--threshold-weight=5", "--also-cluster-weights=20,3"],
    ),
    "further weights that are none": (
        2,
        ["--also-cluster-weights 5;6: write numbers of bits with commas"],
        ["--also-cluster-weights=5;6"],
    ),
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


def test_only_a_dry_run_needs_no_output(capsys):
    assert main(["match", "--input=people=people.csv", "--settings=settings.json"]) == 2
    assert capsys.readouterr().err == (
        "match: --output DIR is required: a new folder for the tables; only a --dry-run needs none\n"
    )


@pytest.mark.parametrize("case", INPUTS)
def test_bad_input(desk, case):
    code, words, (name, content) = INPUTS[case]
    answer = desk.match(
        f"--input=people={desk.write(name, content)}", f"--settings={desk.write('settings.json', TRAINED)}"
    )
    assert_refused(desk, answer, code, words)


@pytest.mark.parametrize("case", SETTINGS)
def test_bad_settings(desk, case):
    code, words, document = SETTINGS[case]
    data = desk.write("people.parquet", PEOPLE)
    answer = desk.match(f"--input=people={data}", f"--settings={desk.write('settings.json', document)}")
    assert_refused(desk, answer, code, words)


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
    assert_refused(desk, answer, code, words)


def _weighed():
    """A level whose weight depends on the frequency of another column's values."""
    more = {"tf_adjustment_column": "Weighed", "disable_tf_exact_match_detection": True}
    return level("levenshtein(forename_l, forename_r) <= 1", 0.5, 0.1, **more)


def test_inputs_that_differ_in_a_type(desk):
    other = PEOPLE.set_column(3, "dob", pa.array(range(PEOPLE.num_rows)))
    answer = desk.match(
        f"--input=b={desk.write('b.parquet', PEOPLE)}",
        f"--input=a={desk.write('a.parquet', other)}",
        f"--settings={desk.write('settings.json', TRAINED | {'link_type': 'link_only'})}",
    )
    assert_refused(desk, answer, 3, ["column dob is bigint in input a and string in b"])


def test_a_truth_of_two_types(desk):
    kinds = {"a": pa.array(range(PEOPLE.num_rows)), "b": pa.array([f"p{n}" for n in range(PEOPLE.num_rows)])}
    inputs = [
        f"--input={name}={desk.write(f'{name}.parquet', PEOPLE.append_column('person', kind))}"
        for name, kind in kinds.items()
    ]
    settings = desk.write("settings.json", TRAINED | {"link_type": "link_only"})
    answer = desk.match(*inputs, f"--settings={settings}", "--truth=person")
    told = "--truth person: inputs have it in different types (a: bigint, b: string); make them one"
    assert_refused(desk, answer, 2, [told])


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
    assert "cannot be computed on the data (ConversionException)" in answer.line
    [log] = (desk.folder / "runs").glob("*/spark.log")
    told = log.read_text(encoding="utf-8") + answer.err + answer.out
    assert "ConversionException" in told
    surnames = {value for value in PEOPLE["surname"].to_pylist() if value}
    assert not {value for value in surnames if f"'{value}'" in told or f" {value} " in told}
    assert not desk.output.exists()


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
    present = [(d, c) for d, c in zip(*columns(PEOPLE, "dob", "city"), strict=True) if d]
    fewer = _first_has_city(PEOPLE)
    refused = desk.match(options[0], undecided, f"--max-pairs={fewer - 1}")
    assert len(present) == len(born)
    assert fewer < pairs
    assert_refused(desk, refused, 4, [f"--max-pairs {fewer - 1}", f"at least {fewer} distinct pairs"])
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


def test_leftovers_of_a_killed_run_are_gone_before_a_run_starts(desk):
    left = desk.output.with_name(f".{desk.output.name}.partial-0123abcd")
    left.mkdir()
    left.with_name(left.name + ".lock").touch()
    answer = desk.match(
        f"--input=people={desk.write('people.csv', HEADER[7:])}", f"--settings={desk.write('settings.json', TRAINED)}"
    )
    assert_refused(desk, answer, 2, ["no column"])
    assert not [path for path in desk.folder.iterdir() if ".partial-" in path.name]


@pytest.mark.parametrize(
    ("names", "link_type", "code", "said"),
    [
        (["nowhere.csv"], "dedupe_only", 3, "nowhere.csv: no such file or folder"),
        (["notes.txt"], "dedupe_only", 3, "notes.txt: neither Parquet nor CSV"),
        (["empty"], "dedupe_only", 3, "empty: the folder holds no files"),
        (["a.csv"], "link_only", 2, "link_only takes several inputs, 1 is given"),
        (["a.csv", "b.csv"], "dedupe_only", 2, "dedupe_only takes one input, 2 are given"),
        (["a.csv"], "dedupe_only", 4, "out: exists and holds no run.json of an earlier match"),
    ],
)
def test_what_needs_no_spark_is_refused_before_it_starts(desk, monkeypatch, names, link_type, code, said):
    for name in ("a.csv", "b.csv", "notes.txt"):
        desk.write(name, "unique_id\n1\n")
    (desk.folder / "empty").mkdir()
    if code == 4:
        desk.output.mkdir()
    monkeypatch.setattr(session, "spark_session", None)
    answer = desk.match(
        *[f"--input={name}={desk.folder / name}" for name in names],
        f"--settings={desk.write('settings.json', TRAINED | {'link_type': link_type})}",
    )
    assert (answer.code, answer.err.count("\n")) == (code, 1), answer.err
    assert said in answer.line
    assert not (desk.folder / "runs").exists()
