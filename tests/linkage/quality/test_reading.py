"""What people are told of a table of linkage errors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.quality.linkage_error import TruthBasis, linkage_error
from linkage.quality.reading import compared, overall_accuracy, reading

SCHEMA = "truth string, cluster string, source string, sex string"


def rates(spark: SparkSession, records: Sequence[tuple], basis: TruthBasis = TruthBasis.SYNTHETIC) -> DataFrame:
    df = spark.createDataFrame(records, SCHEMA)
    options = {"truth": "truth", "cluster": "cluster", "source": "source", "subgroups": ["sex"], "replicates": 50}
    return linkage_error(df, basis=basis, **options).cache()


@pytest.fixture(scope="module")
def errors(spark: SparkSession) -> DataFrame:
    """100 men found whole, 40 women of whom every second is split, and a prison and a court for each."""
    men = [(f"m{i}", f"m{i}", source, "M") for i in range(100) for source in ("court", "prison")]
    women = [
        (f"w{i}", f"w{i}{source if i % 2 else ''}", source, "F") for i in range(40) for source in ("court", "prison")
    ]
    return rates(spark, men + women)


def test_the_table_is_that_of_its_schema(errors: DataFrame) -> None:
    schema = schemas.load("linkage_error")
    schema.check(errors)
    rows = schemas.guarded(errors, schema, "evaluation/linkage_error").collect()
    assert {row["measure"] for row in rows} == set(schemas.value_set("linkage_measure"))
    assert list(schemas.value_set("truth_basis")) == [basis.value for basis in TruthBasis]


def test_the_reading_names_all_the_datasets_and_the_group_that_is_missed(errors: DataFrame) -> None:
    lines = reading(errors)
    assert overall_accuracy(errors) == {"precision": 1.0, "recall": 120 / 140, "f1": pytest.approx(240 / 260)}
    [whole] = [line for line in lines if line.split()[0] == "all"]
    assert "1.0000 (no other seen)" in whole
    assert "0.8571 (" in whole
    assert whole.split()[-1] == "140"
    # Inside one dataset nobody has two records, so there is no pair to tell of.
    assert [line.split("  ")[1] for line in lines[3:4]] == ["court x prison"]
    [worst] = [line for line in lines if " is " in line and "sex" in line]
    assert worst.strip().startswith("sex is F")
    assert "0.5000 (" in worst
    assert lines[-1] == (
        "measured against: synthetic; no accuracy on real records, "
        "since the generator shares its error rates with the model"
    )


def test_two_runs_stand_beside_each_other(spark: SparkSession, errors: DataFrame) -> None:
    others = rates(spark, [("p", "1", "court", "F"), ("p", "2", "prison", "F")], TruthBasis.SYNTHETIC_MISSPECIFIED)
    lines = compared(errors, others)
    assert [line.split("  ")[1] for line in lines[2:6]] == ["all", "", "court x prison", ""]
    # The other run found no pair: its precision is over nothing, its recall none.
    assert "unknown" in lines[3]
    assert "0.0000 (no other seen)" in lines[3]
    assert lines[-1].startswith("beside it: measured against: synthetic, with errors unlike those")
    assert "no accuracy on real records" in lines[-1]


def test_nothing_known_is_said_so(spark: SparkSession) -> None:
    nothing = rates(spark, [(None, "1", "court", "F")])
    assert overall_accuracy(nothing) == {"precision": None, "recall": None, "f1": None}
    assert reading(nothing) == ["linkage error: no record has a known person, so nothing could be measured"]
    assert len(compared(nothing, nothing)) == 1
