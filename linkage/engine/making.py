"""Candidate pairs made in tasks: from key rows that carry a number where records are held, else the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from linkage.engine import kernel, kernel_sql, pairing, plans, weights
from linkage.engine.capping import Capping, capping, made_before
from linkage.engine.exploding import RULE, WHOLE
from linkage.engine.frequencies import ValueFrequencies, looked_up, value_hash, with_joined_frequencies
from linkage.engine.held import ROW
from linkage.engine.in_tasks import InTasks
from linkage.engine.kernel import KernelLimits, KernelPlan
from linkage.engine.key_rows import Carried, Sample, key_rows
from linkage.engine.keys import plain_keys
from linkage.engine.many_keys import ManyKeys, many_keys
from linkage.engine.packing import packed
from linkage.engine.pairing import MADE, PairingPlan, RuleValues
from linkage.engine.plans import PairWork
from linkage.engine.records import ID, PERSON, SOURCE, LinkageRecords, Task
from linkage.engine.survey import Survey
from linkage.model.blocking import KeyedRule

Groups = Sequence[Sequence[KeyedRule]]


def made_in_tasks(
    records: LinkageRecords,
    groups: Groups,
    found: Survey,
    work: PairWork,
    schema: T.StructType,
    *,
    limits: KernelLimits,
    samples: Sequence[Sample] = (),
    seed: int = 0,
) -> InTasks:
    """Make each pair under the first rule of its group that makes it, and work on it where it is made.

    Args:
        records: What to pair.
        groups: Rules that share out pairs among themselves, in order; a rule stands in exactly one
            group. Prediction has one group; each training session is one.
        found: A survey of these rules, and of the columns whose frequencies the work reads.
        work: What to make of the pairs.
        schema: The columns of its output.
        limits: What a task's DuckDB may use.
        samples: For rules of which some pairs are enough.
        seed: Which sample.
    """
    rules = [rule for group in groups for rule in group]
    wider = None
    capped = capping(records, rules, found.sizes)
    if records.held is not None:
        carried = Carried.plain([ROW])
        task: Task = partial(pairing.run, plan=_pairing_plan(records, groups, work, limits, capped))
    else:
        blocked = [column.lower() for rule in rules for column in rule.columns]
        plain = Carried.plain([SOURCE, ID, *work.columns, *blocked])
        carried, wider = _with_term_frequencies(records, plain, work.frequencies, found.frequencies)
        task = partial(kernel.run, plan=_kernel_plan(records, groups, work, limits, capped))
    carried = replace(carried, columns={**carried.columns, **capped.columns})
    rows = key_rows(records, rules, found.sizes, carried, limits=limits, packed=wider, samples=samples, seed=seed)
    return InTasks(rows, records.task(task), schema)


def _kernel_plan(
    records: LinkageRecords, groups: Groups, work: PairWork, limits: KernelLimits, capped: Capping
) -> KernelPlan:
    shares = [weights.term_frequency_column(column) for column in work.frequencies]
    names = [SOURCE, ID, *work.columns, *shares]
    columns = [f"l.{RULE} AS {RULE}", *kernel_sql.both_sides(list(dict.fromkeys(names)))]
    columns += [f"{capped.shared[number]} AS {name}" for number, name in capped.names.items()]
    many = many_keys(records, [rule for group in groups for rule in group], capped.shared)
    before = made_before(capped.shared, many)
    pairs = kernel_sql.candidates_sql(groups, plans.orders(records), ", ".join(columns), many, before)
    return KernelPlan(
        statements=tuple(
            f"CREATE TEMP TABLE {name} AS WITH {MADE} AS ({pairs}) {sql}" for name, sql in work.gathered.items()
        ),
        outputs=work.outputs,
        summaries=work.summaries,
        limits=limits,
    )


def _pairing_plan(
    records: LinkageRecords, groups: Groups, work: PairWork, limits: KernelLimits, capped: Capping
) -> PairingPlan:
    rules = [rule for group in groups for rule in group]
    keys = plain_keys(records, rules)
    frequencies = {weights.term_frequency_column(column): column for column in work.frequencies}
    of_pair = {number: f"l.{name}" for number, name in capped.names.items()}
    many = many_keys(records, rules, of_pair)
    condition, conditioned = _condition(groups, keys, many, made_before(of_pair, many))
    more = {name: capped.shared[number] for number, name in capped.names.items()}
    more |= {WHOLE: f"l.{WHOLE}"} if many.once else {}
    named = [SOURCE, ID] if work.names_records else []
    return PairingPlan(
        pairs=kernel_sql.numbered_pairs_sql(rules, records.link_type, records.bounds, more),
        rules={
            rule.number: RuleValues(
                keys.get(rule.number, ()),
                tuple(earlier.number for earlier in group[:position] if earlier.number in keys),
            )
            for group in groups
            for position, rule in enumerate(group)
        },
        capped=capped.names,
        condition=condition,
        conditioned=conditioned,
        lists=many.lists,
        frequencies=frequencies,
        person=PERSON if records.has_persons else None,
        carried=tuple(dict.fromkeys([*named, *work.columns, *frequencies])),
        gathered=work.gathered,
        outputs=work.outputs,
        summaries=work.summaries,
        with_rows=work.joining,
        limits=limits,
    )


def _condition(
    groups: Groups, keys: Mapping[int, tuple[str, ...]], many: ManyKeys, before: Mapping[int, str]
) -> tuple[str | None, tuple[str, ...]]:
    """What is left to check of pairs of which plain rules have been checked; and the columns that it reads."""
    others = [[rule for rule in group if rule.number not in keys] for group in groups]
    if not any(others):
        return None, ()
    columns = dict.fromkeys(column.lower() for group in others for rule in group for column in rule.columns)
    return kernel_sql.first_rule_sql(groups, plain=keys.keys(), once=many.once, before=before), tuple(columns)


def _with_term_frequencies(
    records: LinkageRecords, carried: Carried, adjusted: Sequence[str], frequencies: ValueFrequencies
) -> tuple[Carried, DataFrame | None]:
    """What is carried, with the frequency of each record's values: null where the value is.

    Frequencies are looked up in the task; those of a column with too many values for that are
    joined in Spark, and then the second result holds the records' chunks with them.
    """
    in_tasks = looked_up(frequencies, adjusted)
    in_spark = [column for column in adjusted if column not in in_tasks]
    columns, joins, lookups = dict(carried.columns), [], {}
    for column in in_spark:
        name = weights.term_frequency_column(column)
        columns[name] = f'records."{name}"'
    for number, column in enumerate(in_tasks):
        table = f"frequencies_{number}"
        present = frequencies.totals[column].present
        # A value that is not in the table is one record's alone.
        share = f"coalesce({table}.__times, 1) / CAST({present} AS DOUBLE)"
        name = weights.term_frequency_column(column)
        columns[name] = f'CASE WHEN records."{column}" IS NOT NULL THEN {share} END'
        hashed = value_hash(f'records."{column}"', records.frame.schema[column].dataType)
        joins.append(f"LEFT JOIN {table} ON {hashed} = {table}.__hash")
        lookups[table] = frequencies.repeated(column).rename_columns(["__hash", "__times"])
    wider = packed(with_joined_frequencies(records.frame, in_spark)) if in_spark else None
    return Carried(columns, " ".join(joins), lookups), wider
