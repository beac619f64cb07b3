"""Pairs, counts and clusters under their inputs' own names, as jobs write them."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import types as T

from linkage.engine.records import ID, SOURCE, LinkageRecords, node_sql
from linkage.model.specification import LinkageModel


def pair_columns(records: LinkageRecords, model: LinkageModel, match_key: str, *, with_sources: bool) -> str:
    """What a pair that is kept has, in SQL over a scored candidate.

    Grain: one row per pair. Columns: `unique_id_l`, `unique_id_r` (the inputs' type),
    `source_dataset_l`, `source_dataset_r` if they are asked for, `match_key` (string),
    `match_weight` (bits), `match_probability`, and the gammas (int, -1 null).
    """
    columns = {f"unique_id_{side}": f"{ID}_{side}" for side in "lr"}
    if with_sources:
        columns |= {f"source_dataset_{side}": source_name(records, f"{SOURCE}_{side}") for side in "lr"}
    columns |= {
        "match_key": f"CAST({match_key} AS VARCHAR)",
        "match_weight": "match_weight",
        "match_probability": _PROBABILITY,
    }
    gammas = [f'"{comparison.gamma_column}"' for comparison in model.comparisons]
    named = [f"{sql} AS {name}" for name, sql in columns.items()]
    return ", ".join([*named, *(f"CAST({gamma} AS INTEGER) AS {gamma}" for gamma in gammas)])


# 1 / (1 + 2^-weight), written so that neither tail overflows.
_PROBABILITY = (
    "CASE WHEN match_weight >= 0 THEN 1.0::DOUBLE / (1.0::DOUBLE + pow(2.0::DOUBLE, -match_weight)) "
    "ELSE pow(2.0::DOUBLE, match_weight) / (1.0::DOUBLE + pow(2.0::DOUBLE, match_weight)) END"
)


def pair_schema(records: LinkageRecords, model: LinkageModel, *, with_sources: bool) -> T.StructType:
    """The same as Spark sees it."""
    fields = [T.StructField(f"unique_id_{side}", records.id_type) for side in "lr"]
    if with_sources:
        fields += [T.StructField(f"source_dataset_{side}", T.StringType()) for side in "lr"]
    fields += [
        T.StructField("match_key", T.StringType()),
        T.StructField("match_weight", T.DoubleType()),
        T.StructField("match_probability", T.DoubleType()),
    ]
    return T.StructType(fields + [T.StructField(c.gamma_column, T.IntegerType()) for c in model.comparisons])


def pair_end(records: LinkageRecords, side: str, *, seed: int) -> str:
    """The node of a named pair's left or right record, in SQL."""
    source = "0"
    if len(records.sources) > 1:
        source = f"list_position({_list_of_names(records)}, source_dataset_{side}) - 1"
    return node_sql(records, source, f"unique_id_{side}", seed=seed)


def named_patterns(records: LinkageRecords, patterns: pa.Table, *, with_sources: bool) -> pa.Table:
    """Counts over all candidate pairs, with names for source numbers.

    Grain: one row per comparison vector, match key and pair of sources. Columns: `match_key`
    (string), `source_dataset_l`, `source_dataset_r` if they are asked for, the gammas, `pairs` and, of these, `kept`.
    """
    named = {"match_key": patterns["match_key"].cast(pa.string())}
    if with_sources:
        names = pa.array(records.sources)
        named |= {f"source_dataset_{side}": names.take(patterns[f"source_{side}"].combine_chunks()) for side in "lr"}
    gammas = [name for name in patterns.column_names if name.startswith("gamma_")]
    named |= {gamma: patterns[gamma].cast(pa.int32()) for gamma in gammas}
    return pa.table(named | {name: patterns[name] for name in ("pairs", "kept")})


def record_columns(records: LinkageRecords) -> dict[str, str]:
    """What names a record, in SQL: `unique_id`, and `source_dataset` where there are several inputs."""
    columns = {"unique_id": ID}
    if len(records.sources) > 1:
        columns["source_dataset"] = source_name(records, SOURCE)
    return columns


def record_schema(records: LinkageRecords) -> T.StructType:
    """The same as Spark sees it."""
    schema = T.StructType([T.StructField("unique_id", records.id_type)])
    return schema.add("source_dataset", T.StringType()) if len(records.sources) > 1 else schema


def source_name(records: LinkageRecords, number: str) -> str:
    """The name of a source by its number, in SQL."""
    return f"list_extract({_list_of_names(records)}, {number} + 1)"


def _list_of_names(records: LinkageRecords) -> str:
    return "[" + ", ".join("'" + name.replace("'", "''") + "'" for name in records.sources) + "]"
