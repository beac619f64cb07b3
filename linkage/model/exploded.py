"""Rules over the elements of arrays, as conditions over whole records.

`arrays_to_explode` makes a rule's condition one over a row for each element, or combination of
elements, of the columns that it names. Two records meet if any of their rows do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from linkage.errors import ConfigError
from linkage.model.dialects import parse
from linkage.model.specification import Dialect

# A record of the pair, and one of its arrays.
Exploded = tuple[str, str]


def array_names(named: Sequence[str], dialect: Dialect, *, where: str) -> tuple[str, ...]:
    """The columns that a rule explodes, in lower case, without repetition.

    Splink writes the names into its SQL as they are, so they may be quoted.

    >>> array_names(["Aliases", '"post codes"', "aliases"], "duckdb", where="settings")
    ('aliases', 'post codes')

    Raises:
        ConfigError: What is named is no column.
    """
    found = []
    for name in named:
        column = parse(name, dialect, where=f"{where}: arrays_to_explode")
        if not isinstance(column, exp.Column) or column.table:
            raise ConfigError(f"{where}: arrays_to_explode: {name} is not the name of a column")
        found.append(column.name.lower())
    return tuple(dict.fromkeys(found))


def any_elements(conditions: Sequence[str], arrays: Sequence[str]) -> str:
    """Whether some combination of elements satisfies all conditions.

    An array without an element leaves its record without a row: no pair, whatever the conditions.
    An element that is null is one, though nothing is equal to it.

    Args:
        conditions: In DuckDB's dialect over `l.<column>` and `r.<column>`, where an exploded column
            stands for one of its elements.
        arrays: The columns to explode, in lower case.

    Returns:
        SQL over whole records; true, false or null.

    >>> any_elements(["l.a = r.a", "l.b = r.b"], ["a"])
    '(l.b = r.b) AND list_bool_or(list_transform(l."a", lambda "__l_a": list_contains(r."a", "__l_a")))'
    """
    trees = [sqlglot.parse_one(condition, read="duckdb") for condition in conditions]
    read = [exploded(tree, arrays) for tree in trees]
    times = Counter(each for found in read for each in found)
    of_records, of_elements, alone = [], [], []
    for condition, tree, found in zip(conditions, trees, read, strict=True):
        if not found:
            of_records.append(f"({condition})")
        elif _is_plain_equality(tree) and len(found) == 2 and all(times[each] == 1 for each in found):
            # Most rules are this.
            alone.append(_share_element(*found))
        else:
            of_elements.append(tree)
    unread = [(side, array) for side in "lr" for array in arrays if (side, array) not in times]
    filled = [f"len({_column(each)}) > 0" for each in unread]
    joint = [_over_combinations(of_elements, arrays)] if of_elements else []
    return " AND ".join([*of_records, *filled, *alone, *joint])


def exploded(tree: exp.Expr, arrays: Sequence[str]) -> list[Exploded]:
    """The arrays whose elements an expression reads, without repetition."""
    found = [(column.table.lower(), column.name.lower()) for column in tree.find_all(exp.Column, bfs=False)]
    return [each for each in dict.fromkeys(found) if each[1] in arrays]


def _share_element(one: Exploded, other: Exploded) -> str:
    """Whether two arrays have an equal element.

    Not `list_has_any`, which takes a negative zero for another number, and on short arrays is slower.
    """
    element = _quoted(_element(one))
    return f"list_bool_or(list_transform({_column(one)}, lambda {element}: list_contains({_column(other)}, {element})))"


def _over_combinations(trees: Sequence[exp.Expr], arrays: Sequence[str]) -> str:
    """Loops over the elements, one in another, with the conditions in the innermost."""
    read = dict.fromkeys(each for tree in trees for each in exploded(tree, arrays))
    body = " AND ".join(f"({tree.transform(_with_element, arrays).sql(dialect='duckdb')})" for tree in trees)
    for each in reversed(read):
        body = f"list_bool_or(list_transform({_column(each)}, lambda {_quoted(_element(each))}: {body}))"
    return body


def _with_element(node: exp.Expr, arrays: Sequence[str]) -> exp.Expr:
    if isinstance(node, exp.Column) and node.table.lower() in {"l", "r"} and node.name.lower() in arrays:
        return exp.column(exp.to_identifier(_element((node.table.lower(), node.name.lower())), quoted=True))
    return node


def _is_plain_equality(tree: exp.Expr) -> bool:
    tree = tree.unnest()
    return isinstance(tree, exp.EQ) and all(isinstance(side.unnest(), exp.Column) for side in (tree.left, tree.right))


def _element(each: Exploded) -> str:
    side, array = each
    return f"__{side}_{array}"


def _column(each: Exploded) -> str:
    side, array = each
    return f"{side}.{_quoted(array)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
