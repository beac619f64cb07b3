"""Pairs made from numbers of held records, against Splink on DuckDB."""

import pyarrow as pa
import pytest

from linkage.engine import pairing
from linkage.engine.held import Held
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
    pairs = pa.table({"l": [0, 0, 1, 0, 0], "r": [1, 1, 2, 2, 1]})  # of 25, 25, 45, 60 and 25 bytes
    monkeypatch.setattr(pairing, "BATCH_BYTES", 50)
    assert [batch.num_rows for batch in pairing._batches(pairs, held)] == [2, 1, 1, 1]
    monkeypatch.setattr(pairing, "BATCH_BYTES", 10**9)
    assert [batch.num_rows for batch in pairing._batches(pairs, held)] == [5]
    monkeypatch.setattr(pairing, "BATCH_PAIRS", 3)
    assert pa.concat_tables(pairing._batches(pairs, held)) == pairs
    assert [batch.num_rows for batch in pairing._batches(pairs.slice(0, 0), held)] == [0]
