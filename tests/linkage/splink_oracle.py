"""Splink on DuckDB: the judge of what the engine should answer."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker

Pair = tuple[str | None, object, str | None, object]


@dataclass(frozen=True)
class Scored:
    """What Splink says of a pair."""

    match_key: str
    weight: float
    gammas: tuple[int, ...]


def linker(document: Mapping[str, Any], inputs: Mapping[str, pa.Table]) -> Linker:
    """Splink over in-memory tables, under the names of the inputs."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # Splink writes lambdas with an arrow, which this DuckDB takes only if it is told to.
    connection.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'")
    api = DuckDBAPI(connection)
    tables = [
        # Splink writes table names unquoted, and of two inputs the one whose table name is smaller is on the left.
        api.register(inputs[name], table_name=f"input_{number}", dataset_display_name=name)
        for number, name in enumerate(sorted(inputs))
    ]
    return Linker(tables, copy.deepcopy(dict(document)), log_level=None)


def scored_pairs(document: Mapping[str, Any], inputs: Mapping[str, pa.Table]) -> dict[Pair, Scored]:
    """Every candidate pair, as (source, ID) of the left and of the right record; one input has no source."""
    document = {**document, "retain_intermediate_calculation_columns": False, "retain_matching_columns": True}
    predicted = linker(document, inputs).inference.predict(warning_mode="never").as_record_list()
    names = [comparison["output_column_name"] for comparison in document["comparisons"]]
    source = document.get("source_dataset_column_name", "source_dataset")
    found = {
        (row.get(f"{source}_l"), row["unique_id_l"], row.get(f"{source}_r"), row["unique_id_r"]): Scored(
            row["match_key"], row["match_weight"], tuple(row[f"gamma_{name}"] for name in names)
        )
        for row in predicted
    }
    assert len(found) == len(predicted), "Splink gave a pair twice"
    return found


def predicted(document: Mapping[str, Any], inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Every candidate pair as a table: what `scored_pairs` holds, for more pairs than Python should."""
    document = {**document, "retain_intermediate_calculation_columns": False, "retain_matching_columns": True}
    pairs = linker(document, inputs).inference.predict(warning_mode="never").as_duckdbpyrelation()
    return pairs.to_arrow_table()
