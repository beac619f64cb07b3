"""The column that says which person a record really is of: for measuring, never for linking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from linkage.engine.records import backticked
from linkage.errors import ConfigError
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel
from linkage.quality.linkage_error import TruthBasis, linkage_error
from linkage.quality.reading import overall_accuracy


def check_truth(
    frames: Mapping[str, DataFrame], model: LinkageModel, rules: Sequence[KeyedRule], truth: str | None
) -> None:
    """Refuse a truth that is not there, or that takes part in linking.

    Raises:
        ConfigError: An input has no such column, the model or a rule reads it, or inputs have it in different types.
    """
    if truth is None:
        return
    for name, frame in frames.items():
        if truth not in frame.columns:
            raise ConfigError(f"input {name}: no column {truth}, which --truth names")
    kinds = {name: frame.schema[truth].dataType.simpleString() for name, frame in frames.items()}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        raise ConfigError(f"--truth {truth}: inputs have it in different types ({told}); make them one")
    read = {column.lower() for comparison in model.comparisons for column in comparison.columns}
    read |= {column.lower() for rule in rules for column in rule.columns}
    read |= {column.lower() for column in model.term_frequency_columns}
    if truth.lower() in read:
        raise ConfigError(f"--truth {truth}: the model reads this column; truth must not take part in linking")


def accuracy_of(
    clusters: DataFrame, frames: Mapping[str, DataFrame], model: LinkageModel, truth: str
) -> dict[str, float | None]:
    """`precision`, `recall` and `f1` of the pairs that clusters imply, null where they are rates over nothing.

    Args:
        clusters: One row per record, with `unique_id`, `cluster_id` and, of several inputs, `source_dataset`.
        frames: The inputs by name.
        model: Its link type says which pairs count.
        truth: The column of the inputs with the true person; null where that is not known.
    """
    several = len(frames) > 1
    key = ["unique_id", "source_dataset"] if several else ["unique_id"]
    known = reduce(
        DataFrame.unionByName,
        [
            frame.select(
                F.col(backticked(model.unique_id_column)).alias("unique_id"),
                F.lit(name).alias("source_dataset"),
                F.col(backticked(truth)).alias("truth"),
            )
            for name, frame in frames.items()
        ],
    )
    judged = clusters.join(known.select(*key, "truth"), key, how="left")
    across = model.link_type == "link_only"
    rates = linkage_error(
        judged,
        truth="truth",
        cluster="cluster_id",
        basis=TruthBasis.GIVEN,
        source="source_dataset" if across else None,
        across_sources_only=across,
        replicates=0,
    )
    return overall_accuracy(rates)
