"""Any dataset's supply can be judged, parted and standardised by its schemas alone."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession

import schemas
from linkage.records import quarantine, standardise
from linkage.records.linkage_evidence import to_linkage_evidence

KEY = bytes(range(32))
SEEN, AS_OF = date(2015, 6, 7), date(2024, 1, 1)


@pytest.mark.parametrize("dataset", schemas.value_set("source_dataset"))
def test_a_supply_is_parted_into_records_and_attributes(spark: SparkSession, dataset: str) -> None:
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
    identified = standardise.identify(accepted, dataset, KEY)
    schemas.load("records").check(standardise.to_records(identified, dataset, as_of=AS_OF))
    evidence = to_linkage_evidence(identified, dataset, as_of=AS_OF, key=KEY)
    schemas.load("linkage_evidence").check(evidence)
    schema = schemas.load(f"{dataset}_attributes")
    attributes = standardise.to_attributes(identified, dataset, as_of=AS_OF)
    schema.check(attributes)
    # The second row repeats the first; the other breaks no rule of its attributes.
    [made] = schemas.guarded(attributes, schema, dataset).collect()
    assert [name for name in schema.column_names if schema.column(name).type == "date" and made[name] != SEEN] == []
