"""How full and how sound the linkage fields of supplies are, as counts by year.

Counts of supplied fields are aggregates beside the count of broken rules, so that they cost no pass
of their own; counts of what could not be used come from the evidence that standardisation left.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.records.evidence import Evidence
from linkage.records.fields import linkage_fields
from linkage.records.rules import is_blank
from linkage.records.supplied import event_day
from schemas import TableSchema

UNKNOWN_PERIOD = "unknown"
# Findings by the supply's column that they are about. A placeholder is a known filler, or a name of which nothing is
# left, which mostly is one and in any case is no name in another form; the others are invalid.
_PLACEHOLDERS = {
    Evidence.FORENAME_UNUSABLE: "forename1",
    Evidence.SURNAME_UNUSABLE: "surname",
    Evidence.DOB_PLACEHOLDER: "dob",
    Evidence.POSTCODE_NO_FIXED_ABODE: "postcode",
    Evidence.POSTCODE_PSEUDO: "postcode",
    Evidence.ADDRESS_NO_FIXED_ABODE: "address_line1",
}
_INVALID = {
    Evidence.INITIALS_UNUSABLE: "initials",
    Evidence.DOB_UNREADABLE: "dob",
    Evidence.DOB_IMPLAUSIBLE: "dob",
    Evidence.SEX_UNUSABLE: "sex",
    Evidence.POSTCODE_INVALID: "postcode",
    **{
        Evidence(f"{kind}_invalid"): kind
        for kind in ("pnc", "cro", "prison_number", "crn", "nino", "nhs_number", "upn", "asn", "urn")
    },
}
PLACEHOLDER, INVALID = "placeholder", "invalid"


def period(rows: DataFrame, schema: TableSchema, *, as_of: date) -> Column:
    """The year of a row's event as text; `unknown` where its day is not known or later than the supply."""
    day = event_day(rows, schema)
    return F.coalesce(F.when(day <= F.lit(as_of), F.year(day)).cast("string"), F.lit(UNKNOWN_PERIOD))


def missing_counts(schema: TableSchema) -> Column:
    """An aggregate: how many rows have each linkage field null or blank, as an array in the order of `linkage_fields`.

    >>> from schemas import load
    >>> supply = load("wndsm")
    >>> df = spark.createDataFrame([("AS", " ")], "initials string, dob string")
    >>> df = df.select("*", *(F.lit(None).cast("string").alias(n) for n in ("sex", "postcode_sector", "lad_code")))
    >>> dict(zip(linkage_fields(supply), df.agg(missing_counts(supply)).first()[0]))
    {'initials': 0, 'dob': 1, 'sex': 1, 'postcode_sector': 1, 'lad_code': 1}
    """
    fields = linkage_fields(schema)
    return F.array(*(F.count_if(is_blank(name)) for name in fields)) if fields else F.array().cast("array<bigint>")


def finding_counts(records: DataFrame, evidence: DataFrame) -> DataFrame:
    """How many records have a field that could not be used: one row per dataset, period, column and kind.

    Columns `source_dataset`, `period`, `column_name`, `kind` (`invalid` or `placeholder`) and `records`.
    A record counts once for a column and kind. The two tables meet on the few records with findings.

    Args:
        records: with `record_id`, `source_dataset` and `evidence`.
        evidence: the table `linkage_evidence`, for the date of the event.
    """
    about = [(PLACEHOLDER, f, c) for f, c in _PLACEHOLDERS.items()] + [(INVALID, f, c) for f, c in _INVALID.items()]
    names: dict[tuple[str, str], list[str]] = {}
    for kind, finding, column in about:
        names.setdefault((kind, column), []).append(finding.value)
    held = (
        F.when(
            F.arrays_overlap("evidence", F.array(*map(F.lit, codes))),
            F.struct(F.lit(column).alias("column_name"), F.lit(kind).alias("kind")),
        )
        for (kind, column), codes in names.items()
    )
    found = records.where(F.col("evidence").isNotNull()).select(
        "record_id", "source_dataset", F.explode(F.array_compact(F.array(*held))).alias("about")
    )
    year = F.coalesce(F.year("event_date").cast("string"), F.lit(UNKNOWN_PERIOD)).alias("period")
    dated = found.join(evidence.select("record_id", year), "record_id", how="inner")
    return dated.groupBy("source_dataset", "period", "about.column_name", "about.kind").agg(
        F.count("*").alias("records")
    )
