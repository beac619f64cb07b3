"""Estimates from pattern counts, by numbers that can be checked by hand."""

import math
from dataclasses import replace

import pyarrow as pa
import pytest

from linkage.engine.kernel import KernelLimits
from linkage.engine.named import named_patterns
from linkage.errors import ConfigError
from linkage.model.specification import SourcePairParameters
from linkage.quality.patterns import growth_estimates, pattern_weights, rule_estimates, threshold_estimates
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings


@pytest.fixture
def limits(tmp_path):
    return KernelLimits(memory="512MB", scratch=str(tmp_path))


# Prior odds 1:4 are -2 bits; name adds 3, 0 or -2 bits, town 2 or -1; a null adds nothing.
MODEL = model(
    settings(
        comparison("name", null("n"), exact("n", 0.8, 0.1), level("n_l < n_r", 0.1, 0.1), otherwise(0.1, 0.4)),
        comparison("town", null("t"), exact("t", 0.8, 0.2, tf_adjustment_column="t"), otherwise(0.2, 0.4)),
        rules=["l.a = r.a", "l.b = r.b", "l.c = r.c"],
        probability_two_random_records_match=0.2,
    )
)
#            rule  name town pairs   weight  probability  expected matches
ROWS = [
    ("0", 2, 1, 90),  #              3       8/9          80
    ("0", 2, -1, 30),  #             1       2/3          20
    ("1", 1, 1, 10),  #              0       1/2          5
    ("1", -1, -1, 50),  #           -2       1/5          10
    ("1", 0, 0, 330),  #            -5       1/33         10
    ("0", 2, 1, 9),  #               3       8/9          8
]
WEIGHTS = [3, 1, 0, -2, -5, 3]


def _table(rows=ROWS, kind=None):
    keys, names, towns, pairs = zip(*rows, strict=True) if rows else ((), (), (), ())
    gammas = {"gamma_name": pa.array(names, kind or pa.int32()), "gamma_town": pa.array(towns, kind or pa.int32())}
    counted = {"pairs": pa.array(pairs, pa.int64()), "kept": pa.array([0] * len(pairs), pa.int64())}
    return pa.table({"match_key": pa.array(keys, pa.string()), **gammas, **counted})


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32()])
def test_a_vector_weighs_prior_and_levels_without_term_frequency(kind):
    assert pattern_weights(_table(kind=kind), MODEL).tolist() == pytest.approx(WEIGHTS, abs=1e-12)


def test_thresholds_part_expected_matches_from_others():
    # The odd threshold is the weight of a vector: its pairs are above.
    exactly = float(pattern_weights(_table(), MODEL)[1])
    found = threshold_estimates(_table(), MODEL, [4, 2, exactly, -100]).to_pylist()
    every, nothing = 80 + 20 + 5 + 10 + 10 + 8, {"matches_above": 0, "non_matches_above": 0}
    assert every == 133
    approximately = [
        {key: value if value is None else pytest.approx(value) for key, value in row.items()} for row in found
    ]
    assert [
        {"threshold_weight": 4, "pairs_above": 0, **nothing, "precision": None, "recall": 0}
        | {"pairs_below": 519, "matches_below": 133, "non_matches_below": 386},
        {"threshold_weight": 2, "pairs_above": 99, "matches_above": 88, "non_matches_above": 11}
        | {"pairs_below": 420, "matches_below": 45, "non_matches_below": 375}
        | {"precision": 88 / 99, "recall": 88 / 133},
        {"threshold_weight": exactly, "pairs_above": 129, "matches_above": 108, "non_matches_above": 21}
        | {"pairs_below": 390, "matches_below": 25, "non_matches_below": 365}
        | {"precision": 108 / 129, "recall": 108 / 133},
        {"threshold_weight": -100, "pairs_above": 519, "matches_above": 133, "non_matches_above": 386}
        | {"pairs_below": 0, "matches_below": 0, "non_matches_below": 0, "precision": 133 / 519, "recall": 1},
    ] == approximately


def test_rules_are_credited_with_what_no_earlier_one_made():
    assert rule_estimates(_table(), MODEL).to_pylist() == [
        {"match_key": "0", "pairs": 129, "matches": pytest.approx(108), "share": pytest.approx(108 / 133)},
        {"match_key": "1", "pairs": 390, "matches": pytest.approx(25), "share": pytest.approx(25 / 133)},
        {"match_key": "2", "pairs": 0, "matches": 0.0, "share": 0.0},
    ]


def test_without_candidates_rates_are_unknown():
    [row] = threshold_estimates(_table([]), MODEL, [0]).to_pylist()
    assert (row["pairs_above"], row["matches_below"], row["precision"], row["recall"]) == (0, 0, None, None)
    assert [row["share"] for row in rule_estimates(_table([]), MODEL).to_pylist()] == [None, None, None]
    assert threshold_estimates(_table(), MODEL, []).num_rows == 0


def test_certainty_does_not_overflow():
    sure = MODEL.with_prior(1.0)
    assert math.isinf(pattern_weights(_table(), sure)[0])
    [row] = threshold_estimates(_table(), sure, [0]).to_pylist()
    assert (row["matches_above"], row["non_matches_above"], row["recall"]) == (519, 0, 1)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (_table().drop_columns("gamma_town"), "no column gamma_town"),
        (_table([("0", 3, 1, 5)]), "comparison name has a vector that is none of its levels"),
        (_table([("0", 2, None, 5)]), "comparison town has a vector that is none of its levels"),
    ],
)
def test_counts_of_another_model_are_refused(table, reason):
    for estimate in (pattern_weights, rule_estimates, lambda *these: threshold_estimates(*these, [0])):
        with pytest.raises(ConfigError, match=reason):
            estimate(table, MODEL)


OWN = {("a", "b"): SourcePairParameters(0.5, {"town": [(1, 0.8, 0.1)]}), ("b", "b"): SourcePairParameters(0.8, {})}


def test_vectors_weigh_what_their_sources_say():
    named = _table([("0", 2, 1, 5)] * 4)
    named = named.append_column("source_dataset_l", pa.array(["b", "a", "a", "b"]))
    named = named.append_column("source_dataset_r", pa.array(["a", "b", "a", "b"]))
    own = replace(MODEL, by_source_pair=OWN)
    # Odds 1:1 and 3 bits for either agreement; else -2 + 3 + 2; and with odds 4:1, 2 + 3 + 2.
    assert pattern_weights(named, own).tolist() == pytest.approx([6, 6, 3, 7], abs=1e-12)
    with pytest.raises(ConfigError, match="parameters by source pair, and the counts have no sources"):
        pattern_weights(_table(), own)


def test_pairs_that_a_run_kept_are_those_whose_vectors_weigh_enough(spark, limits):
    whole = people(150, seed=61)
    inputs = {"a": whole.slice(0, 50), "b": whole.slice(50, 60), "c": whole.slice(110)}
    document = settings(
        comparison("name", null("forename"), exact("forename", 0.8, 0.1), otherwise(0.2, 0.9)),
        comparison("town", null("city"), exact("city", 0.8, 0.2), otherwise(0.2, 0.8)),
        rules=["l.surname = r.surname", "l.dob = r.dob"],
        link_type="link_and_dedupe",
        probability_two_random_records_match=0.2,
    )
    ready = prepared(spark, document, inputs)
    ready = replace(ready, model=replace(ready.model, by_source_pair=OWN))
    # Between -2 + 3 - 2 and -2 + 3 + 0 bits, and for some sources between others.
    scored = ready.scored(limits, threshold=0.5)
    kept = len(plain(scored))
    patterns = named_patterns(ready.records, scored.patterns(), with_sources=True)
    weights = pattern_weights(patterns, ready.model)
    pairs = patterns["pairs"].to_numpy()
    assert patterns["kept"].to_pylist() == [n if w >= 0.5 else 0 for n, w in zip(pairs, weights, strict=True)]
    [row] = threshold_estimates(patterns, ready.model, [0.5]).to_pylist()
    assert row["pairs_above"] == kept > 50
    assert row["pairs_below"] == sum(pairs) - kept > 50
    assert sum(rule_estimates(patterns, ready.model)["pairs"].to_pylist()) == sum(pairs)


def test_a_rule_that_the_model_does_not_have_is_refused():
    with pytest.raises(ConfigError, match="the model has no blocking rule 7"):
        rule_estimates(_table([("7", 2, 1, 5)]), MODEL)


def test_matches_grow_with_the_people_and_strangers_with_their_square():
    # Of 519 pairs 133 matches are expected; from weight 0 on, 139 pairs with 113.
    today, tenfold = growth_estimates(_table(), MODEL, 0, [1, 10]).to_pylist()
    assert today == pytest.approx(
        {
            "factor": 1, "pairs": 519, "matches": 133, "non_matches": 386, "matches_above": 113,
            "non_matches_above": 26, "precision": 113 / 139,
        }
    )  # fmt: skip
    assert (tenfold["pairs"], tenfold["matches"], tenfold["non_matches"]) == pytest.approx((39_930, 1330, 38_600))
    assert tenfold["precision"] == pytest.approx(1130 / (1130 + 2600))
    [nothing] = growth_estimates(_table(), MODEL, 4, [2]).to_pylist()
    assert (nothing["matches_above"], nothing["precision"]) == (0, None)
