"""What jobs declare: after ingest, identifiers and attributes are never in one pair of hands."""

from importlib import import_module

import pytest

from jobs.__main__ import JOBS
from jobs.settings import PipelineSettings
from linkage.lake import Zone

STAGES = ("synthesise", "ingest", "train", "link", "resolve", "evaluate")
# `match`, `explain` and `profile` read files of their users, `catalogue` and `prototype` the schemas, and no zone.
AFTER_INGEST = set(JOBS) - {"synthesise", "ingest", "match", "explain", "profile", "catalogue", "prototype"}


def _declared(name):
    """The zones that a job may read, and those that it may write."""
    job = import_module(JOBS[name])
    return (job.READS, job.WRITES) if hasattr(job, "READS") else (job.STAGE.reads, job.STAGE.writes)


@pytest.mark.parametrize("name", sorted(AFTER_INGEST))
def test_nobody_has_identifiers_and_attributes_after_ingest(name):
    reads, writes = _declared(name)
    assert not {Zone.IDENTIFIERS, Zone.ATTRIBUTES} <= reads | writes
    if writes & {Zone.PUBLISHED, Zone.EXTRACTS, Zone.OUTPUTS}:
        assert Zone.IDENTIFIERS not in reads


def test_resolution_cannot_open_evaluation():
    for name in ("train", "link", "resolve"):
        reads, writes = _declared(name)
        assert Zone.EVALUATION not in reads | writes


@pytest.mark.parametrize("name", STAGES)
def test_the_tables_of_a_stage_are_in_the_zones_that_it_declares(name, demo_config):
    stage = import_module(JOBS[name]).STAGE
    plan = stage.plan(PipelineSettings.model_validate(demo_config))
    assert {table.zone for table in plan.inputs} <= stage.reads
    assert {table.zone for table in plan.outputs} <= stage.writes
    assert stage.name == name
