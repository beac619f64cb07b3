"""Check the supplies, set bad rows aside, and part identifiers from attributes.

Every row of a supply ends in the standardised records and its dataset's attributes, or in
quarantine with its reasons. Records get a keyed ID that nobody without the key can enumerate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import schemas
from jobs import deliveries
from jobs.deliveries import Supplied
from jobs.harness import stages
from jobs.settings import IngestSettings, PipelineSettings
from linkage.errors import InputError, LinkageError
from linkage.lake import Lake, Zone
from linkage.records import quarantine, standardise, subgroups

KEY_PURPOSE = "record_id"


@dataclass(frozen=True)
class _Supply:
    """One supply with each row's broken rules, kept so that it is read once."""

    name: str
    schema: schemas.TableSchema
    rows: int
    flagged: DataFrame


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    supplies = config.ingest.supplies
    attributes = [stages.Table(Zone.ATTRIBUTES, f"{name}_attributes") for name in supplies]
    return stages.Plan(
        inputs=[
            *deliveries.tables(config.ingest),
            stages.Table(Zone.EVALUATION, "truth_keys"),
        ],
        supplies=deliveries.paths(config.ingest),
        outputs=[
            stages.Table(Zone.IDENTIFIERS, "records"),
            *attributes,
            stages.Table(Zone.LANDING, "quarantine"),
            stages.Table(Zone.EVALUATION, "subgroups"),
            stages.Table(Zone.EVALUATION, "truth"),
            *deliveries.kept(config.ingest),
        ],
        settings=[config.ingest, *deliveries.contracts(config.ingest)],
        keyed=True,
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Read, judge, part and write every supply; returns rows in, records and quarantined."""
    config, lake, key = task.config.ingest, task.lake, task.ring.derive(KEY_PURPOSE)
    supplied = deliveries.read(task)
    with _flagged_supplies(supplied) as supplies:
        reasons = _count_reasons(supplies, config)
        rows = sum(supply.rows for supply in supplies)
        records, quarantined = _write(supplies, config, lake, key)
    # That every row was judged is known before the first write; what a write took, only when it is done.
    if rows != records + quarantined:
        raise LinkageError(f"ingest: {rows} rows came in, {records} were accepted and {quarantined} set aside")
    _write_truth(lake, key)
    deliveries.keep(lake, supplied)
    return {"rows": rows, "records": records, "quarantined": quarantined, **reasons, **deliveries.counts(supplied)}


@contextmanager
def _flagged_supplies(supplied: Sequence[Supplied]) -> Iterator[list[_Supply]]:
    supplies = []
    for one in supplied:
        flagged = quarantine.flag(one.frame, one.schema).persist(StorageLevel.MEMORY_AND_DISK)
        supplies.append(_Supply(one.name, one.schema, one.rows, flagged))
    try:
        yield supplies
    finally:
        for kept in supplies:
            kept.flagged.unpersist()


def _count_reasons(supplies: Sequence[_Supply], config: IngestSettings) -> dict[str, int]:
    """Counts broken rules over all supplies; a row may break several.

    Raises:
        LinkageError: A row that came in has not been judged.
        InputError: Too large a share of one supply's rows is bad.
    """
    together = _union([s.flagged.select(F.lit(s.name).alias("supply"), quarantine.REASONS) for s in supplies])
    counted = together.groupBy("supply", quarantine.REASONS).count().collect()
    judged: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for name, broken, count in counted:
        judged[name] += count
        bad[name] += count if broken else 0
        reasons.update({f"quarantined_{reason}": count for reason in broken})
    for supply in supplies:
        if judged[supply.name] != supply.rows:
            raise LinkageError(
                f"supply {supply.name}: {supply.rows} rows came in and {judged[supply.name]} were judged"
            )
        if bad[supply.name] > config.max_bad_share * supply.rows:
            raise InputError(
                f"supply {supply.name}: {bad[supply.name]} of {supply.rows} rows are bad, more than the share "
                f"{config.max_bad_share} that ingest.max_bad_share allows ({_most(counted, supply.name)})"
            )
    return dict(sorted(reasons.items()))


def _most(counted: Sequence[tuple[str, Sequence[str], int]], name: str) -> str:
    reasons: Counter[str] = Counter()
    for supply, broken, count in counted:
        if supply == name:
            reasons.update(dict.fromkeys(broken, count))
    return ", ".join(f"{reason}: {count}" for reason, count in reasons.most_common(3))


def _write(supplies: Sequence[_Supply], config: IngestSettings, lake: Lake, key: bytes) -> tuple[int, int]:
    """Writes all tables but the truth; returns numbers of records and of rows set aside."""
    split = {supply.name: quarantine.split(supply.flagged, supply.schema) for supply in supplies}
    identified = {name: standardise.identify(parts.accepted, name, key) for name, parts in split.items()}
    _check_collisions(identified)
    records = _union([standardise.to_records(df, name, as_of=config.as_of) for name, df in identified.items()])
    written = lake.overwrite(
        records, Zone.IDENTIFIERS, "records", schemas.load("records"), partition_by=["source_dataset"]
    )
    for name, df in identified.items():
        table = f"{name}_attributes"
        attributes = standardise.to_attributes(df, name, as_of=config.as_of)
        lake.overwrite(attributes, Zone.ATTRIBUTES, table, schemas.load(table))
    groups = _union([subgroups.to_subgroups(df, name, as_of=config.as_of) for name, df in identified.items()])
    lake.overwrite(groups, Zone.EVALUATION, "subgroups", schemas.load("subgroups"))
    aside = _union([parts.quarantined for parts in split.values()])
    return written.rows, lake.overwrite(aside, Zone.LANDING, "quarantine", schemas.load("quarantine")).rows


def _check_collisions(identified: Mapping[str, DataFrame]) -> None:
    """Source keys are unique after quarantine, so an ID that is there twice is a collision."""
    ids = _union([df.select("record_id") for df in identified.values()])
    if not ids.groupBy("record_id").count().where("count > 1").isEmpty():
        raise LinkageError("record_id: two records have one ID by chance; use another key and ingest again")


def _write_truth(lake: Lake, key: bytes) -> None:
    """Puts the truth, where it is known, under the records' IDs."""
    if not lake.exists(Zone.EVALUATION, "truth_keys"):
        return
    keys = lake.read(Zone.EVALUATION, "truth_keys", schemas.load("truth_keys"))
    truth = standardise.with_record_id(keys, key).select("record_id", "true_person_id")
    lake.overwrite(truth, Zone.EVALUATION, "truth", schemas.load("truth"))


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)


STAGE = stages.Stage(
    "ingest",
    __name__,
    reads=frozenset({Zone.LANDING, Zone.EVALUATION}),
    writes=frozenset({Zone.LANDING, Zone.IDENTIFIERS, Zone.ATTRIBUTES, Zone.EVALUATION}),
    plan=plan,
    work=work,
)
