"""Each error does what it is called, and nothing else."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from linkage.records.dates import parse_date
from linkage.records.identifiers import normalise_pnc
from linkage.synthetic import errors
from linkage.synthetic.draws import Draws

SLIPS = {"neighbour": 1, "left_out": 1, "doubled": 1, "exchanged": 1}


def draws() -> Draws:
    return Draws(3, F.col("id"))


def test_a_typo_is_one_slip_of_the_keyboard(spark: SparkSession) -> None:
    name = "ROBINSON"
    rows = spark.range(400).select(errors.typo(F.lit(name), draws(), "t", slips=SLIPS).alias("t")).distinct().collect()
    found = {row["t"] for row in rows}
    assert len(found) > 20
    left_out = {name[:i] + name[i + 1 :] for i in range(len(name))}
    doubled = {name[: i + 1] + name[i:] for i in range(len(name))}
    exchanged = {name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in range(len(name) - 1)}
    replaced = {t for t in found if len(t) == len(name) and sum(a != b for a, b in zip(t, name, strict=True)) == 1}
    assert found <= left_out | doubled | exchanged | replaced | {name}
    for kind in (left_out, doubled, exchanged, replaced):
        assert found & kind


def test_short_names_survive_a_typo(spark: SparkSession) -> None:
    df = spark.createDataFrame([(i, n) for i in range(40) for n in ("A", "LI")], "id bigint, name string")
    for row in df.select("name", errors.typo(F.col("name"), draws(), "t", slips=SLIPS).alias("t")).collect():
        assert len(row["t"]) <= len(row["name"]) + 1


def test_dates_go_wrong_in_one_way(spark: SparkSession) -> None:
    true, false = F.lit(True), F.lit(False)
    day = F.to_date(F.lit("1985-03-12"))
    kinds = {
        "transposed": (true, false, false),
        "digit": (false, true, false),
        "years_off": (false, false, true),
        "none": (false, false, false),
    }
    df = spark.range(60).select(
        *(
            errors.wrong_date(day, draws(), transposed=t, digit=d, years_off=y, of_day=0.5).alias(name)
            for name, (t, d, y) in kinds.items()
        )
    )
    rows = df.collect()
    assert {row["transposed"] for row in rows} == {"1985-12-03"}
    assert {row["none"] for row in rows} == {"1985-03-12"}
    for row in rows:
        assert sum(a != b for a, b in zip(row["digit"], "1985-03-12", strict=True)) <= 1
    assert {row["years_off"] for row in rows} <= {f"{1985 + n}-03-12" for n in range(-5, 6) if n}
    assert len({row["years_off"] for row in rows}) == 10


def test_a_day_above_twelve_cannot_be_exchanged(spark: SparkSession) -> None:
    day = F.to_date(F.lit("1985-03-28"))
    true, false = F.lit(True), F.lit(False)
    wrong = errors.wrong_date(day, draws(), transposed=true, digit=false, years_off=false, of_day=0.5)
    assert spark.range(1).select(parse_date(wrong).cast("string")).first() == ("1985-03-28",)


def test_a_mistyped_pnc_fails_its_check_and_a_short_one_does_not(spark: SparkSession) -> None:
    pnc = F.lit("1999/9999901N")
    place = (F.col("id") % 7 + 6).cast("int")
    latest = F.lit(2022)
    row = (
        spark.range(200)
        .select(
            F.count(normalise_pnc(errors.other_digit(pnc, place, draws(), "d"), latest_year=latest)),
            F.count_distinct(normalise_pnc(errors.short_pnc(pnc), latest_year=latest)),
        )
        .first()
    )
    assert row is not None
    assert tuple(row) == (0, 1)


def test_postcodes_nicknames_and_sounds(spark: SparkSession) -> None:
    mistyped = {
        row[0]
        for row in spark.range(50)
        .select(errors.mistyped_postcode(F.lit("XA1 2BC"), draws(), in_digit=0.5))
        .distinct()
        .collect()
    }
    assert len(mistyped) > 5
    assert all(code[:4] == "XA1 " and len(code) == 7 and code != "XA1 2BC" for code in mistyped)
    df = spark.createDataFrame([("KEITH", "KIETH"), ("MARK", "MERK"), ("GWYN", "GWIN")], "name string, heard string")
    assert df.where(errors.misheard(F.col("name")) != F.col("heard")).count() == 0
    assert spark.range(1).select(errors.nickname(F.lit("ELIJAH"))).first() == ("ELIJAH",)
