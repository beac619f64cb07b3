"""Every record with the label of its cluster: components brought to the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.engine import chunks, kernel, labelling, named
from linkage.engine.components import Components
from linkage.engine.in_tasks import InTasks
from linkage.engine.kernel import KEY_ROWS, KernelLimits, KernelPlan
from linkage.engine.labelling import LookupPlan
from linkage.engine.packing import parallelism
from linkage.engine.records import ID, SOURCE, SOURCE_SEPARATOR, LinkageRecords, ids_are_nodes, node_sql
from linkage.engine.survey import Survey

CLUSTER = "cluster_id"
NODE = "__node"
ROOT = "__root"

# Up to so many nodes, 16 bytes each, components travel to every task in its plan.
LOOKUP_NODES = 4_000_000
# Records whose labels one task finds; they sit in its memory.
_RECORDS_OF_A_TASK = 2_000_000


def labelled(
    records: LinkageRecords, found: Survey, components: Mapping[str, Components], *, limits: KernelLimits
) -> InTasks | DataFrame:
    """Name each record's cluster by its first member in Splink's order.

    Grain: one row per record: `unique_id`, `source_dataset` where there are several inputs, and a
    column of labels (string) for each of `components`. A record that is in no component is a cluster alone.

    Args:
        records: All records.
        found: A survey of them: its seed is that of the components' nodes.
        components: By the column for their labels, of nodes as `linkage.engine.records.node_sql` gives
            them. If there are several, each lies in one of the last.
        limits: What a task's DuckDB may use.
    """
    tables = {label: at.rows for label, at in components.items() if isinstance(at.rows, pa.Table)}
    if len(tables) == len(components) and sum(map(len, tables.values())) <= LOOKUP_NODES:
        return _labelled_in_tasks(records, found, tables, limits)
    return _labelled_by_joins(records, found, components, limits)


def with_root(records: DataFrame, components: Components) -> DataFrame:
    """Name each record's cluster by the smallest node in it; rows neither multiply nor vanish.

    Args:
        records: One row per record, with a key `__node` (bigint).
        components: Of these nodes.

    Returns:
        `records` with the column `__root` (bigint): the node itself where it is in no component.

    >>> from linkage.engine.components import ComponentLimits, connected_components
    >>> edges = spark.createDataFrame([(5, 9)], "l bigint, r bigint")
    >>> components = connected_components(edges, ComponentLimits(in_process_edges=1))
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


def _labelled_in_tasks(
    records: LinkageRecords, found: Survey, tables: Mapping[str, pa.Table], limits: KernelLimits
) -> InTasks:
    schema = named.record_schema(records)
    for label in tables:
        schema = schema.add(label, T.StringType())
    roots = {label: f"coalesce(components_{number}.component, members.{NODE})" for number, label in enumerate(tables)}
    joins = [
        f"LEFT JOIN components_{number} ON members.{NODE} = components_{number}.node" for number in range(len(tables))
    ]
    record = named.record_columns(records)
    plan = LookupPlan(
        members=_members(records, found),
        query=_selected({**record, **{label: f"CAST({root} AS VARCHAR)" for label, root in roots.items()}}, *joins),
        lookups={
            f"components_{number}": chunks.written(table, compression=None).to_pybytes()
            for number, table in enumerate(tables.values())
        },
        limits=limits,
    )
    if ids_are_nodes(records):
        # A component is named by its smallest node, which is its smallest ID.
        return InTasks(records.chunks, records.task(partial(labelling.look_up, plan=plan)), schema)
    places = max(parallelism(records.frame), -(-found.records // _RECORDS_OF_A_TASK))
    *_, widest = roots.values()
    place = {"place": f"CAST(hash({widest}) % {places} AS INTEGER)"}
    plan = replace(plan, query=_selected({SOURCE: SOURCE, ID: ID, **roots, **place}, *joins), places=places)
    scattered = records.chunks.mapInArrow(records.task(partial(labelling.scatter, plan=plan)), chunks.SCHEMA)
    first = _selected({**record, **{label: _first_member(records, label) for label in tables}}, table=KEY_ROWS)
    in_place = KernelPlan(statements=(), outputs=(first,), limits=limits)
    return InTasks(scattered.repartitionById(places, "place"), partial(kernel.run, plan=in_place), schema)


def _members(records: LinkageRecords, found: Survey) -> str:
    node = node_sql(records, SOURCE, ID, seed=found.seed)
    return f"SELECT {SOURCE}, {ID}, {node} AS {NODE} FROM {chunks.RECORDS}"


def _selected(columns: Mapping[str, str], *joins: str, table: str = "members") -> str:
    return f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns.items())} FROM {' '.join([table, *joins])}"


def _first_member(records: LinkageRecords, component: str) -> str:
    """The label of a component, in SQL over members that hold the whole of it."""
    text, over = f"CAST({ID} AS VARCHAR)", f"OVER (PARTITION BY {component})"
    if len(records.sources) == 1:
        return f"min({text}) {over}"
    first = f"min({{'source': {SOURCE}, 'text': {text}}}) {over}"
    return f"{named.source_name(records, f'({first}).source')} || '{SOURCE_SEPARATOR}' || ({first}).text"


def _labelled_by_joins(
    records: LinkageRecords, found: Survey, components: Mapping[str, Components], limits: KernelLimits
) -> DataFrame:
    schema = T.StructType([T.StructField(SOURCE, T.ShortType()), T.StructField(ID, records.id_type)])
    task = records.task(partial(kernel.unpack, sql=_members(records, found), limits=limits))
    members = records.chunks.mapInArrow(task, schema.add(NODE, T.LongType()))
    for label, at in components.items():
        members = with_root(members, at)
        if ids_are_nodes(records):
            members = members.withColumn(label, F.col(ROOT).cast("string")).drop(ROOT)
            continue
        first = F.min(F.struct(*_order(records))).over(Window.partitionBy(ROOT))
        members = members.withColumn("first", first).withColumn(label, _label(records)).drop("first", ROOT)
    source = [] if len(records.sources) == 1 else [_name(records, F.col(SOURCE)).alias("source_dataset")]
    return members.select(F.col(ID).alias("unique_id"), *source, *components)


def _order(records: LinkageRecords) -> list[Column]:
    """What orders the records of a cluster, and what the label of its first is made of."""
    text = F.col(ID).cast("string").alias("text")
    return [text] if len(records.sources) == 1 else [F.col(SOURCE).alias("source"), text]


def _label(records: LinkageRecords) -> Column:
    text = F.col("first.text")
    if len(records.sources) == 1:
        return text
    return F.concat(_name(records, F.col("first.source")), F.lit(SOURCE_SEPARATOR), text)


def _name(records: LinkageRecords, number: Column) -> Column:
    return F.array(*[F.lit(name) for name in records.sources])[number.cast("int")]
