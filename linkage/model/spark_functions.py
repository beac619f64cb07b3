"""The functions of Spark's dialect that DuckDB calls or writes otherwise, and how they are written there.

sqlglot writes most; those that it would leave wrong or unchanged stand in the tables here. Where the
two engines differ on an odd value, the translation answers as Spark does, or `docs/dialects.md` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

# Spark's pattern letters in strptime's directives; a single letter takes one digit or two.
DATE_PATTERNS = {
    "yyyy": "%Y", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d", "HH": "%H", "H": "%H",
    "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "XXX": "%z",
}  # fmt: skip
# Signs that Spark's patterns reserve: brackets make a part optional, the others have no meaning yet.
RESERVED = "[]{}#"
_PATTERN_PARTS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", flags=re.DOTALL)


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
        return SPARK_FUNCTIONS[node.name.lower()](node)
    translate = _SPARK_EXPRESSIONS.get(type(node))
    return node if translate is None else translate(node)


def strptime_pattern(pattern: str) -> str | None:
    """Spark's pattern for strptime; None where a letter or sign has no counterpart.

    >>> strptime_pattern("d/MM/yyyy'T'HH")
    '%d/%m/%YT%H'
    """
    parts = []
    for part in _PATTERN_PARTS.finditer(pattern):
        quoted, letter = part.groups()
        if quoted is not None:
            parts.append((quoted.replace("''", "'") or "'").replace("%", "%%"))
        elif part.group() in RESERVED:
            return None
        elif letter is None:
            parts.append(part.group().replace("%", "%%"))
        elif part.group() in DATE_PATTERNS:
            parts.append(DATE_PATTERNS[part.group()])
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
    directives = str(strptime_pattern(pattern.name))
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
    """Spark's leaves out the fraction of a second, before 1970 as well as after."""
    return _called("trunc", _called("epoch", node.this))


_Translation = Callable[[exp.Expr], exp.Expr]

# Functions that sqlglot leaves as they are, by their name in Spark settings.
SPARK_FUNCTIONS: dict[str, _Translation] = {
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
