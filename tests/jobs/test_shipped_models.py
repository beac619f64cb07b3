"""The models in conf/models fit the records that ingest writes, and their training plans fit them."""

from pathlib import Path

import pytest
from splink import SettingsCreator

import schemas
from jobs.harness import config
from linkage.engine.checks import check_runnable
from linkage.engine.record_inputs import linkage_records_of
from linkage.engine.training_counts import training_rules
from linkage.model.blocking import keyed_rules
from linkage.model.splink_settings import parse_settings
from linkage.model.training import free_comparisons
from linkage.model.training_plan import TrainingPlan

FOLDER = Path("conf/models")
# Those over the common linkage schema, by the datasets that each is for.
MODELS = {
    "justice": ("magistrates", "crown", "prison", "probation", "civil", "family", "oasys"),
    "civil_family": ("civil", "family"),
    "ndtms": ("ndtms", "probation"),
    "homelessness": ("homelessness", "probation"),
    "npd": ("npd", "pnc"),
}


@pytest.fixture(scope="module")
def no_records(spark):
    return spark.createDataFrame([], schemas.load("records").struct_type())


@pytest.mark.parametrize("name", MODELS)
def test_a_shipped_model_runs_on_the_common_schema_and_can_be_trained(no_records, name):
    path, where = FOLDER / f"{name}.json", FOLDER / f"{name}.training.yaml"
    text = path.read_text(encoding="utf-8")
    model = parse_settings(text, where=str(path))
    plan = config.load(where, TrainingPlan)
    rules = training_rules(plan, model, where=str(where), first_number=100)
    blocking = keyed_rules(model.blocking_rules, model.dialect, where=str(path))
    linked = schemas.load("records")
    read = {column for comparison in model.comparisons for column in comparison.columns}
    read |= {column for rule in (*blocking, *rules.all) for column in rule.columns}
    # Nothing but linkage fields: not the source's own keys, nor what was kept aside.
    assert read <= {column.name for column in linked.columns if column.linkage}
    every = (*blocking, *rules.all)
    records = linkage_records_of(no_records, model, every, source="source_dataset", names=MODELS[name])
    check_runnable(records, model, every)
    # Every comparison is left free by some session.
    free = {comparison.name for rule in rules.sessions for comparison in free_comparisons(model, rule)}
    assert free == {comparison.name for comparison in model.comparisons}
    grouped = {source for group in plan.source_groups.values() for source in group}
    assert grouped <= schemas.value_set("source_dataset").keys()
    SettingsCreator.from_path_or_dict(str(path)).get_settings("duckdb")


def test_every_shipped_model_is_tested():
    febrl = {"febrl_dedupe", "febrl_link"}
    assert {path.stem for path in FOLDER.glob("*.json")} == febrl | MODELS.keys()
