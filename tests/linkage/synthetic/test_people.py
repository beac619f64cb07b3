"""Families, names and identifiers of the synthetic people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from stdnum.gb import nhs, upn

from jobs.harness.planning import interpreted
from linkage.records.identifiers import (
    normalise_asn,
    normalise_crn,
    normalise_cro,
    normalise_pnc,
    normalise_prison_number,
    normalise_urn,
)
from linkage.records.public_identifiers import normalise_nhs_number, normalise_nino, normalise_upn
from linkage.synthetic import Spec, identifiers, synthesise
from linkage.synthetic.calibration import short_names
from linkage.synthetic.draws import zipf_scale
from linkage.synthetic.families import UNIT, pnc_year
from linkage.synthetic.identifiers import LARGEST_POPULATION
from linkage.synthetic.journeys import CASES_AT_MOST
from linkage.synthetic.names import load_table, name_tables
from linkage.synthetic.people import people
from tests.linkage.synthetic.nation import keep_in, rates


@pytest.fixture(scope="module")
def population(spark: SparkSession) -> pd.DataFrame:
    """12,000 people, one row each, with the year of birth and the first year of a PNC."""
    df = people(spark, rates(), count=12_000, seed=5, partitions=2)
    with interpreted(spark, if_=True):
        years = {"year": F.year("birth"), "pnc_year": pnc_year(F.col("person_id"), rates(), 5)}
        return df.withColumns(years).toPandas()


def test_relatives_share_what_they_should(population: pd.DataFrame) -> None:
    others = population[~population.in_family_unit]
    heads = others.set_index("person_id")[["birth", "surname", "forename1", "female", "year"]].add_prefix("head_")
    kin = others[others.person_id != others.head_id].join(heads, on="head_id")
    assert 0.12 < len(kin) / len(others) < 0.18
    assert ((kin.person_id - kin.head_id) < UNIT).all()
    twins = kin[kin.birth == kin.head_birth]
    assert 30 < len(twins) < 110
    same_sex = twins[twins.female == twins.head_female]
    assert (same_sex.surname == same_sex.head_surname).mean() > 0.95
    assert not (twins.forename1 == twins.head_forename1).any()
    apart = (kin.year - kin.head_year).abs()
    namesakes = kin[(kin.forename1 == kin.head_forename1) & (kin.surname == kin.head_surname) & apart.between(16, 41)]
    assert len(namesakes) > 20


def test_family_units_are_two_parents_and_their_children(population: pd.DataFrame) -> None:
    units = population[population.in_family_unit].sort_values("person_id")
    assert len(units) / 12_000 == pytest.approx(rates().population.family_units.rate, abs=0.03)
    members = [units[units.person_id % UNIT == place].set_index("head_id") for place in range(UNIT)]
    father, mother, elder, younger = members
    assert (father.female != mother.female).all()
    assert (elder.standing == "none").all()
    assert (elder.year - father.year).between(18, 34).all()
    assert (younger.birth >= elder.birth).all()
    assert (father[~father.female].surname == elder[~father.female].surname).mean() > 0.97


def test_people_are_of_age_and_their_pnc_is_not_older(population: pd.DataFrame) -> None:
    offenders = population[population.standing != "none"]
    assert (offenders.year.min() > 1900, offenders.year.max()) == (True, 2004)
    assert (offenders.pnc_year - offenders.year).min() >= 10
    assert 0.95 < population.frailty.mean() < 1.05


def test_surnames_have_a_head_and_a_long_tail(population: pd.DataFrame) -> None:
    counts = population.surname.value_counts()
    assert 0.006 < counts.iloc[0] / 12_000 < 0.016
    assert (counts == 1).sum() > 3_000
    assert population.surname.str.fullmatch("[A-Z' -]+").all()


def test_as_many_people_have_a_short_name_as_the_solution_takes(population: pd.DataFrame) -> None:
    before_court = population[(population.standing != "none") & ~population.in_family_unit]
    share = before_court.forename1.isin(load_table("forms")["nicknames"].keys()).mean()
    assert share == pytest.approx(short_names(rates()), abs=0.02)


def test_a_million_people_have_the_surnames_of_a_nation() -> None:
    """From the law itself: chances of ranks, weighted by origin, and who is expected among a million people.

    A nation's commonest surname is borne by about 1% of people, its thousandth by about 1 in 10,000,
    and a million people have well over 100,000 (general knowledge).
    """
    tables, million = name_tables(), 1_000_000
    shares = rates().population.origins.shares
    distinct, british = 0.0, np.zeros(0)
    for place, origin in enumerate(tables.origins):
        share = sum(s for name, s in shares.items() if name.split()[-1] == origin) / sum(shares.values())
        size = len(tables.surnames.lists[place]) + int(np.prod([len(tail.lists[place]) for tail in tables.tails]))
        scale, ratio = zipf_scale(size, tables.flatness[place])
        reached = np.log1p(np.arange(size + 1) / scale) / np.log(ratio)
        chance = share * np.diff(reached)
        assert chance.sum() == pytest.approx(share)
        distinct += (1 - np.exp(-million * chance)).sum()
        british = chance if origin == "british" else british
    assert distinct > 100_000
    assert 0.006 < british[0] < 0.014
    assert 0.00004 < british[999] < 0.00015


def test_identifiers_are_valid_in_form_unique_and_never_issued(spark: SparkSession) -> None:
    # People from all over the largest population, neighbours among them.
    person = F.col("id") * (LARGEST_POPULATION // 20_000) + F.col("id") % 2
    case = person * CASES_AT_MOST + F.col("id") % CASES_AT_MOST
    made = spark.range(20_000).select(
        identifiers.pnc(person, pnc_year(person, rates(), 5)).alias("pnc"),
        identifiers.cro(person).alias("cro"),
        identifiers.prison_number(person).alias("number"),
        identifiers.prison_number(person, second=True).alias("second_number"),
        identifiers.crn(person).alias("crn"),
        identifiers.nino(person).alias("nino"),
        identifiers.nhs_number(person).alias("nhs"),
        identifiers.upn(person).alias("upn"),
        identifiers.urn(case).alias("urn"),
        identifiers.asn(case, F.lit(2019)).alias("asn"),
    )
    normal = {
        "pnc": normalise_pnc(F.col("pnc"), latest_year=F.lit(2030)),
        "cro": normalise_cro(F.col("cro")),
        "number": normalise_prison_number(F.col("number")),
        "second_number": normalise_prison_number(F.col("second_number")),
        "crn": normalise_crn(F.col("crn")),
        "nino": F.concat(normalise_nino(F.col("nino"), synthetic=True), F.right(F.col("nino"), F.lit(1))),
        "nhs": normalise_nhs_number(F.col("nhs")),
        "upn": normalise_upn(F.col("upn")),
        "urn": normalise_urn(F.col("urn")),
        "asn": normalise_asn(F.col("asn")),
    }
    never = {"pnc": "^[0-9]{4}/[1-9]", "cro": "^[3-9]", "number": "^[Q-U]", "second_number": "^[V-Z]", "crn": "^[Q-Z]"}
    never |= {"nino": "^Q", "nhs": "^99|^98", "upn": "^[A-Z]999", "urn": "^00", "asn": "^../00"}
    df = made.select(
        "*",
        *(standard.eqNullSafe(F.col(name)).alias(f"{name}_valid") for name, standard in normal.items()),
        *(F.col(name).rlike(pattern).alias(f"{name}_never") for name, pattern in never.items()),
    ).toPandas()
    for name in normal:
        assert df[f"{name}_valid"].all(), name
        assert df[f"{name}_never"].all(), name
        # Without the suffix, which a National Insurance number's comparison leaves out.
        assert (df[name].str[:8] if name == "nino" else df[name]).is_unique, name
    assert all(nhs.is_valid(number) for number in df.nhs[:200])
    assert all(upn.is_valid(number) for number in df.upn[:200] if number[1:4] != "999") is True


def test_second_numbers_do_not_run_out(spark: SparkSession) -> None:
    number = identifiers.second_crn(F.col("id"), 0.03)
    last = spark.range(LARGEST_POPULATION - 30_000, LARGEST_POPULATION).select(number.alias("n")).where("n is not null")
    first = spark.range(30_000).select(number.alias("n")).where("n is not null")
    found = [row["n"] for row in first.union(last).collect()]
    assert len(found) == len(set(found))
    assert len(found) / 60_000 == pytest.approx(0.03, abs=0.003)
    assert {n[0] for n in found} <= set("IO")


def test_rows_do_not_depend_on_partitions(spark: SparkSession, tmp_path: Path) -> None:
    def made(seed: int, partitions: int) -> list[tuple[object, ...]]:
        spec = Spec(people=60, seed=seed, rates=rates(), datasets=("crown",), companions=False)
        keep = keep_in(tmp_path / f"{seed}-{partitions}")
        [table] = synthesise(spark, spec, partitions=partitions, keep=keep).tables.values()
        return sorted((tuple(row) for row in table.collect()), key=repr)

    with interpreted(spark, if_=True):
        one, three, other = made(1, 1), made(1, 3), made(2, 1)
    assert one == three
    assert one != other
