"""In-memory tables made ready for the engine, and its answers in plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.engine.components import ComponentLimits
from linkage.engine.frequencies import counted_columns
from linkage.engine.holding import hold
from linkage.engine.kernel import KernelLimits
from linkage.engine.record_inputs import linkage_records, linkage_records_of
from linkage.engine.records import LinkageRecords
from linkage.engine.scoring import ScoredPairs, score
from linkage.engine.survey import Survey, survey
from linkage.model.blocking import KeyedRule, keyed_rules
from linkage.model.specification import LinkageModel
from tests.linkage.splink_models import model
from tests.linkage.splink_oracle import Pair, Scored

# Below any weight.
EVERYTHING = -1e9
# More edges than a small test has.
IN_PROCESS = ComponentLimits(in_process_edges=1000)


@dataclass(frozen=True)
class Prepared:
    """A model, its rules taken apart, and the records that they read."""

    model: LinkageModel
    rules: tuple[KeyedRule, ...]
    records: LinkageRecords

    def scored(
        self,
        limits: KernelLimits,
        *,
        threshold: float = EVERYTHING,
        found: Survey | None = None,
        joining_weight: float | None = None,
    ) -> ScoredPairs:
        """The engine's pairs, by a survey that has been made or a plain one."""
        found = found or self.surveyed(limits, counted_columns(self.model, for_training=False))
        return score(
            self.records,
            self.model,
            self.rules,
            found,
            threshold_weight=threshold,
            with_sources=len(self.records.sources) > 1,
            limits=limits,
            joining_weight=joining_weight,
        )

    def surveyed(self, limits: KernelLimits, columns: Sequence[str] = (), *, cap: int | None = None) -> Survey:
        """What is counted of the rules and of some columns; keys with more pairs than the cap make none."""
        return survey(self.records, self.rules, columns, limits=limits, cap_key_pairs=cap)


def prepared(
    spark: SparkSession,
    document: Mapping[str, Any],
    inputs: Mapping[str, pa.Table],
    *,
    partitions: int = 2,
    memory: int = 0,
) -> Prepared:
    """Read a settings document and bring tables in, in so many partitions; held, if they need no more memory."""
    read = model(dict(document))
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    frames = {name: spark.createDataFrame(table).repartition(partitions) for name, table in inputs.items()}
    return Prepared(read, rules, hold(linkage_records(frames, read, rules), memory=memory))


def prepared_with_persons(
    spark: SparkSession,
    document: Mapping[str, Any],
    inputs: Mapping[str, pa.Table],
    persons_by: Sequence[Sequence[str]],
    *,
    memory: int,
) -> Prepared:
    """The same, from one frame as a pipeline has it; values count once for each person."""
    read = model(dict(document))
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    frames = [spark.createDataFrame(table).withColumn("of", F.lit(name)) for name, table in inputs.items()]
    together = reduce(DataFrame.unionByName, frames)
    records = linkage_records_of(together, read, rules, source="of", names=inputs, persons_by=persons_by)
    return Prepared(read, rules, hold(records, memory=memory))


def plain(pairs: ScoredPairs) -> dict[Pair, Scored]:
    """Pairs as the oracle gives them; a pair that is there twice fails."""
    rows = pairs.frame.collect()
    gammas = [name for name in pairs.frame.columns if name.startswith("gamma_")]
    found = {}
    for row in (row.asDict() for row in rows):
        pair = (row.get("source_dataset_l"), row["unique_id_l"], row.get("source_dataset_r"), row["unique_id_r"])
        found[pair] = Scored(row["match_key"], row["match_weight"], tuple(row[gamma] for gamma in gammas))
    assert len(found) == len(rows), "a pair came twice"
    return found
