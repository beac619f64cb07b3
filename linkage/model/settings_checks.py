"""What is wrong with settings that Splink would take: each is refused by name, before any work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

from linkage.errors import ConfigError
from linkage.model.specification import Comparison, LinkageModel, LinkType

_RULES = "blocking_rules_to_generate_predictions"
_PRIOR = "probability_two_random_records_match"
# What Delta takes in no column's name, and what would end a quoted one.
_NOT_IN_NAMES = ",;{}()\n\t=\"'"
# Rounding may take a sum of shares above 1 by this much.
_ROUNDING = 1e-9


def check_document(document: Mapping[str, Any], where: str) -> None:
    """Refuse what would fail in Splink's hands without saying why.

    Args:
        document: Settings as JSON gives them.
        where: What to call them in a message.

    Raises:
        ConfigError: The rules are no list, the prior is no probability, or a text is not Unicode.
    """
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{where}: holds text that is not valid Unicode (half of a surrogate pair)") from None
    if not isinstance(document.get(_RULES, []), list):
        raise ConfigError(f"{where}: {_RULES} must be a list of rules")
    prior = document.get(_PRIOR, 0.5)
    if isinstance(prior, bool) or not isinstance(prior, int | float) or not 0 <= prior <= 1:
        raise ConfigError(f"{where}: {_PRIOR} must be a probability between 0 and 1")


def check_model(model: LinkageModel, where: str) -> None:
    """Refuse a model that cannot run.

    Raises:
        ConfigError: It lacks comparisons, levels or rules, or a level is not what Splink means by one.
    """
    if model.link_type not in get_args(LinkType):
        raise ConfigError(f"{where}: link_type {model.link_type}: must be one of {', '.join(get_args(LinkType))}")
    prefix = model.document.get("comparison_vector_value_column_prefix", "gamma_")
    if prefix != "gamma_":
        raise ConfigError(
            f"{where}: comparison_vector_value_column_prefix {prefix}: must be gamma_, as the outputs are"
        )
    if not model.comparisons:
        raise ConfigError(f"{where}: comparisons is empty; a model needs at least one")
    if not model.blocking_rules:
        raise ConfigError(
            f"{where}: blocking_rules_to_generate_predictions is empty; comparing every pair is not supported"
        )
    # Neither DuckDB nor Spark tells columns apart by capitals.
    columns = Counter(comparison.gamma_column.lower() for comparison in model.comparisons)
    twice = sorted(comparison.name for comparison in model.comparisons if columns[comparison.gamma_column.lower()] > 1)
    if twice:
        raise ConfigError(f"{where}: two comparisons share the name {', '.join(dict.fromkeys(twice))}")
    for comparison in model.comparisons:
        if any(letter in _NOT_IN_NAMES for letter in comparison.name):
            raise ConfigError(f"{where}: comparison {comparison.name!r}: its name becomes a column; use letters and _")
        if not comparison.scored_levels:
            raise ConfigError(f"{where}: comparison {comparison.name} has no level with a weight")
        _check_levels(comparison, where)


def _check_levels(comparison: Comparison, where: str) -> None:
    if any(level.is_else for level in comparison.levels[:-1]):
        raise ConfigError(f"{where}: comparison {comparison.name}: levels behind ELSE are never reached; put it last")
    for level in comparison.levels:
        given = ((level.m, level.default_m), (level.u, level.default_u))
        # Splink's default of a u may be above 1: it is made to give a weight.
        if any(p is not None and p != default and not 0 <= p <= 1 + _ROUNDING for p, default in given):
            raise ConfigError(f"{where}: comparison {comparison.name}, level '{level.label}': m and u must be 0 to 1")
