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

NO_RULE = "none"
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
        first to make some: `source_dataset_l`, `source_dataset_r`, `match_key` (`none` for pairs that no rule makes)
        and `pairs`.
    """
    read = dict.fromkeys(["record_id", "source_dataset", *(column for rule in rules for column in rule.columns)])
    known = records.select(*read).join(truth.where(F.col(_PERSON).isNotNull()), "record_id", how="inner")
    left, right = (known.select(_PERSON, F.struct(_place(), *read).alias(side)) for side in "lr")
    pairs = left.join(right, _PERSON, how="inner").where("l.place < r.place").select("l", "r")
    # CASE needs a branch, and there may be no rule.
    cases = " ".join(
        [
            "WHEN false THEN NULL",
            *(f"WHEN coalesce(({rule.predicate}), false) THEN '{rule.match_key}'" for rule in rules),
        ]
    )
    columns = [f"{side}.source_dataset AS source_dataset_{side}" for side in "lr"]
    columns += [f"CASE {cases} ELSE '{NO_RULE}' END AS match_key", "count(*) AS pairs"]
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

    >>> counted = spark.createDataFrame([("a", "b", "0", 30), ("a", "b", NO_RULE, 10)], _COUNTED)
    >>> [tuple(row) for row in blocking_recall(counted).collect()]
    [('a', 'b', 40, 30, 0.75)]
    """
    made = F.coalesce(F.sum(F.when(F.col("match_key") != NO_RULE, F.col("pairs"))), F.lit(0))
    found = counted.groupBy("source_dataset_l", "source_dataset_r").agg(
        F.sum("pairs").alias("true_pairs"), made.alias("made_pairs")
    )
    return found.withColumn("recall", F.col("made_pairs") / F.col("true_pairs"))


def reading(counted: DataFrame, rules: Sequence[str]) -> list[str]:
    """Lines for people: recall overall and by two datasets, lowest first, then what each rule is the first to make.

    Args:
        counted: As `true_pairs_by_rule` gives them.
        rules: The SQL of the rules, by match key.
    """
    found = blocking_recall(counted).orderBy("recall", "source_dataset_l", "source_dataset_r").collect()
    by_rule = {
        row["match_key"]: row["pairs"]
        for row in counted.groupBy("match_key").agg(F.sum("pairs").alias("pairs")).collect()
    }
    total, missed = sum(by_rule.values()), by_rule.get(NO_RULE, 0)
    if not total:
        return ["blocking recall: no two records have one known person, so nothing could be measured"]
    lines = [
        "blocking recall, the share of true pairs that some rule makes:",
        f"  {'datasets':<28}{'recall':>8}{'true pairs':>14}",
    ]
    lines.append(_line("all", (total - missed) / total, total))
    for row in found:
        both = " x ".join((row["source_dataset_l"], row["source_dataset_r"]))
        lines.append(_line(both, row["recall"], row["true_pairs"]))
    lines.append("share of true pairs that each rule is the first to make:")
    told = [(str(match_key), sql) for match_key, sql in enumerate(rules)] + [(NO_RULE, "no rule makes them")]
    return lines + [f"  {key:<6}{by_rule.get(key, 0) / total:>8.4f}  {sql}" for key, sql in told]


def _line(datasets: str, recall: float, true_pairs: int) -> str:
    return f"  {datasets:<28}{recall:>8.4f}{true_pairs:>14,}"


def _place() -> Column:
    """What tells left from right, as where the engine links and dedupes several sources."""
    return F.struct(F.col("source_dataset"), F.col("record_id").cast("string").alias("id")).alias("place")
