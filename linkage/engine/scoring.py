"""Candidate pairs scored: records with a model in, scored pairs and pattern counts out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.engine import chunks, named, plans
from linkage.engine.capping import capped_column, counted
from linkage.engine.checks import no_level
from linkage.engine.in_tasks import InTasks, Written
from linkage.engine.kernel import SUMMARY, KernelLimits
from linkage.engine.making import made_in_tasks
from linkage.engine.records import LinkageRecords
from linkage.engine.survey import Survey
from linkage.model.blocking import KeyedRule
from linkage.model.specification import LinkageModel

# Edges come to the driver, 8 bytes each before compression, and Spark lets 1 GB come if nothing else is set.
_MOST_TOLD = 100_000_000


_GAMMA = "gamma_"


class ScoredPairs:
    """Scored pairs, and, once they have been written, what was counted on the way.

    Grain: one row per kept pair, with the columns of `linkage.engine.named.pair_columns`. The left
    record is the one that Splink would have on the left.
    """

    def __init__(self, rows: InTasks, capped: Sequence[int] = (), *, joins: bool = False) -> None:
        """`capped` are the numbers of the rules with capped keys; `joins` says whether edges are told."""
        self._rows = rows
        self._joins = joins
        self._capped = {number: capped_column(number) for number in capped}
        self._observation = Observation()
        self._told: Sequence[bytes] | None = None

    @cached_property
    def frame(self) -> DataFrame:
        """The pairs in Spark; what is counted is counted by the first action."""
        summaries = F.collect_list(SUMMARY).alias(SUMMARY)
        observed = self._rows.frame().observe(self._observation, summaries)
        return observed.where(F.col(SUMMARY).isNull()).drop(SUMMARY)

    def write(self, folder: str) -> Written:
        """The pairs in files that the tasks write."""
        written = self._rows.write(folder)
        self._told = written.summaries
        return written

    def patterns(self) -> pa.Table:
        """Counts over all candidate pairs, kept or not, once an action has run on `frame`, or the files are written.

        One row per comparison vector, match key and source pair, with `pairs` and, of these,
        `kept`. Exact also when tasks are retried: a result is observed once for each partition.

        Raises:
            ConfigError: No level of a comparison takes some pairs: these have no weight, and were not kept.
        """
        every = self._summaries(plans.PATTERNS)
        if every is None:
            gammas = [name for name in self._rows.schema.names if name.startswith(_GAMMA)]
            counted = ["match_key", "source_l", "source_r", *gammas, "pairs", "kept"]
            return pa.schema([pa.field(name, pa.int64()) for name in counted]).empty_table()
        sums = ("pairs", "kept", *self._capped.values())
        keys = [name for name in every.column_names if name not in sums]
        for name in keys:
            if name.startswith(_GAMMA) and every[name].null_count:
                raise no_level(name.removeprefix(_GAMMA))
        summed = every.group_by(keys).aggregate([("pairs", "sum"), ("kept", "sum")])
        return summed.rename_columns([*keys, "pairs", "kept"])

    def sharing_capped(self) -> dict[int, int]:
        """Pairs that were made and share a capped key of a rule, by its number, counted as `patterns`.

        A pair counts for each capped key that it shares.
        """
        every = self._summaries(plans.PATTERNS)
        return {
            number: 0 if every is None else int(pc.sum(every[name]).as_py() or 0)
            for number, name in self._capped.items()
        }

    def edges(self) -> pa.Table | None:
        """The numbers `l` and `r` (int) of records that pairs join, once the pairs are written; None if not asked for.

        One row per pair of at least the joining weight.
        """
        if not self._joins:
            return None
        found = self._summaries(plans.EDGES)
        return pa.table({side: pa.array([], pa.int32()) for side in "lr"}) if found is None else found

    def _summaries(self, kind: str) -> pa.Table | None:
        """What all tasks told of a kind; None if none did."""
        told = self._observation.get[SUMMARY] if self._told is None else self._told
        tables = [table for table in map(chunks.read, told) if chunks.told(table) == kind]
        return pa.concat_tables(tables) if tables else None


def score(
    records: LinkageRecords,
    model: LinkageModel,
    rules: Sequence[KeyedRule],
    found: Survey,
    *,
    threshold_weight: float,
    with_sources: bool,
    limits: KernelLimits,
    joining_weight: float | None = None,
) -> ScoredPairs:
    """Make, compare and score all candidate pairs.

    Grain: one row per distinct candidate pair with a match weight of at least the threshold,
    under the first rule that makes it.

    Args:
        records: What to link.
        model: With parameters for every level, trained or default.
        rules: The model's blocking rules.
        found: A survey of these rules and of the model's term-frequency columns.
        threshold_weight: In bits.
        with_sources: Whether pairs name the datasets of their records.
        limits: What a task's DuckDB may use.
        joining_weight: In bits; pairs of at least this weight are told as edges, too, where records are
            held and the rules cannot make too many pairs. They come to this process, 8 bytes each.
    """
    if records.held is None or sum(found.sizes.of(rule).pairs for rule in rules) > _MOST_TOLD:
        joining_weight = None
    capped = counted(rules, found.sizes)
    work = plans.scoring(
        records,
        model,
        rules,
        threshold_weight=threshold_weight,
        with_sources=with_sources,
        capped=capped,
        joining_weight=joining_weight,
    )
    schema = named.pair_schema(records, model, with_sources=with_sources).add(SUMMARY, T.BinaryType())
    rows = made_in_tasks(records, [rules], found, work, schema, limits=limits)
    return ScoredPairs(rows, tuple(capped), joins=joining_weight is not None)
