"""How often people move hangs on how old they are on the day, not on when they were born."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from linkage.synthetic.addresses import years_of_moving
from linkage.synthetic.people import FIRST_DAY
from linkage.synthetic.rates import Moves, Rate
from tests.linkage.synthetic.nation import rates

YEAR = 365.25


def test_years_before_the_twenty_fifth_birthday_count_more(spark: SparkSession) -> None:
    assert FIRST_DAY == "2011-01-01"
    moves: Moves = rates().moves.model_copy(update={"young": Rate(rate=1.5, tag="A")})
    days = [
        ("1960-05-05", "2012-01-01", 365),  # never young
        ("2000-05-05", "2012-01-01", 365 * 1.5),  # always
        ("1987-01-01", "2012-01-01", 365 * 1.5),  # until that day
        ("1987-01-01", "2013-01-01", 365 * 1.5 + 366),  # and not in the year after
        ("2000-05-05", "2010-12-31", -1),  # before the first day there are no moves yet
    ]
    df = spark.createDataFrame([row[:2] for row in days], "birth string, event_date string")
    dated = df.select(*(df[name].cast("date").alias(name) for name in df.columns))
    found = [row[0] for row in dated.select(years_of_moving(moves)).collect()]
    assert found == pytest.approx([expected / YEAR for *_, expected in days])
