"""Key rows: who has a key under which rule, and which records share one."""

import pytest

from linkage.engine.keys import EITHER, KEY, LEFT, RIGHT, RULE, SIDE, key_rows
from linkage.engine.records import ID
from linkage.errors import ConfigError
from tests.linkage.engine.prepared import prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings

NAMES = comparison("a", null("a"), exact("a", 0.9, 0.1), otherwise(0.1, 0.9))


def _keys(spark, rows, schema, *rules):
    frame = spark.createDataFrame(rows, f"unique_id int, {schema}").toArrow()
    ready = prepared(spark, settings(NAMES, rules=list(rules)), {"one": frame})
    return key_rows(ready.records, ready.rules, [ID]).collect()


def test_a_null_in_any_part_is_no_key(spark):
    rows = [(1, "x", "y"), (2, "x", None), (3, None, "y"), (4, None, None), (5, "", "")]
    found = _keys(spark, rows, "a string, b string", "l.a = r.a AND l.b = r.b")
    assert sorted(row[ID] for row in found) == [1, 5]  # empty is a value


def test_the_parts_of_a_key_do_not_run_together(spark):
    rows = [(1, "x", "yz"), (2, "xy", "z"), (3, "x", "yz")]
    found = {row[ID]: row[KEY] for row in _keys(spark, rows, "a string, b string", "l.a = r.a AND l.b = r.b")}
    assert found[1] == found[3] != found[2]


def test_a_rules_key_is_its_own(spark):
    found = _keys(spark, [(1, "x", "x")], "a string, b string", "l.a = r.a", "l.b = r.b")
    assert {row[RULE] for row in found} == {0, 1}
    assert len({row[KEY] for row in found}) == 2


def test_different_keys_of_left_and_right_meet(spark):
    rows = [(1, "mary", "jones"), (2, "jones", "mary"), (3, "mary", None)]
    found = {(row[ID], row[SIDE]): row[KEY] for row in _keys(spark, rows, "a string, b string", "l.a = r.b")}
    assert found.keys() == {(1, LEFT), (1, RIGHT), (2, LEFT), (2, RIGHT), (3, LEFT)}  # 3 has no right key
    assert found[1, LEFT] == found[2, RIGHT] == found[3, LEFT]
    assert found[2, LEFT] == found[1, RIGHT] != found[1, LEFT]


def test_one_key_serves_both_sides(spark):
    rows = _keys(spark, [(1, "x")], "a string", "substr(l.a, 1, 1) = substr(r.a, 1, 1)")
    assert [row[SIDE] for row in rows] == [EITHER]


@pytest.mark.parametrize(
    ("left", "right"), [("int", "bigint"), ("smallint", "int"), ("float", "double"), ("tinyint", "bigint")]
)
def test_equal_numbers_of_different_widths_share_a_key(spark, left, right):
    found = _keys(spark, [(1, 7, 7)], f"a {left}, b {right}", "l.a = r.b") if "int" in left else None
    found = found or _keys(spark, [(1, 7.5, 7.5)], f"a {left}, b {right}", "l.a = r.b")
    assert len({row[KEY] for row in found}) == 1


@pytest.mark.parametrize(("left", "right"), [("string", "int"), ("int", "double"), ("date", "timestamp")])
def test_keys_of_types_that_do_not_compare_are_refused(spark, left, right):
    with pytest.raises(ConfigError, match=r"blocking rule \(l\.a = r\.b\): equates .* with .*; cast one"):
        _keys(spark, [(1, None, None)], f"a {left}, b {right}", "l.a = r.b")


def test_a_key_that_spark_cannot_compute_is_refused_by_name(spark):
    with pytest.raises(ConfigError, match=r"(?i)blocking rule \(l\.a = r\.a AND year\(l\.b\) = year\(r\.b\)\): "):
        _keys(spark, [(1, "x", True)], "a string, b boolean", "l.a = r.a AND year(l.b) = year(r.b)")


def test_nobody_multiplies_beyond_rules_and_sides(spark):
    ready = prepared(
        spark,
        settings(
            NAMES | {"comparison_levels": [exact("city"), otherwise()]}, rules=["l.city = r.city", "l.dob = r.dob"]
        ),
        {"people": people(100, seed=2)},
    )
    rows = key_rows(ready.records, ready.rules, [ID])
    assert rows.groupBy(ID, RULE).count().where("count > 1").isEmpty()
