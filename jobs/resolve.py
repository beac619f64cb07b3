"""Join records that belong together, and give each person an ID that lasts."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import schemas
from jobs.harness import stages
from jobs.harness.limits import component_limits
from jobs.settings import PipelineSettings
from linkage.errors import LinkageError
from linkage.identity import persons
from linkage.lake import Zone

KEY_PURPOSE = "person_id"


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    nested = ["nested_clusters"] if config.resolve.also_cluster_weights else []
    return stages.Plan(
        inputs=[stages.Table(Zone.IDENTIFIERS, "records"), stages.Table(Zone.LINKAGE, "scored_pairs")],
        outputs=[stages.Table(Zone.LINKAGE, name) for name in ("clusters", *nested, "person_records", "persons")],
        settings=[config.resolve],
        keyed=True,
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Cluster the records, at further weights if asked for, name the persons, write all."""
    lake = task.lake
    records = lake.read(Zone.IDENTIFIERS, "records", schemas.load("records")).select("record_id", "source_dataset")
    pairs = lake.read(Zone.LINKAGE, "scored_pairs", schemas.load("scored_pairs"))
    config, joining = task.config.resolve, component_limits(task.spark)
    clusters = persons.clusters(records, pairs, cluster_weight=config.cluster_weight, joining=joining)
    lake.overwrite(clusters, Zone.LINKAGE, "clusters", schemas.load("clusters"))
    clusters = lake.read(Zone.LINKAGE, "clusters", schemas.load("clusters"))
    if config.also_cluster_weights:
        weights = (config.cluster_weight, *config.also_cluster_weights)
        nested = persons.nested_clusters(records, pairs, cluster_weights=weights, joining=joining)
        lake.overwrite(nested, Zone.LINKAGE, "nested_clusters", schemas.load("nested_clusters"))
    key = task.ring.derive(KEY_PURPOSE)
    _check_collisions(clusters, key)
    members = persons.person_records(clusters, key)
    lake.overwrite(members, Zone.LINKAGE, "person_records", schemas.load("person_records"))
    members = lake.read(Zone.LINKAGE, "person_records", schemas.load("person_records"))
    found = lake.overwrite(persons.persons(members), Zone.LINKAGE, "persons", schemas.load("persons"))
    return {"persons": found.rows}


def _check_collisions(clusters: DataFrame, key: bytes) -> None:
    """A cluster is called by one of its records: the IDs of these must be as many as they are."""
    firsts = clusters.where(F.col("record_id") == F.col("cluster_id"))
    ids = persons.person_records(firsts, key)
    [(expected, found)] = ids.agg(F.count("*"), F.count_distinct("person_id")).collect()
    if found != expected:
        raise LinkageError(
            f"person_id: {expected} clusters got {found} IDs; two IDs are equal by chance, use another key"
        )


STAGE = stages.Stage(
    "resolve",
    __name__,
    reads=frozenset({Zone.IDENTIFIERS, Zone.LINKAGE}),
    writes=frozenset({Zone.LINKAGE}),
    plan=plan,
    work=work,
)
