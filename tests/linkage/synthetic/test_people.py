"""Families, names and identifiers of the synthetic people."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.records.identifiers import normalise_crn, normalise_cro, normalise_pnc, normalise_prison_number
from linkage.synthetic import Rates, identifiers
from linkage.synthetic.identifiers import LARGEST_POPULATION
from linkage.synthetic.names import name_tables
from linkage.synthetic.people import people, pnc_of

RATES_FILE = Path(__file__).parents[3] / "conf" / "synthetic" / "rates.yaml"


def shipped() -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(RATES_FILE.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def population(spark: SparkSession) -> DataFrame:
    df = people(spark, Rates.model_validate(shipped()), count=12_000, seed=5, partitions=2)
    return df.withColumn("year", F.year("birth")).cache()


def test_relatives_share_what_they_should(population: DataFrame) -> None:
    heads = population.where("person_id = head_id").select(
        F.col("person_id").alias("head_id"),
        *(F.col(name).alias(f"head_{name}") for name in ("birth", "surname", "forename1", "female", "year")),
    )
    kin = population.where("person_id != head_id").join(heads, "head_id").cache()
    assert 0.12 < kin.count() / 12_000 < 0.18
    assert kin.where(F.col("person_id") - F.col("head_id") > 3).count() == 0
    twins = kin.where("birth = head_birth")
    assert 40 < twins.count() < 150
    same_sex_twins = twins.where("female = head_female")
    assert same_sex_twins.where("surname = head_surname").count() > 0.95 * same_sex_twins.count()
    assert twins.where("forename1 = head_forename1").count() == 0
    namesakes = kin.where(
        "forename1 = head_forename1 and surname = head_surname and abs(year - head_year) between 16 and 41"
    )
    assert namesakes.count() > 30


def test_people_are_of_age_and_their_pnc_is_not_older(population: DataFrame) -> None:
    row = population.agg(
        F.min("year"), F.max("year"), F.min(F.substring("pnc", 1, 4).cast("int") - F.col("year")), F.mean("frailty")
    ).first()
    assert row is not None
    oldest, youngest, pnc_age, frailty = row
    assert 1900 < oldest < youngest == 2004
    assert pnc_age >= 10
    assert 0.95 < frailty < 1.05


def test_surnames_have_a_head_and_a_long_tail(population: DataFrame) -> None:
    counts = [row["count"] for row in population.groupBy("surname").count().orderBy(F.desc("count")).collect()]
    assert 0.006 < counts[0] / 12_000 < 0.016
    assert counts.count(1) > 3_000
    assert population.where(~F.col("surname").rlike("^[A-Z' -]+$")).count() == 0


def test_enough_surnames_for_a_nation() -> None:
    tables = name_tables()
    composed = 0
    for i in range(len(tables.origins)):
        parts = 1
        for tail in tables.tails:
            parts *= len(tail.lists[i])
        composed += parts
    assert composed > 200_000


def test_identifiers_are_valid_in_form_unique_and_never_issued(spark: SparkSession) -> None:
    rates = Rates.model_validate(shipped())
    # People from all over the largest population, neighbours among them.
    step = LARGEST_POPULATION // 20_000
    person = F.col("id") * step + F.col("id") % 2
    df = (
        spark.range(20_000)
        .select(
            pnc_of(person, rates.families, 5).alias("pnc"),
            identifiers.cro(person).alias("cro"),
            identifiers.prison_number(person).alias("number"),
            identifiers.prison_number(person, second=True).alias("second_number"),
            identifiers.crn(person).alias("crn"),
            identifiers.crn(person, second=True).alias("second_crn"),
        )
        .cache()
    )
    valid = {
        "pnc": normalise_pnc(F.col("pnc"), latest_year=F.lit(2030)),
        "cro": normalise_cro(F.col("cro")),
        "number": normalise_prison_number(F.col("number")),
        "second_number": normalise_prison_number(F.col("second_number")),
        "crn": normalise_crn(F.col("crn")),
        "second_crn": normalise_crn(F.col("second_crn")),
    }
    for name, standard in valid.items():
        assert df.where(~standard.eqNullSafe(F.col(name))).count() == 0, name
    unique = [name for name in valid if name != "second_crn"]
    assert df.select(*(F.count_distinct(name) for name in unique)).first() == (20_000,) * len(unique)
    never_issued = (
        (F.substring("pnc", 6, 7).cast("int") >= 1_000_000)
        & (F.substring("cro", 1, 6).cast("int") >= 300_000)
        & F.col("number").rlike("^[Q-U]")
        & F.col("second_number").rlike("^[V-Z]")
        & F.col("crn").rlike("^[Q-Z]")
        & F.col("second_crn").rlike("^[IO]")
    )
    assert df.where(~never_issued).count() == 0


def test_rates_refuse_what_they_do_not_know() -> None:
    rates = shipped()
    Rates.model_validate(rates)
    rates["names"]["typpo"] = {"rate": 0.1, "tag": "A"}
    with pytest.raises(ValidationError, match="typpo"):
        Rates.model_validate(rates)
    del rates["names"]["typpo"], rates["names"]["typo"]["tag"]
    with pytest.raises(ValidationError, match=r"names\.typo\.tag"):
        Rates.model_validate(rates)
