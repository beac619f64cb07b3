"""Blocking rules over the elements of arrays, against expected pairs and Splink on DuckDB."""

import itertools
import random
from collections import Counter

import pyarrow as pa
import pytest

from linkage.engine import budget, key_rows, survey_sql
from linkage.errors import ConfigError, RefusedError
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings
from tests.linkage.splink_oracle import scored_pairs

KERNELS = pytest.mark.parametrize("memory", [0, 10**9], ids=["wide", "held"])
CITY = comparison("city", null("city"), exact("city", 0.9, 0.1), otherwise(0.1, 0.9))


def document(*rules, **more):
    """Settings with rules: SQL, or SQL and what it explodes."""
    read = [{"blocking_rule": rule} if isinstance(rule, str) else _exploding(*rule) for rule in rules]
    return settings(CITY, rules=[], **more) | {"blocking_rules_to_generate_predictions": read}


def _exploding(rule, *arrays):
    return {"blocking_rule": rule, "arrays_to_explode": list(arrays)}


def _table(rows):
    names = pa.schema(
        [
            ("unique_id", pa.int64()),
            ("aliases", pa.list_(pa.string())),
            ("codes", pa.list_(pa.int32())),
            ("surname", pa.string()),
            ("city", pa.string()),
        ]
    )
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, names, strict=True)], schema=names)


def _under(match_key, *pairs):
    return dict.fromkeys(pairs, match_key)


PEOPLE = _table(
    [
        (1, ["ann", "bea", "bea"], [1, 2], "x", "u"),
        (2, ["bea", "ann", None], [2, 3], "x", "v"),
        (3, ["ANN"], [1], "y", "u"),
        (4, [None], [], "x", "u"),
        (5, [None], None, "ann", "v"),
        (6, [], [1, 3], "x", "u"),
        (7, None, [3], "bea", "w"),
        (8, ["cy", "bea"], [9], "y", "v"),
    ]
)
A = ("l.aliases = r.aliases", "aliases")


@KERNELS
@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # Nulls and empty arrays share nothing; two shared elements make one pair.
        ([A], {(1, 2): "0", (1, 8): "0", (2, 8): "0"}),
        # Without exploding, an array is one value.
        (["l.aliases = r.aliases"], {(4, 5): "0"}),
        ([("lower(l.aliases) = lower(r.aliases)", "aliases")], _under("0", (1, 2), (1, 3), (2, 3), (1, 8), (2, 8))),
        ([("l.aliases = r.aliases AND l.surname = r.surname", "aliases")], {(1, 2): "0"}),
        # The left record's elements, the right one's plain value; a record without an element has no row.
        ([("l.aliases = r.surname", "aliases")], {(1, 5): "0", (2, 5): "0"}),
        ([("l.surname = r.aliases", "aliases")], {}),
        # One element must satisfy both conditions.
        ([("l.aliases = r.aliases AND l.aliases > 'ann'", "aliases")], {(1, 2): "0", (1, 8): "0", (2, 8): "0"}),
        ([("l.aliases = r.aliases AND l.aliases < 'bea'", "aliases")], {(1, 2): "0"}),
        # Two arrays: all combinations of elements.
        ([("l.aliases = r.aliases AND l.codes = r.codes", "aliases", "codes")], {(1, 2): "0"}),
        # An array that the rule does not read must have an element, be it null.
        (
            [("l.surname = r.surname AND l.city = r.city", "aliases")],
            {(1, 4): "0"},
        ),
        # The first rule that makes a pair has it.
        (
            ["l.surname = r.surname", A],
            _under("0", (1, 2), (1, 4), (1, 6), (2, 4), (2, 6), (4, 6), (3, 8)) | {(1, 8): "1", (2, 8): "1"},
        ),
        (
            [A, "l.city = r.city"],
            _under("0", (1, 2), (1, 8), (2, 8))
            | _under("1", (1, 3), (1, 4), (1, 6), (3, 4), (3, 6), (4, 6), (2, 5), (5, 8)),
        ),
        (
            [A, ("l.codes = r.codes", "codes")],
            _under("0", (1, 2), (1, 8), (2, 8)) | _under("1", (1, 3), (1, 6), (3, 6), (2, 6), (2, 7), (6, 7)),
        ),
        # Either side of an OR is a rule over elements.
        (
            [("l.aliases = r.aliases OR l.codes = r.codes", "aliases", "codes")],
            _under("0", (1, 2), (1, 3), (1, 8), (2, 8)),
        ),
    ],
)
def test_pairs_share_an_element(spark, limits, rules, expected, memory):
    found = plain(prepared(spark, document(*rules), {"people": PEOPLE}, memory=memory).scored(limits))
    assert {(one, other): str(scored.match_key) for (_, one, _, other), scored in found.items()} == expected


def _random_people(size, seed):
    """Arrays with nulls, repeated elements and none; few values, so that many pairs share several."""
    draw = random.Random(seed)

    def array(values):
        drawn = [draw.choice([*values, None]) for _ in range(draw.choice([0, 1, 1, 2, 3, 4]))]
        return drawn if draw.random() < 0.9 else None

    return _table(
        [
            (
                number,
                array(["ann", "Ann", "bea", "cy", "dan", "eve", "fay"]),
                array(range(9)),
                draw.choice(["ann", "bea", "x", "y", None]),
                draw.choice(["u", "v", "w", "z", None]),
            )
            for number in range(size)
        ]
    )


# Between two inputs Splink cannot explode what the rule does not read.
UNREAD = ("l.surname = r.surname AND l.city <> r.city", "codes")
# Splink judges a plain rule before an exploding one by elements too, so none of these reads an array.
RULES = (
    "l.surname = r.surname AND l.city = r.city",
    "l.surname = r.city OR (l.surname = r.surname AND l.city > r.city)",
    ("l.aliases = r.aliases AND l.city = r.city", "aliases"),
    ("l.aliases = r.aliases AND l.codes = r.codes", "codes", "aliases"),
    ("lower(l.aliases) = lower(r.aliases) AND l.codes < r.codes", "aliases", "codes"),
    ("l.codes = r.codes AND l.codes % 2 = 0 AND l.surname <> r.surname", "codes"),
    ("l.aliases = r.surname", "aliases"),
    ("l.city = r.city AND l.aliases <> r.aliases", "aliases"),
    UNREAD,
    ("l.aliases = r.aliases OR l.codes = r.codes + 1 AND l.city = r.city", "aliases", "codes"),
)


@KERNELS
@pytest.mark.parametrize(("link_type", "seed"), [("dedupe_only", 1), ("link_only", 2), ("link_and_dedupe", 3)])
def test_pairs_and_their_rules_are_splinks(spark, limits, link_type, seed, memory):
    rules = random.Random(seed).sample(RULES, len(RULES))
    if link_type == "link_only":
        rules.remove(UNREAD)
    inputs = {"a": _random_people(45, seed)}
    if link_type != "dedupe_only":
        inputs["b"] = _random_people(35, seed + 100)
    found = plain(prepared(spark, document(*rules, link_type=link_type), inputs, memory=memory).scored(limits))
    expected = scored_pairs(document(*rules, link_type=link_type), inputs)
    assert {p: str(s.match_key) for p, s in found.items()} == {p: s.match_key for p, s in expected.items()}
    assert len({each.match_key for each in expected.values()}) > 6
    for pair, scored in expected.items():
        assert (found[pair].weight, found[pair].gammas) == (pytest.approx(scored.weight), scored.gammas)


@KERNELS
@pytest.mark.parametrize("hot_pairs", [1, 20])
def test_pairs_of_split_keys_come_once(spark, limits, monkeypatch, hot_pairs, memory):
    monkeypatch.setattr(key_rows, "HOT_PAIRS", hot_pairs)
    monkeypatch.setattr(survey_sql, "HOT_PAIRS", hot_pairs)
    inputs = {"a": _random_people(60, seed=4)}
    rules = [("l.aliases = r.aliases", "aliases"), ("l.codes = r.codes AND l.aliases <> r.aliases", "codes", "aliases")]
    found = plain(prepared(spark, document(*rules), inputs, memory=memory).scored(limits))
    expected = scored_pairs(document(*rules), inputs)
    assert {p: str(s.match_key) for p, s in found.items()} == {p: s.match_key for p, s in expected.items()}


@KERNELS
def test_a_pair_is_told_under_the_first_rule_by_number(spark, limits, memory):
    """Splink takes the smallest of '2' and '10' as strings where arrays are exploded."""
    nothing = "l.surname = r.surname AND l.city <> l.city"
    rules = [nothing, nothing, A, *[nothing] * 7, ("l.codes = r.codes", "codes")]
    inputs = {"people": PEOPLE}
    found = plain(prepared(spark, document(*rules), inputs, memory=memory).scored(limits))
    expected = scored_pairs(document(*rules), inputs)
    assert found.keys() == expected.keys()
    both = (None, 1, None, 2)
    assert (str(found[both].match_key), expected[both].match_key) == ("2", "10")


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only"])
def test_sizes_count_a_pair_under_each_shared_element(spark, limits, link_type):
    inputs = {"a": _random_people(40, seed=5)}
    if link_type == "link_only":
        inputs["b"] = _random_people(30, seed=6)
    rules = [A, ("l.codes = r.codes AND l.city = r.city AND l.aliases = r.aliases", "aliases", "codes")]
    ready = prepared(spark, document(*rules, link_type=link_type), inputs)
    sizes = ready.surveyed(limits).sizes
    for rule, keys_of in zip(ready.rules, (_aliases, _codes_city_and_aliases), strict=True):
        keyed = [(source, key) for source, table in inputs.items() for row in table.to_pylist() for key in keys_of(row)]
        pairs = Counter(
            one[1]
            for one, other in itertools.combinations(keyed, 2)
            if one[1] == other[1] and (link_type == "dedupe_only" or one[0] != other[0])
        )
        rows = Counter(key for _, key in keyed)
        size = sizes.of(rule)
        assert (size.rows, size.keys, size.pairs) == (len(keyed), len(rows), sum(pairs.values()))
        assert (size.shared_keys, size.shared_rows) == (len(pairs), sum(rows[key] for key in pairs))
        assert size.largest_key_pairs == max(pairs.values())


def _aliases(row):
    return set(row["aliases"] or ()) - {None}


def _codes_city_and_aliases(row):
    codes = set(row["codes"] or ()) - {None}
    return {(code, row["city"], alias) for code in codes for alias in _aliases(row) if row["city"] is not None}


def test_a_budget_holds_pairs_not_shared_elements(spark, limits):
    ready = prepared(spark, document(A), {"people": PEOPLE})
    found = ready.surveyed(limits)
    # 1 and 2 share two elements.
    assert found.sizes.of(ready.rules[0]).pairs == 4
    budget.check(ready.records, ready.rules, found, 3, limits, name="--max-pairs")
    with pytest.raises(
        RefusedError, match=r"at least 3 distinct pairs; .* 0 \(l.aliases = r.aliases, exploding aliases\)"
    ):
        budget.check(ready.records, ready.rules, found, 2, limits, name="--max-pairs")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            ("l.surname = r.surname", "surname"),
            r"^blocking rule \(l.surname = r.surname, exploding surname\): arrays_to_explode: surname is VARCHAR",
        ),
        (("l.aliases = r.aliases", "alias"), r"no such column: blocking rule .*: alias$"),
        (("l.codes = r.surname", "codes"), r"equates INTEGER with VARCHAR"),
    ],
)
def test_what_cannot_be_exploded_is_refused_by_name(spark, limits, rule, reason):
    with pytest.raises(ConfigError, match=reason):
        prepared(spark, document(rule), {"people": PEOPLE}).scored(limits)


@KERNELS
def test_a_rule_before_an_exploding_one_has_the_pairs_that_it_makes(spark, limits, memory):
    """Splink holds it against the elements, and leaves out pairs that no rule then makes."""
    rules = ["l.aliases = r.aliases", A]
    inputs = {"people": PEOPLE}
    found = plain(prepared(spark, document(*rules), inputs, memory=memory).scored(limits))
    expected = _under("0", (4, 5)) | _under("1", (1, 2), (1, 8), (2, 8))
    assert {(one, other): str(scored.match_key) for (_, one, _, other), scored in found.items()} == expected
    assert {(one, other) for _, one, _, other in scored_pairs(document(*rules), inputs)} == {(4, 5)}
