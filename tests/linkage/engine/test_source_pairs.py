"""Parameters by pair of sources on Spark: trained, scored and explained, against brute force."""

import itertools
import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from linkage.engine.explanation import explain_pair, model_of_pair
from linkage.engine.frequencies import counted_columns
from linkage.engine.one_pair import one_pair
from linkage.engine.record_inputs import linkage_records
from linkage.engine.source_frequencies import exact_agreement_by_sources
from linkage.engine.survey import survey
from linkage.engine.training import train, training_rules
from linkage.engine.weights import weight_sql
from linkage.errors import ConfigError
from linkage.model.source_pairs import read_document, to_document
from linkage.model.specification import SourcePairParameters
from linkage.model.training_plan import TrainingPlan
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings

NEAR = "levenshtein(forename_l, forename_r) <= 1"
DOCUMENT = settings(
    comparison(
        "forename",
        null("forename"),
        exact("forename", 0.8, 0.1, tf_adjustment_column="forename", tf_adjustment_weight=0.5),
        level(NEAR, 0.1, 0.1, tf_adjustment_column="forename", tf_minimum_u_value=0.12),
        otherwise(0.1, 0.8),
    ),
    comparison("surname", null("surname"), exact("surname", 0.85, 0.12), otherwise(0.15, 0.88)),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.003), otherwise(0.1, 0.997)),
    rules=["l.dob = r.dob", "l.surname = r.surname AND l.city = r.city"],
    link_type="link_and_dedupe",
    probability_two_random_records_match=0.01,
)
OWN = {
    ("a", "b"): SourcePairParameters(0.2, {"forename": [(2, 0.6, 0.02), (1, 0.3, 0.05), (0, 0.1, 0.93)]}),
    ("c", "c"): SourcePairParameters(None, {"surname": [(1, None, 0.3), (0, None, 0.7)]}),
    ("a", "elsewhere"): SourcePairParameters(0.9, {}),
}
# (prior, then m and u from the most telling level down), by hand from the above.
POOLED_NUMBERS = (0.01, ((0.8, 0.1), (0.1, 0.1), (0.1, 0.8)), ((0.85, 0.12), (0.15, 0.88)))
NUMBERS = {
    ("a", "b"): (0.2, ((0.6, 0.02), (0.3, 0.05), (0.1, 0.93)), POOLED_NUMBERS[2]),
    ("c", "c"): (0.01, POOLED_NUMBERS[1], ((0.85, 0.3), (0.15, 0.7))),
}
DOB = ((0.9, 0.003), (0.1, 0.997))
WHOLE = people(210, seed=51, ids="{}")
INPUTS = {name: WHOLE.slice(70 * place, 70) for place, name in enumerate("cab")}


def _brute_force(pair, gammas):
    """A pair's weight from the numbers above and frequencies counted here."""
    rows = {(name, row["unique_id"]): row for name, table in INPUTS.items() for row in table.to_pylist()}
    times = Counter(row["forename"] for row in rows.values() if row["forename"] is not None)
    prior, *own = NUMBERS.get(tuple(sorted((pair[0], pair[2]))), POOLED_NUMBERS)
    weight = np.log2(prior / (1 - prior))
    for (m, u), gamma in [(levels[-1 - gamma], gamma) for levels, gamma in zip([*own, DOB], gammas, strict=True)]:
        weight += np.log2(m / u) if gamma >= 0 else 0
    if gammas[0] > 0:
        forenames = [rows[pair[:2]]["forename"], rows[pair[2:]]["forename"]]
        shares = [times[forename] / times.total() for forename in forenames]
        # The base is the u of exact agreement among the pairs of these sources.
        base = own[0][0][1]
        exactly = gammas[0] == 2
        weight += 0.5 * np.log2(base / max(shares)) if exactly else np.log2(base / max(*shares, 0.12))
    return weight


def test_weights_are_those_of_the_sources_own_parameters(spark, limits):
    ready = prepared(spark, DOCUMENT, INPUTS)
    ready = replace(ready, model=replace(ready.model, by_source_pair=OWN))
    scored = plain(ready.scored(limits))
    kinds = Counter(tuple(sorted((pair[0], pair[2]))) for pair in scored)
    assert len(kinds) == 6
    assert min(kinds.values()) > 10
    assert {found.gammas[0] for found in scored.values()} == {-1, 0, 1, 2}
    for pair, found in scored.items():
        gammas = [gamma if gamma >= 0 else -1 for gamma in found.gammas]
        assert found.weight == pytest.approx(_brute_force(pair, gammas), abs=1e-9), pair


def test_explaining_takes_apart_the_weight_that_scoring_gave(spark, limits):
    ready = prepared(spark, DOCUMENT, INPUTS)
    whole = replace(ready.model, by_source_pair=OWN)
    scored = plain(replace(ready, model=whole).scored(limits))
    for kind, prior in ((("a", "b"), 0.2), (("c", "c"), 0.01)):
        pair = next(p for p, found in scored.items() if tuple(sorted(p[::2])) == kind and found.gammas[0] == 1)
        two = one_pair(ready.records, [pair[2:], pair[:2]], whole.term_frequency_columns)
        with pytest.raises(ValueError, match="take model_of_pair"):
            explain_pair(whole, two)
        told = explain_pair(model_of_pair(whole, two, ready.records.sources), two)
        assert told.match_weight == scored[pair].weight  # to the last bit
        assert told.steps[0].match_weight == pytest.approx(math.log2(prior / (1 - prior)))


def test_without_such_parameters_the_sql_is_what_it_was():
    pooled = model(DOCUMENT)
    once = weight_sql(pooled, ())
    assert "CASE WHEN __source" not in once
    assert weight_sql(pooled, ("a", "b", "c")) == once
    # Nor do those of sources that are not linked change it.
    assert weight_sql(replace(pooled, by_source_pair=OWN), ("x", "y")) == once
    own = weight_sql(replace(pooled, by_source_pair=OWN), ("a", "b", "c"))
    assert own.startswith("CASE WHEN __source_l = 0 AND __source_r = 1 THEN ")
    assert " WHEN __source_l = 2 AND __source_r = 2 THEN " in own
    assert own.endswith(f" ELSE {once} END")


@pytest.mark.parametrize("link_type", ["link_only", "link_and_dedupe"])
def test_exact_agreement_is_that_of_every_pair_of_two_sources(spark, link_type):
    ready = prepared(spark, DOCUMENT | {"link_type": link_type}, INPUTS)
    found = exact_agreement_by_sources(ready.records, ["city", "forename"])
    names = ready.records.sources
    for column in ("city", "forename"):
        values = {name: [v for v in table[column].to_pylist() if v is not None] for name, table in INPUTS.items()}
        for left, right in itertools.combinations_with_replacement(range(3), 2):
            one, other = values[names[left]], values[names[right]]
            pairs = list(itertools.combinations(one, 2) if left == right else itertools.product(one, other))
            assert found[column][left, right] == sum(a == b for a, b in pairs) / len(pairs)


PLAN = {
    "deterministic_rules": [["forename", "surname", "dob"], ["surname", "dob", "city"]],
    "recall": 0.7,
    "u_max_pairs": 10_000_000,
    "em_max_pairs": 10_000_000,
    "em_blocking_rules": [["dob"], ["surname"]],
}
UNTRAINED = settings(
    comparison("forename", null("forename"), exact("forename"), level(NEAR), otherwise()),
    comparison("surname", null("surname"), exact("surname"), otherwise()),
    comparison("city", exact("city"), otherwise()),  # null is ELSE: frequencies cannot give its u
    comparison("dob", null("dob"), exact("dob"), otherwise()),
    rules=["l.dob = r.dob"],
    link_type="link_only",
    em_convergence=1e-9,
    max_iterations=500,
)


def _train(spark, limits, inputs, *, document=UNTRAINED, **changes):
    read = model(document)
    plan = TrainingPlan.model_validate(PLAN | changes)
    rules = training_rules(plan, read, where="plan.yaml", first_number=1)
    frames = {name: spark.createDataFrame(table) for name, table in inputs.items()}
    records = linkage_records(frames, read, rules.all)
    found = survey(records, rules.all, counted_columns(read, for_training=True), limits=limits)
    return train(records, read, plan, rules, found, limits=limits)


def _parameters(trained):
    return {
        (c.name, lv.gamma): (pytest.approx(lv.m, abs=1e-6), pytest.approx(lv.u, rel=1e-12))
        for c in trained.comparisons
        for lv in c.scored_levels
    }


def test_sources_learn_together_what_they_would_have_learnt_alone(spark, limits):
    """Courts and prisons share people; a third source has strangers."""
    shared = people(1000, seed=52)
    inputs = {"courts": shared.slice(0, 500), "prisons": shared.slice(500), "other": people(700, seed=53)}
    pooled = _train(spark, limits, inputs)
    assert pooled.model.by_source_pair == {}
    whole = _train(spark, limits, inputs, by_source_pair=True)
    # What all pairs say is as it was.
    assert replace(whole.model, by_source_pair={}) == pooled.model
    assert set(whole.model.by_source_pair) == {("courts", "prisons"), ("courts", "other"), ("other", "prisons")}

    alone = _train(spark, limits, {name: inputs[name] for name in ("courts", "prisons")}).model
    own = whole.model.for_sources("prisons", "courts")
    assert own.prior == pytest.approx(alone.prior, rel=1e-12) != pooled.model.prior
    assert {(c.name, lv.gamma): (lv.m, lv.u) for c in own.comparisons for lv in c.scored_levels} == _parameters(alone)
    # Strangers: hardly a match was found where many were expected.
    assert whole.model.for_sources("courts", "other").prior < own.prior / 10

    [told] = [row for row in whole.report["source_pairs"] if row["sources"] == ["courts", "prisons"]]
    assert told["prior"] == own.prior
    assert min(told["matches"]) >= 100
    unlike = [line for line in whole.warnings if line not in pooled.warnings]
    assert [line.partition(":")[0] for line in unlike] == ["sources courts and other", "sources other and prisons"]
    kept = read_document(json.dumps(to_document(whole.model)), pooled.model, where="by.json")
    assert kept == whole.model.by_source_pair


def test_sources_of_few_pairs_take_m_from_those_of_their_group(spark, limits):
    """A small source is recorded like courts and prisons; in civil cases forenames are hardly ever right."""
    criminal = people(1240, seed=52)
    civil = people(900, seed=53)
    names = civil["forename"].to_pylist()
    wrong = [names[place - 400] if place % 2 else name for place, name in enumerate(names)]
    civil = civil.set_column(1, "forename", pa.array(wrong, pa.string()))
    inputs = {"courts": criminal.slice(0, 600), "prisons": criminal.slice(600, 600), "small": criminal.slice(1200)}
    groups = {"criminal": ["courts", "prisons", "small", "absent"]}
    document = UNTRAINED | {"link_type": "link_and_dedupe"}
    whole = _train(
        spark, limits, inputs | {"civil": civil}, document=document, by_source_pair=True, source_groups=groups
    )
    alone = _train(spark, limits, inputs, document=document).model
    own = whole.model.for_sources("courts", "small")
    for ours, theirs, pooled in zip(own.comparisons, alone.comparisons, whole.model.comparisons, strict=True):
        for mine, expected, of_all in zip(ours.scored_levels, theirs.scored_levels, pooled.scored_levels, strict=True):
            assert mine.m == pytest.approx(expected.m, abs=0.02)
            if ours.name == "forename" and mine.gamma != 1:
                assert abs(mine.m - of_all.m) > 0.05
    # Large sources tell their own.
    assert whole.model.for_sources("courts", "prisons").comparisons[0] != own.comparisons[0]
    [told] = [row for row in whole.report["source_groups"] if row["groups"] == ["criminal", "criminal"]]
    assert min(told["matches"]) >= 100
    said = [line for line in whole.warnings if "small" in line or "absent" in line]
    assert said[0] == "source_groups: no input is called absent"
    [of_small] = [line for line in said if line.startswith("sources courts and small:")]
    assert of_small.endswith("so their m is that of the groups criminal and criminal")
    kept = read_document(json.dumps(to_document(whole.model)), replace(whole.model, by_source_pair={}), where="by.json")
    assert kept == whole.model.by_source_pair

    with pytest.raises(ConfigError, match="source_groups: small is a group and a source that is not in it"):
        _train(
            spark,
            limits,
            inputs,
            document=document,
            by_source_pair=True,
            source_groups={"small": ["courts", "prisons"]},
        )


def test_one_source_has_no_pairs_to_tell_apart(spark, limits):
    with pytest.raises(ConfigError, match=r"plan\.yaml: by_source_pair: link_type dedupe_only has one source"):
        _train(spark, limits, {"a": WHOLE}, document=UNTRAINED | {"link_type": "dedupe_only"}, by_source_pair=True)
