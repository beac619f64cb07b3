"""Blocking recall against rules applied to every true pair by hand."""

import itertools
from collections import Counter

import pytest

from linkage.engine.kernel import KernelLimits
from linkage.model.blocking import keyed_rules
from linkage.model.specification import BlockingRule
from linkage.quality.blocking_recall import NO_RULE, blocking_recall, reading, true_pairs_by_rule
from tests.linkage.people import people

SCHEMA = "record_id bigint, source_dataset string, surname string, dob string, codes array<string>"
RECORDS = [
    # record, dataset, surname, date of birth, codes
    (1, "prison", "KHAN", "1980-01-01", ["X"]),
    (2, "prison", "KHAN", None, None),
    (3, "crown", "CANN", "1980-01-01", ["Y", "Z"]),
    (4, "crown", "CANN", "1981-01-01", ["Z", "X"]),
    (5, "crown", "KHAN", "1980-01-01", ["X"]),  # of somebody else
    (6, "crown", "LI", "1990-01-01", None),  # of nobody known
]
TRUTH = [(1, 100), (2, 100), (3, 100), (4, 100), (5, 200), (6, None)]
RULES = [
    BlockingRule("l.surname = r.surname"),
    BlockingRule("l.dob = r.dob OR l.dob = r.surname"),
    BlockingRule("l.codes = r.codes", ("codes",)),
]


@pytest.fixture
def limits(tmp_path):
    return KernelLimits(memory="100MB", scratch=str(tmp_path))


def _counted(spark, limits, records, truth, rules):
    keyed = keyed_rules(rules, "duckdb", where="model.json")
    rows = true_pairs_by_rule(
        spark.createDataFrame(records, SCHEMA),
        spark.createDataFrame(truth, "record_id bigint, true_person_id bigint"),
        keyed,
        limits=limits,
    )
    return rows, {tuple(row)[:3]: row["pairs"] for row in rows.collect()}


def test_true_pairs_are_counted_under_the_first_rule_that_makes_them(spark, limits):
    rows, found = _counted(spark, limits, RECORDS, TRUTH, RULES)
    assert found == {
        ("prison", "prison", "0"): 1,  # 1 and 2
        ("crown", "crown", "0"): 1,  # 3 and 4
        ("crown", "prison", "1"): 1,  # 1 and 3 share the date of birth
        ("crown", "prison", "2"): 1,  # 1 and 4 share a code
        ("crown", "prison", NO_RULE): 2,  # 2 with 3 and 4 shares nothing
    }
    recall = {tuple(row)[:2]: tuple(row)[2:] for row in blocking_recall(rows).collect()}
    assert recall == {
        ("prison", "prison"): (1, 1, 1.0),
        ("crown", "crown"): (1, 1, 1.0),
        ("crown", "prison"): (4, 2, 0.5),
    }

    lines = reading(rows, [rule.sql for rule in RULES])
    assert [line.split() for line in lines[2:6]] == [
        ["all", "0.6667", "6"],
        ["crown", "x", "prison", "0.5000", "4"],
        ["crown", "x", "crown", "1.0000", "1"],
        ["prison", "x", "prison", "1.0000", "1"],
    ]
    assert [line.split()[:2] for line in lines[7:]] == [
        ["0", "0.3333"],
        ["1", "0.1667"],
        ["2", "0.1667"],
        ["none", "0.3333"],
    ]


def test_without_a_rule_nothing_is_reached(spark, limits):
    rows, found = _counted(spark, limits, RECORDS[:2], TRUTH, [])
    assert found == {("prison", "prison", NO_RULE): 1}
    assert [row["recall"] for row in blocking_recall(rows).collect()] == [0.0]
    assert "nothing could be measured" in reading(rows.where("pairs > 1"), [])[0]


def test_many_pairs_against_every_one_by_hand(spark, limits):
    table = people(300, seed=8, ids="{}").to_pylist()
    names = ["a", "b", "c"]
    records = [
        (int(row["unique_id"]), names[int(row["unique_id"]) % 3], row["surname"], row["dob"], None) for row in table
    ]
    truth = [(record[0], record[0] // 7) for record in records]
    expected = Counter()
    for one, other in itertools.combinations(sorted(records, key=lambda record: (record[1], str(record[0]))), 2):
        if one[0] // 7 == other[0] // 7:
            agrees = [one[column] == other[column] is not None for column in (2, 3)]
            expected[one[1], other[1], next((str(rule) for rule, made in enumerate(agrees) if made), NO_RULE)] += 1
    _, found = _counted(spark, limits, records, truth, [*RULES[:1], BlockingRule("l.dob = r.dob")])
    assert found == expected
    assert expected["a", "b", NO_RULE] > 10
