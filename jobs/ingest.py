"""Check the supplies, set bad rows aside, and part identifiers from attributes.

Every row of a supply ends in the standardised records, its dataset's attributes and the linkage
evidence, or in quarantine with its reasons, from where a correction brings it back. Records get a
keyed ID that nobody without the key can enumerate. Tables that come along with a supply, of offences,
events and the like, end in attributes tables of their own, or in quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce

from pyspark.sql import DataFrame

import schemas
from jobs import companions, data_quality, deliveries, judging
from jobs.harness import planning, stages
from jobs.harness.beside import beside
from jobs.judging import Judged
from jobs.settings import PipelineSettings
from linkage.errors import LinkageError
from linkage.lake import Commit, Zone, bytes_here
from linkage.records import linkage_evidence, quarantine, standardise, subgroups

# Bytes as delivered, some 20,000 rows.
_SMALL = 2_000_000

_Task = stages.Task[PipelineSettings]


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    ingest = config.ingest
    attributes = [
        stages.Table(Zone.ATTRIBUTES, f"{name}_attributes") for name in (*ingest.supplies, *ingest.companions)
    ]
    return stages.Plan(
        inputs=[
            *deliveries.tables(ingest),
            stages.Table(Zone.EVALUATION, "truth_keys"),
        ],
        supplies=[*deliveries.paths(ingest), *([] if ingest.corrections is None else [ingest.corrections])],
        outputs=[
            stages.Table(Zone.IDENTIFIERS, "records"),
            *attributes,
            stages.Table(Zone.LINKAGE, "linkage_evidence"),
            stages.Table(Zone.LANDING, "quarantine"),
            stages.Table(Zone.EVALUATION, "subgroups"),
            stages.Table(Zone.EVALUATION, "truth"),
            stages.Table(Zone.OUTPUTS, data_quality.TABLE),
            *deliveries.kept(ingest),
        ],
        settings=[ingest, *deliveries.contracts(ingest), *filter(None, [config.synthesise])],
        keyed=True,
    )


def work(task: _Task) -> dict[str, int]:
    """Read, judge, part and write every supply and what comes along; returns rows in, rows out and quarantined."""
    with planning.union_before_projection(task.spark), planning.interpreted(task.spark, if_=_is_small(task)):
        return _work(task)


def _work(task: _Task) -> dict[str, int]:
    supplied = deliveries.read(task)
    with judging.judged(task, supplied) as judged:
        groups = judging.groups(judged, task.config.ingest)
        judging.check(judged, groups, task.config.ingest)
        told = companions.check(task, judged, groups)
        rows = sum(one.rows for one in judged)
        written = _write(judged, task)
    # That every row was judged is known before the first write; what a write took, only when it is done.
    if rows != sum(written.values()):
        aside = written["quarantined"]
        accepted = sum(written.values()) - aside
        raise LinkageError(f"ingest: {rows} rows came in, {accepted} were accepted and {aside} set aside")
    data_quality.write(task, groups)
    deliveries.keep(task.lake, supplied)
    return {"rows": rows, **written, **judging.counts(judged, groups), **deliveries.counts(supplied), **told}


def _is_small(task: _Task) -> bool:
    """Whether all that is read is on this machine and so little that making code takes longer than the work."""
    ingest = task.config.ingest
    tables = {*deliveries.tables(ingest), *deliveries.kept(ingest)}
    read = [*deliveries.paths(ingest), *(task.lake.path(table.zone, table.name) for table in tables)]
    sizes = [bytes_here(path) for path in read]
    return all(size is not None for size in sizes) and sum(size or 0 for size in sizes) <= _SMALL


def _write(judged: Sequence[Judged], task: _Task) -> dict[str, int]:
    """Writes all tables but that of data quality; returns the rows of records, quarantine and what came along."""
    as_of, key = task.config.ingest.as_of, task.ring.derive(judging.QUARANTINE_KEY)
    split = {one.name: quarantine.split(one.flagged, one.schema, as_of=as_of, key=key) for one in judged}
    accepted = {name: split[name].accepted for name in task.config.ingest.supplies}
    _check_collisions(accepted)
    along = tuple(task.config.ingest.companions)
    writes: list[Callable[[], Commit]] = [
        partial(_write_records, task, accepted),
        partial(_put, task, Zone.LANDING, "quarantine", _union([part.quarantined for part in split.values()])),
        *(partial(_write_attributes, task, name, split[name].accepted) for name in (*along, *accepted)),
        partial(_write_evidence, task, accepted),
        partial(_write_subgroups, task, accepted),
        *_truth(task, accepted),
    ]
    records, aside, *others = beside(writes)
    rows = {"records": records.rows, "quarantined": aside.rows}
    return rows | ({"companion_rows": sum(commit.rows for commit in others[: len(along)])} if along else {})


def _write_records(task: _Task, accepted: Mapping[str, DataFrame]) -> Commit:
    config = task.config
    synthetic = config.ingest.synthetic or config.synthesise is not None
    records = standardise.to_records_together(accepted, as_of=config.ingest.as_of, synthetic=synthetic)
    return _put(task, Zone.IDENTIFIERS, "records", records, partition_by=["source_dataset"])


def _write_attributes(task: _Task, name: str, accepted: DataFrame) -> Commit:
    return _put(task, Zone.ATTRIBUTES, f"{name}_attributes", companions.to_attributes(task, name, accepted))


def _write_evidence(task: _Task, accepted: Mapping[str, DataFrame]) -> Commit:
    as_of, key = task.config.ingest.as_of, task.ring.derive(judging.CASE_KEY)
    made = partial(linkage_evidence.to_linkage_evidence, as_of=as_of, key=key)
    evidence = _union([made(df, name) for name, df in accepted.items()])
    return _put(task, Zone.LINKAGE, "linkage_evidence", evidence)


def _write_subgroups(task: _Task, accepted: Mapping[str, DataFrame]) -> Commit:
    groups = [subgroups.to_subgroups(df, name, as_of=task.config.ingest.as_of) for name, df in accepted.items()]
    return _put(task, Zone.EVALUATION, "subgroups", _union(groups))


def _truth(task: _Task, accepted: Mapping[str, DataFrame]) -> list[Callable[[], Commit]]:
    """The write that puts the truth of accepted rows, where it is known, under the records' IDs."""
    if not task.lake.exists(Zone.EVALUATION, "truth_keys"):
        return []
    keys = task.lake.read(Zone.EVALUATION, "truth_keys", schemas.load("truth_keys"))
    known = standardise.with_record_id(keys, task.ring.derive(judging.RECORD_KEY))
    truth = known.join(_union([df.select("record_id") for df in accepted.values()]), "record_id", how="left_semi")
    return [partial(_put, task, Zone.EVALUATION, "truth", truth.select("record_id", "true_person_id"))]


def _put(task: _Task, zone: Zone, table: str, df: DataFrame, partition_by: Sequence[str] = ()) -> Commit:
    return task.lake.overwrite(df, zone, table, schemas.load(table), partition_by=partition_by)


def _check_collisions(accepted: Mapping[str, DataFrame]) -> None:
    """Source keys are unique after quarantine, so an ID that is there twice is a collision."""
    ids = _union([df.select("record_id") for df in accepted.values()])
    if not ids.groupBy("record_id").count().where("count > 1").isEmpty():
        raise LinkageError("record_id: two records have one ID by chance; use another key and ingest again")


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)


STAGE = stages.Stage(
    "ingest",
    __name__,
    # Identifiers are read back for counts of what could not be used; no value of them is.
    reads=frozenset({Zone.LANDING, Zone.IDENTIFIERS, Zone.LINKAGE, Zone.EVALUATION, Zone.OUTPUTS}),
    writes=frozenset({Zone.LANDING, Zone.IDENTIFIERS, Zone.ATTRIBUTES, Zone.LINKAGE, Zone.EVALUATION, Zone.OUTPUTS}),
    plan=plan,
    work=work,
)
