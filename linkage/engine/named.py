"""Pairs and clusters under their inputs' own names, as the `match` job writes them."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine.labels import CLUSTER
from linkage.engine.records import ID, SOURCE, LinkageRecords, quoted


def named_pairs(records: LinkageRecords, pairs: DataFrame, *, with_sources: bool) -> DataFrame:
    """Scored pairs with names for source numbers.

    Grain: as `pairs`. Columns: `unique_id_l`, `unique_id_r` (the inputs' type),
    `source_dataset_l`, `source_dataset_r` if they are asked for, `match_key` (string),
    `match_weight`, `match_probability`, and the gammas.
    """
    gammas = pairs.columns[pairs.columns.index("match_probability") + 1 :]
    return pairs.select(
        F.col("id_l").alias("unique_id_l"),
        F.col("id_r").alias("unique_id_r"),
        *(_names(records, {"source_l": "source_dataset_l", "source_r": "source_dataset_r"}) if with_sources else []),
        F.col("match_key").cast("string").alias("match_key"),
        "match_weight",
        "match_probability",
        *map(quoted, gammas),
    )


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


def numbered_pairs(records: LinkageRecords, pairs: DataFrame) -> DataFrame:
    """The way back, for clustering: `id_l`, `id_r`, `source_l`, `source_r`, `match_weight`."""
    numbers = [F.lit(0).cast("smallint").alias(f"source_{side}") for side in "lr"]
    if len(records.sources) > 1:
        names = _array_of_names(records)
        numbers = [
            (F.array_position(names, F.col(f"source_dataset_{side}")) - 1).cast("smallint").alias(f"source_{side}")
            for side in "lr"
        ]
    ids = [F.col(f"unique_id_{side}").alias(f"id_{side}") for side in "lr"]
    return pairs.select(*ids, *numbers, "match_weight")


def named_clusters(records: LinkageRecords, clusters: DataFrame) -> DataFrame:
    """Clusters with `unique_id`, `source_dataset` where there are several inputs, `cluster_id`."""
    source = _names(records, {SOURCE: "source_dataset"}) if len(records.sources) > 1 else []
    return clusters.select(F.col(ID).alias("unique_id"), *source, CLUSTER)


def _names(records: LinkageRecords, columns: dict[str, str]) -> list[Column]:
    names = _array_of_names(records)
    return [names[F.col(number).cast("int")].alias(name) for number, name in columns.items()]


def _array_of_names(records: LinkageRecords) -> Column:
    return F.array(*[F.lit(name) for name in records.sources])
