"""Value frequencies against a count by hand."""

import ast
import itertools
import math
from collections import Counter

import pyarrow as pa
import pytest

from linkage.engine.frequencies import counted_columns, with_joined_frequencies
from linkage.engine.records import ID, SOURCE
from linkage.engine.source_frequencies import exact_agreement_by_sources
from linkage.errors import ConfigError
from tests.linkage.engine.prepared import plain, prepared, prepared_with_persons
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings

INPUTS = {"a": people(60, seed=5), "b": people(40, seed=6), "c": people(7, seed=7)}


def _document(link_type="dedupe_only"):
    return settings(
        comparison("s", null("surname"), exact("surname", tf_adjustment_column="surname"), otherwise()),
        comparison("f", null("Forename"), exact("Forename"), otherwise()),
        comparison("c", null("city"), level("city_l < city_r"), otherwise()),
        rules=["l.dob = r.dob"],
        link_type=link_type,
    )


def test_scoring_counts_adjusted_columns_and_training_exact_ones_too():
    read = model(_document())
    assert counted_columns(read, for_training=False) == ["surname"]
    assert counted_columns(read, for_training=True) == ["surname", "forename"]  # city has no exact level


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only", "link_and_dedupe"])
def test_totals_are_those_of_every_pair(spark, limits, link_type):
    inputs = {"a": INPUTS["a"]} if link_type == "dedupe_only" else INPUTS
    ready = prepared(spark, _document(link_type), inputs)
    found = ready.surveyed(limits, ["surname", "city"]).frequencies.totals
    for column in ("surname", "city"):
        present = [
            (source, row[column]) for source, table in inputs.items() for row in table.to_pylist() if row[column]
        ]
        allowed = [
            (one, other)
            for one, other in itertools.combinations(present, 2)
            if link_type != "link_only" or one[0] != other[0]
        ]
        agreeing = sum(one[1] == other[1] for one, other in allowed)
        totals = found[column]
        times = Counter(value for _, value in present)
        assert (totals.values, totals.present) == (len(times), len(present))
        assert totals.repeated == sum(n > 1 for n in times.values())
        assert (totals.agreeing_pairs, totals.possible_pairs) == (agreeing, len(allowed))
        assert totals.exact_agreement == agreeing / len(allowed)


@pytest.mark.parametrize("in_spark", [False, True])
def test_each_record_gets_its_values_share_over_all_sources(spark, limits, monkeypatch, in_spark):
    """Read off the weights: with one value for both sides and m = u, the adjustment alone is left."""
    if in_spark:
        monkeypatch.setattr("linkage.engine.frequencies.LOOKUP_VALUES", 0)
    document = settings(
        comparison("s", null("surname"), exact("surname", 0.5, 0.5, tf_adjustment_column="Surname"), otherwise()),
        rules=["l.surname = r.surname"],
        link_type="link_and_dedupe",
        probability_two_random_records_match=0.5,
    )
    ready = prepared(spark, document, INPUTS)
    surnames = {(name, row["unique_id"]): row["surname"] for name, table in INPUTS.items() for row in table.to_pylist()}
    counted = Counter(surname for surname in surnames.values() if surname is not None)
    scored = plain(ready.scored(limits))
    assert len(scored) == sum(n * (n - 1) // 2 for n in counted.values()) > 50
    for pair, found in scored.items():
        share = counted[surnames[pair[:2]]] / counted.total()
        assert found.weight == pytest.approx(math.log2(0.5 / share), rel=1e-12)


PERSONS_BY = [["forename", "dob"], ["city"]]


def _persons(inputs):
    """(source, ID): the person by hand: who shares forename and date of birth, else the town, else one alone."""
    found = {}
    for name, table in inputs.items():
        for row in table.to_pylist():
            whole = [tuple(row[column] for column in columns) for columns in PERSONS_BY]
            person = next((values for values in whole if None not in values), row["unique_id"])
            found[name, row["unique_id"]] = (name, person)
    return found


@pytest.mark.parametrize("link_type", ["link_only", "link_and_dedupe"])
@pytest.mark.parametrize("way", ["held", "carried", "joined in Spark"])
def test_a_value_counts_once_for_each_person(spark, limits, monkeypatch, way, link_type):
    if way == "joined in Spark":
        monkeypatch.setattr("linkage.engine.frequencies.LOOKUP_VALUES", 0)
    document = settings(
        comparison("s", null("surname"), exact("surname", 0.5, 0.5, tf_adjustment_column="surname"), otherwise()),
        rules=["l.surname = r.surname"],
        link_type=link_type,
        probability_two_random_records_match=0.5,
    )
    memory = 10**8 if way == "held" else 0
    ready = prepared_with_persons(spark, document, INPUTS, PERSONS_BY, memory=memory)
    assert (ready.records.held is not None) == (way == "held")
    persons = _persons(INPUTS)
    rows = {(name, row["unique_id"]): row["surname"] for name, table in INPUTS.items() for row in table.to_pylist()}
    each = {(surname, persons[record]) for record, surname in rows.items() if surname is not None}
    counted = Counter(surname for surname, _ in each)
    assert counted.total() < sum(surname is not None for surname in rows.values()) - 5

    found = ready.surveyed(limits, ["surname"])
    totals = found.frequencies.totals["surname"]
    allowed = [
        (one, other)
        for one, other in itertools.combinations(sorted(each, key=repr), 2)
        if link_type != "link_only" or one[1][0] != other[1][0]
    ]
    agreeing = sum(one[0] == other[0] for one, other in allowed)
    assert (totals.values, totals.present) == (len(counted), counted.total())
    assert (totals.agreeing_pairs, totals.possible_pairs) == (agreeing, len(allowed))

    scored = plain(ready.scored(limits, found=found))
    assert len(scored) > 50
    for pair, score in scored.items():
        assert score.weight == pytest.approx(math.log2(0.5 / (counted[rows[pair[:2]]] / counted.total())), rel=1e-12)

    by_source = exact_agreement_by_sources(ready.records, ["surname"])["surname"]
    names = ready.records.sources
    for left, right in itertools.combinations_with_replacement(range(3), 2):
        one, other = ([value for value in each if value[1][0] == names[side]] for side in (left, right))
        pairs = list(itertools.combinations(one, 2) if left == right else itertools.product(one, other))
        assert by_source[left, right] == sum(a[0] == b[0] for a, b in pairs) / len(pairs)


def test_persons_by_columns_that_are_not_there_are_refused_by_name(spark):
    with pytest.raises(ConfigError, match="persons_by: no such column: pnc"):
        prepared_with_persons(spark, _document("link_only"), INPUTS, [["dob", "pnc"]], memory=0)


@pytest.mark.parametrize("in_spark", [False, True])
def test_arrays_are_counted_apart_also_where_they_hold_nothing(spark, limits, monkeypatch, in_spark):
    if in_spark:
        monkeypatch.setattr("linkage.engine.frequencies.LOOKUP_VALUES", 0)
    times = {"[]": 2, "[None]": 3, "['a']": 4, "['a', None]": 5, "[None, 'a']": 6, "None": 7}
    values = [value for value, n in times.items() for _ in range(n)]
    tags = pa.array([ast.literal_eval(value) for value in values], pa.list_(pa.string()))
    table = pa.table({"unique_id": range(27), "tags": tags})
    document = settings(
        comparison("t", null("tags"), exact("tags", 0.5, 0.5, tf_adjustment_column="tags"), otherwise()),
        rules=["l.tags = r.tags"],
        probability_two_random_records_match=0.5,
    )
    ready = prepared(spark, document, {"a": table})
    totals = ready.surveyed(limits, ["tags"]).frequencies.totals["tags"]
    assert (totals.values, totals.present, totals.agreeing_pairs) == (5, 20, 1 + 3 + 6 + 10 + 15)
    scored = plain(ready.scored(limits))
    assert len(scored) == totals.agreeing_pairs
    for (_, left, _, _), found in scored.items():
        assert found.weight == pytest.approx(math.log2(0.5 / (times[values[left]] / 20)), rel=1e-12)


def test_a_join_adds_and_loses_no_record(spark):
    ready = prepared(spark, _document("link_only"), INPUTS)
    rows = with_joined_frequencies(ready.records.frame, ["surname", "forename"]).collect()
    values = [row["surname"] for table in INPUTS.values() for row in table.to_pylist()]
    counted = Counter(value for value in values if value is not None)
    assert len(rows) == len({(row[SOURCE], row[ID]) for row in rows}) == len(values)
    for row in rows:
        share = None if row["surname"] is None else counted[row["surname"]] / counted.total()
        assert row["__tf_surname"] == share


def test_a_column_without_values_is_no_trouble(spark, limits):
    table = pa.table({"unique_id": [1, 2], **{name: pa.nulls(2, pa.string()) for name in INPUTS["a"].column_names[1:]}})
    frequencies = prepared(spark, _document(), {"a": table}).surveyed(limits, ["surname"]).frequencies
    assert frequencies.totals["surname"].exact_agreement is None
    assert frequencies.repeated("surname").num_rows == 0


def test_no_columns_need_no_counting(spark, limits):
    assert prepared(spark, _document(), {"a": INPUTS["a"]}).surveyed(limits).frequencies.totals == {}


def test_values_are_kept_as_hashes_only(spark, limits):
    frequencies = prepared(spark, _document(), {"a": INPUTS["a"]}).surveyed(limits, ["surname"]).frequencies
    assert {str(field.type) for field in frequencies.repeated("surname").schema} == {"uint64", "int64"}
