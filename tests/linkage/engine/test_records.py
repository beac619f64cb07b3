"""Inputs brought into one frame: what is refused, and which record of a pair is the left one."""

import datetime as dt

import duckdb
import pytest
from pyspark.sql import types as T

from linkage.engine.checks import check_runnable
from linkage.engine.record_inputs import linkage_records, linkage_records_of
from linkage.engine.records import ID, SOURCE, node_sql
from linkage.engine.survey import survey
from linkage.errors import ConfigError, InputError
from linkage.model.blocking import keyed_rules
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings


def _document(link_type="dedupe_only", **more):
    surname = comparison("surname", null("Surname"), exact("Surname", 0.9, 0.1), otherwise(0.1, 0.9))
    return settings(surname, rules=["l.dob = r.dob"], link_type=link_type, **more)


def _records(spark, inputs, link_type="dedupe_only", document=None):
    read = model(document or _document(link_type))
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    frames = {name: spark.createDataFrame(rows, schema) for name, (rows, schema) in inputs.items()}
    return linkage_records(frames, read, rules)


ONE = ([(1, "smith", "1970"), (2, None, "1980")], "unique_id int, SURNAME string, dob string")


def test_only_what_the_model_reads_comes_along(spark):
    rows, schema = ONE
    records = _records(spark, {"one": ([(*row, "secret") for row in rows], schema + ", other string")})
    assert sorted(records.frame.columns) == sorted([SOURCE, ID, "surname", "dob"])
    assert records.id_type == T.LongType()  # any integer
    assert records.columns == ("surname", "dob")
    assert sorted(tuple(row) for row in records.frame.collect()) == [(0, 1, "smith", "1970"), (0, 2, None, "1980")]


@pytest.mark.parametrize(
    ("link_type", "names", "order"),
    [
        # Splink compares the names of two inputs, and "name-__-id" of more or where they are deduplicated too:
        # there, '-' comes before '_', so a-1 before a.
        ("link_only", ["b", "a"], ("a", "b")),
        ("link_only", ["a-1", "a"], ("a", "a-1")),
        ("link_only", ["b", "a", "a-1"], ("a-1", "a", "b")),
        ("link_and_dedupe", ["a", "a-1"], ("a-1", "a")),
        ("link_and_dedupe", ["ab", "a"], ("a", "ab")),
        ("link_only", ["a", "B", "é"], ("B", "a", "é")),
        # A pipeline may have one supply; its records are deduplicated.
        ("link_and_dedupe", ["a"], ("a",)),
    ],
)
def test_sources_are_in_splinks_order(spark, link_type, names, order):
    assert _records(spark, dict.fromkeys(names, ONE), link_type).sources == order


@pytest.mark.parametrize(
    ("names", "link_type", "reason"),
    [
        (["one", "two"], "dedupe_only", "dedupe_only takes one input, 2 are given"),
        (["one"], "link_only", "link_only takes several inputs, 1 is given"),
        (["one", "a-__-b"], "link_only", "input name a-__-b: must not"),
        (["a", "a-__"], "link_only", "input name a-__: must not"),  # a-__-__-1 could be of either
    ],
)
def test_inputs_must_fit_the_link_type(spark, names, link_type, reason):
    with pytest.raises(ConfigError, match=reason):
        _records(spark, dict.fromkeys(names, ONE), link_type)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (_document(unique_id_column_name="key"), "input one: no column key, the settings' unique_id_column_name"),
        (
            settings(comparison("sex", null("sex"), exact("sex"), otherwise()), rules=["l.dob = r.dob"]),
            "input one: no such column: comparison sex: sex",
        ),
        (
            settings(
                comparison("c", null("surname"), exact("surname", tf_adjustment_column="city"), otherwise()),
                rules=["l.dob = r.dob AND l.town = r.town"],
            )
            | {"comparisons": [_document()["comparisons"][0]]},
            r"no such column: blocking rule \(l.dob = r.dob AND l.town = r.town\): town",
        ),
        (
            settings(comparison("c", null("a.b"), exact("a.b"), otherwise()), rules=["l.dob = r.dob"]),
            "a dot, backtick or quotation mark in its name: comparison c: a.b",
        ),
    ],
)
def test_columns_that_are_not_there_are_named_with_their_reader(spark, document, reason):
    with pytest.raises(ConfigError, match=reason):
        _records(spark, {"one": ONE}, document=document)


def test_every_missing_column_is_named_at_once(spark):
    with pytest.raises(ConfigError, match=r"comparison surname: Surname; blocking rule \(l.dob = r.dob\): dob"):
        _records(spark, {"one": ([(1,)], "unique_id int")})


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("unique_id int, surname int, dob string", "column surname is string in input one and int in two"),
        ("unique_id string, surname string, dob string", "the unique ID is bigint in input one and string in two"),
        ("unique_id int, surname struct<x:int>, dob string", "input two: column surname is struct<x:int>"),
        ("unique_id int, surname map<int,int>, dob string", "input two: column surname is map<int,int>"),
        ("unique_id int, surname array<array<int>>, dob string", "column surname is array<array<int>>"),
        ("unique_id int, surname binary, dob string", "column surname is binary"),
        ("unique_id double, surname string, dob string", "unique ID column unique_id is double; it must be"),
        ("unique_id date, surname string, dob string", "unique ID column unique_id is date; it must be"),
    ],
)
def test_types_that_cannot_be_linked_are_refused(spark, other, reason):
    with pytest.raises(InputError, match=reason):
        _records(spark, {"one": ONE, "two": ([], other)}, "link_only")


def test_every_supported_type_reaches_the_kernel(spark):
    kinds = {
        "tinyint": None, "smallint": None, "int": 1, "bigint": 1, "float": 1.0, "double": 1.0, "string": "a",
        "decimal(38,5)": None, "date": dt.date(2020, 1, 1), "timestamp": dt.datetime(2020, 1, 1),
        "timestamp_ntz": dt.datetime(2020, 1, 1), "boolean": True, "array<string>": ["a"], "array<date>": None,
    }  # fmt: skip
    names = [f"c{number}" for number in range(len(kinds))]
    document = settings(
        *[comparison(name, null(name), exact(name, 0.9, 0.1), otherwise(0.1, 0.9)) for name in names],
        rules=[f"l.{name} = r.{name}" for name in names],
    )
    schema = ", ".join(["unique_id int", *[f"{name} {kind}" for name, kind in zip(names, kinds, strict=True)]])
    read = model(document)
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    records = linkage_records({"one": spark.createDataFrame([(1, *kinds.values())], schema)}, read, rules)
    check_runnable(records, read, rules)
    assert records.frame.count() == 1


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("nonsense(Surname_l) = 1", "nonsense does not exist"),
        ("levenshtein(Surname_l, 3) < 2", "No function matches|levenshtein"),
        ("Surname_l > 3.5 AND year(Surname_r) = 1", "year"),
    ],
)
def test_levels_that_cannot_run_are_named_before_any_work(spark, sql, reason):
    document = _document()
    document["comparisons"] = [comparison("name", null("Surname"), level(sql, 0.9, 0.1), otherwise(0.1, 0.9))]
    read = model(document)
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    records = linkage_records({"one": spark.createDataFrame(*ONE)}, read, rules)
    with pytest.raises(ConfigError) as refused:
        check_runnable(records, read, rules)
    assert str(refused.value).startswith(f"comparison name, level '{sql}': ")
    assert any(word in str(refused.value) for word in reason.split("|"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("l.dob = r.dob AND nonsense(l.dob)", "nonsense"),
        ("l.dob = r.dob AND levenshtein(l.dob, 3) < 2", "levenshtein"),
        ("abs(l.dob) = r.number", "abs"),
        ("year(l.number) = year(r.number)", "year"),
    ],
)
def test_rules_that_cannot_run_are_named_before_any_work(spark, rule, reason):
    document = _document() | {"blocking_rules_to_generate_predictions": [{"blocking_rule": rule}]}
    read = model(document)
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    frame = spark.createDataFrame([(1, "a", "b", 3)], "unique_id int, surname string, dob string, number int")
    records = linkage_records({"one": frame}, read, rules)
    with pytest.raises(ConfigError) as refused:
        check_runnable(records, read, rules)
    assert str(refused.value).lower().startswith(f"blocking rule ({rule})".lower())
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ([1, None, None], r"null unique ID \(one: 2\)"),
        ([1, 1, 2, 2, 2, 3], r"more than one record has \(one: 2\)"),
        (["rec-7", "rec-7"], r"more than one record has \(one: 1\)"),
        (["rec-7", None], r"null unique ID \(one: 1\)"),
    ],
)
def test_ids_must_be_a_key(spark, limits, ids, reason):
    kind = "string" if "rec-7" in ids else "int"
    rows = ([(key, "x", "y") for key in ids], f"unique_id {kind}, surname string, dob string")
    with pytest.raises(InputError, match=reason) as refused:
        survey(_records(spark, {"one": rows}), [], [], limits=limits)
    assert "rec-7" not in str(refused.value)  # counts, never a value


def test_sources_may_share_ids(spark, limits):
    records = _records(spark, {"one": ONE, "two": ONE}, "link_only")
    found = survey(records, [], [], limits=limits)
    assert dict(found.counts) == {"one": 2, "two": 2}
    with duckdb.connect() as connection:
        connection.register("records", records.frame.toArrow())
        nodes = connection.sql(f"SELECT {node_sql(records, SOURCE, ID, seed=found.seed)} FROM records").fetchall()
    assert len(set(nodes)) == 4


def test_an_input_without_rows_is_counted(spark, limits):
    records = _records(spark, {"one": ONE, "two": ([], ONE[1])}, "link_only")
    assert dict(survey(records, [], [], limits=limits).counts) == {"one": 2, "two": 0}


def test_a_record_of_no_known_source_is_refused(spark, limits):
    read = model(_document("link_and_dedupe"))
    rules = keyed_rules(read.blocking_rules, "duckdb", where="settings.json")
    rows, schema = ONE
    for odd in ("elsewhere", None):
        frame = spark.createDataFrame([(*rows[0], "a"), (*rows[1], odd)], f"{schema}, supply string")
        records = linkage_records_of(frame, read, rules, source="supply", names=["a", "b"])
        with pytest.raises(InputError, match=r"1 records are of no source that is linked"):
            survey(records, [], [], limits=limits)


def test_a_rule_may_name_the_source(spark):
    document = _document("link_and_dedupe") | {
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": "l.dob = r.dob AND l.source_dataset <> r.source_dataset"}
        ]
    }
    records = _records(spark, {"one": ONE, "two": ONE}, document=document)
    rows = records.frame.select(SOURCE, "source_dataset").distinct().collect()
    assert {tuple(row) for row in rows} == {(0, "one"), (1, "two")}


def test_one_frame_with_a_source_column_is_several_inputs(spark):
    read = model(_document("link_and_dedupe"))
    rules = keyed_rules(read.blocking_rules, "duckdb", where="settings.json")
    rows, schema = ONE
    whole = spark.createDataFrame(
        [(*row, source) for source in ("b", "a", "a-1") for row in rows], f"{schema}, supply string"
    )
    found = linkage_records_of(whole, read, rules, source="supply", names=["a", "b", "a-1"])
    apart = linkage_records({name: spark.createDataFrame(*ONE) for name in ("a", "b", "a-1")}, read, rules)
    assert found.sources == apart.sources == ("a-1", "a", "b")
    assert dict(found.frame.dtypes) == dict(apart.frame.dtypes)
    columns = sorted(apart.frame.columns)
    assert sorted(map(str, found.frame.select(columns).collect())) == sorted(
        map(str, apart.frame.select(columns).collect())
    )
