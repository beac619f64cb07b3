"""Sizes before any pair is made, and the budget that they are held to, against counting every pair."""

import itertools
import re
from collections import Counter

import pytest

from linkage.engine import budget
from linkage.engine.sizes import RuleSize
from linkage.errors import RefusedError
from tests.linkage.engine.prepared import prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings
from tests.linkage.splink_oracle import scored_pairs

CITY = comparison("city", null("city"), exact("city", 0.9, 0.1), otherwise(0.1, 0.9))
INPUTS = {name: people(size, seed=seed) for seed, (name, size) in enumerate({"a": 50, "b": 40, "c": 9}.items())}


def _inputs(link_type):
    return {"a": INPUTS["a"]} if link_type == "dedupe_only" else INPUTS


def _by_hand(inputs, link_type, left, right):
    """Rows and keys, those shared by a pair, pairs and the hottest key's; left and right make a record's key."""
    records = [(source, row) for source, table in inputs.items() for row in table.to_pylist()]
    keyed = [(source, left(row), right(row)) for source, row in records]
    if left is right:
        rows = [(key, source) for source, key, _ in keyed if key is not None]
        pairs = Counter(
            one[0]
            for one, other in itertools.combinations(rows, 2)
            if one[0] == other[0] and (link_type != "link_only" or one[1] != other[1])
        )
        sides = [key for key, _ in rows]
    else:
        pairs = Counter(one[1] for one, other in itertools.product(keyed, keyed) if one[1] == other[2] is not None)
        sides = [key for _, one, other in keyed for key in (one, other) if key is not None]
    rows_of = Counter(sides)
    return RuleSize(
        rows=len(sides),
        keys=len(rows_of),
        shared_keys=len(pairs),
        shared_rows=sum(rows_of[key] for key in pairs),
        pairs=sum(pairs.values()),
        largest_key_pairs=max(pairs.values(), default=0),
    )


def _surname(row):
    return row["surname"]


def _forename(row):
    return row["forename"]


def _city_and_surname(row):
    return None if None in (row["city"], row["surname"]) else (row["city"], row["surname"])


def _nothing(_):
    return None


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only", "link_and_dedupe"])
def test_sizes_are_those_of_counting_every_pair(spark, limits, link_type):
    rules = {
        "l.surname = r.surname": (_surname, _surname),
        "l.city = r.city AND l.surname = r.surname": (_city_and_surname, _city_and_surname),
        # Left times right: an upper bound, with records beside themselves and both ways round.
        "l.surname = r.forename": (_surname, _forename),
        "nullif(l.city, l.city) = nullif(r.city, r.city)": (_nothing, _nothing),
    }
    inputs = _inputs(link_type)
    ready = prepared(spark, settings(CITY, rules=list(rules), link_type=link_type), inputs)
    sizes = ready.surveyed(limits).sizes
    found = [sizes.of(rule) for rule in ready.rules]
    assert found == [_by_hand(inputs, link_type, *sides) for sides in rules.values()]
    assert found[0].pairs > 50
    # Few keys that nobody shares pass.
    assert 0 < int.from_bytes(sizes.shared.bits).bit_count() < len(sizes.shared.bits) * 8 / 4
    assert sizes.shared.width == (len(sizes.shared.bits) * 8 - 1).bit_length()
    for rule, size in zip(ready.rules, found, strict=True):
        hottest = sizes.hottest[rule.number]
        assert [hot.pairs for hot in hottest] == sorted((hot.pairs for hot in hottest), reverse=True)
        assert (hottest[0].pairs if hottest else 0) == size.largest_key_pairs
        assert len(hottest) == min(10, size.shared_keys)


RULES = ["l.surname = r.surname", "l.dob = r.dob", "l.city = r.city AND l.forename > r.forename"]


def _distinct(document, inputs):
    return len(scored_pairs(document, inputs))


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only"])
def test_a_budget_is_held_to_distinct_pairs(spark, limits, link_type):
    document, inputs = settings(CITY, rules=RULES, link_type=link_type), _inputs(link_type)
    ready = prepared(spark, document, inputs)
    found = ready.surveyed(limits)
    sizes = [found.sizes.of(rule) for rule in ready.rules]
    distinct = _distinct(document, inputs)
    assert distinct < sum(size.pairs for size in sizes)  # so key sizes alone leave this budget undecided
    assert max(sizes[0].pairs, sizes[1].pairs) < distinct - 1
    budget.check(ready.records, ready.rules, found, distinct, limits, name="--max-pairs")
    with pytest.raises(RefusedError, match=rf"--max-pairs {distinct - 1}: .* at least {distinct} distinct pairs") as no:
        budget.check(ready.records, ready.rules, found, distinct - 1, limits, name="--max-pairs")
    most = max(range(3), key=lambda number: sizes[number].pairs)
    assert f"most under blocking rule {most} ({RULES[most]})" in str(no.value)


def test_a_rule_that_breaks_the_budget_alone_needs_no_pair(spark, limits):
    ready = prepared(spark, settings(CITY, rules=RULES), _inputs("dedupe_only"))
    found = ready.surveyed(limits)
    sizes = [found.sizes.of(rule) for rule in ready.rules]
    # No records: counting pairs would find none, so the refusal comes from key sizes.
    nobody = prepared(spark, settings(CITY, rules=RULES), {"a": INPUTS["a"].slice(0, 0)}).records
    with pytest.raises(RefusedError, match=f"at least {sizes[0].pairs} distinct pairs"):
        budget.check(nobody, ready.rules, found, sizes[0].pairs - 1, limits, name="--max-pairs")
    budget.check(nobody, ready.rules, found, sizes[0].pairs + sizes[1].pairs, limits, name="--max-pairs")


def test_a_budget_far_below_what_shares_a_key_is_held_to_a_sample(spark, limits, monkeypatch):
    """No more pairs are looked at than the sample's, whatever the rules would make."""
    inputs = {"a": people(3000, seed=9)}
    rules = ["l.city = r.city AND l.forename > r.forename", "l.surname = r.surname AND l.dob <> r.dob"]
    document = settings(CITY, rules=rules)
    ready = prepared(spark, document, inputs, memory=10**8)
    found = ready.surveyed(limits)
    distinct = _distinct(document, inputs)
    monkeypatch.setattr(budget, "COUNTED_PAIRS", 10_000)
    monkeypatch.setattr(budget, "_SAMPLED_PAIRS", 200_000)
    assert sum(found.sizes.of(rule).pairs for rule in ready.rules) > 1_000_000
    with pytest.raises(RefusedError) as refused:
        budget.check(ready.records, ready.rules, found, distinct // 2, limits, name="--max-pairs")
    about = int(re.search(r"about (\d+) distinct pairs", str(refused.value))[1])
    assert about == pytest.approx(distinct, rel=0.1)
    assert about != distinct
    budget.check(ready.records, ready.rules, found, 2 * distinct, limits, name="--max-pairs")
