"""What of Spark's dialect is known to mean the same in DuckDB; all else is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

from linkage.model.spark_functions import DATE_PATTERNS, RESERVED, SPARK_FUNCTIONS, strptime_pattern

# Expressions that mean the same in both dialects once sqlglot, or a table of `spark_functions`, has written them.
# Of these classes alone: one derived from a known one is another function.
_KNOWN: frozenset[type[exp.Expr]] = frozenset({
    exp.Abs, exp.Acos, exp.Add, exp.And, exp.Array, exp.ArrayIntersect, exp.ArrayMax, exp.ArrayMin,
    exp.ArraySize, exp.Between, exp.Boolean, exp.Bracket, exp.Case, exp.Cast,
    exp.Coalesce, exp.Column, exp.Concat, exp.Cos, exp.DataType, exp.Date, exp.DateDiff, exp.Day,
    exp.Div, exp.DPipe, exp.EQ, exp.Flatten, exp.Floor, exp.Greatest, exp.GT, exp.GTE,
    exp.Identifier, exp.If, exp.In, exp.Is, exp.Lambda, exp.Least, exp.Left, exp.Length,
    exp.Levenshtein, exp.Literal, exp.Lower, exp.LT, exp.LTE, exp.Month, exp.Mul, exp.NEQ, exp.Neg,
    exp.Not, exp.Null, exp.Nullif, exp.Or, exp.Paren, exp.Radians, exp.Reduce, exp.RegexpExtract,
    exp.Right, exp.Sin, exp.Sqrt, exp.StrToUnix, exp.Sub, exp.Substring, exp.Transform, exp.Trim,
    exp.TryCast, exp.TsOrDsDiff, exp.TsOrDsToDate, exp.Upper, exp.Var, exp.Year,
})  # fmt: skip

# A pattern that sqlglot has translated; it marks a letter that stands twice, and passes on what Spark reserves.
_TRANSLATED_PATTERN = re.compile(rf"(%-?[YmdHMS](strict)?|[^%A-Za-z{re.escape(RESERVED)}])+")

# What sqlglot puts where no pattern is given.
_PLAIN_TIMESTAMP = sqlglot.parse_one("unix_timestamp(t)", read="spark").args["format"]

# Java's regular expressions that DuckDB's library has not, or reads otherwise.
_ONLY_IN_JAVA = re.compile(r"\(\?(?!:|[ims]+\)|[ims]+:)|\\[1-9k]|[*+?}]\+|&&|\\[GhHRXZ]|\[[^\]\\]*\[")


def problem(node: exp.Expr) -> str | None:
    """What is wrong with one node of an expression in Spark's dialect; None if it can be translated."""
    odd = _odd_arguments(node)
    if odd is not None:
        return odd
    if isinstance(node, exp.Anonymous) and node.name.lower() in SPARK_FUNCTIONS:
        return None
    if type(node) in _KNOWN:
        return None
    name = node.name if isinstance(node, exp.Anonymous) else node.key
    return f"{name} is not known to mean the same in Spark and DuckDB; write the expression with another function"


def _odd_arguments(node: exp.Expr) -> str | None:
    """What is wrong with a known function's arguments, where they mean different things on the two sides."""
    for kinds, check in _CHECKS:
        if isinstance(node, kinds):
            return check(node)
    if isinstance(node, exp.Anonymous) and node.name.lower() in _CHECKED_FUNCTIONS:
        return _CHECKED_FUNCTIONS[node.name.lower()](node)
    return None


def _check_cast(node: exp.Expr) -> str | None:
    """Of arrays, it is their elements' type that counts."""
    types = list(node.args["to"].find_all(exp.DataType))
    if any(each.is_type(*exp.DataType.INTEGER_TYPES) for each in types) and not _is_integer(node.this):
        # Of a fraction, DuckDB makes the nearest integer, Spark the one towards zero, or null.
        return "a cast to an integer rounds otherwise in Spark and DuckDB; cast it before"
    if any(each.is_type(exp.DataType.Type.DECIMAL) for each in types):
        # DECIMAL alone has no places after the point in Spark, three in DuckDB, and a quotient has other ones.
        return "a cast to a decimal has other places after the point in Spark and DuckDB; cast to a double"
    return None


def _check_datediff(node: exp.Expr) -> str | None:
    """With a unit Spark counts whole ones that have passed, of days 24 hours; DuckDB the boundaries between."""
    if node.args.get("unit") is not None:
        return "datediff with a unit is not the same in Spark and DuckDB; write datediff(end, start), which counts days"
    return None


def _check_substring(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Substring) and _is_zero(node.args.get("start")):
        return "substring from 0 is not the same in Spark and DuckDB; positions count from 1"
    length = node.args.get("length") if isinstance(node, exp.Substring) else node.expression
    if isinstance(length, exp.Neg):
        return f"{node.key} with a negative length is not the same in Spark and DuckDB"
    return None


def _check_levenshtein(node: exp.Expr) -> str | None:
    if node.args.get("ins_cost") is not None:
        return "levenshtein with a bound has no counterpart in DuckDB; compare levenshtein of two values with it"
    return None


def _check_element(node: exp.Expr) -> str | None:
    """Spark counts brackets from 0 and has no negative ones; `element_at` counts from 1, and from the end."""
    position, is_bracket = node.expressions[0], not node.args.get("offset")
    backwards = isinstance(position, exp.Neg)
    is_number = _is_integer(position) and len(node.expressions) == 1
    if not is_number or (backwards if is_bracket else _is_zero(position)):
        name = "an element of an array" if is_bracket else "element_at"
        return f"{name} needs a number for its place to mean the same in Spark and DuckDB"
    return None


def _check_reduce(node: exp.Expr) -> str | None:
    if node.args.get("finish") is not None:
        return "aggregate with a last function is not known to mean the same in Spark and DuckDB; apply it outside"
    return _check_lambda(node.args["merge"], "aggregate", 2)


def _check_lambda(function: exp.Expr | None, name: str, parameters: int) -> str | None:
    if isinstance(function, exp.Lambda) and len(function.expressions) == parameters:
        return None
    return f"{name} needs a lambda of {parameters} to mean the same in Spark and DuckDB"


def _check_zip_with(call: exp.Expr) -> str | None:
    if len(call.expressions) != 3:
        return "zip_with takes two arrays and a lambda"
    return _check_lambda(call.expressions[2], "zip_with", 2)


def _check_regexp(node: exp.Expr) -> str | None:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        return "regexp_extract needs a literal pattern to mean the same in Spark and DuckDB"
    if _ONLY_IN_JAVA.search(pattern.name):
        return "regexp_extract has a pattern that only Spark understands (look-around, back-reference or the like)"
    return None


def _check_unix_timestamp(node: exp.Expr) -> str | None:
    if node.args.get("format") != _PLAIN_TIMESTAMP:
        return "unix_timestamp with a pattern is not the same in Spark and DuckDB; use try_to_timestamp within it"
    return None


def _check_to_date(node: exp.Expr) -> str | None:
    """A year of two digits is of this century in Spark, and from 69 on of the last one in DuckDB."""
    pattern = node.args.get("format")
    if pattern is None or (pattern.is_string and _TRANSLATED_PATTERN.fullmatch(pattern.name)):
        return None
    letters = ", ".join(letter for letter in DATE_PATTERNS if letter != "XXX")
    return f"to_date needs a pattern of {letters} and signs to mean the same in Spark and DuckDB"


def _check_try_to_timestamp(call: exp.Expr) -> str | None:
    pattern = call.expressions[1:]
    if not pattern or not pattern[0].is_string or strptime_pattern(pattern[0].name) is None:
        letters = ", ".join(DATE_PATTERNS)
        return f"try_to_timestamp needs a pattern of {letters} and signs to mean the same in Spark and DuckDB"
    return None


def _is_zero(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name == "0"


def _is_integer(node: exp.Expr) -> bool:
    number = node.this if isinstance(node, exp.Neg) else node
    return isinstance(number, exp.Literal) and number.is_int


_Check = Callable[[exp.Expr], str | None]

_CHECKS: tuple[tuple[tuple[type[exp.Expr], ...], _Check], ...] = (
    ((exp.Cast,), _check_cast),
    ((exp.DateDiff,), _check_datediff),
    ((exp.Substring, exp.Left, exp.Right), _check_substring),
    ((exp.Levenshtein,), _check_levenshtein),
    ((exp.Bracket,), _check_element),
    ((exp.Reduce,), _check_reduce),
    ((exp.Transform,), lambda node: _check_lambda(node.expression, "transform", 1)),
    ((exp.RegexpExtract,), _check_regexp),
    ((exp.StrToUnix,), _check_unix_timestamp),
    ((exp.TsOrDsToDate,), _check_to_date),
)
_CHECKED_FUNCTIONS: dict[str, _Check] = {
    "try_to_timestamp": _check_try_to_timestamp,
    "zip_with": _check_zip_with,
}
