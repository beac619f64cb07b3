"""The functions of Spark's dialect that are known to mean the same in DuckDB, and how they are written there.

sqlglot writes most of them; those that it would leave wrong or unchanged stand in the tables
here. Where the two engines differ on an odd value, the translation answers as Spark does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

# Expressions that mean the same in both dialects once sqlglot, or a table below, has written them.
_KNOWN: tuple[type[exp.Expr], ...] = (
    exp.Abs, exp.Acos, exp.Add, exp.And, exp.Array, exp.ArrayIntersect, exp.ArrayMax, exp.ArrayMin,
    exp.ArraySize, exp.Between, exp.Boolean, exp.Bracket, exp.Case, exp.Cast,
    exp.Coalesce, exp.Column, exp.Concat, exp.Cos, exp.DataType, exp.Date, exp.DateDiff, exp.Day,
    exp.Div, exp.DPipe, exp.EQ, exp.Flatten, exp.Floor, exp.Greatest, exp.GT, exp.GTE,
    exp.Identifier, exp.If, exp.In, exp.Is, exp.Lambda, exp.Least, exp.Left, exp.Length,
    exp.Levenshtein, exp.Literal, exp.Lower, exp.LT, exp.LTE, exp.Month, exp.Mul, exp.NEQ, exp.Neg,
    exp.Not, exp.Null, exp.Nullif, exp.Or, exp.Paren, exp.Radians, exp.Reduce, exp.RegexpExtract,
    exp.Right, exp.Sin, exp.Sqrt, exp.StrToUnix, exp.Sub, exp.Substring, exp.Transform, exp.Trim,
    exp.TryCast, exp.TsOrDsDiff, exp.TsOrDsToDate, exp.Upper, exp.Var, exp.Year,
)  # fmt: skip

# Spark's pattern letters in strptime's directives; a single letter takes one digit or two.
_DATE_PATTERNS = {
    "yyyy": "%Y", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d", "HH": "%H", "H": "%H",
    "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "XXX": "%z",
}  # fmt: skip
_PATTERN_PARTS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", flags=re.DOTALL)

# What sqlglot puts where no pattern is given.
_PLAIN_TIMESTAMP = sqlglot.parse_one("unix_timestamp(t)", read="spark").args["format"]

# Java's regular expressions that DuckDB's library has not, or reads otherwise.
_ONLY_IN_JAVA = re.compile(r"\(\?(?!:|[ims]+\)|[ims]+:)|\\[1-9k]|[*+?}]\+|&&|\\[GhHRXZ]|\[[^\]\\]*\[")


def problem(node: exp.Expr) -> str | None:
    """What is wrong with one node of an expression in Spark's dialect; None if it can be translated."""
    odd = _odd_arguments(node)
    if odd is not None:
        return odd
    if isinstance(node, exp.Anonymous) and node.name.lower() in _SPARK_FUNCTIONS:
        return None
    if isinstance(node, exp.Cast) and node.to.is_type(*exp.DataType.INTEGER_TYPES) and not _is_integer(node.this):
        # Of a fraction, DuckDB makes the nearest integer, Spark the one towards zero, or null.
        return "a cast to an integer rounds otherwise in Spark and DuckDB; cast it before"
    if isinstance(node, _KNOWN):
        return None
    name = node.name if isinstance(node, exp.Anonymous) else node.key
    return f"{name} is not known to mean the same in Spark and DuckDB; write the expression with another function"


def in_duckdb(tree: exp.Expr) -> exp.Expr:
    """A Spark tree without any `problem`, as the kernel needs it; what sqlglot gets right is left alone."""
    tree = tree.copy()
    # Innermost first: a translation copies its arguments, which must be translated by then.
    for node in reversed(list(tree.walk())):
        translated = _translated(node)
        if translated is not node:
            replaced = node.replace(translated)
            tree = replaced if node is tree else tree
    return tree


def _translated(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous):
        return _SPARK_FUNCTIONS[node.name.lower()](node)
    translate = _SPARK_EXPRESSIONS.get(type(node))
    return node if translate is None else translate(node)


def _odd_arguments(node: exp.Expr) -> str | None:
    """What is wrong with a known function's arguments, where they mean different things on the two sides."""
    for kinds, check in _CHECKS:
        if isinstance(node, kinds):
            return check(node)
    if isinstance(node, exp.Anonymous) and node.name.lower() in _CHECKED_FUNCTIONS:
        return _CHECKED_FUNCTIONS[node.name.lower()](node)
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
    if node.args["format"] != _PLAIN_TIMESTAMP:
        return "unix_timestamp with a pattern is not the same in Spark and DuckDB; use try_to_timestamp within it"
    return None


def _check_try_to_timestamp(call: exp.Expr) -> str | None:
    pattern = call.expressions[1:]
    if not pattern or not pattern[0].is_string or _strptime_pattern(pattern[0].name) is None:
        letters = ", ".join(_DATE_PATTERNS)
        return f"try_to_timestamp needs a pattern of {letters} and signs to mean the same in Spark and DuckDB"
    return None


def _is_zero(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name == "0"


def _is_integer(node: exp.Expr) -> bool:
    number = node.this if isinstance(node, exp.Neg) else node
    return isinstance(number, exp.Literal) and number.is_int


def _strptime_pattern(pattern: str) -> str | None:
    """Spark's pattern for strptime; None where a letter has no counterpart.

    >>> _strptime_pattern("d/MM/yyyy'T'HH")
    '%d/%m/%YT%H'
    """
    parts = []
    for part in _PATTERN_PARTS.finditer(pattern):
        quoted, letter = part.groups()
        if quoted is not None:
            parts.append((quoted.replace("''", "'") or "'").replace("%", "%%"))
        elif letter is None:
            parts.append(part.group().replace("%", "%%"))
        elif part.group() in _DATE_PATTERNS:
            parts.append(_DATE_PATTERNS[part.group()])
        else:
            return None
    found = "".join(parts)
    return None if "%z" in found[:-2] else found


def _called(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _any_null(*arrays: exp.Expr) -> exp.Expr:
    return exp.or_(*[exp.Is(this=array.copy(), expression=exp.null()) for array in arrays])


def _renamed(name: str) -> _Translation:
    return lambda call: _called(name, *call.expressions)


def _try_strptime(call: exp.Expr) -> exp.Expr:
    value, pattern = call.expressions
    directives = str(_strptime_pattern(pattern.name))
    if directives.endswith("%z"):
        # An offset of nothing, which strptime does not know by this name.
        value = _called("regexp_replace", value, exp.Literal.string("Z$"), exp.Literal.string("+00:00"))
    return _called("try_strptime", value, exp.Literal.string(directives))


def _jaccard(call: exp.Expr) -> exp.Expr:
    """DuckDB's stops at an empty string; Spark's finds it like another empty one and unlike all else."""
    one, other = call.expressions
    is_empty = exp.or_(*[value.copy().eq(exp.Literal.string("")) for value in (one, other)])
    is_same = exp.Cast(this=one.copy().eq(other.copy()), to=exp.DataType.build("double"))
    return exp.Case().when(is_empty, is_same).else_(_called("jaccard", one, other))


def _zip_with(call: exp.Expr) -> exp.Expr:
    """DuckDB zips a null array with any other as if it were empty."""
    one, other, function = call.expressions
    places = {name.name: place for place, name in enumerate(function.expressions, start=1)}
    # A name that no lambda within the function has.
    zipped = exp.to_identifier(f"__zipped_{sum(1 for _ in function.find_all(exp.Lambda))}")

    def unzipped(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Identifier) and node.name in places:
            return exp.Bracket(this=zipped.copy(), expressions=[exp.Literal.number(places[node.name])], offset=1)
        return node

    body = function.this.copy().transform(unzipped)
    paired = exp.Transform(
        this=_called("list_zip", one, other), expression=exp.Lambda(this=body, expressions=[zipped.copy()])
    )
    return exp.Case().when(_any_null(one, other), exp.null()).else_(paired)


def _array_intersect(node: exp.Expr) -> exp.Expr:
    """DuckDB's leaves out a null that both arrays hold, and is empty where the second array is null."""
    arrays = node.expressions
    shared = _called("list_intersect", *arrays)
    with_null = exp.and_(*[exp.LT(this=_called("list_count", a), expression=_called("len", a)) for a in arrays])
    both = _called("list_append", shared, exp.null())
    return exp.Case().when(_any_null(*arrays), exp.null()).when(with_null, both).else_(shared)


def _flatten(node: exp.Expr) -> exp.Expr:
    """DuckDB's leaves out an array that is null; of Spark's nothing is then known."""
    nested = exp.to_identifier("__nested")
    is_whole = exp.EQ(this=_called("list_count", nested), expression=_called("len", nested))
    body = exp.Case().when(is_whole, _called("flatten", nested))
    # A list of one, so that what is flattened is computed once.
    once = exp.Transform(
        this=exp.Array(expressions=[node.this.copy()]), expression=exp.Lambda(this=body, expressions=[nested.copy()])
    )
    return exp.Bracket(this=once, expressions=[exp.Literal.number(1)], offset=1)


def _unix_timestamp(node: exp.Expr) -> exp.Expr:
    return exp.Floor(this=_called("epoch", node.this))


_Translation = Callable[[exp.Expr], exp.Expr]
_Check = Callable[[exp.Expr], str | None]

# Functions that sqlglot leaves as they are, by their name in Spark settings.
_SPARK_FUNCTIONS: dict[str, _Translation] = {
    "jaro_winkler": _renamed("jaro_winkler_similarity"),
    "jaro_sim": _renamed("jaro_similarity"),
    "damerau_levenshtein": _renamed("damerau_levenshtein"),
    "jaccard": _jaccard,
    "try_to_timestamp": _try_strptime,
    "zip_with": _zip_with,
}

# Functions that sqlglot knows, but writes so that they mean something else.
_SPARK_EXPRESSIONS: dict[type[exp.Expr], _Translation] = {
    exp.ArrayIntersect: _array_intersect,
    exp.Flatten: _flatten,
    exp.StrToUnix: _unix_timestamp,
}

_CHECKS: tuple[tuple[tuple[type[exp.Expr], ...], _Check], ...] = (
    ((exp.Substring, exp.Left, exp.Right), _check_substring),
    ((exp.Levenshtein,), _check_levenshtein),
    ((exp.Bracket,), _check_element),
    ((exp.Reduce,), _check_reduce),
    ((exp.Transform,), lambda node: _check_lambda(node.expression, "transform", 1)),
    ((exp.RegexpExtract,), _check_regexp),
    ((exp.StrToUnix,), _check_unix_timestamp),
)
_CHECKED_FUNCTIONS: dict[str, _Check] = {
    "try_to_timestamp": _check_try_to_timestamp,
    "zip_with": _check_zip_with,
}
