"""Pairs made from numbers of held records, against Splink on DuckDB."""

import pyarrow as pa
import pytest

from linkage.engine import pairing
from linkage.engine.chunks import HOLDER
from linkage.engine.held import Held, current, with_held
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings
from tests.linkage.splink_oracle import scored_pairs

CITY = comparison("city", null("city"), exact("city", 0.9, 0.1), otherwise(0.1, 0.9))


@pytest.mark.parametrize("memory", [0, 10**9], ids=["wide", "held"])
@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only"])
def test_rules_of_values_and_of_more_share_out_pairs_in_any_order(spark, limits, link_type, memory):
    rules = [
        "l.surname = r.surname AND l.city <> r.city",
        "l.surname = r.surname",
        "l.city = r.city AND l.forename < r.forename",
        "l.forename = r.surname",
        "l.city = r.city",
    ]
    document = settings(CITY, rules=rules, link_type=link_type)
    inputs = {"a": people(60, seed=1)} | ({"b": people(50, seed=2)} if link_type == "link_only" else {})
    found = plain(prepared(spark, document, inputs, memory=memory).scored(limits))
    expected = scored_pairs(document, inputs)
    assert {pair: str(each.match_key) for pair, each in found.items()} == {p: e.match_key for p, e in expected.items()}
    assert {each.match_key for each in expected.values()} == {"0", "1", "2", "3", "4"}


def test_long_texts_are_looked_up_for_fewer_pairs_at_a_time(monkeypatch):
    held = Held(pa.table({"number": [1, 2, 3], "name": ["a" * 10, None, "é" * 20], "city": ["b" * 10, "c" * 5, None]}))
    assert held.sizes().tolist() == [20, 5, 40]
    lists = {
        "names": pa.array([["a" * 7, "b" * 3], None, [], [None, "c"]]),  # 4 bytes more for each
        "vector": pa.array([[0.5] * 3, [], None, [1.5]]),
        "place": pa.array([{"lat": 1.0, "name": "xy"}, None, None, {"lat": 2.0, "name": None}]),
        "day": pa.array([1, 2, 3, 4], pa.date32()),
    }
    of_lists = Held(pa.table(lists))
    assert of_lists.sizes().tolist() == [10 + 2 * 4 + 3 * 8 + 8 + 2, 8, 8, 1 + 2 * 4 + 8 + 8]
    assert of_lists.longest() >= max(of_lists.sizes())
    assert Held(pa.table(lists).slice(2)).sizes().tolist() == of_lists.sizes().tolist()[2:]
    pairs = pa.table({"l": [0, 0, 1, 0, 0], "r": [1, 1, 2, 2, 1]})  # of 25, 25, 45, 60 and 25 bytes
    monkeypatch.setattr(pairing, "BATCH_BYTES", 50)
    assert [batch.num_rows for batch in pairing._batches(pairs, held)] == [2, 1, 1, 1]
    monkeypatch.setattr(pairing, "BATCH_BYTES", 10**9)
    assert [batch.num_rows for batch in pairing._batches(pairs, held)] == [5]
    monkeypatch.setattr(pairing, "BATCH_PAIRS", 3)
    assert pa.concat_tables(pairing._batches(pairs, held)) == pairs
    assert [batch.num_rows for batch in pairing._batches(pairs.slice(0, 0), held)] == [0]


def test_a_process_that_is_used_again_keeps_no_records_of_a_task_that_is_done():
    records = Held(pa.table({"number": [1]}))

    def task(batches):
        for batch in batches:
            assert current() is records
            yield batch

    class Sent:
        value = records

    assert list(with_held(iter(["a batch"]), task, Sent())) == ["a batch"]
    assert HOLDER == []


@pytest.mark.parametrize("memory", [0, 10**9], ids=["wide", "held"])
def test_records_of_one_source_are_not_joined_with_each_other_where_sources_are_linked(spark, limits, memory):
    # All share one key: 100,000 pairs, and five thousand million within a.
    document = settings(CITY, rules=["l.dob = r.dob"], link_type="link_only")
    many, one = ({"unique_id": list(range(n)), "city": ["york"] * n, "dob": ["2000-01-01"] * n} for n in (100_000, 1))
    ready = prepared(spark, document, {"a": pa.table(many), "b": pa.table(one)}, memory=memory)
    scored = ready.scored(limits, threshold=1e9)
    assert scored.frame.isEmpty()
    [counted] = scored.patterns().to_pylist()
    assert (counted["pairs"], counted["kept"]) == (100_000, 0)


@pytest.mark.parametrize("memory", [0, 10**9], ids=["wide", "held"])
def test_each_pair_of_three_sources_is_made_once(spark, limits, memory):
    document = settings(CITY, rules=["l.surname = r.surname", "l.city = r.city"], link_type="link_only")
    inputs = {name: people(20, seed=number) for number, name in enumerate(["b", "c", "a"])}
    found = plain(prepared(spark, document, inputs, memory=memory).scored(limits))
    assert found.keys() == scored_pairs(document, inputs).keys()
    assert {pair[0] + pair[2] for pair in found} == {"ab", "ac", "bc"}
