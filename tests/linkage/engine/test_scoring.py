"""The engine's pairs against Splink's own on DuckDB: the same pairs, keys, levels and weights."""

import itertools
import math

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import DOB, SURNAME, comparison, exact, level, null, otherwise, settings
from tests.linkage.splink_oracle import scored_pairs

# Key rows carry the records, or their numbers.
CARRIED_AND_HELD = (0, 10**9)

# A failure is shown as it was found: making it smaller would take hundreds of Spark jobs.
FEW = hypothesis_settings(
    max_examples=3,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

RULES = [
    "l.forename = r.forename",
    "l.surname = r.surname AND l.dob = r.dob",
    "l.forename = r.surname",  # a key of each side
    "l.surname = r.forename AND l.city = r.city",
    "l.dob = r.dob AND l.city <> r.city",  # a residual
    "l.city = r.city AND l.height > r.height",  # one that tells left from right
    "l.surname = r.surname OR l.dob = r.dob",
    "(l.forename = r.forename AND l.city = 'york') OR l.height = r.height",
    "substr(l.dob, 1, 4) = substr(r.dob, 1, 4) AND levenshtein(l.surname, r.surname) <= 1",
    "r.surname = l.surname AND coalesce(l.forename, 'x') = coalesce(r.forename, 'x')",
]
PROBABILITY = st.floats(0.001, 0.999, allow_nan=False)
WORD = st.sampled_from([None, "", "ann", "anne", "bob", "zoë", "🤦", "O'Hara"])
RECORD = st.tuples(
    WORD,
    WORD,
    st.sampled_from([None, "1970-01-01", "1970-02-01", "1980-01-01"]),
    st.sampled_from([None, "york", "hull"]),
    st.sampled_from([None, 160, 170, 180]),
)
SCHEMA = [("forename", pa.string()), ("surname", pa.string()), ("dob", pa.string()), ("city", pa.string())]


@st.composite
def _documents(draw, link_type):
    def m_u():
        return draw(PROBABILITY), draw(PROBABILITY)

    def adjusted(column):
        weight, minimum = draw(st.sampled_from([0.3, 1.0])), draw(st.sampled_from([0.0, 0.05]))
        more = {"tf_adjustment_weight": weight, "tf_minimum_u_value": minimum}
        return {"tf_adjustment_column": column} | more if draw(st.booleans()) else {}

    rules = draw(st.lists(st.sampled_from(RULES), min_size=2, max_size=5, unique=True))
    if link_type == "link_and_dedupe":
        rules.append("l.city = r.city AND l.source_dataset <> r.source_dataset")
    return settings(
        comparison(
            "forename",
            null("forename"),
            exact("forename", *m_u(), **adjusted("forename")),
            level("jaro_winkler_similarity(forename_l, forename_r) >= 0.8", *m_u(), **adjusted("forename")),
            otherwise(*m_u()),
        ),
        comparison(
            "whole_name",
            level("forename_l = forename_r AND surname_l = surname_r", *m_u()),
            exact("surname", *m_u(), **adjusted("surname")),
            level("forename_l = surname_r", *m_u()),
            otherwise(*m_u()),
        ),
        comparison("dob", null("dob"), level("levenshtein(dob_l, dob_r) <= 1", *m_u()), otherwise()),
        comparison("height", null("height"), level("abs(height_l - height_r) <= 10", *m_u()), otherwise(*m_u())),
        rules=rules,
        link_type=link_type,
        probability_two_random_records_match=draw(PROBABILITY),
    )


def _table(records, ids):
    columns = list(zip(*records, strict=True))
    named = {name: pa.array(values, kind) for (name, kind), values in zip(SCHEMA, columns, strict=False)}
    return pa.table({"unique_id": ids, **named, "height": pa.array(columns[4], pa.int32())})


# Nine of ten IDs sort differently as strings and as numbers.
_IDS = {"strings": lambda n: pa.array([str(i) for i in range(n)]), "integers": lambda n: pa.array(range(-3, n - 3))}


def _assert_same(found, expected):
    assert found.keys() == expected.keys()
    for pair, theirs in expected.items():
        ours = found[pair]
        assert (pair, ours.match_key, ours.gammas) == (pair, theirs.match_key, theirs.gammas)
        assert ours.weight == pytest.approx(theirs.weight, abs=1e-6), pair


@pytest.mark.parametrize(
    ("link_type", "sources", "ids"),
    [
        ("dedupe_only", ["all"], "strings"),
        ("dedupe_only", ["all"], "integers"),
        ("link_only", ["b", "a"], "strings"),
        # Of three, Splink compares "name-__-id": a-1 comes before a.
        ("link_only", ["b", "a", "a-1"], "integers"),
        ("link_and_dedupe", ["a", "a-1"], "integers"),
        ("link_and_dedupe", ["b", "a"], "strings"),
    ],
)
@FEW
@given(data=st.data())
def test_pairs_are_splinks(spark, limits, data, link_type, sources, ids):
    document = data.draw(_documents(link_type))
    sizes = [40 if link_type == "dedupe_only" else 60 // len(sources)] * len(sources)
    inputs = {
        name: _table(data.draw(st.lists(RECORD, min_size=size, max_size=size)), _IDS[ids](size))
        for name, size in zip(sources, sizes, strict=True)
    }
    expected = scored_pairs(document, inputs)
    for memory in CARRIED_AND_HELD:
        ready = prepared(spark, document, inputs, partitions=data.draw(st.sampled_from([1, 3])), memory=memory)
        _assert_same(plain(ready.scored(limits)), expected)


PEOPLE = {"people": people(240, seed=11)}
DOCUMENT = settings(
    comparison("forename", null("forename"), exact("forename", 0.8, 0.1), otherwise(0.2, 0.9)),
    SURNAME,
    DOB,
    rules=["l.surname = r.surname", "l.dob = r.dob", "l.forename = r.forename AND l.city = r.city"],
    probability_two_random_records_match=0.01,
)


def test_the_partitions_of_the_input_change_no_bit(spark, limits):
    found = []
    for partitions, memory in itertools.product((1, 3, 7), CARRIED_AND_HELD):
        ready = prepared(spark, DOCUMENT, PEOPLE, partitions=partitions, memory=memory)
        found.append(plain(ready.scored(limits)))
    assert len(found[0]) > 1000
    assert all(each == found[0] for each in found)


def test_the_threshold_keeps_what_reaches_it_and_counts_what_does_not(spark, limits):
    ready = prepared(spark, DOCUMENT, PEOPLE)
    everything = scored_pairs(DOCUMENT, PEOPLE)
    # A weight that a pair has exactly.
    threshold = sorted(pair.weight for pair in everything.values())[-40]
    scored = ready.scored(limits, threshold=threshold)
    kept = plain(scored)
    assert kept.keys() == {pair for pair, theirs in everything.items() if theirs.weight >= threshold - 1e-9}
    patterns = scored.patterns().to_pylist()
    for key in "012":
        of_rule = [pattern for pattern in patterns if str(pattern["match_key"]) == key]
        assert sum(p["pairs"] for p in of_rule) == sum(theirs.match_key == key for theirs in everything.values())
        assert sum(p["kept"] for p in of_rule) == sum(ours.match_key == key for ours in kept.values())
    vectors = [tuple(p[f"gamma_{name}"] for name in ("forename", "surname", "dob")) for p in patterns]
    assert set(vectors) == {theirs.gammas for theirs in everything.values()}


def test_probabilities_are_those_of_the_weights_also_at_the_ends(spark, limits):
    sure = settings(
        comparison("dob", exact("dob", 1.0, 1e-300), otherwise(1e-300, 1.0)),
        rules=["l.city = r.city"],
        probability_two_random_records_match=0.5,
    )
    rows = prepared(spark, sure, PEOPLE).scored(limits).frame.select("match_weight", "match_probability").collect()
    certain, impossible = max(rows), min(rows)
    assert (certain[0], certain[1]) == (pytest.approx(300 * math.log2(10)), 1.0)
    assert (impossible[0], impossible[1]) == (-certain[0], pytest.approx(1e-300))
    ready = prepared(spark, DOCUMENT, PEOPLE)
    for row in ready.scored(limits).frame.collect():
        assert row["match_probability"] == pytest.approx(1 / (1 + 2 ** -row["match_weight"]), rel=1e-12)


@pytest.mark.parametrize(("prior", "weight"), [(1.0, math.inf), (0.0, -math.inf)])
def test_a_prior_of_certainty_scores_certainty(spark, limits, prior, weight):
    document = DOCUMENT | {"probability_two_random_records_match": prior}
    few = {"people": people(20, seed=1)}
    ready = prepared(spark, document, few)
    scored = plain(ready.scored(limits, threshold=-math.inf))
    assert scored
    assert {pair.weight for pair in scored.values()} == {weight}


def test_no_candidate_pairs_are_no_rows_and_no_counts(spark, limits):
    nobody = {"people": people(20, seed=1).slice(0, 0)}
    scored = prepared(spark, DOCUMENT, nobody).scored(limits)
    assert scored.frame.collect() == []
    assert scored.patterns().num_rows == 0
    assert {"match_key", "gamma_dob", "pairs", "kept"} <= set(scored.patterns().column_names)


def test_columns_may_have_odd_names(spark, limits):
    names = ["Full name", "größe", "a-b", "select", "1st", "x'y"]
    table = pa.table({"unique_id": [1, 2, 3], **{name: ["x", "x", "y"] for name in names}})
    document = settings(
        *[comparison(f"c{n}", null(name), exact(name, 0.9, 0.1), otherwise(0.1, 0.9)) for n, name in enumerate(names)],
        rules=[f'l."{name}" = r."{name}"' for name in names],
        probability_two_random_records_match=0.5,
    )
    ready = prepared(spark, document, {"one": table})
    found = plain(ready.scored(limits))
    assert {pair[1::2]: ours.weight for pair, ours in found.items()} == {(1, 2): pytest.approx(6 * math.log2(9))}


@pytest.mark.parametrize("memory", [0, 10**8])
@pytest.mark.parametrize("name", ["id", "source", "rule", "key", "n", "draw", "match_weight", "value"])
def test_columns_may_be_called_as_the_engine_calls_its_own(spark, limits, name, memory):
    columns = {name: ["x", "x", "y", "x", None], "other": ["a", "a", "a", "b", "a"]}
    table = pa.table({"unique_id": [1, 2, 3, 4, 5], **columns})
    document = settings(
        comparison("c", null(name), exact(name, 0.9, 0.1, tf_adjustment_column=name), otherwise(0.1, 0.9)),
        comparison("o", null("other"), exact("other", 0.9, 0.1, tf_adjustment_column="other"), otherwise(0.1, 0.9)),
        rules=["l.other = r.other", f"l.{name} = r.{name}"],
        probability_two_random_records_match=0.5,
    )
    ready = prepared(spark, document, {"one": table}, memory=memory)
    _assert_same(plain(ready.scored(limits)), scored_pairs(document, {"one": table}))


def test_keys_of_different_integer_types_meet(spark, limits):
    table = pa.table({"unique_id": [1, 2], "old": pa.array([7, 8], pa.int32()), "new": pa.array([9, 7], pa.int64())})
    document = settings(
        comparison("old", null("old"), exact("old", 0.9, 0.1), otherwise(0.1, 0.9)),
        rules=["l.old = r.new"],
        probability_two_random_records_match=0.5,
    )
    ready = prepared(spark, document, {"one": table})
    assert [pair[1::2] for pair in plain(ready.scored(limits))] == [(1, 2)]
