"""Blocking rules taken apart: what two records must share, and what is checked of the pair.

A rule is a condition such as `l.surname = r.surname AND l.dob = r.dob`. Its equalities between
an expression of the left record and one of the right make the block key; the whole rule is
checked again for each pair, because a hash is not the value and a rule may say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from linkage.errors import ConfigError
from linkage.model.dialects import blocked_columns, parse, to_duckdb
from linkage.model.exploded import any_elements, array_names, exploded
from linkage.model.specification import BlockingRule, Dialect


@dataclass(frozen=True)
class KeyedRule:
    """One rule, or one side of a rule's top-level OR, ready for the engine.

    Attributes:
        number: Tells it from all other rules of a run; part of its keys.
        match_key: The position of the rule that it comes from; what a pair is reported under.
        left_keys: DuckDB expressions over a record's columns; all non-null to have a key.
        right_keys: The same for the right record; equal to `left_keys` in most rules.
        predicate: The rule in DuckDB's dialect, over `l.<column>` and `r.<column>`.
        columns: The record columns that the rule reads.
        is_only_keys: Whether the rule says no more than that both records have the same key, one and the same on
            either side: what two records make of it is then known from the sizes of keys.
        told: The rule as people are told of it, in DuckDB's dialect.
        arrays: Columns that the rule explodes, in lower case. In its keys, but not in its predicate,
            such a column stands for one element: a record has a key for each of them.
        left_arrays: Those of them that `left_keys` read.
        right_arrays: Those of them that `right_keys` read.
    """

    number: int
    match_key: int
    left_keys: tuple[str, ...]
    right_keys: tuple[str, ...]
    predicate: str
    columns: tuple[str, ...]
    is_only_keys: bool
    told: str
    arrays: tuple[str, ...] = ()
    left_arrays: tuple[str, ...] = ()
    right_arrays: tuple[str, ...] = ()

    @property
    def is_symmetric(self) -> bool:
        """Whether a record has the same key on either side of a pair."""
        return self.left_keys == self.right_keys


def keyed_rules(
    rules: Sequence[BlockingRule], dialect: Dialect, *, where: str, first_number: int = 0
) -> tuple[KeyedRule, ...]:
    """Take blocking rules apart, in order, and number them from `first_number`.

    A rule with OR at its top becomes several with one match key, for each of its sides has
    equalities of its own.

    Raises:
        ConfigError: A rule does not parse, has no equality between the two records (it would
            compare everything with everything), is nested too deeply, or explodes what is no column.
    """
    keyed: list[KeyedRule] = []
    for match_key, rule in enumerate(rules):
        place = f"{where}: blocking rule {match_key} ({rule.sql})"
        arrays = array_names(rule.arrays_to_explode, dialect, where=place)
        try:
            parts = [_keyed(part, arrays, dialect, place) for part in _disjuncts(parse(rule.sql, dialect, where=place))]
        except RecursionError:
            raise ConfigError(f"{where}: blocking rule {match_key} is nested too deeply; make it several") from None
        keyed += [
            replace(part, number=first_number + number, match_key=match_key)
            for number, part in enumerate(parts, len(keyed))
        ]
    return tuple(keyed)


def _keyed(rule: exp.Expr, arrays: tuple[str, ...], dialect: Dialect, place: str) -> KeyedRule:
    _check_sides(rule, place)
    if rule.find(exp.Collate):
        # Keys are equal where their values are, byte by byte.
        raise ConfigError(f"{place}: COLLATE cannot block; compare lower(...) or strip_accents(...) of both instead")
    keys = [pair for part in _conjuncts(rule) if (pair := _equality(part)) is not None]
    if not keys:
        raise ConfigError(
            f"{place}: no equality between an expression of l and one of r, so it would compare "
            "everything with everything; add one"
        )
    told = to_duckdb(rule.sql(dialect=dialect), dialect, where=place)
    sides = [(_without_table(left), _without_table(right)) for left, right in keys]
    return KeyedRule(
        number=0,
        match_key=0,
        left_keys=tuple(to_duckdb(left.sql(dialect=dialect), dialect, where=place) for left, _ in sides),
        right_keys=tuple(to_duckdb(right.sql(dialect=dialect), dialect, where=place) for _, right in sides),
        predicate=_predicate(rule, arrays, dialect, place) if arrays else told,
        columns=tuple(dict.fromkeys([*blocked_columns(rule), *arrays])),
        # Of arrays a pair may share several keys.
        is_only_keys=not arrays
        and len(keys) == len(_conjuncts(rule))
        and all(left.sql() == right.sql() for left, right in sides),
        told=f"{told}, exploding {', '.join(arrays)}" if arrays else told,
        arrays=arrays,
        left_arrays=_read([left for left, _ in keys], arrays),
        right_arrays=_read([right for _, right in keys], arrays),
    )


def _predicate(rule: exp.Expr, arrays: tuple[str, ...], dialect: Dialect, place: str) -> str:
    parts = [to_duckdb(part.sql(dialect=dialect), dialect, where=place) for part in _conjuncts(rule)]
    return any_elements(parts, arrays)


def _read(keys: list[exp.Expr], arrays: tuple[str, ...]) -> tuple[str, ...]:
    """The arrays whose elements some keys read, in the order in which they are named."""
    found = {name for key in keys for _, name in exploded(key, arrays)}
    return tuple(array for array in arrays if array in found)


def _disjuncts(rule: exp.Expr) -> list[exp.Expr]:
    rule = rule.unnest()
    if isinstance(rule, exp.Or):
        return _disjuncts(rule.left) + _disjuncts(rule.right)
    return [rule]


def _conjuncts(rule: exp.Expr) -> list[exp.Expr]:
    rule = rule.unnest()
    if isinstance(rule, exp.And):
        return _conjuncts(rule.left) + _conjuncts(rule.right)
    return [rule]


def _equality(condition: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """(left, right) where the condition equates an expression of l with one of r."""
    if not isinstance(condition, exp.EQ):
        return None
    one, other = condition.left.unnest(), condition.right.unnest()
    sides = (_sides(one), _sides(other))
    if sides == ({"l"}, {"r"}):
        return one, other
    if sides == ({"r"}, {"l"}):
        return other, one
    return None


def _sides(expression: exp.Expr) -> set[str]:
    return {column.table.lower() for column in expression.find_all(exp.Column)}


def _check_sides(rule: exp.Expr, place: str) -> None:
    for column in rule.find_all(exp.Column):
        if column.table.lower() not in {"l", "r"}:
            raise ConfigError(
                f"{place}: column {column.name} must be written l.{column.name} or "
                f"r.{column.name} to name a record of the pair"
            )


def _without_table(expression: exp.Expr) -> exp.Expr:
    expression = expression.copy()
    for column in expression.find_all(exp.Column):
        column.set("table", None)
        column.this.set("quoted", True)
    return expression
