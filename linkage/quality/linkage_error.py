"""Missed and false matches of clusters against the truth, by pair of datasets and by subgroup, with intervals.

Every measure is a ratio of sums over records, and what a record adds follows from three sizes: of its
true person, of its cluster, and of its cell, the records of that person in that cluster. So no pair is
made, a subgroup's measure is the sum over its records, and the interval draws persons
(`linkage.quality.bootstrap`). Binette et al. (2024, arXiv:2404.05622) write the measures in this form.

- `pair_precision`, `pair_recall`, `pair_f1`: of pairs of records. A pair counts half for each of its two
  records, so for a subgroup they are rates among the links of its records, whoever these are with.
- `false_match_rate` = 1 - `pair_precision`, false matches per link; `missed_match_rate` = 1 - `pair_recall`,
  missed matches per true match: the two errors of the literature on linkage by subgroup (Bohensky et al.
  2010; Hagger-Johnson et al. 2015, PMC4550723; Harron et al. 2020, doi 10.1080/03014460.2020.1742379).
- `record_precision`, `record_recall`: of the other records in its cluster the share that is right, of the
  person's other records the share that is found; a mean over records that have such others. A person with
  a hundred records has a hundred parts in it, and ten thousand in the measures of pairs.
- `bcubed_precision`, `bcubed_recall`: the same with the record itself among both, a mean over all
  records (Bagga and Baldwin 1998, doi 10.3115/980451.980859). Records that are rightly alone raise it.
- `cluster_precision`, `cluster_recall`: of the clusters found, the share that is exactly a true person; of
  the true persons, the share found exactly (Menestrina et al. 2010). Singles count. A cluster counts in equal
  parts for its records, so in a subgroup there are parts of clusters.

Truth from a generator tells how a model does where errors are as the generator makes them, and a generator
shares its error rates with the models that are tried on it. It is no accuracy on real records. So each row
carries the kind of truth that it stands on, and there is no way to leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.quality.bootstrap import REPLICATES, SEED, Ratio, ratio_intervals

ALL = "all"
NOT_RECORDED = "not recorded"
# Shares are summed as integers of this many parts, so that no sum depends on its order. It is divisible by
# 1 to 16: shares in groups of usual size are exact.
_PARTS = 720_720_000
_SIZES = ("cell", "cluster", "person")


class TruthBasis(StrEnum):
    """Where the truth comes from, which says what a measure is worth."""

    SYNTHETIC = "synthetic"
    SYNTHETIC_MISSPECIFIED = "synthetic, with errors unlike those the model expects"
    CLERICAL = "clerical review"
    GIVEN = "a column of the records, as given"


def linkage_error(
    records: DataFrame,
    *,
    truth: str,
    cluster: str,
    basis: TruthBasis,
    source: str | None = None,
    subgroups: Sequence[str] = (),
    across_sources_only: bool = False,
    replicates: int = REPLICATES,
    seed: int = SEED,
    level: float = 0.95,
) -> DataFrame:
    """All measures of the module: overall, by pair of datasets, by subgroup, and by both.

    For two datasets only their records exist. The measures of pairs and of records then take pairs across
    the two (of `a x a`, inside the one); those of B-cubed and of clusters take what is left of each cluster
    and person. The subgroup of a record is its own value, not its person's: a linker sees no other.

    Persons that a cluster mixes are drawn together, with the first of them: a false match is one event
    that both its persons show, and drawn apart they would make it look like two independent ones, and the
    intervals of precision would be too narrow, down to 1/sqrt(2) of the width. Of longer chains of mixed
    persons only neighbours are drawn together.

    Args:
        records: One row per record, with the columns named below.
        truth: Column with the true person; records where it is null do not take part.
        cluster: Column with the cluster; null means alone.
        basis: Where the truth comes from.
        source: Column with the dataset of the record, not null; without it there are no pairs of datasets.
        subgroups: Columns with values of records; null becomes `not recorded`, a group like others.
        across_sources_only: Take pairs of two different datasets only, as a link without deduplication
            should be judged; it needs `source`. Measures of B-cubed and of clusters are as without.
        replicates: How many draws of persons an interval rests on; with none it has no ends.
        seed: Another seed draws otherwise.
        level: Share of the draws that an interval holds.

    Returns:
        One row per `datasets`, `subgroup`, `value` and `measure`: `datasets` is `all` or `a x b` in
        alphabetical order; `subgroup` is `all`, with value `all`, or the name of one, with each of its
        values; then `numerator`, `denominator` (pairs, records or clusters), `rate`, `lower`, `upper`
        (double) and `truth_basis`. A rate over nothing is null. No rows if no record has a truth.

    Raises:
        ValueError: A subgroup is named `all`, `across_sources_only` without `source`, `replicates` is below
            zero, or `level` is not between 0 and 1.

    >>> df = spark.createDataFrame([(1, 7, "F"), (1, 7, None), (2, 7, "F")], "person int, cluster int, sex string")
    >>> rates = linkage_error(
    ...     df, truth="person", cluster="cluster", basis=TruthBasis.SYNTHETIC, subgroups=["sex"], replicates=1
    ... )
    >>> rates.where("measure = 'false_match_rate'").select("value", "numerator", "denominator").sort("value").show()
    +------------+---------+-----------+
    |       value|numerator|denominator|
    +------------+---------+-----------+
    |           F|      1.5|        2.0|
    |         all|      2.0|        3.0|
    |not recorded|      0.5|        1.0|
    +------------+---------+-----------+
    """
    if ALL in subgroups:
        raise ValueError(f"subgroup {ALL}: this name means all records; rename the column")
    if across_sources_only and source is None:
        raise ValueError("pairs across sources need a source column")
    placed = _with_sizes(_cells(records, truth, cluster, source, subgroups))
    rows = _over_all_datasets(placed, across_sources_only)
    if source is not None:
        rows = rows.unionByName(_over_two_datasets(placed, across_sources_only))
    rates = ratio_intervals(
        rows,
        _ratios(),
        by=["datasets", "subgroup", "value"],
        drawn_with=F.col("drawn_with"),
        replicates=replicates,
        seed=seed,
        level=level,
    )
    return rates.withColumn("truth_basis", F.lit(basis.value))


def _cells(records: DataFrame, truth: str, cluster: str, source: str | None, subgroups: Sequence[str]) -> DataFrame:
    """Records counted (`n`) where person, cluster, dataset and all subgroups are the same."""
    scopes = [(F.lit(ALL), F.lit(ALL))]
    scopes += [(F.lit(name), F.coalesce(F.col(name).cast("string"), F.lit(NOT_RECORDED))) for name in subgroups]
    return (
        records.where(F.col(truth).isNotNull())
        .select(
            F.col(truth).alias("person_id"),
            F.col(cluster).alias("cluster_id"),
            (F.lit("") if source is None else F.col(source)).alias("source"),
            F.array(*(F.struct(s.alias("subgroup"), v.alias("value")) for s, v in scopes)).alias("scopes"),
        )
        .groupBy("person_id", "cluster_id", "source", "scopes")
        .agg(F.count("*").alias("n"))
    )


def _with_sizes(cells: DataFrame) -> DataFrame:
    """Adds the sizes of cell, cluster and person as maps from dataset to records, and `drawn_with`."""
    clustered = cells.where(F.col("cluster_id").isNotNull())
    by_cell = _sizes(clustered, ["person_id", "cluster_id"], "cell", F.col("person_id")).drop("first")
    by_cluster = _sizes(clustered, ["cluster_id"], "cluster", F.col("person_id"))
    in_cluster = cells.join(by_cluster, "cluster_id", how="left")
    mixed_with = F.coalesce("first", "person_id")
    by_person = _sizes(in_cluster, ["person_id"], "person", mixed_with).withColumnRenamed("first", "drawn_with")
    alone = F.create_map(F.col("source"), F.lit(1).cast("bigint"))
    return (
        in_cluster.join(by_cell, ["person_id", "cluster_id"], how="left")
        .join(by_person, "person_id", how="inner")
        .select(
            "source",
            "scopes",
            "n",
            "drawn_with",
            "person",
            F.coalesce("cell", alone).alias("cell"),
            F.coalesce("cluster", alone).alias("cluster"),
        )
    )


def _sizes(cells: DataFrame, keys: list[str], name: str, ranked: Column) -> DataFrame:
    """Per group of `keys` a map from dataset to records, no longer than there are datasets, and the `first`."""
    return (
        cells.groupBy(*keys, "source")
        .agg(F.sum("n").alias("n"), F.min(ranked).alias("first"))
        .groupBy(*keys)
        .agg(F.map_from_entries(F.collect_list(F.struct("source", "n"))).alias(name), F.min("first").alias("first"))
    )


def _over_all_datasets(placed: DataFrame, across: bool) -> DataFrame:
    """A row per cell and scope, with the sizes over all datasets."""
    total = {name: F.aggregate(F.map_values(name), F.lit(0).cast("bigint"), lambda x, y: x + y) for name in _SIZES}
    # The record itself is no other, and across datasets nor are those of its own.
    own = {name: _in_dataset(name, "source") if across else F.lit(1) for name in _SIZES}
    return placed.select(
        F.lit(ALL).alias("datasets"),
        F.inline("scopes"),
        "drawn_with",
        "n",
        *(total[name].alias(name) for name in _SIZES),
        *((total[name] - own[name]).alias(f"{name}_others") for name in _SIZES),
    )


def _over_two_datasets(placed: DataFrame, across: bool) -> DataFrame:
    """A row per cell, scope and dataset, its own (unless across) or another, with the sizes in the two."""
    datasets = placed.select(F.col("source").alias("other")).distinct()
    # Row counts multiply by the number of datasets, which does not grow with the data.
    both = placed.crossJoin(F.broadcast(datasets))
    same = F.col("source") == F.col("other")

    def whole(name: str) -> Column:
        return _in_dataset(name, "source") + F.when(same, 0).otherwise(_in_dataset(name, "other"))

    return (both.where(~same) if across else both).select(
        F.concat_ws(" x ", F.least("source", "other"), F.greatest("source", "other")).alias("datasets"),
        F.inline("scopes"),
        "drawn_with",
        "n",
        *(whole(name).alias(name) for name in _SIZES),
        *((_in_dataset(name, "other") - same.cast("int")).alias(f"{name}_others") for name in _SIZES),
    )


def _in_dataset(name: str, dataset: str) -> Column:
    """How many of the records of a size are in the dataset that the column names."""
    return F.coalesce(F.try_element_at(F.col(name), F.col(dataset)), F.lit(0))


def _ratios() -> dict[str, Ratio]:
    """The measures, as sums over rows of `n` records with equal sizes."""
    n = F.col("n")
    cell, cluster, person = (F.col(name) for name in _SIZES)
    right, found, true = (n * F.col(f"{name}_others") for name in _SIZES)
    whole = n * _PARTS
    exact = F.when((cell == cluster) & (cell == person), 1).otherwise(0)

    def share(part: Column, of: Column) -> Column:
        return n * F.round(F.try_divide(part, of) * _PARTS).cast("bigint")

    return {
        # Both records of a pair count it: in halves.
        "pair_precision": Ratio(right, found, 2),
        "pair_recall": Ratio(right, true, 2),
        "pair_f1": Ratio(2 * right, found + true, 2),
        "false_match_rate": Ratio(found - right, found, 2),
        "missed_match_rate": Ratio(true - right, true, 2),
        "record_precision": Ratio(share(right, found), F.when(found > 0, whole), _PARTS),
        "record_recall": Ratio(share(right, true), F.when(true > 0, whole), _PARTS),
        "bcubed_precision": Ratio(share(cell, cluster), whole, _PARTS),
        "bcubed_recall": Ratio(share(cell, person), whole, _PARTS),
        "cluster_precision": Ratio(share(exact, cluster), share(F.lit(1), cluster), _PARTS),
        "cluster_recall": Ratio(share(exact, person), share(F.lit(1), person), _PARTS),
    }
