"""What is told before a run: pairs against counting them, costs against arithmetic, and a table for people."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from linkage.engine.cost_table import cost_table
from linkage.engine.estimate import (
    Estimate,
    estimate,
    predicting,
    sample,
    sampling,
    surveying,
)
from linkage.engine.key_values import hottest_values
from linkage.engine.passes import Measured, Pass
from linkage.engine.sizes import HotKey, KeySizes, RuleSize, SharedKeys, rule_size
from linkage.engine.survey_sql import HOT_PAIRS
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings

CITY = comparison("city", null("city"), exact("city", 0.9, 0.1), otherwise(0.1, 0.9))
RULES = ["l.surname = r.surname", "l.dob = r.dob", "l.city = r.city AND l.forename > r.forename"]
PEOPLE = {"a": people(300, seed=5)}
NO_KEYS = SharedKeys(3, bytes(1))


def _new_by_rule(ready, limits):
    scored = plain(ready.scored(limits))
    return [sum(pair.match_key == str(number) for pair in scored.values()) for number in range(len(RULES))]


@pytest.mark.parametrize("memory", [0, 10**9], ids=["carried", "held"])
def test_a_sample_of_all_pairs_counts_those_new_under_each_rule(spark, limits, memory):
    ready = prepared(spark, settings(CITY, rules=RULES), PEOPLE, memory=memory)
    found = ready.surveyed(limits)
    sampled = sample(ready.records, ready.model, ready.rules, found, limits=limits, most=10**9)
    expected = _new_by_rule(ready, limits)
    assert [sampled.new[rule.number] for rule in ready.rules] == expected
    # Not just the sizes of keys.
    assert expected[1] < found.sizes.of(ready.rules[1]).pairs
    assert sampled.measured.seconds > 0
    assert sampled.measured.work.comparisons == sum(expected)


def test_a_part_of_the_pairs_tells_about_all(spark, limits):
    big = {"a": people(6000, seed=8)}
    ready = prepared(spark, settings(CITY, rules=RULES[1:]), big, memory=10**9)
    found = ready.surveyed(limits)
    every = sample(ready.records, ready.model, ready.rules, found, limits=limits, most=10**9)
    pairs = [found.sizes.of(rule).pairs for rule in ready.rules]
    part = sample(ready.records, ready.model, ready.rules, found, limits=limits, most=sum(pairs) // 3)
    assert part.measured.work.comparisons < every.measured.work.comparisons / 1.5
    for rule in ready.rules:
        assert part.new[rule.number] == pytest.approx(every.new[rule.number], rel=0.25)


def test_records_without_pairs_have_no_new_ones(spark, limits):
    ready = prepared(spark, settings(CITY, rules=RULES), {"a": PEOPLE["a"].slice(0, 1)})
    sampled = sample(ready.records, ready.model, ready.rules, ready.surveyed(limits), limits=limits)
    assert list(sampled.new.values()) == [0, 0, 0]


def test_a_machine_that_took_twice_as_long_is_expected_to_again(spark, limits):
    ready = prepared(spark, settings(CITY, rules=RULES), PEOPLE)
    found = ready.surveyed(limits)
    cores = spark.sparkContext.defaultParallelism
    work = surveying(ready.records, ready.rules, ["city"], found)
    # An ID, three keys and a value of each.
    assert work == Pass(records=300, hashes=300 * 5, is_held=ready.records.held is not None, is_first=True)
    expected = [
        estimate(
            ready.records,
            ready.model,
            ready.rules,
            found.sizes,
            [Measured("survey", work, slower * work.seconds(cores))],
            count=300,
            pairs=1_000,
        )
        for slower in (1, 2)
    ]
    by_spark = estimate(
        ready.records,
        ready.model,
        ready.rules,
        found.sizes,
        [Measured("survey", work, work.seconds(cores))],
        count=300,
        pairs=1_000,
        written_by_spark=True,
    )
    assert by_spark.seconds > expected[0].seconds + 1
    ours = predicting(ready.records, ready.model, ready.rules, found.sizes, count=300, pairs=1_000)
    assert expected[0].seconds == pytest.approx(ours.seconds(cores))
    assert expected[1].seconds == pytest.approx(2 * expected[0].seconds)
    assert expected[0].calibrated_on == ("survey",)
    assert expected[0].document()["pairs"] == 1_000
    assert json.dumps(expected[0].document())


def test_more_of_anything_takes_longer():
    least = Pass(records=1_000, hashes=1_000, rows=1_000, sharing=1_000, comparisons=1_000, scored=1_000)
    for name in ("hashes", "keys", "rows", "drawn", "sharing", "comparisons", "scored", "written"):
        more = Pass(**{**vars(least), name: 10**9})
        assert more.seconds(2) > least.seconds(2)
        assert more.seconds(4) < more.seconds(2)
    for different in ({"is_held": False}, {"is_first": True}, {"is_first": True, "records": 10**7}):
        assert Pass(**{**vars(least), **different}).seconds(2) > least.seconds(2)
    # Spark takes its time for a table without a row, too; processes that are there need not start.
    assert Pass(1_000, written=0).seconds(2) > Pass(1_000).seconds(2) + 1
    assert Pass(1_000, is_first=True, is_warm=True).seconds(2) < Pass(1_000, is_first=True).seconds(2) - 1


def test_a_share_of_a_rule_is_a_share_of_the_work(spark, limits):
    ready = prepared(spark, settings(CITY, rules=RULES[:2]), PEOPLE)
    sizes = ready.surveyed(limits).sizes
    one, other = (sizes.of(rule) for rule in ready.rules)
    work = sampling(ready.records, ready.model, ready.rules, sizes, {1: 0.25}, count=300, compared=40)
    assert work.sharing == one.pairs + other.pairs / 4
    # So small a sample draws records: half of them for a quarter of the pairs.
    assert work.rows == one.shared_rows + other.shared_rows / 2
    assert work.drawn == one.shared_rows + other.shared_rows
    assert work.comparisons == 40
    every = sampling(ready.records, ready.model, ready.rules, sizes, {1: 1.0}, count=300, compared=40)
    assert every.drawn == 0
    # Of a rule that is left out no row is looked at.
    assert sampling(ready.records, ready.model, ready.rules, sizes, {1: 0.0}, count=300, compared=40).drawn == 0


def test_a_key_that_several_rules_have_is_computed_once(spark):
    rules = ["l.dob = r.dob", "l.dob = r.dob AND l.city < r.city", "l.surname = r.forename"]
    ready = prepared(spark, settings(CITY, rules=rules), PEOPLE)
    sizes = KeySizes({rule.number: rule_size([]) for rule in ready.rules}, {}, NO_KEYS)
    work = sampling(ready.records, ready.model, ready.rules, sizes, {}, count=10, compared=0)
    # Of the date, of the surname on one side and of the forename on the other.
    assert work.keys == 3 * 10


@pytest.mark.parametrize("memory", [0, 10**9], ids=["carried", "held"])
def test_the_values_of_hot_keys_are_those_of_their_records(spark, limits, memory):
    rules = ["l.surname = r.surname AND l.city = r.city", "l.surname = r.forename"]
    ready = prepared(spark, settings(CITY, rules=rules), PEOPLE, memory=memory)
    sizes = ready.surveyed(limits).sizes
    values = hottest_values(ready.records, ready.rules, sizes, limits=limits)
    rows = PEOPLE["a"].to_pylist()
    assert sizes.hottest[0]
    assert sizes.hottest[1]
    for hot in sizes.hottest[0]:
        surname, city = values[0, hot.key].split(", ")
        assert sum(row["surname"] == surname and row["city"] == city for row in rows) == hot.rows
    for hot in sizes.hottest[1]:
        value = values[1, hot.key]
        assert sum((row["surname"] == value) + (row["forename"] == value) for row in rows) == hot.rows


@pytest.mark.parametrize("memory", [0, 10**9], ids=["carried", "held"])
def test_the_values_of_hot_keys_may_be_elements_of_arrays(spark, limits, memory):
    rows = [
        # record, names, codes, town
        (1, ["ANN LEE", "ANN RAY"], ["x"], "leeds"),
        (2, ["ANN RAY"], ["x", "y"], "leeds"),
        (3, ["ANN RAY", None], ["y"], "leeds"),
        (4, [], ["x"], "leeds"),
        (5, None, ["x"], "york"),
    ]
    names = ("unique_id", "names", "codes", "city")
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    one, several = "l.names = r.names", "l.city = r.city AND l.names = r.names AND l.codes = r.codes"
    document = settings(CITY, rules=[]) | {
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": one, "arrays_to_explode": ["names"]},
            {"blocking_rule": several, "arrays_to_explode": ["names", "codes"]},
        ]
    }
    ready = prepared(spark, document, {"a": table}, memory=memory)
    sizes = ready.surveyed(limits).sizes
    values = hottest_values(ready.records, ready.rules, sizes, limits=limits)
    shown = {
        (number, values[number, hot.key]): (hot.rows, hot.pairs) for number in (0, 1) for hot in sizes.hottest[number]
    }
    assert shown == {
        (0, "ANN RAY"): (3, 3),
        (1, "leeds, ANN RAY, x"): (2, 1),
        (1, "leeds, ANN RAY, y"): (2, 1),
    }


def test_rows_of_split_keys_are_foretold(spark, limits):
    ready = prepared(spark, settings(CITY, rules=RULES[:1]), PEOPLE)
    sizes = ready.surveyed(limits).sizes
    plain_work = predicting(ready.records, ready.model, ready.rules, sizes, count=300, pairs=1_000)
    hot = HotKey(7, 10_000, 100 * HOT_PAIRS)
    with_hot = replace(sizes, hottest={0: (*sizes.hottest[0], hot)})
    work = predicting(ready.records, ready.model, ready.rules, with_hot, count=300, pairs=1_000)
    # Each of its records goes to as many tiles as there are parts, twenty, and was counted once.
    assert work.rows - plain_work.rows == 19 * 10_000


def _table(spark, **more):
    ready = prepared(spark, settings(CITY, rules=RULES[:1]), PEOPLE)
    size = RuleSize(rows=12_345, keys=678, shared_keys=90, shared_rows=1_000, pairs=9_876_543, largest_key_pairs=21)
    sizes = KeySizes({0: size}, {0: tuple(HotKey(key, 7, 21) for key in range(250, 265))}, NO_KEYS)
    foretold = Estimate(seconds=12.34, shuffle_bytes=5_600_000, pairs=4_321, calibrated_on=("survey", "sample"))
    return cost_table(ready.rules, sizes, {0: 4_321}, foretold, **more).splitlines()


def test_costs_are_a_table_for_people(spark):
    lines = _table(spark)
    assert lines[0].split() == ["rule", "key", "rows", "keys", "pairs", "new", "pairs", "condition"]
    assert lines[1].split() == ["0", "12,345", "678", "9,876,543", "4,321", *RULES[0].split()]
    hot = lines[lines.index(f"hottest keys of rule 0: {RULES[0]}") + 2 :]
    names, records, pairs = zip(*(line.split() for line in hot[:10]), strict=True)
    assert (set(records), set(pairs)) == ({"7"}, {"21"})
    # Ten keys by ten names, under a secret of the table: the hashes themselves could be tried out.
    assert len(set(names)) == 10
    assert set(names).isdisjoint(f"{key:016x}" for key in range(250, 260))
    assert hot[10] == ""
    assert hot[11] == "prediction: about 4,321 distinct pairs, 12.3 s and 5.6 MB of shuffle under this profile"
    assert hot[12] == "seconds are calibrated on this run's survey and sample"


def test_values_are_shown_where_they_are_given(spark):
    lines = _table(spark, values={(0, 250): "Moss, Leeds"})
    [shown] = [line for line in lines if "Moss" in line]
    assert shown.split()[1:3] == ["7", "21"]
    assert shown.endswith("Moss, Leeds")
