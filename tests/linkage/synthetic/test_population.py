"""The supplies as a whole: the same on any partitioning, bad where asked, wrong as often as asked."""

from __future__ import annotations

from datetime import date
from functools import reduce
from pathlib import Path

import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from linkage.records.quarantine import flag, split
from linkage.records.rules import Reason
from linkage.records.standardise import identify, to_records
from linkage.synthetic import Rates, Spec, Supplies, synthesise

RATES_FILE = Path(__file__).parents[3] / "conf" / "synthetic" / "rates.yaml"
RATES = Rates.model_validate(yaml.safe_load(RATES_FILE.read_text(encoding="utf-8")))
PEOPLE = 3_000
JUDGE = {"as_of": date(2023, 12, 31), "key": b"k" * 16}


@pytest.fixture(scope="module")
def supplies(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Supplies:
    folder = tmp_path_factory.mktemp("supplies")
    kept: list[DataFrame] = []

    def keep(df: DataFrame) -> DataFrame:
        kept.append(df.persist())
        return df

    made = synthesise(spark, Spec(people=PEOPLE, seed=11, rates=RATES), keep=keep)
    for name, df in {**made.tables, "truth": made.truth}.items():
        df.write.parquet(str(folder / name))
    for df in kept:
        df.unpersist()
    tables = {name: spark.read.parquet(str(folder / name)) for name in made.tables}
    return Supplies(tables, spark.read.parquet(str(folder / "truth")))


@pytest.fixture(scope="module")
def records(supplies: Supplies, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    """Standardised records with the true person."""
    made = []
    for name, df in supplies.tables.items():
        accepted = split(flag(df, schemas.load(name)), schemas.load(name), **JUDGE).accepted
        made.append(to_records(identify(accepted, name, b"k" * 16), name, as_of=date(2023, 12, 31)))
    path = str(tmp_path_factory.mktemp("records") / "records")
    both = reduce(DataFrame.unionByName, made).join(supplies.truth, ["source_dataset", "source_key"])
    both.write.parquet(path)
    return both.sparkSession.read.parquet(path)


def test_tables_have_the_form_of_their_schemas(supplies: Supplies) -> None:
    for name, df in supplies.tables.items():
        schemas.load(name).check(df)
    schemas.load("truth_keys").check(supplies.truth)
    total = sum(df.count() for df in supplies.tables.values())
    assert 2.6 * PEOPLE < total < 3.4 * PEOPLE


def test_rows_do_not_depend_on_partitions(spark: SparkSession) -> None:
    def made(seed: int, partitions: int) -> list[tuple[object, ...]]:
        spec = Spec(people=40, seed=seed, rates=RATES)
        result = synthesise(spark, spec, partitions=partitions, keep=DataFrame.cache)
        rows = [(name, *row) for name, df in result.tables.items() for row in df.collect()]
        return sorted(rows, key=repr)

    assert made(1, 1) == made(1, 3)
    assert made(1, 1) != made(2, 1)


@pytest.mark.parametrize("name", ["magistrates", "prison", "probation"])
def test_bad_rows_are_there_and_truth_knows_the_good_ones(supplies: Supplies, name: str) -> None:
    schema = schemas.load(name)
    df = supplies.tables[name]
    accepted, quarantined = split(flag(df, schema), schema, **JUDGE)
    bad = quarantined.count()
    assert accepted.count() + bad == df.count()
    assert 0 < bad < 0.03 * df.count()
    keyed = identify(accepted, name, b"k" * 16)
    truth = supplies.truth.where(F.col("source_dataset") == name)
    assert truth.select("source_key").distinct().count() == truth.count()
    # A conflict of two versions that happen to be equal leaves one row that truth does not know.
    assert keyed.join(truth, "source_key", "left_anti").count() <= 2


def test_every_reason_but_the_impossible_ones_occurs(supplies: Supplies) -> None:
    schema = schemas.load("magistrates")
    quarantined = split(flag(supplies.tables["magistrates"], schema), schema, **JUDGE).quarantined
    found = {row[0] for row in quarantined.select(F.explode("reasons")).distinct().collect()}
    expected = {Reason.KEY_MISSING, Reason.ROW_REPEATED, Reason.KEY_CONFLICT}
    assert found >= {r.value for r in expected | {Reason.MANDATORY_UNREADABLE, Reason.NOT_A_PERSON}}


@pytest.mark.parametrize("name", ["magistrates", "prison", "probation"])
def test_values_are_missing_as_often_as_asked(supplies: Supplies, name: str) -> None:
    asked = RATES.datasets[name].missing
    df = supplies.tables[name]
    people = df.where("party_type = 'P'") if name == "magistrates" else df
    columns = ["forename2", "dob", "sex", "postcode", "ethnicity", "pnc"]
    row = people.agg(*(F.mean(F.col(c).isNull().cast("double")).alias(c) for c in columns)).first()
    assert row is not None
    for column in columns:
        assert row[column] == pytest.approx(getattr(asked, column), abs=0.045), column


def test_postcodes_are_of_no_real_area(supplies: Supplies) -> None:
    for df in supplies.tables.values():
        real = ~F.col("postcode").rlike("^([QVX][A-HJ-Y][0-9]{1,2} [0-9][A-Z]{2}|NF1 1NF|NF1 1FA|ZZ99 3[VW]Z)$")
        assert df.where(real).count() == 0


def test_true_pairs_agree_as_often_as_published(records: DataFrame) -> None:
    """Agreement among pairs of records of one person, where both have a value.

    Published for the Ministry's own model (tag CPR): full name 88%, date of birth 95%, any
    shared postcode 71%. Here all pairs of 3,000 people, so with a wide tolerance.
    """
    left, right = records.alias("l"), records.alias("r")
    pairs = left.join(right, "true_person_id").where("l.record_id < r.record_id")
    same = {
        "name": (F.col("l.forename1_std") == F.col("r.forename1_std"))
        & (F.col("l.surname_std") == F.col("r.surname_std")),
        "dob": F.col("l.dob") == F.col("r.dob"),
        "postcode": F.arrays_overlap("l.postcode_history_std", "r.postcode_history_std"),
        "pnc": F.col("l.pnc_std") == F.col("r.pnc_std"),
    }
    row = pairs.agg(*(F.mean(agree.cast("double")).alias(name) for name, agree in same.items())).first()
    assert row is not None
    assert row["name"] == pytest.approx(0.88, abs=0.05)
    assert row["dob"] == pytest.approx(0.95, abs=0.04)
    assert row["postcode"] == pytest.approx(0.71, abs=0.06)
    assert row["pnc"] > 0.98


def test_overlaps_come_from_journeys(records: DataFrame) -> None:
    persons = {
        row["source_dataset"]: set(row["people"])
        for row in records.groupBy("source_dataset").agg(F.collect_set("true_person_id").alias("people")).collect()
    }
    court = persons["magistrates"]
    # Of 1,000 with a magistrates' record, 170 have a prison and 330 a probation record (assumed).
    assert 0.13 < len(persons["prison"] & court) / len(court) < 0.23
    assert 0.25 < len(persons["probation"] & court) / len(court) < 0.40
    assert len(persons["prison"] - court) < 0.15 * len(persons["prison"])
