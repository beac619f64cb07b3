"""Training on Spark against Splink's, parameter by parameter."""

import itertools
import json

import pyarrow as pa
import pytest

from linkage.engine.frequencies import counted_columns
from linkage.engine.holding import hold
from linkage.engine.record_inputs import linkage_records
from linkage.engine.survey import survey
from linkage.engine.training import train, training_rules
from linkage.errors import ConfigError
from linkage.model.blocking import keyed_rules
from linkage.model.splink_settings import to_settings
from linkage.model.training_plan import TrainingPlan
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings
from tests.linkage.splink_oracle import linker

# Bytes enough for every task to hold all records.
HELD = 10**8
PLAN = {
    "seed": 4,
    "deterministic_rules": [["forename", "surname", "dob"], ["surname", "dob", "city"]],
    "recall": 0.7,
    "u_max_pairs": 10_000_000,
    "em_max_pairs": 10_000_000,
    "em_blocking_rules": [["dob"], ["surname", "substr(forename, 1, 1)"]],
}
COMPARISONS = [
    comparison(
        "forename",
        null("forename"),
        exact("forename", tf_adjustment_column="forename"),
        level("jaro_winkler_similarity(forename_l, forename_r) >= 0.75"),
        otherwise(),
    ),
    comparison(
        "surname",
        null("surname"),
        exact("surname"),
        level("levenshtein(surname_l, surname_r) <= 2"),
        otherwise(),
    ),
    comparison("dob", null("dob"), exact("dob"), level("levenshtein(dob_l, dob_r) <= 2"), otherwise()),
    comparison("city", exact("city"), otherwise()),  # null is ELSE: frequencies cannot give its u
]


def _document(link_type):
    return settings(*COMPARISONS, rules=["l.dob = r.dob"], link_type=link_type, em_convergence=1e-5)


def _inputs(link_type, records=500):
    if link_type == "dedupe_only":
        return {"a": people(records, seed=21)}
    # The sources' people overlap: one table in two parts.
    whole = people(records, seed=21)
    return {"a": whole.slice(0, records // 3), "b": whole.slice(records // 3)}


def _train(spark, limits, inputs, link_type, *, partitions=2, memory=0, **changes):
    read = model(_document(link_type))
    plan = TrainingPlan.model_validate(PLAN | changes)
    prediction = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    rules = training_rules(plan, read, where="plan.yaml", first_number=len(prediction))
    frames = {name: spark.createDataFrame(table).repartition(partitions) for name, table in inputs.items()}
    records = hold(linkage_records(frames, read, [*prediction, *rules.all]), memory=memory)
    return train(
        records,
        read,
        plan,
        rules,
        survey(records, rules.all, counted_columns(read, for_training=True), limits=limits),
        limits=limits,
    )


def _splinks(link_type, inputs):
    judge = linker(_document(link_type), inputs)
    shared = [" AND ".join(f"l.{column} = r.{column}" for column in rule) for rule in PLAN["deterministic_rules"]]
    judge.training.estimate_probability_two_random_records_match(shared, recall=PLAN["recall"])
    judge.training.estimate_u_using_random_sampling(max_pairs=1e9, num_chunks=1, min_count_per_level=None)
    for rule in (
        "l.dob = r.dob",
        "l.surname = r.surname AND substr(l.forename, 1, 1) = substr(r.forename, 1, 1)",
    ):
        judge.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    return judge.misc.save_model_to_json()


def _parameters(document):
    return {
        (c["output_column_name"], lv["label_for_charts"]): (lv.get("m_probability"), lv.get("u_probability"))
        for c in document["comparisons"]
        for lv in c["comparison_levels"]
        if not lv.get("is_null_level")
    }


@pytest.mark.parametrize("memory", [0, HELD])
@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only", "link_and_dedupe"])
def test_with_every_pair_in_the_sample_the_model_is_splinks(spark, limits, link_type, memory):
    inputs = _inputs(link_type)
    trained = _train(spark, limits, inputs, link_type, memory=memory)
    theirs = _splinks(link_type, inputs)
    ours = to_settings(trained.model)
    assert trained.model.prior == pytest.approx(theirs["probability_two_random_records_match"], rel=1e-12)
    found, expected = _parameters(ours), _parameters(theirs)
    assert found.keys() == expected.keys()
    for name, (m, u) in expected.items():
        assert found[name] == (pytest.approx(m, abs=1e-7), pytest.approx(u, abs=1e-9)), name
    assert None not in itertools.chain(*expected.values())


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only"])
def test_a_sample_comes_near_and_leaves_exact_agreement_exact(spark, limits, link_type):
    inputs = _inputs(link_type, records=900)
    whole = _parameters(to_settings(_train(spark, limits, inputs, link_type).model))
    sampled = _train(spark, limits, inputs, link_type, u_max_pairs=60_000, em_max_pairs=4000)
    found = _parameters(to_settings(sampled.model))
    for (name, label), (m, u) in whole.items():
        if f'{name}_l" = ' in label and name != "city":
            assert found[name, label][1] == u  # from value frequencies, without noise
        # Sixty thousand pairs of few records: about three standard errors.
        assert found[name, label][1] == pytest.approx(u, abs=0.03)
        assert found[name, label][0] == pytest.approx(m, abs=0.12)
    assert found != whole
    for name in ("forename", "surname", "dob", "city"):
        levels = [u for (of, _), (_, u) in found.items() if of == name]
        assert sum(levels) == pytest.approx(1)


def test_exact_u_is_that_of_every_pair(spark, limits):
    inputs = _inputs("link_only", records=200)
    trained = _train(spark, limits, inputs, "link_only", u_max_pairs=500)
    left, right = ([row["surname"] for row in table.to_pylist() if row["surname"]] for table in inputs.values())
    agreeing = sum(one == other for one, other in itertools.product(left, right))
    assert trained.model.comparisons[1].level(2).u == agreeing / (len(left) * len(right))


@pytest.mark.parametrize("memory", [0, HELD])
def test_a_seed_draws_the_same_sample_on_any_partitioning(spark, limits, memory):
    def trained(**how):
        sampled = {"u_max_pairs": 20_000, "em_max_pairs": 2500}
        found = _train(spark, limits, inputs, "dedupe_only", memory=memory, **sampled, **how)
        return to_settings(found.model), found.report

    inputs = _inputs("dedupe_only")
    first, report = trained(partitions=1)
    again, same_report = trained(partitions=5)
    assert _parameters(again) == _parameters(first)
    assert (again, same_report) == (first, report)
    assert trained(seed=5)[0] != first


@pytest.mark.parametrize("memory", [0, HELD])
@pytest.mark.parametrize(
    ("records_of_a_city", "most", "standard_error"),
    [
        # Of a thousand pairs of cities three in ten are made: a standard error of a twentieth of them.
        (2, 300, 0.05 * 1000),
        # Of 39,000 pairs one in thirteen, drawn by record: 11 of the 40 of each of 50 cities, give or take 2.8, whose
        # squares are off by a half, and their sum by a half over the root of 50.
        (40, 3000, 0.5 / 50**0.5 * 39_000),
    ],
)
def test_pairs_of_deterministic_rules_are_sampled_if_they_are_many_whatever_keys_rule_them(
    spark, limits, memory, records_of_a_city, most, standard_error
):
    [(name, table)] = _inputs("dedupe_only", records=2000).items()
    city = pa.array([f"city {number // records_of_a_city}" for number in range(2000)])
    inputs = {name: table.set_column(table.column_names.index("city"), "city", city)}
    rules = [["surname", "dob"], ["city"]]
    found = _train(
        spark, limits, inputs, "dedupe_only", deterministic_rules=rules, em_max_pairs=most, recall=1.0, memory=memory
    )
    pairs = sum(
        any(all(one[c] is not None and one[c] == other[c] for c in rule) for rule in rules)
        for one, other in itertools.combinations(inputs[name].to_pylist(), 2)
    )
    told = found.report["pairs_of_deterministic_rules"]
    assert told != pairs
    assert told == pytest.approx(pairs, abs=4 * standard_error)


def test_the_report_tells_how_it_came_about(spark, limits):
    inputs = _inputs("dedupe_only", records=300)
    trained = _train(spark, limits, inputs, "dedupe_only")
    report = json.loads(json.dumps(trained.report))
    assert report["pairs_possible"] == 300 * 299 // 2
    rows = inputs["a"].to_pylist()
    found = sum(
        any(all(one[c] is not None and one[c] == other[c] for c in rule) for rule in PLAN["deterministic_rules"])
        for one, other in itertools.combinations(rows, 2)
    )
    assert report["pairs_of_deterministic_rules"] == found > 0
    assert report["prior"] == pytest.approx(found / 0.7 / report["pairs_possible"])
    assert [session["rule"] for session in report["sessions"]] == [
        'l."dob" = r."dob"',
        '(l."surname" = r."surname") AND (SUBSTRING(l.forename, 1, 1) = SUBSTRING(r.forename, 1, 1))',
    ]
    for session in report["sessions"]:
        assert len(session["priors"]) == session["iterations"] + 1
    assert report["plan"]["seed"] == 4


def test_what_was_not_estimated_is_warned_of(spark, limits):
    trained = _train(spark, limits, _inputs("dedupe_only"), "dedupe_only", em_blocking_rules=[["dob"]])
    unestimated = "comparison dob: no EM session leaves it free, so its m is not estimated"
    assert trained.warnings[0].startswith(unestimated)
    assert [line for line in trained.warnings[1:] if "comparison dob" in line or "never seen" in line] == []
    # It is scored, and kept, by Splink's defaults.
    assert [level.m for level in trained.model.comparisons[2].scored_levels] == [
        level.default_m for level in model(_document("dedupe_only")).comparisons[2].scored_levels
    ]
    assert trained.model.is_trained


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"em_blocking_rules": [["forename", "surname", "dob", "city"]]}, "the session could estimate nothing"),
        # What does not parse is taken for a column's name, as Splink does.
        ({"em_blocking_rules": [["substr(dob, 1, "]]}, r"no such column: .*substr\(dob, 1, "),
        ({"deterministic_rules": [["nullif(surname, surname)"]]}, "deterministic_rules find no pair"),
        ({"em_blocking_rules": [["nullif(surname, surname)"]]}, "no two records share"),
        ({"deterministic_rules": [["city"]], "recall": 0.01}, "more than a recall of 0.01 allows"),
        ({"deterministic_rules": [["town"]]}, "no such column.*town"),
    ],
)
def test_plans_that_cannot_teach_are_refused(spark, limits, changes, reason):
    with pytest.raises(ConfigError, match=reason) as refused:
        _train(spark, limits, _inputs("dedupe_only", records=60), "dedupe_only", **changes)
    assert "\n" not in str(refused.value)
