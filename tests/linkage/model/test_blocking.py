"""Blocking rules taken apart: keys, sides, and what is left to check of a pair."""

import pytest
from sqlglot import parse_one

from linkage.errors import ConfigError
from linkage.model.blocking import keyed_rules
from linkage.model.specification import BlockingRule


def _keyed(*rules, dialect="duckdb"):
    return keyed_rules([BlockingRule(rule) for rule in rules], dialect, where="settings.json")


@pytest.mark.parametrize(
    ("rule", "left", "right", "columns", "only_keys"),
    [
        ("l.a = r.a", ['"a"'], ['"a"'], ["a"], True),
        ("(l.a = r.a)", ['"a"'], ['"a"'], ["a"], True),
        ("r.a = l.a", ['"a"'], ['"a"'], ["a"], True),
        ("L.a = R.a", ['"a"'], ['"a"'], ["a"], True),
        (
            "l.a = r.a AND (l.b = r.b AND l.c = r.c)",
            ['"a"', '"b"', '"c"'],
            ['"a"', '"b"', '"c"'],
            ["a", "b", "c"],
            True,
        ),
        # Two names swapped: left and right records have different keys.
        ("l.a = r.b", ['"a"'], ['"b"'], ["a", "b"], False),
        ("l.a = r.b AND l.b = r.a", ['"a"', '"b"'], ['"b"', '"a"'], ["a", "b"], False),
        # What is always true is no key, and does no harm beside one.
        ("1 = 1 AND l.a = r.a", ['"a"'], ['"a"'], ["a"], False),
        ("l.b = l.b AND l.a = r.a", ['"a"'], ['"a"'], ["a", "b"], False),
        ("r.b = l.a", ['"a"'], ['"b"'], ["a", "b"], False),
        # What is no equality of the two records is checked of the pair.
        ("l.a = r.a AND l.b <> r.b", ['"a"'], ['"a"'], ["a", "b"], False),
        ("l.a = r.a AND l.b = 'x'", ['"a"'], ['"a"'], ["a", "b"], False),
        ("l.a = r.a AND l.b || r.b = 'xy'", ['"a"'], ['"a"'], ["a", "b"], False),
        ("l.a = r.a AND (l.b = r.b OR l.c = r.c)", ['"a"'], ['"a"'], ["a", "b", "c"], False),
        ("substr(l.a, 1, 2) = substr(r.a, 1, 2)", ['SUBSTRING("a", 1, 2)'], ['SUBSTRING("a", 1, 2)'], ["a"], True),
        ('l."full name" = r."full name"', ['"full name"'], ['"full name"'], ["full name"], True),
    ],
)
def test_equalities_of_the_two_records_make_the_key(rule, left, right, columns, only_keys):
    [keyed] = _keyed(rule)
    assert (list(keyed.left_keys), list(keyed.right_keys)) == (left, right)
    assert sorted(keyed.columns) == columns
    assert keyed.is_only_keys is only_keys
    assert keyed.is_symmetric is (left == right)
    # The pair is judged by the whole rule, not by its key.
    assert parse_one(keyed.predicate, read="duckdb") == parse_one(rule, read="duckdb").unnest()


def test_or_at_the_top_makes_several_rules_under_one_match_key():
    keyed = _keyed("l.a = r.a OR (l.b = r.b OR l.c = r.c AND l.d = r.d)", "l.e = r.e")
    assert [(rule.match_key, rule.left_keys) for rule in keyed] == [
        (0, ('"a"',)),
        (0, ('"b"',)),
        (0, ('"c"', '"d"')),
        (1, ('"e"',)),
    ]


def test_a_rule_that_names_itself_in_an_or_is_taken_apart_as_it_stands():
    keyed = _keyed("l.a = r.a OR (l.a = r.a OR (l.b = r.b OR l.a = r.a))")
    assert [(rule.number, rule.match_key, rule.left_keys) for rule in keyed] == [
        (0, 0, ('"a"',)),
        (1, 0, ('"a"',)),
        (2, 0, ('"b"',)),
        (3, 0, ('"a"',)),
    ]


@pytest.mark.parametrize("rule", [" OR ".join(["l.a = r.a"] * 5000), f"{'(' * 600}l.a = r.a{')' * 600}"])
def test_rules_nested_beyond_all_measure_are_refused_without_repeating_them(rule):
    with pytest.raises(ConfigError, match=r"^settings\.json: blocking rule 1 is nested too deeply; make it several$"):
        _keyed("l.z = r.z", rule)


def test_spark_rules_are_translated_for_the_tasks():
    [keyed] = _keyed("l.`a` = r.`a` AND size(array_intersect(l.p, r.p)) >= 1", dialect="spark")
    assert keyed.left_keys == ('"a"',)
    assert "`" not in keyed.predicate
    assert "list_intersect" in keyed.predicate.lower()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("l.a <> r.a", "no equality between an expression of l and one of r"),
        ("l.a COLLATE NOCASE = r.a COLLATE NOCASE", "COLLATE cannot block"),
        ("l.b = r.b AND lower(l.a COLLATE noaccent) = lower(r.a COLLATE noaccent)", "COLLATE cannot block"),
        ("1 = 1", "no equality"),
        ("'x' = 'x'", "no equality"),
        ("l.a = r.a OR 1 = 1", "no equality"),
        ("(l.a = r.a OR l.b = r.b) AND l.c > r.c", "no equality"),
        ("l.a = l.a AND r.a = r.a", "no equality"),
        ("l.a || r.a = r.a || l.a", "no equality"),
        ("()", "no equality"),
        ("", "broken SQL"),
        (" ", "broken SQL"),
        ("-- nothing", "broken SQL"),
        ("true", "no equality"),
        ("l.a = 'x'", "no equality"),
        ("l.a = l.b", "no equality"),
        ("l.a || r.a = l.b", "no equality"),
        ("NOT l.a = r.a", "no equality"),
        ("l.a = r.a OR l.b > r.b", "no equality"),  # its second side would compare everything
        ("a = r.a", "column a must be written l.a or r.a"),
        ("x.a = r.a", "column a must be written l.a or r.a"),
        ("l.a = = r.a", "broken SQL"),
        ("l.a = r.a AND", "broken SQL"),
    ],
)
def test_rules_that_cannot_be_keyed_are_refused_by_name(rule, reason):
    with pytest.raises(ConfigError) as refused:
        _keyed("l.z = r.z", rule)
    message = str(refused.value)
    assert message.startswith(f"settings.json: blocking rule 1 ({rule}")
    assert reason in message
    assert "\n" not in message


def _share(left, right):
    element = f'"__l_{left}"'
    return f'list_bool_or(list_transform(l."{left}", lambda {element}: list_contains(r."{right}", {element})))'


P, Q, PQ = _share("p", "p"), _share("q", "q"), _share("p", "q")


@pytest.mark.parametrize(
    ("rule", "arrays", "predicate", "left_arrays", "right_arrays"),
    [
        ("l.p = r.p", ["p"], P, ["p"], ["p"]),
        ("l.a = r.a AND l.P = r.P", ["p"], f"(l.a = r.a) AND {P}", ["p"], ["p"]),
        (
            "l.p = r.p AND l.q = r.q",
            ["q", "P"],
            f"{P} AND {Q}",
            *[["q", "p"]] * 2,
        ),
        # A record whose array is empty has no row.
        ("l.a = r.a", ["p"], '(l.a = r.a) AND len(l."p") > 0 AND len(r."p") > 0', [], []),
        ("l.p = r.q", ["p", "q"], f'len(l."q") > 0 AND len(r."p") > 0 AND {PQ}', ["p"], ["q"]),
        # One element must satisfy both conditions.
        (
            "l.p = r.p AND l.p <> l.a",
            ["p"],
            'list_bool_or(list_transform(l."p", lambda "__l_p": list_bool_or(list_transform(r."p", lambda "__r_p": '
            '("__l_p" = "__r_p") AND ("__l_p" <> l.a)))))',
            ["p"],
            ["p"],
        ),
        (
            "l.p = r.a",
            ["p"],
            'len(r."p") > 0 AND list_bool_or(list_transform(l."p", lambda "__l_p": ("__l_p" = r.a)))',
            ["p"],
            [],
        ),
    ],
)
def test_rules_over_elements_become_rules_over_arrays(rule, arrays, predicate, left_arrays, right_arrays):
    [keyed] = keyed_rules([BlockingRule(rule, tuple(arrays))], "duckdb", where="settings.json")
    assert keyed.predicate == predicate
    assert keyed.told == f"{rule}, exploding {', '.join(arrays).lower()}"
    assert (list(keyed.left_arrays), list(keyed.right_arrays)) == (left_arrays, right_arrays)
    assert {array.lower() for array in arrays} == set(keyed.arrays) <= {column.lower() for column in keyed.columns}
    # A pair may share several keys.
    assert not keyed.is_only_keys


def test_spark_rules_over_elements_are_translated():
    rule = BlockingRule("lower(l.`p q`) = lower(r.`p q`) AND l.a = r.a", ("`p q`",))
    [keyed] = keyed_rules([rule], "spark", where="settings.json")
    assert keyed.left_keys == ('LOWER("p q")', '"a"')
    assert keyed.predicate == (
        '(l.a = r.a) AND list_bool_or(list_transform(l."p q", lambda "__l_p q": list_bool_or(list_transform(r."p q", '
        'lambda "__r_p q": (LOWER("__l_p q") = LOWER("__r_p q"))))))'
    )


@pytest.mark.parametrize("array", ["l.p", "lower(p)", "'p'", "p, q"])
def test_what_is_no_column_is_not_exploded(array):
    with pytest.raises(ConfigError, match=r"blocking rule 0 \(l\.p = r\.p\): arrays_to_explode: "):
        keyed_rules([BlockingRule("l.p = r.p", (array,))], "duckdb", where="settings.json")
