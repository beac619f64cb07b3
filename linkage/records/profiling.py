"""What the columns of an unknown file look like, without a value of a row: counts, shares of shapes, years of dates.

Two looks: one over all columns together, and one, asked for, at the few values of columns that hold codes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.records import identifiers, postcodes, public_identifiers
from linkage.records.lookup import lookup
from linkage.records.nicknames import formal_names

# Formats that dates are looked for in, likeliest first: of two that fit a column alike, the first is meant.
DATE_FORMATS = (
    *("yyyy-MM-dd", "dd/MM/yyyy", "dd-MM-yyyy", "dd.MM.yyyy", "dd-MMM-yyyy", "dd MMM yyyy", "ddMMMyyyy", "dd-MMM-yy"),
    *("yyyyMMdd", "ddMMyyyy", "MM/dd/yyyy"),
)
# Codes are few, and each is in many rows; what is in few rows may be somebody's.
MOST_CODES, LEAST_ROWS, LONGEST_CODE = 30, 10, 40

_YEARS = (1880, 2100)
_LATEST_YEAR = 2100
_APPROXIMATE = 0.05


@dataclass(frozen=True)
class ColumnProfile:
    """One column: rows, filled ones, about how many different values, and shares of the filled ones by shape.

    `dates` are shares by format; `years` the first and last year of those in the likeliest one.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    shapes: Mapping[str, float]
    dates: Mapping[str, float]
    years: tuple[int, int] | None

    @property
    def missing(self) -> float:
        """The share of rows with nothing in them."""
        return 1 - self.filled / self.rows if self.rows else 0.0


def profile(df: DataFrame) -> list[ColumnProfile]:
    """One profile for each column of text, in their order, by one pass over the rows."""
    each = _stacked(df, df.columns)
    value = F.nullif("value", F.lit(""))
    shapes, dates = _shapes(value), {form: _date(value, form) for form in DATE_FORMATS}
    counts = [
        F.count("*").alias("rows"),
        F.count(value).alias("filled"),
        F.approx_count_distinct(value, _APPROXIMATE).alias("distinct"),
        *(_share(holds).alias(f"shape {name}") for name, holds in shapes.items()),
        *(F.count(day).alias(f"date {form}") for form, day in dates.items()),
        *(F.min(F.year(day)).alias(f"first {form}") for form, day in dates.items()),
        *(F.max(F.year(day)).alias(f"last {form}") for form, day in dates.items()),
    ]
    found = {row["column"]: row.asDict() for row in each.groupBy("column").agg(*counts).collect()}
    return [_read(name, found.get(name, {})) for name in df.columns]


def code_values(df: DataFrame, columns: Sequence[str]) -> dict[str, list[str]]:
    """The values of those columns whose values are few, short and each in many rows, sorted; by one pass.

    To be asked only of columns that cannot hold what a person is called: see `may_name_people`.
    """
    if not columns:
        return {}
    each = _stacked(df, columns)
    counted = each.where("value <> ''").groupBy("column", "value").agg(F.count("*").alias("rows"))
    # No more than can be shown ever reaches the driver.
    shown = F.slice(F.sort_array(F.collect_set(F.when(F.col("rows") >= LEAST_ROWS, F.col("value")))), 1, MOST_CODES)
    few = counted.groupBy("column").agg(
        F.count("*").alias("values"),
        F.min("rows").alias("least"),
        F.max(F.length("value")).alias("longest"),
        shown.alias("codes"),
    )
    kept = few.where(
        (F.col("values") <= MOST_CODES) & (F.col("least") >= LEAST_ROWS) & (F.col("longest") <= LONGEST_CODE)
    )
    return {row["column"]: list(row["codes"]) for row in kept.collect()}


def may_name_people(column: ColumnProfile, *, most: float) -> bool:
    """Whether more than a share of a column's values have a shape that identifies: then no value of it is shown."""
    identifying = [share for shape, share in column.shapes.items() if shape in IDENTIFYING]
    return max([*identifying, *column.dates.values()], default=0.0) > most


def may_be_a_row(spark: SparkSession, fields: Sequence[str]) -> bool:
    """Whether a line has a field that is rather a value than the name of a column; runs one small job.

    That is a field without a letter or of one letter only, one that holds a date, and one in the shape of an
    identifier, a postcode or a code. Words may be names of either, and tell nothing here.

    >>> may_be_a_row(spark, ["Last Name", "DOB"]), may_be_a_row(spark, ["Smith", "F"])
    (False, True)
    """
    value = F.trim("value")
    shapes = [holds for name, holds in _shapes(value).items() if name not in _SHAPES_OF_NAMES]
    odd = value.rlike(r"\A\P{L}*\z|\A\p{L}\z|\d{1,4}[/.-]\d{1,2}[/.-]\d")
    dates = (_date(value, form).isNotNull() for form in DATE_FORMATS)
    rows = spark.createDataFrame([(field,) for field in fields], "value string")
    [(found,)] = rows.agg(F.bool_or(F.coalesce(reduce(or_, (*shapes, *dates), odd), F.lit(False)))).collect()
    return bool(found)


def likeliest_date(column: ColumnProfile, *, least: float) -> str | None:
    """The format that most of a column's values have, if at least a share of them do; of equals, the likeliest."""
    best = max(column.dates, key=lambda form: (column.dates[form], -DATE_FORMATS.index(form)), default=None)
    return best if best is not None and column.dates[best] >= least and column.filled else None


IDENTIFYING: Collection[str] = frozenset(
    {
        *("PNC identifier", "CRO number", "arrest summons number", "prison number", "case reference number"),
        *("NHS number", "National Insurance number", "unique pupil number", "postcode", "postcode sector", "forename"),
        "several words",
    }
)

# Shapes that the names of columns have as well: Dob is short for Robert.
_SHAPES_OF_NAMES = ("several words", "letters", "forename")


def _stacked(df: DataFrame, columns: Sequence[str]) -> DataFrame:
    """One row for each row and column: `column`, and `value` without spaces around it."""
    pairs = (F.struct(F.lit(name).alias("column"), F.trim(f"`{name}`").alias("value")) for name in columns)
    return df.select(F.explode(F.array(*pairs)).alias("one")).select("one.*")


def _shapes(value: Column) -> dict[str, Column]:
    latest = F.lit(_LATEST_YEAR)
    names = dict.fromkeys([*formal_names(), *(name for names in formal_names().values() for name in names)], "1")
    return {
        "PNC identifier": identifiers.normalise_pnc(value, latest_year=latest).isNotNull(),
        "CRO number": identifiers.normalise_cro(value).isNotNull(),
        "arrest summons number": identifiers.normalise_asn(value).isNotNull(),
        "prison number": identifiers.normalise_prison_number(value).isNotNull(),
        "case reference number": identifiers.normalise_crn(value).isNotNull(),
        "NHS number": public_identifiers.normalise_nhs_number(value).isNotNull(),
        "National Insurance number": public_identifiers.normalise_nino(value, synthetic=True).isNotNull(),
        "unique pupil number": public_identifiers.normalise_upn(value).isNotNull(),
        "postcode": postcodes.standardise_postcode(value).isNotNull() | postcodes.is_pseudo(value),
        "postcode sector": F.upper(value).rlike(r"\A[A-Z]{1,2}\d[A-Z\d]? ?\d\z"),
        "forename": lookup(F.upper(value), names).isNotNull(),
        "several words": value.rlike(r"\A\p{L}[\p{L}'.-]+( \p{L}[\p{L}'.-]*)+\z"),
        "letters": value.rlike(r"\A\p{L}[\p{L}'-]*\z"),
        "whole number": value.rlike(r"\A[+-]?\d+\z"),
        "number": value.rlike(r"\A[+-]?\d*\.?\d+\z"),
        "ICD-10 code": value.rlike(r"\A[A-Z]\d{2}(\.?\d{1,2})?\z"),
        "geography code": value.rlike(r"\A[EWK]\d{8}\z"),
    }


def _date(value: Column, form: str) -> Column:
    day = F.try_to_date(value, form)
    # Spark is generous with single digits and short years.
    fits = value.rlike(r"\A" + _pattern(form) + r"\z")
    return F.when(fits & F.year(day).between(*_YEARS), day)


def _pattern(form: str) -> str:
    digits = form.replace("yyyy", r"\d{4}").replace("yy", r"\d{2}").replace("MMM", r"\p{L}{3}")
    return digits.replace("MM", r"\d{2}").replace("dd", r"\d{2}").replace(".", r"\.")


def _share(holds: Column) -> Column:
    return F.count_if(F.coalesce(holds, F.lit(False)))


def _read(name: str, row: Mapping[str, int | None]) -> ColumnProfile:
    filled = row.get("filled") or 0

    def shares(kind: str) -> dict[str, float]:
        counts = {key.removeprefix(kind): count for key, count in row.items() if key.startswith(kind)}
        return {key: count / filled for key, count in counts.items() if count and filled}

    dates = shares("date ")
    first = max(dates, key=lambda form: (dates[form], -DATE_FORMATS.index(form)), default=None)
    years = (row.get(f"first {first}"), row.get(f"last {first}"))
    return ColumnProfile(
        name,
        row.get("rows") or 0,
        filled,
        min(row.get("distinct") or 0, filled),
        shares("shape "),
        dates,
        (years[0], years[1]) if years[0] is not None and years[1] is not None else None,
    )
