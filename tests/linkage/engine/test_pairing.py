"""Pairs made from numbers of held records, against Splink on DuckDB."""

import pytest

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
