"""Tables that come along with supplies, once they are judged: whether they belong to these, and what is written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame

import schemas
from jobs.harness import stages
from jobs.judging import CASE_KEY, RECORD_KEY, Group, Judged
from jobs.settings import PipelineSettings
from linkage.errors import InputError
from linkage.records import companions, quarantine, standardise
from linkage.records.rules import Fault

_Task = stages.Task[PipelineSettings]


def check(task: _Task, judged: Sequence[Judged], groups: Sequence[Group]) -> dict[str, int]:
    """Counts accepted rows that name none that is there, and codes that were not in use on the day of their row.

    One job; none where no table comes along. Such rows stay: what they name may be in quarantine.

    Raises:
        InputError: Too large a share of one table's rows names no accepted row of another. Nothing has been written.
    """
    along = [one for one in judged if one.schema.part_of is not None]
    if not along:
        return {}
    supplies = {one.schema.part_of for one in along}
    frames = {
        one.name: quarantine.accepted(one.flagged)
        for one in judged
        if one.schema.part_of is not None or one.name in supplies
    }
    attributes = {name: schemas.load(f"{name}_attributes") for name in frames}
    counted = [schemas.key_counts(frames)]
    counted += [
        schemas.code_counts(to_attributes(task, name, frames[name]), table)
        for name, table in attributes.items()
        if table.event_date is not None and schemas.dated_columns(table)
    ]
    told: dict[str, int] = {}
    broken = reduce(DataFrame.unionByName, counted).where("rows > 0").collect()
    for row in sorted(broken, key=lambda row: (row["table"], row["rule"], row["columns"])):
        if row["references"] is not None:
            check_parents(groups, row["table"], row["references"], row["rows"], task.config.ingest.max_bad_share)
        name = f"{row['rule']}_{row['table'].removesuffix('_attributes')}"
        told[name] = told.get(name, 0) + row["rows"]
    return dict(sorted(told.items()))


def to_attributes(task: _Task, name: str, accepted: DataFrame) -> DataFrame:
    """Rows of the attributes table of a supply, or of a table that comes along with one."""
    if schemas.load(name).part_of is None:
        return standardise.to_attributes(accepted, name, as_of=task.config.ingest.as_of)
    record_key, token_key = task.ring.derive(RECORD_KEY), task.ring.derive(CASE_KEY)
    return companions.to_attributes(accepted, name, record_key=record_key, token_key=token_key)


def check_parents(groups: Sequence[Group], table: str, other: str, lost: int, share: float) -> None:
    """Refuses a table of whose accepted rows more than the share name no accepted row of the other table.

    Raises:
        InputError: That is so; most likely the two are not of one delivery.
    """
    rows = sum(group.rows for group in groups if group.supply == table and not group.reasons)
    if lost > share * rows:
        raise InputError(
            f"{table}: {lost} of {rows} accepted rows name no accepted row of {other}, more than the share {share} "
            f"that ingest.max_bad_share allows ({Fault.TOO_MANY_WITHOUT_PARENT}); see that both are of one delivery"
        )
