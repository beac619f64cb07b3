"""A model tried on no rows at all, so that what cannot run is refused before any work."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from linkage.engine import kernel_sql
from linkage.engine.kernel import KEY_ROWS
from linkage.engine.keys import key_columns
from linkage.engine.records import LinkageRecords, empty_database
from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule
from linkage.model.specification import Comparison, LinkageModel


def no_level(comparison: str) -> ConfigError:
    """What to say where a comparison's levels, without an ELSE, leave some pair out."""
    return ConfigError(f"comparison {comparison}: no level takes some pairs; end it with ELSE")


def check_runnable(records: LinkageRecords, model: LinkageModel, rules: Sequence[KeyedRule]) -> None:
    """Bind every level and rule to the columns' types, as DuckDB will.

    Raises:
        ConfigError: A level or a rule that cannot run, by name, with the reason.
    """
    key_columns(records, rules)
    with empty_database(records, KEY_ROWS) as connection:
        for comparison in model.comparisons:
            _check_comparison(connection, comparison)
        for rule in rules:
            _try(
                connection,
                f"SELECT 1 FROM {KEY_ROWS} l INNER JOIN {KEY_ROWS} r ON {rule.predicate}",
                f"blocking rule ({rule.told})",
            )


def _check_comparison(connection: duckdb.DuckDBPyConnection, comparison: Comparison) -> None:
    sides = ", ".join(kernel_sql.both_sides(kernel_sql.compared_columns([comparison])))
    pairs = kernel_sql.all_pairs_sql("true", sides)
    for level in comparison.levels:
        if not level.is_else:
            _try(
                connection,
                f"SELECT CASE WHEN {level.sql} THEN 1 END FROM ({pairs})",
                f"comparison {comparison.name}, level '{level.label}'",
            )


def _try(connection: duckdb.DuckDBPyConnection, sql: str, name: str) -> None:
    try:
        connection.execute(sql)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{name}: {reason}") from None
