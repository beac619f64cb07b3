"""Time in custody of one person that connects is one journey, as a prison's system has it."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import SparkSession

from linkage.synthetic.supplies.custody import custodial_journeys

COLUMNS = (
    "person_id long, case long, reception date, release date, recall date, sentence_days int, sentenced_on date, "
    "custody_type string"
)


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def spell(person: int, case: int, reception: str, release: str, recall: str | None = None, **own: Any) -> tuple:
    sentence, on = own.get("sentence"), own.get("on", reception if "sentence" in own else None)
    return person, case, day(reception), day(release), day(recall), sentence, day(on), own.get("kind", "sentenced")


SPELLS = [
    # A sentence that begins in custody, then one on the day of release; on the day after that another journey begins.
    spell(1, 11, "2015-01-01", "2015-06-01", sentence=300, kind="remand"),
    spell(1, 12, "2015-03-01", "2015-04-01", sentence=60),
    spell(1, 13, "2015-06-01", "2015-08-01", "2015-09-01", kind="remand"),
    spell(1, 14, "2015-08-02", "2016-01-01", sentence=100),
    # The shorter of two would have been recalled while the longer one was served.
    spell(2, 21, "2014-01-01", "2016-01-01", "2016-02-01", sentence=800),
    spell(2, 22, "2014-02-01", "2014-03-01", "2014-03-20", sentence=50),
    # Recalled a day before the next reception, and in custody with a sentence still to come (of 2023).
    spell(3, 31, "2022-01-01", "2022-02-01", "2022-11-30", sentence=60),
    spell(3, 32, "2022-12-01", "2023-06-01", sentence=300, on="2023-01-15", kind="remand"),
    # Another person meets nobody.
    spell(4, 41, "2015-01-01", "2015-02-01", kind="remand"),
]
JOURNEYS = [
    # The recall of 2015-09-01 fell into the next journey.
    spell(1, 11, "2015-01-01", "2015-08-01", sentence=300, kind="remand"),
    spell(1, 14, "2015-08-02", "2016-01-01", sentence=100),
    spell(2, 21, "2014-01-01", "2016-01-01", "2016-02-01", sentence=800),
    spell(3, 31, "2022-01-01", "2022-02-01", "2022-11-30", sentence=60),
    spell(3, 32, "2022-12-01", "2023-06-01", kind="remand"),
    spell(4, 41, "2015-01-01", "2015-02-01", kind="remand"),
]


def test_spells_that_connect_are_one_journey(spark: SparkSession) -> None:
    spells = spark.createDataFrame(SPELLS, COLUMNS)
    journeys = custodial_journeys(spells)
    assert journeys.columns == spells.columns
    assert sorted((tuple(row) for row in journeys.collect()), key=lambda row: row[:2]) == JOURNEYS
