"""Every class of Splink's comparison libraries, built as its documentation shows, and records that try them.

Each case makes its creator anew: Splink's change as they are written out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import ColumnExpression
from splink.internals.comparison_creator import ComparisonCreator
from splink.internals.comparison_level_creator import ComparisonLevelCreator

Case = Callable[[], ComparisonCreator]


# fmt: off
_ROWS = [
    # a          b          born          seen                    postcode    email                 x     f
    ("martha",   "jones",   "1980-01-31", "2020-03-01T10:00:00Z", "ZZ1 2CD",  "jo@example.invalid", 10,   3.5),
    ("marhta",   "jones",   "1980-01-30", "2020-03-01T10:00:40Z", "ZZ1 2CE",  "jo@other.invalid",   11,   3.5),
    ("jones",    "martha",  "1980-02-20", "2020-03-01T10:45:00Z", "ZZ1 9ZZ",  "jp@example.invalid", 14,   4.0),
    ("Martha",   "jonas",   "1980-12-31", "2020-03-02T09:00:00Z", "ZZ12 9ZZ", "JO@example.invalid", 0,    -3.5),
    ("maria",    "smith",   "1988-01-31", "2021-01-01T00:00:00Z", "zz9 9zz",  "jo",                 0,    0.0),
    ("",         "",        "",           "",                     "",         "",                   -10,  None),
    (None,       None,      None,         None,                   None,       "jo",                 None, 3.5),
    ("🤦🏼‍♂️",       "Zoë",     "2020-02-30", "2020-03-01 10:00:00",  "ZZ1",      "@",                  3,    1e9),
    ("Zoë",      None,      "31/01/1980", "2020-03-01T25:00:00Z", "not one",  "jo",                 3,    2.0),
    ("Zoe",      "Zoë",     "not a day",  "not a time",           "ZZ2 1AA",  None,                 9,    2.1),
    ("martha",   "jones",   "1980-01-31", "2020-03-01T10:00:00Z", "ZZ1 2CD",  "jo@example.invalid", 10,   3.5),
    ("x",        "y",       "1980-1-31",  "2024-03-01T10:00:00Z", "Q1 1AA",   "jo@x@other.invalid", 3,    3.5),
    ("martha",   "oak",     "2001-12-01", "2020-03-01T11:00:00Z", "ZZ1 2CD",  "jpx@zzz.invalid",    -1,   -0.1),
    ("MAR",      "jones",   "1980-01-31", "2020-03-01T10:00:00Z", "",         None,                 1,    0.1),
    ("mar",      "",        "1981-06-01", None,                   None,       "",                   2,    0.3),
]
_MORE = [
    # names                    codes         vector             lat     lon     day           time
    (["martha"],               ["MR0"],      [1.0, 0.0, 0.0],   51.50,  -0.12,  "1980-01-31", "2020-03-01 10:00:00"),
    (["martha", "mary"],       ["MR0", "X"], [1.0, 0.5, 0.0],   51.50,  -0.12,  "1980-01-30", "2020-03-01 10:00:00.9"),
    (["marhta"],               ["Y"],        [1.0, 0.75, 0.0],  51.51,  -0.13,  "1980-02-20", "2020-03-01 10:00:01.95"),
    ([],                       [],           [1.0, 1.0, 0.0],   51.60,  -0.20,  "1980-12-31", "2020-03-01 10:45:00"),
    (["mary", "mary"],         ["MR0"],      [0.0, 1.0, 0.0],   52.00,  0.30,   "1988-01-31", "2020-03-02 09:00:00"),
    ([None],                   None,         [-1.0, 0.0, 2.0],  55.95,  -3.19,  "1980-01-31", "2020-03-20"),
    (None,                     ["MR0"],      None,              None,   -0.12,  None, None),
    (["🤦🏼‍♂️", None],              ["Z"],        [1.0, 0.0, 0.0],   51.50,  None,   "1900-01-01", "1900-01-01"),
    (["Zoë", "martha", None],  [""],         [1e-9, 0.0, 0.0],  90.00,  180.0,  "1970-01-01", "1969-12-31 23:59:59.5"),
    ([""],                     [""],         [3.0, 4.0, 5.0],   -90.0,  -180.0, "1969-12-31", "1970-01-01"),
    (["mary", "martha"],       ["MR0"],      [1.0, 0.0, 0.0],   51.50,  -0.12,  "1980-01-31", "2020-03-01 10:00:00"),
    (["smith", "marthas"],     ["Z", "MR0"], [0.0, 0.0, 7.0],   51.50,  -0.12,  "2020-02-29", "2024-02-29 12:00:00"),
    (["martha"],               ["X"],        [1.0, 0.0, 0.0],   51.50,  -0.12,  "1980-01-31", "2020-03-01 10:00:00"),
    (["smyth"],                ["MR0"],      [0.0, 0.0, 0.0],   51.50,  -0.12,  "1980-01-31", "2020-03-01 10:00:00"),
    (["a", "b", "c"],          [],           None,              None,   None,   None, None),
]
# fmt: on


def _records() -> pa.Table:
    """Names, dates, arrays and the like, with nulls, empty strings, emoji and days that never were."""
    a, b, born, seen, postcode, email, x, f = zip(*_ROWS, strict=True)
    names, codes, vector, lat, lon, day, time = zip(*_MORE, strict=True)
    return pa.table(
        {
            "unique_id": pa.array(range(len(_ROWS)), pa.int64()),
            "a": a,
            "b": b,
            "born": born,
            "seen": seen,
            "postcode": postcode,
            "email": email,
            "x": pa.array(x, pa.int32()),
            "f": pa.array(f, pa.float64()),
            "names": pa.array(names, pa.list_(pa.string())),
            "codes": pa.array(codes, pa.list_(pa.string())),
            "vector": pa.array(vector, pa.list_(pa.float64())),
            "lat": pa.array(lat, pa.float64()),
            "lon": pa.array(lon, pa.float64()),
            "day": pa.array([d and dt.date.fromisoformat(d) for d in day], pa.date32()),
            "time": pa.array([t and dt.datetime.fromisoformat(t) for t in time], pa.timestamp("us")),
        }
    )


COMPARISONS: dict[str, list[Case]] = {
    "CustomComparison": [
        lambda: cl.CustomComparison(
            [
                {"sql_condition": "a_l is null or a_r is null", "is_null_level": True},
                cll.ExactMatchLevel("a"),
                {"sql_condition": "substr(a_l, 1, 2) = substr(a_r, 1, 2)"},
                {"sql_condition": "a_l || 'x' = 'x' or a_r || 'x' = 'x'"},
                cll.ElseLevel(),
            ],
            output_column_name="custom",
        ),
    ],
    "ExactMatch": [lambda: cl.ExactMatch("a").configure(term_frequency_adjustments=True), lambda: cl.ExactMatch("day")],
    "LevenshteinAtThresholds": [lambda: cl.LevenshteinAtThresholds("a", [1, 2, 4])],
    "DamerauLevenshteinAtThresholds": [lambda: cl.DamerauLevenshteinAtThresholds("a", [1, 2, 4])],
    "JaccardAtThresholds": [lambda: cl.JaccardAtThresholds(_filled("a"), [0.9, 0.4])],
    "JaroAtThresholds": [lambda: cl.JaroAtThresholds("a")],
    "JaroWinklerAtThresholds": [lambda: cl.JaroWinklerAtThresholds("a")],
    "DistanceFunctionAtThresholds": [
        lambda: cl.DistanceFunctionAtThresholds("a", "levenshtein", [1, 4], higher_is_more_similar=False),
        lambda: cl.DistanceFunctionAtThresholds("a", "jaro_winkler_similarity", [0.8]),
    ],
    "PairwiseStringDistanceFunctionAtThresholds": [
        lambda: cl.PairwiseStringDistanceFunctionAtThresholds("names", "levenshtein", [1, 3]),
        lambda: cl.PairwiseStringDistanceFunctionAtThresholds("names", "damerau_levenshtein", [1, 3]),
        lambda: cl.PairwiseStringDistanceFunctionAtThresholds("names", "jaro_winkler", [0.9, 0.6]),
        lambda: cl.PairwiseStringDistanceFunctionAtThresholds("names", "jaro", [0.9, 0.6]),
    ],
    "AbsoluteTimeDifferenceAtThresholds": [
        lambda: cl.AbsoluteTimeDifferenceAtThresholds(
            "seen", input_is_string=True, metrics=["minute", "hour", "day", "year"], thresholds=[1, 1, 2, 3]
        ),
        lambda: cl.AbsoluteTimeDifferenceAtThresholds(
            "time", input_is_string=False, metrics=["second", "hour", "month"], thresholds=[1, 1, 1]
        ),
    ],
    "AbsoluteDateDifferenceAtThresholds": [
        lambda: cl.AbsoluteDateDifferenceAtThresholds(
            "born", input_is_string=True, metrics=["day", "month", "year"], thresholds=[1, 1, 1]
        ),
        lambda: cl.AbsoluteDateDifferenceAtThresholds(
            "born", input_is_string=True, metrics=["month"], thresholds=[2], invalid_dates_as_null=False
        ),
        lambda: cl.AbsoluteDateDifferenceAtThresholds(
            "day", input_is_string=False, metrics=["day", "month", "year"], thresholds=[1, 1, 10]
        ),
    ],
    "ArrayIntersectAtSizes": [lambda: cl.ArrayIntersectAtSizes("names", [2, 1])],
    "DistanceInKMAtThresholds": [lambda: cl.DistanceInKMAtThresholds("lat", "lon", [0.1, 2, 100])],
    "DateOfBirthComparison": [
        lambda: cl.DateOfBirthComparison("born", input_is_string=True),
        lambda: cl.DateOfBirthComparison("born", input_is_string=True, invalid_dates_as_null=False),
        lambda: cl.DateOfBirthComparison("day", input_is_string=False),
    ],
    "EmailComparison": [lambda: cl.EmailComparison("email")],
    "ForenameSurnameComparison": [
        lambda: cl.ForenameSurnameComparison("a", "b", jaro_winkler_thresholds=[0.9, 0.75]),
        lambda: cl.ForenameSurnameComparison("a", "b", forename_surname_concat_col_name="email"),
    ],
    "NameComparison": [
        lambda: cl.NameComparison("a"),
        lambda: cl.NameComparison("a", dmeta_col_name="codes"),
        lambda: cl.NameComparison(ColumnExpression("a").lower()),
    ],
    "PostcodeComparison": [
        lambda: cl.PostcodeComparison("postcode"),
        lambda: cl.PostcodeComparison("postcode", invalid_postcodes_as_null=True, lat_col="lat", long_col="lon"),
    ],
    "CosineSimilarityAtThresholds": [lambda: cl.CosineSimilarityAtThresholds("vector", [0.9, 0.69])],
}

_Level = Callable[[], ComparisonLevelCreator]
LEVELS: dict[str, list[_Level]] = {
    "NullLevel": [
        lambda: cll.NullLevel("a"),
        lambda: cll.NullLevel("postcode", valid_string_pattern="^[A-Z]{1,2}[0-9]"),
    ],
    "ElseLevel": [cll.ElseLevel],
    "CustomLevel": [
        lambda: cll.CustomLevel("a_l < b_r"),
        lambda: cll.CustomLevel("left(a_l, 1) = left(b_r, 1)", base_dialect_str="duckdb"),
    ],
    "ExactMatchLevel": [lambda: cll.ExactMatchLevel("names"), lambda: cll.ExactMatchLevel("time")],
    "LiteralMatchLevel": [
        lambda: cll.LiteralMatchLevel("a", "martha", "string"),
        lambda: cll.LiteralMatchLevel("x", "3", "int", side_of_comparison="right"),
        lambda: cll.LiteralMatchLevel("f", "3.5", "float", side_of_comparison="left"),
        lambda: cll.LiteralMatchLevel("day", "1980-01-31", "date"),
    ],
    "ColumnsReversedLevel": [
        lambda: cll.ColumnsReversedLevel("a", "b"),
        lambda: cll.ColumnsReversedLevel("a", "b", symmetrical=True),
    ],
    "LevenshteinLevel": [lambda: cll.LevenshteinLevel("a", 2)],
    "DamerauLevenshteinLevel": [lambda: cll.DamerauLevenshteinLevel("a", 2)],
    "JaroWinklerLevel": [lambda: cll.JaroWinklerLevel("a", 0.8)],
    "JaroLevel": [lambda: cll.JaroLevel("a", 0.8)],
    "JaccardLevel": [lambda: cll.JaccardLevel(_filled("a"), 0.8)],
    "DistanceFunctionLevel": [
        lambda: cll.DistanceFunctionLevel("a", "levenshtein", 2, higher_is_more_similar=False),
        lambda: cll.DistanceFunctionLevel(
            ColumnExpression("day").cast_to_string(), "hamming", 2, higher_is_more_similar=False
        ),
    ],
    "PairwiseStringDistanceFunctionLevel": [
        lambda: cll.PairwiseStringDistanceFunctionLevel("names", "damerau_levenshtein", 1)
    ],
    "AbsoluteTimeDifferenceLevel": [
        lambda: cll.AbsoluteTimeDifferenceLevel("day", input_is_string=False, threshold=2, metric="day"),
        lambda: cll.AbsoluteTimeDifferenceLevel("time", input_is_string=False, threshold=1, metric="second"),
    ],
    "AbsoluteDateDifferenceLevel": [
        lambda: cll.AbsoluteDateDifferenceLevel("day", input_is_string=False, threshold=1.5, metric="month"),
    ],
    "DistanceInKMLevel": [lambda: cll.DistanceInKMLevel("lat", "lon", 20, not_null=True)],
    "ArrayIntersectLevel": [
        lambda: cll.ArrayIntersectLevel("names", 1),
        lambda: cll.ArrayIntersectLevel("names", 0),
    ],
    "ArraySubsetLevel": [
        lambda: cll.ArraySubsetLevel("names"),
        lambda: cll.ArraySubsetLevel("names", empty_is_subset=True),
    ],
    "PercentageDifferenceLevel": [
        lambda: cll.PercentageDifferenceLevel("x", 0.2),
        lambda: cll.PercentageDifferenceLevel("f", 0.2),
    ],
    "AbsoluteDifferenceLevel": [
        lambda: cll.AbsoluteDifferenceLevel("x", 3),
        lambda: cll.AbsoluteDifferenceLevel("f", 0.5),
    ],
    "And": [lambda: cll.And(cll.ExactMatchLevel("a"), cll.ExactMatchLevel("b"))],
    "Not": [lambda: cll.Not(cll.NullLevel("b")), lambda: cll.Not(cll.LevenshteinLevel("a", 2))],
    "Or": [lambda: cll.Or(cll.ExactMatchLevel("a"), cll.JaroWinklerLevel("b", 0.9))],
    "CosineSimilarityLevel": [lambda: cll.CosineSimilarityLevel("vector", 0.8)],
}


def _filled(column: str) -> ColumnExpression:
    """DuckDB's jaccard stops at an empty string."""
    return ColumnExpression(column).nullif("")


def _expressions() -> dict[str, list[ColumnExpression]]:
    a, born, seen, postcode = map(ColumnExpression, ("a", "born", "seen", "postcode"))
    names = ColumnExpression("names")
    return {
        "lower": [a.lower(), ColumnExpression("a || b").lower()],
        "substr": [a.substr(1, 2), a.substr(2, 100), a.substr(-2, 2)],
        "cast_to_string": [ColumnExpression(column).cast_to_string() for column in ("x", "day", "time")],
        "regex_extract": [
            a.regex_extract("^[A-Z]"),
            postcode.regex_extract("([A-Z]+)([0-9]+)", capture_group=2),
            a.lower().regex_extract("[^aeiou]+").substr(1, 1),
        ],
        "nullif": [a.nullif(""), a.lower().nullif("martha")],
        "try_parse_date": [born.try_parse_date(), born.substr(1, 10).try_parse_date()],
        "try_parse_timestamp": [seen.try_parse_timestamp()],
        "access_extreme_array_element": [
            names.access_extreme_array_element("first"),
            names.access_extreme_array_element("last").lower(),
        ],
    }


EXPRESSIONS = _expressions()


def _comparison(level: _Level) -> ComparisonCreator:
    # Splink divides by the number of scored levels less one.
    levels = [level(), cll.ExactMatchLevel("email"), cll.ElseLevel()]
    return cl.CustomComparison(levels[1:] if level is cll.ElseLevel else levels, output_column_name="level")


def _every_case() -> dict[str, Case]:
    """Comparisons, levels with ELSE after them, and exact matches on expressions, under names of their own."""
    found: dict[str, Case] = {}
    for name, cases in COMPARISONS.items():
        found |= {f"{name}_{n}": case for n, case in enumerate(cases)}
    for name, levels in LEVELS.items():
        found |= {f"{name}_{n}": lambda level=level: _comparison(level) for n, level in enumerate(levels)}
    for name, expressions in EXPRESSIONS.items():
        for n, expression in enumerate(expressions):
            found[f"{name}_{n}"] = lambda expression=expression: cl.ExactMatch(expression)
    return found


CASES = _every_case()
RECORDS = _records()
