"""Every record with the label of its cluster: components brought to the records."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.engine import chunks, kernel, labelling
from linkage.engine.components import Components
from linkage.engine.kernel import KEY_ROWS, KernelLimits, KernelPlan
from linkage.engine.labelling import LookupPlan
from linkage.engine.records import ID, NODE, SOURCE, LinkageRecords, ids_are_nodes, node
from linkage.engine.survey import Survey

CLUSTER = "cluster_id"
ROOT = "__root"

# Up to so many nodes, 16 bytes each, components travel to every task in its plan.
LOOKUP_NODES = 4_000_000
# Records whose labels one task finds; they sit in its memory.
_RECORDS_OF_A_TASK = 2_000_000


def labelled(records: LinkageRecords, found: Survey, components: Components, *, limits: KernelLimits) -> DataFrame:
    """Name each record's cluster by its first member in Splink's order.

    Grain: one row per record: `__source`, `__id` and `cluster_id` (string). A record that is in no
    component is a cluster alone.

    Args:
        records: All records.
        found: A survey of them: its seed is that of the components' nodes.
        components: Of nodes as `linkage.engine.records.node` gives them.
        limits: What a task's DuckDB may use.
    """
    if isinstance(components.rows, pa.Table) and components.nodes <= LOOKUP_NODES:
        return _labelled_in_tasks(records, found, components.rows, limits)
    return _labelled_by_joins(records, found, components)


def with_root(records: DataFrame, components: Components) -> DataFrame:
    """Name each record's cluster by the smallest node in it; rows neither multiply nor vanish.

    Args:
        records: One row per record, with a key `__node` (bigint).
        components: Of these nodes.

    Returns:
        `records` with the column `__root` (bigint): the node itself where it is in no component.

    >>> from linkage.engine.components import connected_components
    >>> components = connected_components(spark.createDataFrame([(5, 9)], "l bigint, r bigint"))
    >>> found = with_root(spark.createDataFrame([(5,), (7,), (9,)], "__node bigint"), components)
    >>> sorted(tuple(row) for row in found.collect())
    [(5, 5), (7, 7), (9, 5)]
    """
    rows = components.rows
    if isinstance(rows, pa.Table):
        rows = records.sparkSession.createDataFrame(rows)
    if components.nodes <= LOOKUP_NODES:
        rows = F.broadcast(rows)
    joined = records.join(rows.withColumnRenamed("node", NODE), NODE, how="left")
    return joined.withColumn(ROOT, F.coalesce("component", NODE)).drop("component")


def _labelled_in_tasks(records: LinkageRecords, found: Survey, rows: pa.Table, limits: KernelLimits) -> DataFrame:
    schema = T.StructType(
        [
            T.StructField(SOURCE, T.ShortType()),
            T.StructField(ID, records.id_type),
            T.StructField(CLUSTER, T.StringType()),
        ]
    )
    key = ID if ids_are_nodes(records) else NODE
    root = f"coalesce(component, members.{key})"
    joined = f"members LEFT JOIN {labelling.COMPONENTS} ON members.{key} = {labelling.COMPONENTS}.node"
    plan = LookupPlan(
        members=f"SELECT {', '.join(dict.fromkeys([SOURCE, ID, key]))} FROM {chunks.RECORDS}",
        query=f"SELECT {SOURCE}, {ID}, CAST({root} AS VARCHAR) AS {CLUSTER} FROM {joined}",
        components=chunks.written(rows, compression=None).to_pybytes(),
        limits=limits,
    )
    if ids_are_nodes(records):
        # The component is named by its smallest node, which is its smallest ID.
        return records.chunks.mapInArrow(partial(labelling.look_up, plan=plan), schema)
    cores = records.frame.sparkSession.sparkContext.defaultParallelism
    places = max(cores, -(-found.records // _RECORDS_OF_A_TASK))
    place = f"CAST(hash({root}) % {places} AS INTEGER) AS place"
    plan = replace(plan, query=f"SELECT {SOURCE}, {ID}, {root} AS {ROOT}, {place} FROM {joined}", places=places)
    packed = records.chunks if found.seed == 0 else records.chunks_with_nodes(found.seed)
    placed = packed.mapInArrow(partial(labelling.scatter, plan=plan), chunks.SCHEMA).repartitionById(places, "place")
    first = KernelPlan(statements=(), outputs=(_first_member(records),), limits=limits)
    return placed.mapInArrow(partial(kernel.run, plan=first), schema)


def _first_member(records: LinkageRecords) -> str:
    """Labels of the members in `key_rows`, each component of which is whole."""
    text = f"CAST({ID} AS VARCHAR)"
    over = f"OVER (PARTITION BY {ROOT})"
    if len(records.sources) == 1:
        return f"SELECT {SOURCE}, {ID}, min({text}) {over} AS {CLUSTER} FROM {KEY_ROWS}"
    first = f"min({{'source': {SOURCE}, 'text': {text}}}) {over} AS first"
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in records.sources)
    label = f"list_extract([{names}], first.source + 1) || '-__-' || first.text"
    return f"SELECT {SOURCE}, {ID}, {label} AS {CLUSTER} FROM (SELECT {SOURCE}, {ID}, {first} FROM {KEY_ROWS})"


def _labelled_by_joins(records: LinkageRecords, found: Survey, components: Components) -> DataFrame:
    key = node(records, F.col(SOURCE), F.col(ID), seed=found.seed)
    members = with_root(records.frame.select(SOURCE, ID, key.alias(NODE)), components)
    if ids_are_nodes(records):
        return members.select(SOURCE, ID, F.col(ROOT).cast("string").alias(CLUSTER))
    first = F.min(F.struct(*_order(records))).over(Window.partitionBy(ROOT))
    return members.withColumn("first", first).select(SOURCE, ID, _label(records).alias(CLUSTER))


def _order(records: LinkageRecords) -> list[Column]:
    """What orders the records of a cluster, and what the label of its first is made of."""
    text = F.col(ID).cast("string").alias("text")
    return [text] if len(records.sources) == 1 else [F.col(SOURCE).alias("source"), text]


def _label(records: LinkageRecords) -> Column:
    text = F.col("first.text")
    if len(records.sources) == 1:
        return text
    names = F.array(*[F.lit(name) for name in records.sources])
    return F.concat(names[F.col("first.source").cast("int")], F.lit("-__-"), text)
