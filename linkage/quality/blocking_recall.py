"""How many true pairs the blocking rules reach: what no comparison and no threshold can bring back.

True pairs are made from the truth and the rules asked of each, so nothing that blocks takes part, and pairs
that no rule makes are counted as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.engine import chunks, kernel
from linkage.engine.kernel import KernelLimits
from linkage.model.blocking import KeyedRule

_PERSON = "true_person_id"
_COUNTED = "source_dataset_l string, source_dataset_r string, match_key string, pairs bigint"


def true_pairs_by_rule(
    records: DataFrame, truth: DataFrame, rules: Sequence[KeyedRule], *, limits: KernelLimits
) -> DataFrame:
    """Count pairs of records of one person by their datasets and the first blocking rule that makes them.

    Args:
        records: One row per record: `record_id`, `source_dataset` and what the rules read.
        truth: `record_id` and `true_person_id`; records without one take no part.
        rules: In their order; of a rule's parts any makes a pair.
        limits: What a task's DuckDB may use.

    Returns:
        One row per two datasets (in the order of their names, one twice for pairs within it) and rule that is the
        first to make some: `source_dataset_l`, `source_dataset_r`, `match_key` (null for pairs that no rule makes)
        and `pairs`.
    """
    read = dict.fromkeys(["record_id", "source_dataset", *(column for rule in rules for column in rule.columns)])
    known = records.select(*read).join(truth.where(F.col(_PERSON).isNotNull()), "record_id", how="inner")
    left, right = (known.select(_PERSON, F.struct(_place(), *read).alias(side)) for side in "lr")
    pairs = left.join(right, _PERSON, how="inner").where("l.place < r.place").select("l", "r")
    cases = " ".join(f"WHEN coalesce(({rule.predicate}), false) THEN '{rule.match_key}'" for rule in rules)
    columns = [f"{side}.source_dataset AS source_dataset_{side}" for side in "lr"]
    columns += [f"{f'CASE {cases} END' if rules else 'NULL::VARCHAR'} AS match_key", "count(*) AS pairs"]
    sql = f"SELECT {', '.join(columns)} FROM {chunks.RECORDS} GROUP BY ALL"  # noqa: S608  no data in it
    counted = pairs.mapInArrow(partial(kernel.convert, sql=sql, limits=limits), _COUNTED)
    by = ("source_dataset_l", "source_dataset_r", "match_key")
    return counted.groupBy(*by).agg(F.sum("pairs").alias("pairs"))


def blocking_recall(counted: DataFrame) -> DataFrame:
    """The share of true pairs that some rule makes.

    Args:
        counted: As `true_pairs_by_rule` gives them.

    Returns:
        One row per two datasets: `source_dataset_l`, `source_dataset_r`, `true_pairs`, `made_pairs` and `recall`.

    >>> counted = spark.createDataFrame([("a", "b", "0", 30), ("a", "b", None, 10)], _COUNTED)
    >>> [tuple(row) for row in blocking_recall(counted).collect()]
    [('a', 'b', 40, 30, 0.75)]
    """
    made = F.coalesce(F.sum(F.when(F.col("match_key").isNotNull(), F.col("pairs"))), F.lit(0))
    found = counted.groupBy("source_dataset_l", "source_dataset_r").agg(
        F.sum("pairs").alias("true_pairs"), made.alias("made_pairs")
    )
    return found.withColumn("recall", F.col("made_pairs") / F.col("true_pairs"))


def _place() -> Column:
    """What tells left from right, as where the engine links and dedupes several sources."""
    return F.struct(F.col("source_dataset"), F.col("record_id").cast("string").alias("id")).alias("place")
