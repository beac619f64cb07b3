"""Block keys: who has a key under which rule, and which records share one."""

import pyarrow as pa
import pytest

from linkage.engine import chunks
from linkage.engine.keys import EITHER, LEFT, RIGHT, key_columns
from linkage.engine.records import ID, empty_database
from linkage.errors import ConfigError
from tests.linkage.engine.prepared import prepared
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings

NAMES = comparison("a", null("a"), exact("a", 0.9, 0.1), otherwise(0.1, 0.9))


def _keys(spark, rows, schema, *rules):
    """(ID, rule, side) with the key's hash."""
    frame = spark.createDataFrame(rows, f"unique_id int, {schema}")
    ready = prepared(spark, settings(NAMES, rules=list(rules)), {"one": frame.toArrow()})
    columns = key_columns(ready.records, ready.rules)
    found = {}
    with empty_database(ready.records, chunks.RECORDS) as connection:
        connection.register("given", ready.records.frame.toArrow())
        for column in columns:
            for identifier, key in connection.sql(f"SELECT {ID}, {column.sql} FROM given").fetchall():
                found |= {(identifier, *entry): key for entry in column.entries if key is not None}
    return found


def test_a_null_in_any_part_is_no_key(spark):
    rows = [(1, "x", "y"), (2, "x", None), (3, None, "y"), (4, None, None), (5, "", "")]
    found = _keys(spark, rows, "a string, b string", "l.a = r.a AND l.b = r.b")
    assert sorted(identifier for identifier, _, _ in found) == [1, 5]  # empty is a value


def test_the_parts_of_a_key_do_not_run_together(spark):
    rows = [(1, "x", "yz"), (2, "xy", "z"), (3, "x", "yz")]
    found = _keys(spark, rows, "a string, b string", "l.a = r.a AND l.b = r.b")
    assert found[1, 0, EITHER] == found[3, 0, EITHER] != found[2, 0, EITHER]


def test_a_rules_key_is_its_own(spark):
    found = _keys(spark, [(1, "x", "x")], "a string, b string", "l.a = r.a", "l.b = r.b")
    assert found[1, 0, EITHER] != found[1, 1, EITHER]


def test_rules_over_the_same_values_share_a_column(spark):
    frame = spark.createDataFrame([(1, "x", "y")], "unique_id int, a string, b string")
    rules = ["l.a = r.a AND l.b > r.b", "l.b = r.b", "l.a = r.a AND l.b <> r.b"]
    ready = prepared(spark, settings(NAMES, rules=rules), {"one": frame.toArrow()})
    assert [column.entries for column in key_columns(ready.records, ready.rules)] == [
        ((0, EITHER), (2, EITHER)),
        ((1, EITHER),),
    ]


def test_a_key_is_the_same_whatever_rules_are_beside_it(spark):
    rows = [(1, "x", "y")]
    alone = _keys(spark, rows, "a string, b string", "l.b = r.b")
    beside = _keys(spark, rows, "a string, b string", "l.a = r.a", "l.b = r.b")
    assert alone[1, 0, EITHER] == beside[1, 1, EITHER]


def test_different_keys_of_left_and_right_meet(spark):
    rows = [(1, "mary", "jones"), (2, "jones", "mary"), (3, "mary", None)]
    found = _keys(spark, rows, "a string, b string", "l.a = r.b")
    assert {(identifier, side) for identifier, _, side in found} == {
        (1, LEFT), (1, RIGHT), (2, LEFT), (2, RIGHT), (3, LEFT),  # 3 has no right key
    }  # fmt: skip
    assert found[1, 0, LEFT] == found[2, 0, RIGHT] == found[3, 0, LEFT]
    assert found[2, 0, LEFT] == found[1, 0, RIGHT] != found[1, 0, LEFT]


@pytest.mark.parametrize(
    ("left", "right"), [("int", "bigint"), ("smallint", "int"), ("float", "double"), ("tinyint", "double")]
)
def test_equal_numbers_of_different_widths_share_a_key(spark, left, right):
    value = 7.5 if left == "float" else 7
    found = _keys(
        spark, [(1, value, float(value) if right == "double" else value)], f"a {left}, b {right}", "l.a = r.b"
    )
    assert found[1, 0, LEFT] == found[1, 0, RIGHT]


@pytest.mark.parametrize(("left", "right"), [("string", "int"), ("date", "timestamp"), ("boolean", "int")])
def test_keys_of_types_that_do_not_compare_are_refused(spark, left, right):
    with pytest.raises(ConfigError, match=r"blocking rule \(l\.a = r\.b\): equates .* with .*; cast one"):
        _keys(spark, [(1, None, None)], f"a {left}, b {right}", "l.a = r.b")


def test_a_key_that_cannot_be_computed_is_refused_by_name(spark):
    with pytest.raises(ConfigError, match=r"(?i)blocking rule \(l\.a = r\.a AND year\(l\.b\) = year\(r\.b\)\): "):
        _keys(spark, [(1, "x", True)], "a string, b boolean", "l.a = r.a AND year(l.b) = year(r.b)")


def test_a_column_named_as_a_part_of_the_work_is_a_column(spark):
    table = pa.table({"unique_id": [1, 2], "key": ["x", "x"], "a": ["y", "y"], "draw": ["z", "z"]})
    ready = prepared(spark, settings(NAMES, rules=["l.key = r.key AND l.draw = r.draw"]), {"one": table})
    assert len(key_columns(ready.records, ready.rules)) == 1
