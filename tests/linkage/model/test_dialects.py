"""Each function that crosses from one dialect to the other, evaluated on both sides."""

import datetime as dt
import math

import duckdb
import pytest
from pyspark.sql import functions as F

from linkage.errors import ConfigError
from linkage.model.dialects import compared_columns, to_duckdb
from tests.linkage.model.splink_pairs import SIMILARITIES, splinks_functions

STRINGS = [
    (None, None),
    (None, "a"),
    ("", ""),
    ("", "a"),
    ("martha", "marhta"),
    ("  ab ", "ab"),
    ("O'Neill", "ONEILL"),
    ("🤦🏼‍♂️x", "🤦🏼‍♂️y"),
    ("日本", "日本語"),
    ("12", "3.5"),
    ("2020-02-30", "2020-02-28"),  # no such day
    ("2020-02-28", "2020-03-01"),
    ("28/02/2020", "01/13/2020"),
    ("20200228", "2020022"),
    ("2020-02-28 10:11:12", "2020-02-28 25:00:00"),
    ("not a date", "2021-12-31"),
]
DAYS = [None, dt.date(2020, 2, 29), dt.date(1900, 1, 1), dt.date(2021, 3, 1)]
ARRAYS = [None, [], ["a", None], ["a", "b"], ["b", "a", "a"], ["🤦", None]]
ROWS = [
    (
        n,
        a,
        b,
        None if a is None else n - 4,
        7 - n,
        n / 4,
        DAYS[n % 4],
        DAYS[(n // 4) % 4],
        ARRAYS[n % 6],
        ARRAYS[n // 3],
    )
    for n, (a, b) in enumerate(STRINGS)
]
SCHEMA = "n int, a string, b string, x int, y int, f double, d date, e date, p array<string>, q array<string>"

FROM_SPARK = [
    "levenshtein(cast(x as string), cast(y as string))",
    "try_to_timestamp(a, 'yyyy-MM-dd')",
    "try_to_timestamp(a, 'dd/MM/yyyy')",
    "try_to_timestamp(a, 'yyyyMMdd')",
    "try_to_timestamp(a, 'd/M/yyyy')",
    "try_to_timestamp(concat(a, 'T'), 'yyyy-MM-dd\\'T\\'')",
    "unix_timestamp(try_to_timestamp(concat(a, 'T01:02:03Z'), 'yyyy-MM-dd\\'T\\'HH:mm:ssXXX'))",
    "unix_timestamp(try_to_timestamp(concat(a, 'T01:02:03-01:30'), 'yyyy-MM-dd\\'T\\'HH:mm:ssXXX'))",
    "try_to_timestamp(a, 'yyyy-MM-dd HH:mm:ss')",
    "date(try_to_timestamp(b, 'yyyy-MM-dd'))",
    "abs(datediff(try_to_timestamp(a, 'yyyy-MM-dd'), try_to_timestamp(b, 'yyyy-MM-dd'))) <= 30",
    "datediff(d, e)",
    "to_date(d)",
    "array_intersect(p, q)",
    "size(array_intersect(p, q)) >= 1",
    "array_intersect(p, transform(q, s -> upper(lower(s))))",
    "size(p)",
    "try_element_at(p, 1)",
    "try_element_at(p, -1)",
    "array_max(p)",
    "array_min(transform(p, s -> length(s)))",
    "flatten(array(p, q))",  # null if one of them is
    "flatten(transform(p, s -> transform(q, t -> concat(s, t))))",
    "zip_with(p, q, (s, t) -> concat(s, t))",  # the shorter one filled with null
    "zip_with(p, q, (s, t) -> size(zip_with(p, q, (u, v) -> concat(s, u))))",
    "aggregate(transform(p, s -> length(s)), cast(0 as double), (total, n) -> total + n)",
    "size(transform(p, s -> s || a))",
    "unix_timestamp(timestamp '1969-12-31 23:59:59.5') + x",  # towards zero
    "unix_timestamp(d) - unix_timestamp(timestamp '1970-01-01 00:00:01.9')",
    "unix_timestamp(try_to_timestamp(a, 'yyyy-MM-dd HH:mm:ss'))",
    "floor(1e6 * acos(sin(radians(f)) * cos(radians(f)) / sqrt(2)))",
    "x = cast(-3 as int)",
    "array_size(q)",
    "x / 2",
    "concat(a, b)",
    "regexp_extract(a, '([a-z]+)([0-9]*)')",
    "regexp_extract(a, '([a-z]+)', 1)",
    "nullif(regexp_extract(b, '[a-z]+', 0), '')",
    "cast(x as string)",
    "if(a = b, 1, 0)",
]
FROM_DUCKDB = [
    "concat(a, b, 'x')",  # null counts as empty, unlike in Spark
    "regexp_extract(a, '([a-z]+)([0-9]*)')",  # the whole match, unlike in Spark
    "regexp_extract(a, '([a-z]+)', 1)",
    "regexp_extract(a, '\\d+')",
    "x::varchar",
    "d::varchar",
    "f::varchar",
    "try_cast(a as timestamp)",
    "ifnull(a, b)",
]
FROM_BOTH = [
    "a || b",
    "substr(a, 1, 2)",
    "substring(a, 2)",
    "substr(a, -2)",
    "left(a, 2)",
    "right(a, 2)",
    "length(a)",
    "upper(a)",
    "lower(b)",
    "trim(a)",
    "nullif(a, '')",
    "coalesce(a, b)",
    "try_cast(a as date)",
    "greatest(a, b)",
    "least(x, y)",
    "year(d)",
    "month(d)",
    "day(d)",
    "abs(x - y)",
    "floor(f)",
    "-x * 2 + 1",
    "x between 1 and y",
    "a in ('martha', '12')",
    "a is null",
    "not a = b and (x > y or d <= e)",
    "case when a = b then 'same' when x >= 3 then 'high' end",
]


def _plain(value):
    """Decimal and float alike, so that 2 of one side is 2 of the other."""
    return float(value) if isinstance(value, int | float) or hasattr(value, "as_tuple") else value


def _in_spark(frame, expressions):
    rows = frame.orderBy("n").select(*[F.expr(sql).alias(f"c{i}") for i, sql in enumerate(expressions)]).collect()
    return [[_plain(value) for value in column] for column in zip(*rows, strict=True)]


def _in_duckdb(frame, expressions):
    with duckdb.connect() as connection:
        connection.register("rows", frame.toArrow())
        found = [connection.sql(f"SELECT {sql} FROM rows ORDER BY n").fetchall() for sql in expressions]
    return [[_plain(value) for (value,) in column] for column in found]


@pytest.fixture(scope="module")
def rows(spark):
    return spark.createDataFrame(ROWS, SCHEMA)


def test_spark_settings_mean_the_same_in_the_kernel(rows):
    expressions = FROM_SPARK + FROM_BOTH
    translated = [to_duckdb(sql, "spark", where="here") for sql in expressions]
    expected = dict(zip(expressions, _in_spark(rows, expressions), strict=True))
    found = dict(zip(expressions, _in_duckdb(rows, translated), strict=True))
    for sql in expressions:
        assert found[sql] == expected[sql], sql
        assert len(set(map(str, expected[sql]))) > 1, f"{sql}: these rows tell nothing"


@pytest.fixture(scope="module")
def similarities(spark):
    with splinks_functions(spark):
        yield


@pytest.mark.usefixtures("similarities")
@pytest.mark.parametrize("name", SIMILARITIES)
def test_similarities_are_those_of_splinks_jar(spark, name):
    pairs = [
        ("martha", "marhta"),
        ("dixon", "dicksonx"),
        ("smith", "smtih"),
        ("night", "nacht"),
        ("ca", "abc"),
        ("jonathan smith", "jonathon smyth"),
        ("ab", "xy"),
        ("same", "same"),
        ("", "a"),
    ]
    frame = spark.createDataFrame([(n, *pair) for n, pair in enumerate(pairs)], "n int, a string, b string")
    [expected] = _in_spark(frame, [f"{name}(a, b)"])
    [found] = _in_duckdb(frame, [to_duckdb(f"{name}(a, b)", "spark", where="here")])
    assert found == pytest.approx(expected, abs=1e-12)
    assert len(set(expected)) > 3


@pytest.mark.parametrize(
    ("sql", "left", "right", "value"),
    [
        # Null in, null out, as of all functions; what else differs from Spark is in docs/dialects.md.
        ("levenshtein(a, b)", None, "a", None),
        ("jaccard(a, b)", None, "", None),
        # DuckDB alone would stop here.
        ("jaccard(a, b)", "ab", "", 0.0),
        # Equal strings are alike, however many bytes a letter has.
        ("jaro_winkler(a, b)", "🤦", "🤦", 1.0),
        ("damerau_levenshtein(a, b)", "🤦", "x", 4),
    ],
)
def test_where_the_kernel_answers_for_itself(sql, left, right, value):
    translated = to_duckdb(sql, "spark", where="here")
    found = duckdb.execute(f"SELECT {translated} FROM (SELECT ?::varchar AS a, ?::varchar AS b)", [left, right])
    [(answer,)] = found.fetchall()
    assert answer == value or math.isclose(answer, value)


@pytest.mark.parametrize(
    ("sql", "culprit"),
    [
        ("soundex(a) = soundex(b)", "soundex"),
        ("transform(p, s -> soundex(s))", "soundex"),
        ("transform(p, (s, i) -> i)", "transform needs a lambda of 1"),  # counts from 0, DuckDB's from 1
        ("aggregate(p, '', (s, t) -> t, s -> upper(s))", "aggregate with a last function"),
        ("unix_timestamp(a, 'yyyy')", "unix_timestamp with a pattern"),
        ("p[x]", "an element of an array"),
        ("p[-1]", "an element of an array"),
        ("element_at(p, 0)", "element_at"),
        ("cast(f as int)", "a cast to an integer"),
        ("try_cast(a as decimal)", "a cast to a decimal"),  # '1.5' is 2 in Spark
        ("cast(x as decimal(9, 2)) / 3", "a cast to a decimal"),
        ("regexp_extract(a, b, 0)", "regexp_extract needs a literal pattern"),
        ("regexp_extract(a, '(?<=x)y', 0)", "regexp_extract has a pattern that only Spark understands"),
        (r"regexp_extract(a, '(a)\\1', 0)", "regexp_extract has a pattern that only Spark understands"),
        ("regexp_extract(a, 'a++', 0)", "regexp_extract has a pattern that only Spark understands"),
        ("regexp_extract(a, '[a-c[xy]]', 0)", "regexp_extract has a pattern that only Spark understands"),
        ("try_to_timestamp(a, 'XXX yyyy')", "try_to_timestamp"),
        ("a LIKE 'x%'", "like"),
        ("my_function(a)", "my_function"),
        ("levenshtein(a, b, 2) <= 2", "levenshtein with a bound"),  # -1 beyond the bound would pass
        ("try_to_timestamp(a, 'dd/MM/yy')", "try_to_timestamp"),  # a letter left over would match nothing
        ("try_to_timestamp(a, 'dd-MMM-yyyy')", "try_to_timestamp"),
        ("try_to_timestamp(a)", "try_to_timestamp"),
        ("to_date(a, 'dd/MM/yy')", "to_date"),  # of another century
        ("to_date(a, 'dd-MMM-yyyy')", "to_date"),
        ("to_date(a, 'yyyy-QQQ')", "to_date"),
        ("to_date(a, b)", "to_date"),
        ("substr(a, 0, 2) = substr(b, 0, 2)", "substring from 0"),
        ("left(a, -1)", "left with a negative length"),
        ("datediff(year, d, e)", "datediff with a unit"),  # Spark's counts anniversaries, DuckDB's New Years
        ("date_diff(hour, d, e)", "datediff with a unit"),
        ("datediff(day, d, e)", "datediff with a unit"),  # of timestamps, Spark's are of 24 hours
        ("try_to_timestamp(a, 'yyyy-MM-dd[ HH:mm]')", "try_to_timestamp"),  # an optional part, no brackets
        ("try_to_timestamp(a, 'yyyy{MM}')", "try_to_timestamp"),
        ("to_date(a, 'yyyy-MM-dd[ HH]')", "to_date"),
        ("to_date(a, 'yyyy#MM')", "to_date"),
        ("cast(p as array<int>)", "a cast to an integer"),
        ("try_cast(p as array<array<bigint>>)", "a cast to an integer"),
        ("cast(p as array<decimal(9, 2)>)", "a cast to a decimal"),
        ("concat_ws('-', a, b) = 'x'", "concatws"),  # derived from a function that is known
        ("to_unix_timestamp(a)", "unix_timestamp with a pattern"),
    ],
)
def test_what_is_not_known_to_mean_the_same_in_the_kernel_is_refused_by_name(sql, culprit):
    with pytest.raises(ConfigError, match=rf"(?i)^here: ({culprit}).* the same in Spark and DuckDB|{culprit}"):
        to_duckdb(sql, "spark", where="here")


def test_duckdbs_own_levels_run_as_they_were_written():
    for sql in [
        "strftime(a_l, '%Y') = strftime(a_r, '%Y')",
        "substr( a_l,0, 2)  = 'x'",
        "list_any_value(list_filter(a_l,lambda x: x='y'))",
    ]:
        assert to_duckdb(sql, "duckdb", where="here") == sql


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("list_max(list_transform([1, 2, 3], x -> x % 3))", 2),
        ("list_reduce(list_transform([1, 2], x -> list_sum(list_transform([3], y -> x * y))), (s, t) -> s - t)", -3),
        ("array_cosine_similarity([3.0, 4.0]::double[], [6.0, 8.0]::double[])", 1.0),
    ],
)
def test_what_this_duckdb_would_not_take_of_splinks_is_written_anew(sql, answer):
    with pytest.raises(duckdb.BinderException):
        duckdb.sql(f"SELECT {sql}")
    assert duckdb.sql(f"SELECT {to_duckdb(sql, 'duckdb', where='here')}").fetchall() == [(answer,)]


def test_columns_of_a_level_are_found_beside_lambda_names():
    sql = 'len(list_filter("names_l", x -> x = surname_r)) > 0 OR "Full name_L" = \'y\''
    assert sorted(compared_columns(sql, where="here")) == ["Full name", "names", "surname"]
    with pytest.raises(ConfigError, match="column names must end in _l or _r"):
        compared_columns("names = surname_r", where="here")
