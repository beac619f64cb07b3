"""SQL of settings in Spark's dialect, moved into DuckDB's, which all tasks speak.

sqlglot does the parsing and most of the writing; the functions that it would leave wrong or
unchanged stand in one table here, and whatever is not known to mean the same on both sides is
refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from linkage.errors import ConfigError
from linkage.model.specification import Dialect

# Expressions that mean the same in both dialects once sqlglot, or the table below, has written them.
_KNOWN: tuple[type[exp.Expr], ...] = (
    exp.Abs, exp.Add, exp.And, exp.Between, exp.Boolean, exp.Case, exp.Cast, exp.Coalesce,
    exp.Column, exp.DataType, exp.DPipe, exp.EQ, exp.Floor, exp.GT, exp.GTE, exp.Identifier,
    exp.If, exp.In, exp.Is, exp.Left, exp.Length, exp.Levenshtein, exp.Literal, exp.Lower,
    exp.LT, exp.LTE, exp.Mul, exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Nullif, exp.Or,
    exp.Paren, exp.RegexpExtract, exp.Right, exp.Sub, exp.Substring, exp.Trim, exp.TryCast,
    exp.Upper, exp.Var, exp.Concat, exp.Greatest, exp.Least, exp.Year, exp.Month, exp.Day,
    exp.ArrayIntersect, exp.ArraySize, exp.Date, exp.DateDiff, exp.Div, exp.TsOrDsDiff,
    exp.TsOrDsToDate,
)  # fmt: skip


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

    DuckDB's own is returned as it stands: the kernel runs the very SQL that Splink wrote.

    Raises:
        ConfigError: It does not parse, or uses a function with no counterpart that we know.
    """
    tree = parse(sql, dialect, where=where)
    if dialect == "duckdb":
        return sql
    _refuse_unknown(tree, where)
    return tree.transform(_in_duckdb).sql(dialect="duckdb")


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


def _refuse_unknown(tree: exp.Expr, where: str) -> None:
    for node in tree.walk():
        odd = _odd_arguments(node)
        if odd is not None:
            raise ConfigError(f"{where}: {odd}")
        if isinstance(node, exp.Anonymous) and node.name.lower() in _SPARK_FUNCTIONS:
            continue
        if isinstance(node, exp.Cast) and node.to.is_type(*exp.DataType.INTEGER_TYPES):
            # Of a fraction, DuckDB makes the nearest integer, Spark the one towards zero, or null.
            raise ConfigError(f"{where}: a cast to an integer rounds otherwise in Spark and DuckDB; cast it before")
        if not isinstance(node, _KNOWN):
            name = node.name if isinstance(node, exp.Anonymous) else node.key
            raise ConfigError(
                f"{where}: {name} is not known to mean the same in Spark and DuckDB; "
                "write the expression with another function"
            )


def _odd_arguments(node: exp.Expr) -> str | None:
    """What is wrong with a known function's arguments, where they mean different things on the two sides."""
    if isinstance(node, exp.Substring) and _is_number(node.args.get("start"), "0"):
        return "substring from 0 is not the same in Spark and DuckDB; positions count from 1"
    lengths = (node.args.get("length"),) if isinstance(node, exp.Substring) else (node.expression,)
    if isinstance(node, exp.Substring | exp.Left | exp.Right) and isinstance(lengths[0], exp.Neg):
        return f"{node.key} with a negative length is not the same in Spark and DuckDB"
    if isinstance(node, exp.Levenshtein) and node.args.get("ins_cost") is not None:
        return "levenshtein with a bound has no counterpart in DuckDB; compare levenshtein of two values with it"
    if isinstance(node, exp.Anonymous) and node.name.lower() == "try_to_timestamp":
        pattern = node.expressions[1:]
        if not pattern or re.search("(?<!%)[A-Za-z]", _strptime_pattern(pattern[0].name)):
            letters = ", ".join(_DATE_PATTERNS)
            return f"try_to_timestamp needs a pattern of {letters} and signs to mean the same in Spark and DuckDB"
    return None


def _is_number(node: exp.Expr | None, digits: str) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name == digits


def _strptime_pattern(pattern: str) -> str:
    for letters, directive in _DATE_PATTERNS.items():
        pattern = pattern.replace(letters, directive)
    return pattern


def _in_duckdb(node: exp.Expr) -> exp.Expr:
    """One node of a Spark tree as the kernel needs it; what sqlglot gets right is left alone."""
    if isinstance(node, exp.ArrayIntersect):
        shared = exp.Anonymous(this="list_intersect", expressions=node.expressions)
        # DuckDB's is an empty list where an array is null.
        missing = exp.or_(*[array.copy().is_(exp.null()) for array in node.expressions])
        return exp.Case().when(missing, exp.null()).else_(shared)
    if isinstance(node, exp.Anonymous):
        return _SPARK_FUNCTIONS[node.name.lower()](node)
    return node


def _renamed(name: str) -> _Translation:
    return lambda call: exp.Anonymous(this=name, expressions=call.expressions)


def _try_strptime(call: exp.Anonymous) -> exp.Expr:
    value, pattern = call.expressions
    return exp.Anonymous(this="try_strptime", expressions=[value, exp.Literal.string(_strptime_pattern(pattern.name))])


def _jaccard(call: exp.Anonymous) -> exp.Expr:
    """DuckDB's stops at an empty string; Spark's finds it like another empty one and unlike all else."""
    one, other = call.expressions
    is_empty = exp.or_(*[value.copy().eq(exp.Literal.string("")) for value in (one, other)])
    is_same = exp.Cast(this=one.copy().eq(other.copy()), to=exp.DataType.build("double"))
    both = exp.Anonymous(this="jaccard", expressions=[one, other])
    return exp.Case().when(is_empty, is_same).else_(both)


_Translation = Callable[[exp.Anonymous], exp.Expr]

# Spark's pattern letters in strptime's directives.
_DATE_PATTERNS = {
    "yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
}  # fmt: skip

# Functions that sqlglot leaves as they are, by their name in Spark settings.
_SPARK_FUNCTIONS: dict[str, _Translation] = {
    "jaro_winkler": _renamed("jaro_winkler_similarity"),
    "jaro_sim": _renamed("jaro_similarity"),
    "damerau_levenshtein": _renamed("damerau_levenshtein"),
    "jaccard": _jaccard,
    "try_to_timestamp": _try_strptime,
}
