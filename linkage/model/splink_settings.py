"""Splink settings and saved models, read into our model and written back.

The only module that touches Splink beside the charts of `linkage.quality`; what it uses of
Splink's private API is that of 5.0.x, as pinned in setup.cfg. Splink thus stays the language in
which a model is written down, and the judge of what a valid one is.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

from splink import SettingsCreator, block_on
from splink.internals.comparison import Comparison as SplinkComparison
from splink.internals.comparison_level import ComparisonLevel as SplinkLevel
from splink.internals.settings import Settings

from linkage.errors import ConfigError
from linkage.model.dialects import compared_columns, to_duckdb
from linkage.model.settings_checks import check_document, check_model
from linkage.model.specification import (
    NULL_GAMMA,
    BlockingRule,
    Comparison,
    ComparisonLevel,
    Dialect,
    LinkageModel,
    TermFrequency,
)

_DIALECTS = ("duckdb", "spark")


def parse_settings(text: str, *, where: str) -> LinkageModel:
    """Read a Splink 5 settings or saved-model JSON.

    Args:
        text: The JSON document; its `sql_dialect` is `duckdb` or `spark`.
        where: What to call the document in a message: its path.

    Raises:
        ConfigError: It is not JSON, not valid Splink settings, or asks for what cannot run.
    """
    document = _json_object(text, where)
    check_document(document, where)
    try:
        model = _model(document, where)
    except RecursionError:
        raise ConfigError(f"{where}: a condition is nested too deeply") from None
    check_model(model, where)
    return model


def to_settings(model: LinkageModel) -> dict[str, Any]:
    """The model as a Splink saved model, in the dialect that it came in.

    A level that was never estimated is written without its m or u, as Splink does.
    """
    document: dict[str, Any] = copy.deepcopy(dict(model.document))
    document["probability_two_random_records_match"] = model.prior
    document["sql_dialect"] = model.dialect
    for written, comparison in zip(document["comparisons"], model.comparisons, strict=True):
        levels = zip(written["comparison_levels"], comparison.levels, strict=True)
        for written_level, level in levels:
            for key, value in (("m_probability", level.m), ("u_probability", level.u)):
                written_level.pop(key, None)
                if value is not None:
                    written_level[key] = value
    return document


def as_splink(model: LinkageModel) -> Settings:
    """The model as Splink's own object, for what Splink draws; null parameters are its defaults."""
    return _splink_settings(to_settings(model), model.dialect, "model")


def rule_of_shared_values(expressions: Sequence[str], dialect: Dialect) -> str:
    """The blocking rule of records that agree on every one of these expressions.

    >>> rule_of_shared_values(["surname", "substr(dob, 1, 4)"], "duckdb")
    '(l."surname" = r."surname") AND (SUBSTRING(l.dob, 1, 4) = SUBSTRING(r.dob, 1, 4))'
    """
    return str(block_on(*expressions).get_blocking_rule(dialect).blocking_rule_sql)


def _model(document: dict[str, Any], where: str) -> LinkageModel:
    dialect = _dialect(document, where)
    settings = _splink_settings(document, dialect, where)
    info = settings.column_info_settings
    return LinkageModel(
        link_type=cast(Any, settings._link_type),
        comparisons=tuple(_comparison(c, dialect, where) for c in settings.comparisons),
        blocking_rules=tuple(
            BlockingRule(rule.blocking_rule_sql, tuple(getattr(rule, "array_columns_to_explode", ())))
            for rule in settings._blocking_rules_to_generate_predictions
        ),
        prior=settings._probability_two_random_records_match,
        prior_is_given="probability_two_random_records_match" in document,
        em_convergence=settings.training_settings.em_convergence,
        max_iterations=settings.training_settings.max_iterations,
        unique_id_column=info.unique_id_column_name,
        source_dataset_column=info._source_dataset_column_name,
        dialect=dialect,
        document=cast(Any, settings).as_dict(),
    )


def _json_object(text: str, where: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{where}: not JSON ({error}); give a Splink settings file") from None
    except RecursionError:
        raise ConfigError(f"{where}: nested too deeply for Splink settings") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{where}: not a JSON object; give a Splink settings file")
    return document


def _dialect(document: Mapping[str, Any], where: str) -> Dialect:
    dialect = document.get("sql_dialect")
    if dialect not in _DIALECTS:
        raise ConfigError(f"{where}: sql_dialect must be one of {', '.join(_DIALECTS)}")
    return cast(Dialect, dialect)


def _splink_settings(document: dict[str, Any], dialect: Dialect, where: str) -> Settings:
    document = copy.deepcopy(document)
    for rule in document.get("blocking_rules_to_generate_predictions") or []:
        if isinstance(rule, dict):
            rule.pop("sql_dialect", None)
    splink_log = logging.getLogger("splink")
    level = splink_log.level
    splink_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SettingsCreator.from_path_or_dict(document).get_settings(dialect)
    except ZeroDivisionError:
        raise ConfigError(
            f"{where}: a comparison has one level with a weight, and needs two; end it with ELSE"
        ) from None
    except Exception as error:  # Splink raises many kinds; each means unusable settings
        reason = " ".join(str(error).split())
        raise ConfigError(f"{where}: Splink refuses these settings: {reason}") from error
    finally:
        splink_log.setLevel(level)


def _comparison(comparison: SplinkComparison, dialect: Dialect, where: str) -> Comparison:
    name = comparison.output_column_name
    levels = tuple(_level(level, comparison, dialect, where) for level in comparison.comparison_levels)
    columns: list[str] = []
    for level in levels:
        if not level.is_else:
            columns.extend(compared_columns(level.sql, where=f"{where}: comparison {name}"))
    return Comparison(
        name=name,
        gamma_column=comparison._gamma_column_name,
        levels=levels,
        columns=tuple(dict.fromkeys(columns)),
    )


def _level(level: SplinkLevel, comparison: SplinkComparison, dialect: Dialect, where: str) -> ComparisonLevel:
    place = f"{where}: comparison {comparison.output_column_name}, level '{level.label_for_charts}'"
    sql = level.sql_condition
    if not level._is_else_level:
        sql = to_duckdb(sql, dialect, where=place)
    return ComparisonLevel(
        sql=sql,
        label=level.label_for_charts,
        gamma=level.comparison_vector_value,
        m=_estimate(level._m_probability, level),
        u=_estimate(level._u_probability, level),
        default_m=cast(float, level.default_m_probability),
        default_u=cast(float, level.default_u_probability),
        fix_m=level._fix_m_probability,
        fix_u=level._fix_u_probability,
        exact_columns=_exact_columns(level),
        term_frequency=_term_frequency(level, comparison, place),
    )


def _estimate(probability: float | str | None, level: SplinkLevel) -> float | None:
    """None for a null level, and where Splink notes in words that a level was never observed."""
    return None if level.is_null_level or isinstance(probability, str) else probability


def _exact_columns(level: SplinkLevel) -> tuple[str, ...]:
    if level._is_else_level or level.is_null_level or not level._is_exact_match:
        return ()
    return tuple(level._exact_match_colnames)


def _term_frequency(level: SplinkLevel, comparison: SplinkComparison, place: str) -> TermFrequency | None:
    if not level._has_tf_adjustments or level.comparison_vector_value == NULL_GAMMA:
        return None
    column = str(level._tf_adjustment_input_column_name)
    base = level.comparison_vector_value
    needs_base = level._tf_adjustment_weight != 0 and not level._is_else_level
    if needs_base and not level.disable_tf_exact_match_detection:
        exact = [
            other.comparison_vector_value
            for other in comparison.comparison_levels
            if _exact_columns(other) == (column.lower(),)
        ]
        if not exact:
            raise ConfigError(
                f"{place}: its term-frequency adjustment needs a level of the same comparison "
                f"that is an exact match on {column} alone"
            )
        base = exact[0]
    return TermFrequency(
        column=column,
        weight=0.0 if level._is_else_level else level._tf_adjustment_weight,
        minimum_u=level._tf_minimum_u_value,
        base_gamma=base,
    )
