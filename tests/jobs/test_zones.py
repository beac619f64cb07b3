"""What jobs declare: after ingest, identifiers and attributes are never in one pair of hands."""

from importlib import import_module

import pytest

from jobs.__main__ import JOBS
from jobs.settings import PipelineSettings
from linkage.lake import Zone

STAGES = ("synthesise", "ingest", "train", "link", "resolve", "evaluate")
AFTER_INGEST = set(JOBS) - {"synthesise", "ingest", "match"}


@pytest.mark.parametrize("name", sorted(AFTER_INGEST))
def test_nobody_has_identifiers_and_attributes_after_ingest(name):
    job = import_module(JOBS[name])
    assert not {Zone.IDENTIFIERS, Zone.ATTRIBUTES} <= job.READS | job.WRITES
    if job.WRITES & {Zone.PUBLISHED, Zone.EXTRACTS, Zone.OUTPUTS}:
        assert Zone.IDENTIFIERS not in job.READS


def test_resolution_cannot_open_evaluation():
    for name in ("train", "link", "resolve"):
        job = import_module(JOBS[name])
        assert Zone.EVALUATION not in job.READS | job.WRITES


@pytest.mark.parametrize("name", STAGES)
def test_the_tables_of_a_stage_are_in_the_zones_that_it_declares(name, demo_config):
    job = import_module(JOBS[name])
    plan = job.plan(PipelineSettings.model_validate(demo_config))
    assert {table.zone for table in plan.inputs} <= job.READS
    assert {table.zone for table in plan.outputs} <= job.WRITES
    assert job.STAGE.reads == job.READS
    assert job.STAGE.writes == job.WRITES
