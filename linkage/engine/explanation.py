"""Why a pair has its match weight: the terms of the sum, with the SQL that scores every pair.

No Spark: two records in, plain values out. What is said of a pair are levels and weights; the
records' values only if asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from typing import Any

import duckdb
import pyarrow as pa

from linkage.engine import kernel, kernel_sql, weights
from linkage.engine.kernel import KEY_ROWS, KernelLimits
from linkage.engine.records import ID, SOURCE
from linkage.errors import ConfigError
from linkage.model.specification import Comparison, LinkageModel, prior_weight

_PRIOR = "prior"
_WEIGHT = "match_weight"
_ADJUSTMENT = "__adjustment_"


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: the prior, a comparison, or its term-frequency adjustment.

    Attributes:
        comparison: The comparison's name, or `prior`.
        is_adjustment: Whether this is the comparison's adjustment for term frequency.
        gamma: The level reached, -1 null; None for the prior.
        label: What the level is called.
        match_weight: What the step adds, in bits.
        values: By column, of the left and of the right record; None unless they were asked for.
        cumulative_weight: The sum up to this step, in bits.
    """

    comparison: str
    is_adjustment: bool
    gamma: int | None
    label: str
    match_weight: float
    values: Mapping[str, tuple[Any, Any]] | None
    cumulative_weight: float = 0.0


@dataclass(frozen=True)
class Explanation:
    """A pair's match weight, step by step.

    Attributes:
        left: Source number and ID of the record that is on the left in Splink's order.
        right: The same of the other.
        steps: The prior, then each comparison in the model's order, its adjustment behind it.
        match_weight: In bits, as the engine scores the pair; the last step's cumulative weight.
    """

    left: tuple[int, int | str]
    right: tuple[int, int | str]
    steps: tuple[Step, ...]
    match_weight: float

    @property
    def match_probability(self) -> float:
        """The weight as a probability, without overflow at either end."""
        odds = math.pow(2.0, -abs(self.match_weight))
        return 1.0 / (1.0 + odds) if self.match_weight >= 0 else odds / (1.0 + odds)

    def document(self) -> dict[str, Any]:
        """Weights and steps as plain values for JSON; what is None is left out."""
        return {
            "match_weight": self.match_weight,
            "match_probability": self.match_probability,
            "steps": [{key: value for key, value in asdict(step).items() if value is not None} for step in self.steps],
        }


def model_of_pair(model: LinkageModel, pair: pa.Table, sources: Sequence[str]) -> LinkageModel:
    """The parameters that score these two records: where there are some, those of their sources.

    Args:
        model: Of all pairs.
        pair: Two rows with `__source`.
        sources: Source names, in the order of their numbers.
    """
    one, other = (sources[number] for number in pair[SOURCE].to_pylist())
    return model.for_sources(one, other)


def explain_pair(model: LinkageModel, pair: pa.Table, *, with_values: bool = False) -> Explanation:
    """Take a pair's match weight apart.

    Args:
        model: With parameters for every level, trained or default; the `model_of_pair`, if it has
            parameters by source pair.
        pair: Two rows, in any order: `__source` and `__id` as in `LinkageRecords`, the columns that
            the comparisons read, in lower case, and the `term_frequency_column` of each adjusted one.
        with_values: Whether the steps hold the records' values.

    Raises:
        ConfigError: The link type makes no pair of them, or a level cannot be computed on their values.
        ValueError: The model has parameters by source pair.
    """
    if model.by_source_pair:
        raise ValueError("these may not be the parameters of the two records' sources; take model_of_pair")
    found = _scored(model, pair)
    steps = list(_steps(model, found, with_values=with_values))
    sums = accumulate(step.match_weight for step in steps)
    return Explanation(
        left=(found[f"{SOURCE}_l"], found[f"{ID}_l"]),
        right=(found[f"{SOURCE}_r"], found[f"{ID}_r"]),
        steps=tuple(replace(step, cumulative_weight=total) for step, total in zip(steps, sums, strict=True)),
        match_weight=found[_WEIGHT],
    )


def _steps(model: LinkageModel, found: Mapping[str, Any], *, with_values: bool) -> Iterator[Step]:
    """The terms of the weight in the order in which they are added, without their sums."""

    def values(*columns: str) -> dict[str, tuple[Any, Any]] | None:
        if not with_values:
            return None
        names = {column: column.lower() for column in columns}
        return {column: (_plain(found[f"{name}_l"]), _plain(found[f"{name}_r"])) for column, name in names.items()}

    yield Step(_PRIOR, False, None, "starting match weight", prior_weight(model.prior), None)
    for number, comparison in enumerate(model.comparisons):
        gamma = found[comparison.gamma_column]
        if gamma is None:
            raise ConfigError(f"comparison {comparison.name}: no level takes these two records; end it with ELSE")
        level = comparison.level(gamma)
        yield Step(comparison.name, False, gamma, level.label, level.match_weight, values(*comparison.columns))
        adjustment = level.term_frequency
        if adjustment is not None and adjustment.weight != 0:
            label = f"term frequency of {adjustment.column}"
            weight = found[f"{_ADJUSTMENT}{number}"]
            yield Step(comparison.name, True, gamma, label, weight, values(adjustment.column))


def _scored(model: LinkageModel, pair: pa.Table) -> dict[str, Any]:
    """The one pair that the link type makes of two records: values, levels, weight and its adjustments."""
    order = kernel_sql.pair_order(model.link_type, id_is_string=not pa.types.is_integer(pair.schema.field(ID).type))
    pairs = kernel_sql.all_pairs_sql(order, ", ".join(kernel_sql.both_sides(pair.column_names)))
    gammas = ", ".join(kernel_sql.gamma_sql(comparison) for comparison in model.comparisons)
    adjustments = [
        f"{weights.weight_sql(_only_adjusted(model, comparison), ())} AS {_ADJUSTMENT}{number}"
        for number, comparison in enumerate(model.comparisons)
    ]
    wanted = ", ".join([f"{weights.weight_sql(model, ())} AS {_WEIGHT}", *adjustments])
    with kernel.connect(KernelLimits(memory="256MB", scratch=""), "") as connection:
        connection.register(KEY_ROWS, pair)
        try:
            found = connection.sql(f"SELECT *, {wanted} FROM (SELECT *, {gammas} FROM ({pairs}))").to_arrow_table()
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            # Of these the message tells types and functions: no row has been read.
            reason = str(error).splitlines()[0]
            raise ConfigError(f"a comparison level does not fit the columns' types: {reason}") from None
        except duckdb.Error:
            # Of others it may quote a value.
            raise ConfigError(
                "a comparison level cannot be computed on these two records; guard it, for example with TRY_CAST"
            ) from None
    if found.num_rows != 1:
        raise ConfigError(f"link_type {model.link_type} makes no pair of these two records")
    return dict(found.to_pylist()[0])


def _only_adjusted(model: LinkageModel, comparison: Comparison) -> LinkageModel:
    """A model whose weight is the comparison's term-frequency adjustment: all else weighs nothing."""
    levels = tuple(replace(level, m=level.effective_u) for level in comparison.levels)
    return replace(model, prior=0.5, comparisons=(replace(comparison, levels=levels),))


def _plain(value: object) -> Any:  # noqa: ANN401  whatever JSON has
    """A value as JSON has it; dates, decimals and the like as they are written."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
