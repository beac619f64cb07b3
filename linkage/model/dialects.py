"""SQL of settings in either dialect, as DuckDB runs it, which all tasks speak.

DuckDB's own runs as Splink wrote it, but for what this DuckDB no longer reads or what wants
another type than records have. Spark's is translated, and whatever is not known to mean the same
on both sides is refused by name.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from linkage.errors import ConfigError
from linkage.model.spark_checks import problem
from linkage.model.spark_functions import in_duckdb
from linkage.model.specification import Dialect


def parse(sql: str, dialect: Dialect, *, where: str) -> exp.Expr:
    """The syntax tree of one SQL expression.

    Raises:
        ConfigError: The expression does not parse.
    """
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except SqlglotError as error:
        reason = re.sub(r"\x1b\[\d+m", "", str(error)).splitlines()[0]
        raise ConfigError(f"{where}: broken SQL ({reason})") from None
    return tree


def compared_columns(sql: str, *, where: str) -> list[str]:
    """The record columns that a level's condition compares, without `_l` and `_r`.

    >>> compared_columns('"surname_l" = "surname_r"', where="settings")
    ['surname']

    Raises:
        ConfigError: A column does not say which record of the pair it belongs to.
    """
    names = []
    for column in _columns(parse(sql, "duckdb", where=where)):
        if not re.search(r"_[lr]$", column.name, flags=re.IGNORECASE):
            raise ConfigError(f"{where}: column {column.name} must end in _l or _r to name a record of the pair")
        names.append(column.name[:-2])
    return list(dict.fromkeys(names))


def blocked_columns(tree: exp.Expr) -> list[str]:
    """The record columns that a blocking expression reads."""
    return list(dict.fromkeys(column.name for column in _columns(tree)))


def to_duckdb(sql: str, dialect: Dialect, *, where: str) -> str:
    """An expression of the settings in the dialect that the kernel runs.

    DuckDB's own is returned as it stands: the kernel runs the very SQL that Splink wrote. Only
    lambdas with an arrow, which this DuckDB refuses, are written anew, and so is the cosine
    similarity of arrays of one fixed length: what Spark hands over are lists.

    Raises:
        ConfigError: It does not parse, or uses a function with no counterpart that we know.
    """
    tree = parse(sql, dialect, where=where)
    if dialect == "duckdb":
        has_arrow = "->" in sql and tree.find(exp.Lambda) is not None
        if has_arrow or any(map(_is_cosine_of_arrays, tree.walk())):
            return tree.transform(_with_lists).sql(dialect="duckdb")
        return sql
    for node in tree.walk():
        culprit = problem(node)
        if culprit is not None:
            raise ConfigError(f"{where}: {culprit}")
    return in_duckdb(tree).sql(dialect="duckdb")


def _is_cosine_of_arrays(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == "array_cosine_similarity"


def _with_lists(node: exp.Expr) -> exp.Expr:
    if _is_cosine_of_arrays(node):
        node.set("this", "list_cosine_similarity")
    return node


def _columns(tree: exp.Expr) -> list[exp.Column]:
    found = []
    for column in tree.find_all(exp.Column, bfs=False):
        lambdas = [parent for parent in _parents(column) if isinstance(parent, exp.Lambda)]
        bound = {name.name for parent in lambdas for name in parent.expressions}
        if column.parts[0].name not in bound:
            found.append(column)
    return found


def _parents(node: exp.Expr) -> list[exp.Expr]:
    parents = []
    parent = node.parent
    while parent is not None:
        parents.append(parent)
        parent = parent.parent
    return parents
