"""Scored pairs to clusters, and clusters to persons with an ID of their own."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine.components import ComponentLimits, connected_components, nested_components
from linkage.engine.labels import NODE, ROOT, with_root
from linkage.engine.nested import by_weight, descending, levelled
from linkage.records.keyed_hash import keyed_hash

_HEX_DIGITS = 16


def clusters(records: DataFrame, pairs: DataFrame, *, cluster_weight: float, joining: ComponentLimits) -> DataFrame:
    """Rows of the table `clusters`: one for each record, singletons too.

    Args:
        records: `record_id` (unique) and `source_dataset` of every record.
        pairs: `record_id_l`, `record_id_r` and `match_weight`.
        cluster_weight: Pairs of at least this weight, in bits, join their records.
        joining: Where components are found.
    """
    nodes = records.select(F.col("record_id").alias(NODE), "source_dataset")
    above = pairs.where(F.col("match_weight") >= cluster_weight)
    edges = above.select(F.col("record_id_l").alias("l"), F.col("record_id_r").alias("r"))
    found = with_root(nodes, connected_components(edges, joining))
    return found.select(F.col(NODE).alias("record_id"), "source_dataset", F.col(ROOT).alias("cluster_id"))


def nested_clusters(
    records: DataFrame, pairs: DataFrame, *, cluster_weights: Sequence[float], joining: ComponentLimits
) -> DataFrame:
    """Rows of the table `nested_clusters`: one for each record and weight, singletons too.

    Args:
        records: As for `clusters`.
        pairs: The same.
        cluster_weights: In bits, in any order; at least one. At each, clusters are those of `clusters`.
        joining: Where components are found.
    """
    weights = descending(cluster_weights)
    edges = levelled(pairs, weights).select(F.col("record_id_l").alias("l"), F.col("record_id_r").alias("r"), "level")
    wide, columns = records.select(F.col("record_id").alias(NODE), "source_dataset"), {}
    for number, components in enumerate(nested_components(edges, joining, levels=len(weights))):
        columns[f"cluster_{number}"] = weights[number]
        wide = with_root(wide, components).withColumnRenamed(ROOT, f"cluster_{number}")
    rows = by_weight(columns, id_type="bigint")
    return wide.select(F.col(NODE).alias("record_id"), "source_dataset", rows)


def person_records(clusters: DataFrame, key: bytes) -> DataFrame:
    """Rows of the table `person_records`: each record with its person; no row is added or lost.

    The ID is a keyed hash of the cluster's smallest record ID: the same in every run with the
    same clusters, and nobody without the key can go from one to the other. It is 64 bits as
    hexadecimal digits; the caller must check that persons are as many as clusters.

    >>> df = spark.createDataFrame([(5, "prison", 5), (9, "probation", 5), (7, "prison", 7)],
    ...     "record_id bigint, source_dataset string, cluster_id bigint")
    >>> [(row["record_id"], row["person_id"]) for row in person_records(df, b"0123456789abcdef").collect()]
    [(5, '364e347167caca5f'), (9, '364e347167caca5f'), (7, '13ef5f21ca34a845')]
    """
    hashed = keyed_hash(clusters.sparkSession, F.lit("person"), F.col("cluster_id").cast("string"), key=key)
    person_id = F.lpad(F.lower(F.hex(hashed)), _HEX_DIGITS, "0").alias("person_id")
    return clusters.select("record_id", "source_dataset", person_id)


def persons(person_records: DataFrame) -> DataFrame:
    """Rows of the table `persons`: one for each person, with the number of records and where."""
    return person_records.groupBy("person_id").agg(
        F.count("*").alias("records"),
        F.array_sort(F.collect_set("source_dataset")).alias("source_datasets"),
    )
