"""The SQL that the kernel runs, written on the driver from a model and its blocking rules.

The comparison levels' conditions are Splink's own SQL for DuckDB. What a weight is made of is in
`linkage.engine.weights`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from linkage.engine.exploding import KEY, PART, RULE, SIDE
from linkage.engine.held import ROW
from linkage.engine.kernel import KEY_ROWS
from linkage.engine.keys import LEFT, RIGHT
from linkage.engine.many_keys import ManyKeys
from linkage.engine.records import ID, SOURCE
from linkage.model.blocking import KeyedRule
from linkage.model.specification import (
    Comparison,
    LinkType,
)

# A similarity of two columns.
_SIDE = r'"?\w+_[lr]"?'
_SIMILARITY = re.compile(
    rf"\b(?P<name>jaro_winkler_similarity|jaro_similarity|levenshtein|damerau_levenshtein)"
    rf"\((?P<left>{_SIDE}), (?P<right>{_SIDE})\)",
    re.IGNORECASE,
)
# Where a call may be a text, or its columns names of something else.
_UNSAFE = ("'", "lambda", "->")


def pair_order(link_type: LinkType, *, id_is_string: bool) -> str:
    """Which of two records is left, and which pairs the link type allows at all.

    Splink's order: its own ID's within one input, else that of `source-__-id` as strings.
    """
    if link_type == "dedupe_only":
        return f"l.{ID} < r.{ID}"
    across = f"l.{SOURCE} < r.{SOURCE}"
    if link_type == "link_only":
        return across
    left, right = f"l.{ID}", f"r.{ID}"
    if not id_is_string:
        left, right = f"CAST({left} AS VARCHAR)", f"CAST({right} AS VARCHAR)"
    return f"({across} OR (l.{SOURCE} = r.{SOURCE} AND {left} < {right}))"


def pair_orders(link_type: LinkType, sources: int, *, id_is_string: bool) -> list[str]:
    """Conditions of `pair_order` that share out the pairs among so many sources: each satisfies one of them.

    Where pairs within a source are none, each condition says of either record alone which source it is of, so that a
    join makes no pair within one, of which a key that is common in it has very many.
    """
    if link_type != "link_only":
        return [pair_order(link_type, id_is_string=id_is_string)]
    return [f"l.{SOURCE} < {right} AND r.{SOURCE} = {right}" for right in range(1, sources)]


def candidates_sql(
    groups: Sequence[Sequence[KeyedRule]],
    orders: Sequence[str],
    columns: str,
    many: ManyKeys,
    before: Mapping[int, str],
) -> str:
    """Select from all candidate pairs, each under the first rule of its group that makes it.

    Args:
        groups: Rules that share out pairs among themselves, in order; a rule stands in exactly
            one group. Prediction has one group; each training session is one.
        orders: The conditions of `pair_orders`.
        columns: What to select of `l` and `r`.
        many: What keeps once the pairs that may meet under several keys.
        before: As for `first_rule_sql`.
    """
    rules = [rule for group in groups for rule in group]
    # Once for a row, not for each of its pairs.
    lists = "".join(
        f", CASE WHEN {RULE} IN ({_listed(many.rules[name])}) THEN {sql} END AS {name}"
        for name, sql in many.lists.items()
    )
    rows = f"(SELECT *{lists} FROM {KEY_ROWS})" if lists else KEY_ROWS
    first = first_rule_sql(groups, once=many.once, before=before)
    sharing = _sharing_keys(rules, rows)
    return " UNION ALL ".join(f"SELECT {columns} FROM {sharing} AND {order} AND {first}" for order in orders)


def numbered_pairs_sql(
    rules: Sequence[KeyedRule], link_type: LinkType, bounds: Sequence[int], more: Mapping[str, str]
) -> str:
    """Select the pairs that share a key, by the numbers of their records, in the order that numbers have.

    Args:
        rules: Which rules' keys.
        link_type: Which pairs are wanted.
        bounds: The number of the first record of each source but the first.
        more: What else to select, in SQL over the key rows `l` and `r`, by name.
    """
    selected = "".join(f", {sql} AS {name}" for name, sql in more.items())
    orders = [f"l.{ROW} < r.{ROW}"]
    if link_type == "link_only":
        # As for `pair_orders`; the last source ends where records do.
        ends = [f" AND r.{ROW} < {end}" for end in bounds[1:]] + [""]
        orders = [f"l.{ROW} < {start} AND r.{ROW} >= {start}{end}" for start, end in zip(bounds, ends, strict=True)]
    sharing = _sharing_keys(rules, KEY_ROWS)
    return " UNION ALL ".join(
        f"SELECT l.{ROW} AS l, r.{ROW} AS r, l.{RULE} AS rule{selected} FROM {sharing} AND {order}" for order in orders
    )


def _sharing_keys(rules: Sequence[KeyedRule], rows: str) -> str:
    sides = ""
    if not all(rule.is_symmetric for rule in rules):
        sides = f" AND l.{SIDE} <> {RIGHT} AND r.{SIDE} <> {LEFT}"
    return (
        f"{rows} l INNER JOIN {rows} r "
        f"ON l.{KEY} = r.{KEY} AND l.{RULE} = r.{RULE} AND (l.{PART} IS NULL OR l.{PART} <> r.{PART}) "
        f"WHERE l.{RULE} IN ({_listed([rule.number for rule in rules])}){sides}"
    )


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def first_rule_sql(
    groups: Sequence[Sequence[KeyedRule]],
    *,
    once: Mapping[int, str],
    before: Mapping[int, str],
    plain: Collection[int] = (),
) -> str:
    """Whether a pair `l`, `r` under `l.__rule` satisfies that rule and none before it in its group.

    Args:
        groups: As for `candidates_sql`.
        once: What a pair must satisfy besides under a rule, as `linkage.engine.many_keys.ManyKeys.once`.
        before: What a pair must satisfy besides for a rule before to have made it, as
            `linkage.engine.capping.made_before`.
        plain: Numbers of rules that have been seen to already.
    """
    cases = []
    for group in groups:
        for position, rule in enumerate(group):
            own = [] if rule.number in plain else [f"({rule.predicate})"]
            own += [f"({once[rule.number]})"] if rule.number in once else []
            earlier = [other for other in group[:position] if other.number not in plain]
            conditions = own + [f"NOT coalesce({_made(other, before)}, false)" for other in earlier]
            cases.append(f"WHEN {rule.number} THEN {' AND '.join(conditions) or 'true'}")
    return f"CASE l.{RULE} {' '.join(cases)} ELSE false END"


def _made(rule: KeyedRule, before: Mapping[int, str]) -> str:
    return f"({rule.predicate})" + (f" AND {before[rule.number]}" if rule.number in before else "")


def all_pairs_sql(order: str, columns: str) -> str:
    """Select from all pairs of some records, whatever their keys."""
    return f"SELECT {columns} FROM {KEY_ROWS} l INNER JOIN {KEY_ROWS} r ON {order}"


def pairs_of_values_sql(columns: Sequence[str], source: str | None, link_type: LinkType, condition: str) -> str:
    """Select all pairs of distinct values of a sample, and of how many pairs of records each is that of.

    Args:
        columns: Whose values, together.
        source: The column of the records' sources, whose values then count too; None if there is one.
        link_type: Which pairs are wanted; records of two sources pair in the order of those.
        condition: What else `l` and `r` must satisfy; `__place` numbers the values in no order of theirs.

    Returns:
        SQL with `<column>_l` and `<column>_r`, also of the source, and `pairs`.
    """
    every = [*columns, *([] if source is None else [source])]
    named = ", ".join(map(quoted, every))
    place = f"row_number() OVER (ORDER BY hash({named}), {named})"
    values = f"SELECT *, {place} AS __place FROM (SELECT {named}, count(*) AS __n FROM {KEY_ROWS} GROUP BY ALL)"
    same = "" if source is None else f"l.{source} = r.{source} AND "
    within = f"{same}(l.__place < r.__place OR (l.__place = r.__place AND l.__n > 1))"
    across = f"l.{source} < r.{source}"
    allowed = {"dedupe_only": within, "link_only": across, "link_and_dedupe": f"({across} OR ({within}))"}[link_type]
    pairs = "CASE WHEN l.__place = r.__place THEN l.__n * (l.__n - 1) // 2 ELSE l.__n * r.__n END AS pairs"
    return (
        f"WITH sampled AS MATERIALIZED ({values}) SELECT {', '.join(both_sides(every))}, {pairs} "
        f"FROM sampled l INNER JOIN sampled r ON {allowed} AND {condition}"
    )


def both_sides(columns: Sequence[str]) -> list[str]:
    """`l.column AS column_l` and `r.column AS column_r` for each column."""
    return [f"{side}.{quoted(column)} AS {quoted(f'{column}_{side}')}" for column in columns for side in ("l", "r")]


def compared_columns(comparisons: Sequence[Comparison]) -> list[str]:
    """The record columns that these comparisons read, without repetition, in lower case."""
    return list(dict.fromkeys(column.lower() for c in comparisons for column in c.columns))


def gamma_sql(comparison: Comparison) -> str:
    """The comparison vector value, over `<column>_l` and `<column>_r`."""
    levels = " ".join(
        f"ELSE {level.gamma}" if level.is_else else f"WHEN {level.sql} THEN {level.gamma}"
        for level in comparison.levels
    )
    return f"CAST(CASE {levels} END AS TINYINT) AS {quoted(comparison.gamma_column)}"


def vectors_sql(comparisons: Sequence[Comparison], columns: Sequence[str], pairs: str) -> str:
    """Select columns of pairs and their comparison vectors.

    DuckDB computes a function anew in each branch of a CASE, so a similarity that several levels
    hold against thresholds is computed once, beforehand, and not for values that are equal, as most
    are among pairs that share a key. Null in is null out for these functions and they fail on no
    value, so it changes nothing that they are computed also where a branch before them is taken.

    Args:
        comparisons: What to compare.
        columns: What else to select, of `pairs`.
        pairs: A query with `<column>_l` and `<column>_r` of the compared columns.
    """
    vectors = [gamma_sql(comparison) for comparison in comparisons]
    safe = [not any(sign in vector for sign in _UNSAFE) for vector in vectors]
    found = (
        call[0]
        for vector, is_safe in zip(vectors, safe, strict=True)
        if is_safe
        for call in _SIMILARITY.finditer(vector)
    )
    calls = Counter(found)
    shared = {call: f"__similarity_{n}" for n, call in enumerate(call for call, times in calls.items() if times > 1)}
    vectors = [
        _SIMILARITY.sub(lambda call: shared.get(call[0], call[0]), vector) if is_safe else vector
        for vector, is_safe in zip(vectors, safe, strict=True)
    ]
    source = f"({pairs})"
    if shared:
        computed = ", ".join(f"{_similarity(call)} AS {name}" for call, name in shared.items())
        source = f"(SELECT *, {computed} FROM {source})"
    return f"SELECT {', '.join([*columns, *vectors])} FROM {source}"


def _similarity(call: str) -> str:
    """The call, but for equal values what it gives for those; of two empty texts Jaro's similarity is 0."""
    found = _SIMILARITY.fullmatch(call)
    if found is None:
        return call
    left, right = found["left"], found["right"]
    equal = "0::BIGINT" if "levenshtein" in found["name"].lower() else "1::DOUBLE"
    return f"CASE WHEN {left} = {right} AND {left} <> '' THEN {equal} ELSE {call} END"


def drawn(number: str, share: float) -> str:
    """Whether an unsigned 64-bit number, as even as a hash, falls into a share of all.

    >>> drawn("hash(id)", 0.5)
    'hash(id) <= 9223372036854775808::UBIGINT'
    """
    return f"{number} <= {drawn_below(share)}::UBIGINT" if share < 1 else "true"


def drawn_below(share: float) -> int:
    """The largest number that falls into it."""
    return min(int(share * (1 << 64)), (1 << 64) - 1)


def quoted(name: str) -> str:
    """A name as DuckDB takes it whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
