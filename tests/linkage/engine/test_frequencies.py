"""Value frequencies against a count by hand."""

import itertools
from collections import Counter

import pyarrow as pa
import pytest

from linkage.engine.frequencies import counted_columns, value_frequencies, with_term_frequencies
from linkage.engine.records import ID, SOURCE
from tests.linkage.engine.prepared import prepared
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
def test_totals_are_those_of_every_pair(spark, link_type):
    inputs = {"a": INPUTS["a"]} if link_type == "dedupe_only" else INPUTS
    ready = prepared(spark, _document(link_type), inputs)
    found = value_frequencies(ready.records, ["surname", "city"]).totals
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
        assert (totals.values, totals.present) == (len({value for _, value in present}), len(present))
        assert (totals.agreeing_pairs, totals.possible_pairs) == (agreeing, len(allowed))
        assert totals.exact_agreement == agreeing / len(allowed)


@pytest.mark.parametrize("broadcast", [True, False])
def test_each_record_gets_its_values_share_over_all_sources(spark, monkeypatch, broadcast):
    if not broadcast:
        monkeypatch.setattr("linkage.engine.frequencies.BROADCAST_VALUES", 0)
    ready = prepared(spark, _document("link_only"), INPUTS)
    frequencies = value_frequencies(ready.records, ["forename", "surname"])
    surnames = [row["surname"] for table in INPUTS.values() for row in table.to_pylist()]
    counted = Counter(surname for surname in surnames if surname is not None)
    rows = with_term_frequencies(ready.records, frequencies, ["Surname"]).collect()
    assert len(rows) == len({(row[SOURCE], row[ID]) for row in rows}) == len(surnames)
    for row in rows:
        share = None if row["surname"] is None else counted[row["surname"]] / counted.total()
        assert row["__tf_surname"] == (None if share is None else pytest.approx(share, rel=1e-15))


def test_a_column_without_values_is_no_trouble(spark):
    table = pa.table({"unique_id": [1, 2], **{name: pa.nulls(2, pa.string()) for name in INPUTS["a"].column_names[1:]}})
    ready = prepared(spark, _document(), {"a": table})
    frequencies = value_frequencies(ready.records, ["surname"])
    assert frequencies.totals["surname"].exact_agreement is None
    assert [
        row["__tf_surname"] for row in with_term_frequencies(ready.records, frequencies, ["surname"]).collect()
    ] == [
        None,
        None,
    ]


def test_no_columns_need_no_counting(spark, tmp_path):
    ready = prepared(spark, _document(), {"a": INPUTS["a"]})
    frequencies = value_frequencies(ready.records, [])
    assert frequencies.totals == {}
    assert list(tmp_path.iterdir()) == []


def test_values_are_kept_as_hashes_only(spark):
    ready = prepared(spark, _document(), {"a": INPUTS["a"]})
    kept = value_frequencies(ready.records, ["surname"]).table
    assert {kind for _, kind in kept.dtypes} == {"smallint", "bigint"}
