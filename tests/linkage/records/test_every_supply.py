"""Any dataset's supply can be judged, parted and standardised by its schemas alone."""

from __future__ import annotations

import json
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from linkage.records import quarantine, standardise
from linkage.records.linkage_evidence import to_linkage_evidence

KEY = bytes(range(32))
SEEN, AS_OF = date(2015, 6, 7), date(2024, 1, 1)
DATASETS = tuple(schemas.value_set("source_dataset"))


def identified(spark: SparkSession, dataset: str) -> DataFrame:
    """What is accepted of two equal rows: one, which breaks no rule."""
    supply = schemas.load(dataset)
    values = dict.fromkeys(supply.key, "K1") | {"surname": "Testname", "party_type": "P"}
    for column in supply.columns:
        if column.content == "date":
            values[column.name] = str(SEEN)
        elif not column.nullable and column.name not in values:
            values[column.name] = next(iter(schemas.value_set(column.values))) if column.values else "1"
    row = tuple(values.get(name) for name in supply.column_names)
    frame = spark.createDataFrame([row, row], ", ".join(f"{name} string" for name in supply.column_names))
    accepted = quarantine.split(quarantine.flag(frame, supply), supply, as_of=AS_OF, key=KEY).accepted
    return standardise.identify(accepted, dataset, KEY)


def test_every_supply_is_parted_into_records_and_attributes(spark: SparkSession) -> None:
    made = []
    for dataset in DATASETS:
        rows = identified(spark, dataset)
        schemas.load("records").check(standardise.to_records(rows, dataset, as_of=AS_OF))
        evidence = to_linkage_evidence(rows, dataset, as_of=AS_OF, key=KEY)
        schemas.load("linkage_evidence").check(evidence)
        attributes, schema = (
            standardise.to_attributes(rows, dataset, as_of=AS_OF),
            schemas.load(f"{dataset}_attributes"),
        )
        schema.check(attributes)
        row = F.to_json(F.struct(*schema.column_names))
        made.append(schemas.guarded(attributes, schema, dataset).select(F.lit(dataset), row))
    found = [(dataset, json.loads(row)) for dataset, row in reduce(DataFrame.unionAll, made).collect()]
    assert sorted(dataset for dataset, _ in found) == sorted(DATASETS), "one row each, and it breaks no rule"
    for dataset, row in found:
        days = [column.name for column in schemas.load(f"{dataset}_attributes").columns if column.type == "date"]
        assert [row.get(day) for day in days] == [str(SEEN)] * len(days), dataset
