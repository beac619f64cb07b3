"""Keys that make no pair because they would make too many, against making every pair by hand."""

import itertools
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from linkage.engine import budget, chunks, survey
from linkage.engine.capping import Lost, capped_keys, lost
from linkage.engine.exploding import RULE
from linkage.engine.key_rows import Carried, key_rows
from linkage.engine.records import ID
from linkage.engine.sizes import CappedKeys, KeySizes, RuleSize, SharedKeys
from linkage.errors import ConfigError, RefusedError
from linkage.model.blocking import keyed_rules
from tests.linkage.engine.capped_by_hand import RULES, ByHand
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.splink_models import comparison, exact, model, null, otherwise, settings

KERNELS = pytest.mark.parametrize("memory", [0, 10**9], ids=["wide", "held"])
# A failure is shown as it was found: making it smaller would take hundreds of Spark jobs.
SOME = hypothesis_settings(
    max_examples=12,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CITY = comparison("city", null("city"), exact("city", 0.9, 0.1), otherwise(0.1, 0.9))
# Keys, records, pairs not made, made elsewhere, lost.
NOTHING = Lost(0, 0, 0, 0, 0, is_exact=True)

WORD = st.sampled_from(["a", "a", "a", "b", "b", "c", None])
RECORD = st.tuples(WORD, WORD, WORD, st.none() | st.lists(WORD, max_size=4))


def _table(rows, ids):
    columns = list(zip(*rows, strict=True))
    named = zip(("surname", "city", "dob"), columns, strict=False)
    return pa.table(
        {"unique_id": pa.array(ids, pa.int64())}
        | {name: pa.array(values, pa.string()) for name, values in named}
        | {"aliases": pa.array(columns[3], pa.list_(pa.string()))}
    )


def _document(rules, link_type):
    read = [
        {"blocking_rule": rule} | ({"arrays_to_explode": RULES[rule][0]} if RULES[rule][0] else {}) for rule in rules
    ]
    return settings(CITY, rules=[], link_type=link_type) | {"blocking_rules_to_generate_predictions": read}


def _found(ready, limits, cap):
    """Pairs with their match keys, and what capping did, by the engine."""
    found = ready.surveyed(limits, cap=cap)
    pairs = ready.scored(limits, found=found)
    made = {
        (one or "a", left, other or "a", right): str(scored.match_key)
        for (one, left, other, right), scored in plain(pairs).items()
    }
    return made, lost(ready.rules, found.sizes, pairs.sharing_capped())


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only"])
@SOME
@given(data=st.data())
def test_pairs_and_losses_are_those_of_looking_at_every_pair(spark, limits, data, link_type):
    rules = data.draw(st.lists(st.sampled_from(list(RULES)), min_size=2, max_size=5, unique=True))
    sizes = {"a": 18} if link_type == "dedupe_only" else {"a": 12, "b": 11}
    inputs = {
        name: _table(data.draw(st.lists(RECORD, min_size=size, max_size=size)), data.draw(st.permutations(range(size))))
        for name, size in sizes.items()
    }
    by_hand = ByHand(rules, inputs, link_type)
    # At least one key is above it, if any has two pairs.
    cap = data.draw(st.sampled_from(sorted({n - 1 for of in by_hand.pairs_of_keys for n in of.values()} - {0}) or [1]))
    made, losses = by_hand.made(cap)
    for memory in (0, 10**9):
        ready = prepared(spark, _document(rules, link_type), inputs, memory=memory)
        assert _found(ready, limits, cap) == (made, losses)
    for place in range(len(rules)):
        missed = by_hand.missed(str(place), made)
        told = losses.get(str(place), NOTHING)
        assert missed == told.pairs_lost if told.is_exact else missed <= told.pairs_lost


PEOPLE = pa.table(
    {
        "unique_id": [1, 2, 3, 4, 5, 6],
        "surname": ["x", "x", "x", "x", "y", "y"],
        "dob": ["1", "1", "2", "2", "2", "3"],
        "city": ["u"] * 6,
    }
)
SURNAME_AND_DOB = settings(CITY, rules=["l.surname = r.surname", "l.dob = r.dob"])


@KERNELS
@pytest.mark.parametrize(
    ("cap", "pairs", "losses"),
    [
        # Surname x would make six pairs. Two of them share a date of birth, too.
        (
            3,
            {(5, 6): "0", (1, 2): "1", (3, 4): "1", (3, 5): "1", (4, 5): "1"},
            {"0": Lost(1, 4, 6, 2, 4, is_exact=True)},
        ),
        # So would date of birth 2 make three, and of those nobody has made any.
        (
            2,
            {(5, 6): "0", (1, 2): "1"},
            {"0": Lost(1, 4, 6, 1, 5, is_exact=True), "1": Lost(1, 3, 3, 0, 3, is_exact=True)},
        ),
        # As many as the cap are not more.
        (6, {(5, 6): "0", (3, 5): "1", (4, 5): "1"} | dict.fromkeys(itertools.combinations((1, 2, 3, 4), 2), "0"), {}),
    ],
)
def test_a_key_above_the_cap_makes_no_pair(spark, limits, cap, pairs, losses, memory):
    made, found = _found(prepared(spark, SURNAME_AND_DOB, {"a": PEOPLE}, memory=memory), limits, cap)
    assert ({(one, other): match_key for (_, one, _, other), match_key in made.items()}, found) == (pairs, losses)


def test_where_all_keys_are_capped_no_pair_is_made_and_all_are_lost(spark, limits):
    ready = prepared(spark, settings(CITY, rules=["l.city = r.city"]), {"a": PEOPLE})
    assert _found(ready, limits, 1) == ({}, {"0": Lost(1, 6, 15, 0, 15, is_exact=True)})


def _crowd(size):
    """One surname has half of all records; its pairs share aliases, cities and dates with others."""
    rows = [
        ("hot" if n % 2 else f"s{n % 7}", f"c{n % 3}", f"d{n % 11}", [f"n{n % 5}", f"n{n % 4}", "all"][: n % 4])
        for n in range(size)
    ]
    return _table(rows, range(size))


def test_partitions_and_the_way_that_pairs_are_made_change_nothing(spark, limits):
    rules = ["l.surname = r.surname", "l.aliases = r.aliases", "l.dob = r.dob", "l.surname = r.city"]
    inputs = {"a": _crowd(60)}
    expected = ByHand(rules, inputs, "dedupe_only").made(100)
    assert expected[1].keys() == {"0", "1"}
    for partitions, memory in itertools.product((1, 3, 7), (0, 10**9)):
        ready = prepared(spark, _document(rules, "dedupe_only"), inputs, partitions=partitions, memory=memory)
        assert _found(ready, limits, 100) == expected


@KERNELS
def test_some_keys_are_capped_and_others_split(spark, limits, memory, monkeypatch):
    for module in ("survey_sql", "key_rows"):
        monkeypatch.setattr(f"linkage.engine.{module}.HOT_PAIRS", 20)
    rules = ["l.surname = r.surname", "l.city = r.city AND l.dob = r.dob", "l.aliases = r.aliases", "l.dob = r.dob"]
    inputs = {"a": _crowd(80)}
    by_hand = ByHand(rules, inputs, "dedupe_only")
    of_aliases = by_hand.pairs_of_keys[2].values()
    assert min(of_aliases) > 20
    assert max(of_aliases) > 200 > min(of_aliases)
    ready = prepared(spark, _document(rules, "dedupe_only"), inputs, memory=memory)
    assert _found(ready, limits, 200) == by_hand.made(200)


def test_a_capped_key_that_passes_for_shared_has_no_rows(spark, limits):
    ready = prepared(spark, SURNAME_AND_DOB, {"a": PEOPLE})
    sizes = ready.surveyed(limits, cap=3).sizes
    everything = replace(sizes, shared=SharedKeys(3, b"\xff"))
    frame = key_rows(ready.records, ready.rules, everything, Carried.plain([ID]), limits=limits)
    rows = [row for packed in frame.collect() for row in chunks.read(packed["chunk"]).to_pylist()]
    assert sorted(row[ID] for row in rows if row[RULE] == 0) == [5, 6]  # not those of surname x
    assert sorted(row[ID] for row in rows if row[RULE] == 1) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("cap", [None, 6])
def test_a_cap_that_no_key_reaches_changes_no_size(spark, limits, cap):
    ready = prepared(spark, SURNAME_AND_DOB, {"a": PEOPLE})
    sizes = ready.surveyed(limits, cap=cap).sizes
    assert sizes.capped == {}
    assert [(sizes.of(rule).pairs, len(sizes.hottest[rule.number])) for rule in ready.rules] == [(7, 2), (4, 2)]


def test_sizes_are_of_the_keys_that_are_left(spark, limits):
    ready = prepared(spark, SURNAME_AND_DOB, {"a": PEOPLE})
    found = ready.surveyed(limits, cap=3)
    assert found.sizes.of(ready.rules[0]) == RuleSize(2, 1, 1, 2, 1, 1)
    assert [hot.pairs for hot in found.sizes.hottest[0]] == [1]
    # Five pairs are made, of nine without the cap.
    budget.check(ready.records, ready.rules, found, 5, limits, name="link.max_pairs")
    with pytest.raises(RefusedError, match=r"link.max_pairs 4: the rules make at least 5 distinct pairs"):
        budget.check(ready.records, ready.rules, found, 4, limits, name="link.max_pairs")
    with pytest.raises(RefusedError, match="at least 7 distinct pairs"):
        budget.check(ready.records, ready.rules, ready.surveyed(limits), 5, limits, name="link.max_pairs")


def test_a_key_of_two_rules_over_the_same_values_is_counted_once():
    rules = ["l.surname = r.surname", "l.surname = r.surname AND l.city < r.city", "l.dob = r.dob", "l.city = r.city"]
    read = model(settings(CITY, rules=rules))
    keyed = keyed_rules(read.blocking_rules, "duckdb", where="settings.json")
    surnames, days = (CappedKeys(pa.array(keys, pa.uint64()), 9, 9) for keys in ([1, 2], [3]))
    sizes = KeySizes({}, {}, SharedKeys(3, b"0"), {0: surnames, 1: surnames, 2: days})
    assert capped_keys(keyed, sizes) == 3  # two surnames and a day
    assert [each.keys for each in lost(keyed, sizes, {}).values()] == [2, 2, 1]
    assert capped_keys(keyed, replace(sizes, capped={})) == 0


def test_more_capped_keys_than_tasks_can_hold_are_refused(spark, limits, monkeypatch):
    ready = prepared(spark, SURNAME_AND_DOB, {"a": PEOPLE})
    monkeypatch.setattr(survey, "MOST_CAPPED_KEYS", 2)
    assert len(ready.surveyed(limits, cap=2).sizes.capped) == 2
    monkeypatch.setattr(survey, "MOST_CAPPED_KEYS", 1)
    with pytest.raises(ConfigError, match=r"^link.cap_key_pairs 2: more than 1 keys .*; raise link.cap_key_pairs$"):
        ready.surveyed(limits, cap=2)
