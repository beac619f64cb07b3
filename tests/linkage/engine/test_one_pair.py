"""Two records picked out by ID, explained: the engine's own weight, bit by bit."""

import pyarrow as pa
import pytest

from linkage.engine.explanation import explain_pair
from linkage.engine.one_pair import one_pair
from linkage.errors import ConfigError, InputError
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, null, otherwise, settings

DOCUMENT = settings(
    comparison(
        "forename",
        null("forename"),
        exact("forename", 0.8, 0.1, tf_adjustment_column="forename"),
        level("levenshtein(forename_l, forename_r) <= 1", 0.1, 0.1, tf_adjustment_column="forename"),
        otherwise(0.1, 0.8),
    ),
    comparison("surname", null("surname"), exact("surname", 0.8, 0.1, tf_adjustment_column="Surname"), otherwise()),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.003), otherwise(0.1, 0.997)),
    rules=["l.dob = r.dob", "l.surname = r.surname"],
    link_type="link_and_dedupe",
    probability_two_random_records_match=0.01,
)
WHOLE = people(90, seed=8, ids="{}")
INPUTS = {"b": WHOLE.slice(0, 50), "a": WHOLE.slice(50)}


def test_the_explained_weight_is_the_engines(spark, limits):
    ready = prepared(spark, DOCUMENT, INPUTS)
    scored = plain(ready.scored(limits))
    chosen = sorted(scored, key=lambda pair: scored[pair].weight)
    assert {pair[0] + pair[2] for pair in scored} == {"aa", "ab", "bb"}
    for source_l, id_l, source_r, id_r in [chosen[-1], chosen[-2], chosen[len(chosen) // 2], chosen[0]]:
        ours = scored[source_l, id_l, source_r, id_r]
        picked = one_pair(ready.records, [(source_r, id_r), (source_l, id_l)], ready.model.term_frequency_columns)
        found = explain_pair(ready.model, picked)
        assert found.match_weight == ours.weight
        assert (found.left, found.right) == (("ab".index(source_l), id_l), ("ab".index(source_r), id_r))
        assert tuple(s.gamma for s in found.steps if s.gamma is not None and not s.is_adjustment) == ours.gammas


def test_frequencies_are_counted_over_all_inputs(spark):
    ready = prepared(spark, DOCUMENT, INPUTS)
    names = [name for name in WHOLE["forename"].to_pylist() if name is not None]
    at = [WHOLE["forename"].to_pylist().index(value) for value in (None, "zoë")]
    chosen = [("b" if n < 50 else "a", str(n)) for n in at]
    picked = one_pair(ready.records, chosen, ["forename"])
    shares = dict(zip(picked["__id"].to_pylist(), picked["__tf_forename"].to_pylist(), strict=True))
    assert shares == {str(at[0]): None, str(at[1]): names.count("zoë") / len(names)}


@pytest.mark.parametrize(
    ("chosen", "kind", "reason"),
    [
        ([("b", "1"), ("a", "1")], ConfigError, "the second record of the pair is not in input a"),
        ([("a", "nobody"), ("a", "60")], ConfigError, "the first record of the pair is not in input a"),
        ([("b", "2"), ("b", "7")], InputError, "input b: several records have the second ID of the pair"),
    ],
)
def test_what_is_not_one_record_is_refused(spark, chosen, kind, reason):
    twice = pa.concat_tables([INPUTS["b"], INPUTS["b"].slice(7, 1)])
    ready = prepared(spark, DOCUMENT, {**INPUTS, "b": twice})
    with pytest.raises(kind, match=reason):
        one_pair(ready.records, chosen, ["surname"])
