"""Records of known people as linkage compares them, for looking at the data and never for linking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records.evidence import Evidence
from linkage.records.standardise import to_records
from linkage.records.subgroups import to_subgroups

# The standardised field, and what standardising says of a value that was there and could not be used.
_LOST = {
    "dob": ("dob", (Evidence.DOB_UNREADABLE, Evidence.DOB_PLACEHOLDER, Evidence.DOB_IMPLAUSIBLE)),
    "pnc": ("pnc_std", (Evidence.PNC_INVALID,)),
}


def comparable(identified: Mapping[str, DataFrame], truth: DataFrame, *, as_of: date) -> DataFrame:
    """Standardised records with their true person and their groups.

    Args:
        identified: Accepted rows of each dataset with the columns that `standardise.identify` adds.
        truth: The table truth_keys, or the part of it for some people; other records are left out.
        as_of: Date of the supplies.

    Returns:
        One row per record whose person is known: the columns of the tables records and subgroups, `person`, and
        `has_dob` and `has_pnc`, which say whether the supply had any value; null where it has no such column.
    """
    records = [to_records(df, name, as_of=as_of) for name, df in identified.items()]
    groups = [to_subgroups(df, name, as_of=as_of) for name, df in identified.items()]
    known = truth.select("source_dataset", "source_key", F.col("true_person_id").alias("person"))
    return (
        reduce(DataFrame.unionByName, records)
        .join(known, ["source_dataset", "source_key"], how="inner")
        .join(reduce(DataFrame.unionByName, groups).drop("source_dataset", "sex"), "record_id", how="inner")
        .withColumns({f"has_{field}": _had(field, identified) for field in _LOST})
    )


def _had(field: str, datasets: Mapping[str, DataFrame]) -> Column:
    made, lost = _LOST[field]
    with_column = [name for name in datasets if field in schemas.load(name).column_names]
    unusable = F.arrays_overlap("evidence", F.array(*(F.lit(each.value) for each in lost)))
    some = F.col(made).isNotNull() | F.coalesce(unusable, F.lit(False))
    return F.when(F.col("source_dataset").isin(*with_column), some)
