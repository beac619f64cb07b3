"""Make, compare and score the candidate pairs of the records.

Scored pairs hold comparison levels and weights, no name and no date of birth.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import schemas
from jobs.harness import costs, stages
from jobs.harness.limits import kernel_limits
from jobs.harness.run import Run
from jobs.harness.shuffled import newest_stage, shuffled_since
from jobs.pipeline_records import runnable_records, surveyed_for_linking, trained_rules
from jobs.settings import PipelineSettings
from linkage.engine import budget
from linkage.engine.capping import Lost, capped_keys, lost
from linkage.engine.named import named_patterns
from linkage.engine.scoring import score
from linkage.lake import Zone
from linkage.model.specification import LinkageModel


def plan(config: PipelineSettings) -> stages.Plan:
    """What decides the result, and what is written."""
    return stages.Plan(
        inputs=[stages.Table(Zone.IDENTIFIERS, "records"), stages.Table(Zone.LINKAGE, "models")],
        outputs=[stages.Table(Zone.LINKAGE, name) for name in ("scored_pairs", "pattern_counts")],
        settings=[config.link, config.frequencies],
    )


def work(task: stages.Task[PipelineSettings]) -> dict[str, int]:
    """Score the pairs of all rules and keep those above the threshold; with a cap, tell what it lost."""
    config, limits = task.config.link, kernel_limits(task.spark, task.run)
    model, rules = trained_rules(task.lake)
    records = runnable_records(task.lake, task.config, model, rules)
    # After a training of the same run, the tasks' processes are there.
    is_warm = task.run.manifest.stages.get("train") == "done"
    surveyed = surveyed_for_linking(records, model, rules, config, limits=limits, is_warm=is_warm)
    found = surveyed.found
    budget.check(records, rules, found, config.max_pairs, limits, name="link.max_pairs")
    expected = costs.expected(records, model, rules, surveyed, None, by_spark=True)
    task.run.manifest.more["estimate"] = expected.document()
    began, before = time.monotonic(), newest_stage(task.spark)
    pairs = score(
        records,
        model,
        rules,
        found,
        threshold_weight=config.threshold_weight,
        with_sources=True,
        limits=limits,
    )
    schema = schemas.load("scored_pairs")
    named = pairs.frame.withColumnsRenamed({"unique_id_l": "record_id_l", "unique_id_r": "record_id_r"})
    written = task.lake.overwrite(named, Zone.LINKAGE, "scored_pairs", schema)
    patterns = pairs.patterns()
    considered, seconds = sum(patterns["pairs"].to_pylist()), time.monotonic() - began
    task.run.manifest.more["observed"] = costs.observed(seconds, considered, shuffled_since(task.spark, before))
    counted = task.spark.createDataFrame(named_patterns(records, patterns, with_sources=True)).coalesce(1)
    task.lake.overwrite(counted, Zone.LINKAGE, "pattern_counts", schemas.load("pattern_counts"))
    counts = {"pairs_considered": considered, "pairs_kept": written.rows}
    if config.cap_key_pairs is not None:
        _tell_lost(task.run, config.cap_key_pairs, model, lost(rules, found.sizes, pairs.sharing_capped()))
        counts["capped_keys"] = capped_keys(rules, found.sizes)
    return counts


def _tell_lost(run: Run, cap: int, model: LinkageModel, of_match_keys: Mapping[str, Lost]) -> None:
    """Put into the manifest and print what capping did to each match key.

    A pair may be lost to several match keys: the sum of what they lost says nothing.
    """
    run.manifest.more["capped"] = {match_key: each.document() for match_key, each in of_match_keys.items()}
    if not of_match_keys:
        print(f"link.cap_key_pairs {cap:,}: no key is above it")
    for match_key, each in of_match_keys.items():
        at_most, rule = "" if each.is_exact else "at most ", model.blocking_rules[int(match_key)].sql
        print(
            f"link.cap_key_pairs {cap:,}: blocking rule {match_key} ({rule}): {each.keys:,} keys of "
            f"{each.records:,} records capped; {at_most}{each.pairs_not_made:,} pairs not made, "
            f"{each.made_elsewhere:,} of them by another rule or key, {at_most}{each.pairs_lost:,} lost"
        )


STAGE = stages.Stage(
    "link",
    __name__,
    reads=frozenset({Zone.IDENTIFIERS, Zone.LINKAGE}),
    writes=frozenset({Zone.LINKAGE}),
    plan=plan,
    work=work,
)
