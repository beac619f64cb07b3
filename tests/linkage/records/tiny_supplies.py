"""A few hand-written rows as the supply of any dataset: what a row does not say is null, as its schema allows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.records import quarantine
from linkage.records.standardise import identify

KEY = b"0123456789abcdef"
AS_OF = date(2022, 12, 31)


def supply(spark: SparkSession, dataset: str, *rows: Mapping[str, str | None], also: tuple[str, ...] = ()) -> DataFrame:
    """Rows as delivered; `also` names columns that a reader adds."""
    names = (*schemas.load(dataset).column_names, *also)
    values = [tuple(row.get(name) for name in names) for row in rows]
    return spark.createDataFrame(values, ", ".join(f"{name} string" for name in names))


def identified(spark: SparkSession, dataset: str, *rows: Mapping[str, str | None]) -> DataFrame:
    """Rows as they are once they were accepted."""
    return identify(supply(spark, dataset, *rows), dataset, KEY)


def judged(df: DataFrame, dataset: str) -> quarantine.Split:
    """Rows as delivered, parted."""
    schema = schemas.load(dataset)
    return quarantine.split(quarantine.flag(df, schema), schema, as_of=AS_OF, key=KEY)
