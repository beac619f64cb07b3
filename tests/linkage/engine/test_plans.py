"""What Spark is asked to do by each step: how often it shuffles, what crosses, what comes back, what is kept."""

import re
from itertools import pairwise
from types import SimpleNamespace

import pyarrow as pa
import pytest

from linkage.engine import chunks, counting
from linkage.engine import survey as surveying
from linkage.engine.counting import CountingPlan
from linkage.engine.frequencies import counted_columns
from linkage.engine.holding import hold
from linkage.engine.record_inputs import linkage_records
from linkage.engine.scoring import score
from linkage.engine.training import train, training_rules
from linkage.model.blocking import keyed_rules
from linkage.model.training_plan import TrainingPlan
from tests.linkage.engine.executed import cached, executed
from tests.linkage.people import people
from tests.linkage.splink_models import DOB, SURNAME, comparison, exact, model, null, otherwise, settings

CARRIED, HELD = 0, 10**8
CHUNK = ("place", "kind", "rows", "size", "chunk")
PEOPLE = people(400, seed=5)
DOCUMENT = settings(
    comparison("forename", null("forename"), exact("forename"), otherwise()),
    SURNAME,
    DOB,
    rules=["l.surname = r.surname", "l.dob = r.dob AND l.city < r.city", "l.forename = r.surname"],
)
PLAN = {
    "seed": 4,
    "deterministic_rules": [["forename", "surname", "dob"], ["surname", "dob"]],
    "recall": 0.7,
    "u_max_pairs": 20_000,
    "em_max_pairs": 3000,
    "em_blocking_rules": [["dob"], ["surname"]],
}
# Operators that hand Python a row or a value at a time, or bring pairs together in Spark.
UNWANTED = re.compile(r"BatchEvalPython|ArrowEvalPython|FlatMapGroups|Generate|Join|Sort")


def _run(spark, limits, memory, monkeypatch):
    """A survey, a training on it and the scoring after it: the queries of each, and how many frames each kept."""
    plans = []

    def planned(**how):
        plans.append(CountingPlan(**how))
        return plans[-1]

    monkeypatch.setattr(surveying, "CountingPlan", planned)
    read, plan = model(DOCUMENT), TrainingPlan.model_validate(PLAN)
    prediction = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    rules = training_rules(plan, read, where="plan.yaml", first_number=len(prediction))
    frame = spark.createDataFrame(PEOPLE).repartition(2)
    records = hold(linkage_records({"people": frame}, read, [*prediction, *rules.all]), memory=memory)
    records.chunks.count()
    kept = [cached(spark)]
    with executed(spark) as surveyed:
        columns = counted_columns(read, for_training=True)
        found = surveying.survey(records, [*prediction, *rules.all], columns, limits=limits)
    kept.append(cached(spark))
    with executed(spark) as training:
        trained = train(records, read, plan, rules, found, limits=limits)
    kept.append(cached(spark))
    with executed(spark) as scoring:
        how = {"threshold_weight": -1e9, "with_sources": False, "limits": limits}
        score(records, trained.model, prediction, found, **how).frame.toArrow()
    kept.append(cached(spark))
    [counting_plan] = plans
    return SimpleNamespace(
        records=records,
        counting_plan=counting_plan,
        found=found,
        trained=trained,
        survey=surveyed,
        training=training,
        scoring=scoring,
        kept=[len(after - before) for before, after in pairwise(kept)],
    )


@pytest.fixture(scope="module")
def ran(spark, limits):
    with pytest.MonkeyPatch.context() as monkeypatch:
        return {memory: _run(spark, limits, memory, monkeypatch) for memory in (CARRIED, HELD)}


def test_a_survey_of_held_records_shuffles_nothing_and_keeps_nothing(ran):
    [query] = ran[HELD].survey
    # A number for each task goes in, chunks of sums and sets come out.
    assert [node.name for node in query.nodes if "WholeStage" not in node.name] == ["Filter", "MapInArrow", "Range"]
    assert ran[HELD].kept[0] == 0


def test_a_survey_of_carried_records_shuffles_once_and_only_hashes_and_counts(ran):
    carried = ran[CARRIED]
    total, counts = carried.survey
    # How many records there are: one number of each partition.
    [exchange] = total.named("Exchange")
    assert "SinglePartition" in exchange.told
    assert {node.columns for node in total.named("HashAggregate")} == {()}
    assert total.named("MapInArrow") == []
    # What is counted is kept, so it lies below a cached frame; the records lie below another.
    [exchange] = counts.named("Exchange", caches=1)
    assert "direct_shuffle_partition_id(place" in exchange.told
    assert [node.columns for node in counts.named("MapInArrow", caches=1)] == [CHUNK, CHUNK]
    # Their chunks hold whole numbers alone: no value of a record crosses.
    batches = carried.records.chunks.toArrow().to_batches()
    crossing = list(chunks.unpacked(counting.scatter(iter(batches), carried.counting_plan)))
    assert {kind for kind, _ in crossing} == {counting.SOURCES, counting.IDS, counting.KEYS, counting.VALUES}
    assert all(pa.types.is_integer(field.type) for _, table in crossing for field in table.schema)


def test_a_survey_of_carried_records_keeps_hashes_and_counts(ran):
    carried = ran[CARRIED]
    assert carried.kept[0] == 1
    kept = list(chunks.unpacked(carried.found.frequencies.counted.toArrow().to_batches()))
    assert sum(kind.startswith("values of") for kind, _ in kept) >= 3  # of forename, surname and dob
    assert all(pa.types.is_integer(field.type) or field.name == "bits" for _, table in kept for field in table.schema)


@pytest.mark.parametrize("memory", [CARRIED, HELD])
def test_training_shuffles_key_rows_once_and_gets_patterns_back(ran, memory):
    counts, sample = ran[memory].training
    assert (counts.asked_by, sample.asked_by) == ("training_counts.py", "random_pairs.py")
    # All rules of all sessions in one shuffle; the random pairs are those of records drawn where they are.
    [exchange] = counts.named("Exchange")
    assert "direct_shuffle_partition_id(place" in exchange.told
    assert sample.named("Exchange") == []
    # One row per rule and comparison vector, of each of two tasks at most.
    compared, exploded = counts.named("MapInArrow")
    assert exploded.columns == CHUNK
    assert compared.columns == ("rule", "gamma_forename", "gamma_surname", "gamma_dob", "pairs")
    assert 0 < compared.rows < 2 * 3 * (3 * 4 * 3) < _compared(ran[memory].trained) / 5


def _compared(trained):
    return trained.measured.work.comparisons / len(DOCUMENT["comparisons"])


@pytest.mark.parametrize("memory", [CARRIED, HELD])
def test_scoring_shuffles_key_rows_once(ran, memory):
    *lookups, query = ran[memory].scoring
    # How often values occur was counted by the survey, and is kept or held.
    assert [(each.asked_by, each.named("Exchange")) for each in lookups] in ([], [("frequencies.py", [])])
    [exchange] = query.named("Exchange")
    assert "direct_shuffle_partition_id(place" in exchange.told
    # What crosses is packed: no column of a record is ever a column of Spark's.
    scored, exploded = query.named("MapInArrow")
    assert exploded.columns == CHUNK
    assert scored.columns[:2] == ("unique_id_l", "unique_id_r")


@pytest.mark.parametrize("memory", [CARRIED, HELD])
def test_training_and_scoring_keep_no_frame(ran, memory):
    assert ran[memory].kept[1:] == [0, 0]


@pytest.mark.parametrize("memory", [CARRIED, HELD])
def test_no_step_runs_python_for_each_row_nor_joins_in_spark(ran, memory):
    queries = [*ran[memory].survey, *ran[memory].training, *ran[memory].scoring]
    names = {node.name for query in queries for node in query.nodes}
    assert "MapInArrow" in names
    assert not [name for name in names if UNWANTED.search(name)]
