"""A pipeline's records and its trained model, as training and linking take them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import schemas
from jobs.harness.costs import Surveyed
from jobs.harness.limits import records_memory
from jobs.harness.models import KeptModel, model_of_row
from jobs.settings import LinkSettings, PipelineSettings
from linkage.engine.checks import check_runnable
from linkage.engine.frequencies import counted_columns
from linkage.engine.holding import hold
from linkage.engine.kernel import KernelLimits
from linkage.engine.record_inputs import linkage_records_of
from linkage.engine.records import LinkageRecords
from linkage.engine.survey import survey
from linkage.lake import Lake, Zone
from linkage.model.blocking import KeyedRule, keyed_rules
from linkage.model.specification import LinkageModel


def runnable_records(
    lake: Lake, config: PipelineSettings, model: LinkageModel, rules: Sequence[KeyedRule]
) -> LinkageRecords:
    """All records of identifiers/records, by dataset, held in memory where they fit.

    Raises:
        InputError: The table is not there, or is not what its schema says.
        ConfigError: The model or a rule asks for what the records do not have.
    """
    records = linkage_records_of(
        lake.read(Zone.IDENTIFIERS, "records", schemas.load("records")),
        model,
        rules,
        source="source_dataset",
        names=config.ingest.supplies,
        persons_by=config.frequencies.persons_by,
    )
    check_runnable(records, model, rules)
    return hold(records, memory=records_memory(lake.spark))


def trained_model(lake: Lake) -> KeptModel:
    """The one model of linkage/models.

    Raises:
        InputError: The table is not there, or is not what its schema says.
        ConfigError: The model is none of ours.
    """
    [row] = lake.read(Zone.LINKAGE, "models", schemas.load("models")).collect()
    return model_of_row(row.asDict())


def trained_rules(lake: Lake) -> tuple[LinkageModel, tuple[KeyedRule, ...]]:
    """The same model and its blocking rules, taken apart; raises the same, and ConfigError for a rule that is none."""
    model = trained_model(lake).model
    return model, keyed_rules(model.blocking_rules, model.dialect, where="linkage/models")


def surveyed_for_linking(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    config: LinkSettings,
    *,
    limits: KernelLimits,
    is_warm: bool = False,
) -> Surveyed:
    """The survey that linking needs, timed, with the pipeline's cap; `is_warm` as for `costs.Surveyed`."""
    columns, began = counted_columns(model, for_training=False), time.monotonic()
    found = survey(records, rules, columns, limits=limits, cap_key_pairs=config.cap_key_pairs)
    return Surveyed(rules, columns, found, time.monotonic() - began, is_warm)
