"""Corrected rows are judged again; each supplied row is in one place, however often."""

from __future__ import annotations

import json

import pytest
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.errors import InputError
from linkage.records import corrections, quarantine
from linkage.records.quarantine import MALFORMED, REFUSED
from tests.linkage.records.tiny_supplies import AS_OF, KEY, supply

REFUSED_ROWS = [
    {"case_id": "C1", "party_type": "?X", "surname": "Mended", MALFORMED: "{}", REFUSED: "code_unmapped"},
    {"case_id": "C2", "party_type": "?X", "surname": "Elsewhere", MALFORMED: "{}", REFUSED: "code_unmapped"},
    {"case_id": None, "party_type": "P", "surname": "Paired", MALFORMED: "{}", REFUSED: "split_key_missing"},
]
GOOD = {"journey_id": "J1", "surname": "Smith", "reception_date": "2015-06-07"}
ROWS = [
    GOOD,
    {"journey_id": None, "surname": "Mended", "reception_date": "2015-06-07"},
    {"journey_id": "J3", "surname": "Wrong", "reception_date": "soon"},
    {"journey_id": "J4", "surname": "Left", "reception_date": "2015-06-07"},
    {"journey_id": "J4", "surname": "Moved", "reception_date": "2015-06-07"},
    {"journey_id": None, "surname": "Clash", "reception_date": "2015-06-07"},
    {"journey_id": None, "surname": "Untouched", "reception_date": "2015-06-07"},
    {"journey_id": "J8", "surname": "Broken", "sex": "x,y", "reception_date": "2015-06-07", MALFORMED: "J8,Broken,x,y"},
]
# By surname as delivered: the cells that somebody corrects, and what the row is then; None: accepted.
EXPECTED = {
    "Smith": ({}, None, "was accepted, and stays so whatever is corrected beside it"),
    "Mended": ({"journey_id": "J2"}, None, "has a key now"),
    "Wrong": ({"reception_date": "later"}, ["mandatory_unreadable"], "is still wrong"),
    "Left": ({}, None, "is alone with its key since the other moved"),
    "Moved": ({"journey_id": "J5"}, None, "has a key of its own now"),
    "Clash": ({"journey_id": "J1"}, ["key_conflict"], "took the key of an accepted row"),
    "Untouched": ({}, ["key_missing"], "nobody corrected it"),
    "Broken": ({"journey_id": "J8", "surname": "Broken", "reception_date": "2015-06-07"}, None, "was taken apart"),
}


def flagged(spark: SparkSession) -> DataFrame:
    return quarantine.flag(supply(spark, "prison", *ROWS, also=(MALFORMED,)), schemas.load("prison"))


def cells(spark: SparkSession, *rows: tuple[str, str, str | None]) -> DataFrame:
    return spark.createDataFrame(list(rows), "quarantine_id string, column_name string, value string")


def test_corrected_rows_are_judged_again_and_none_is_lost(spark: SparkSession) -> None:
    schema = schemas.load("prison")
    before = quarantine.split(flagged(spark), schema, as_of=AS_OF, key=KEY).quarantined.collect()
    names = {json.loads(row["row_json"])["surname"]: row["quarantine_id"] for row in before}
    assert names.keys() == EXPECTED.keys() - {"Smith"}
    given = [(names[who], name, value) for who, (cell, *_) in EXPECTED.items() for name, value in cell.items()]
    strange = [("q0", "sex", None), (names["Untouched"], "case_id", "C1")]
    mended = corrections.by_row(cells(spark, *given, *strange), [*schema.column_names, "case_id"])
    assert mended.cells == len(given) + len(strange)
    again = corrections.judged_again(flagged(spark), schema, mended, KEY)
    accepted, aside = quarantine.split(again, schema, as_of=AS_OF, key=KEY)
    rows = {row["surname"]: row for row in accepted.collect()}
    assert rows.keys() == {who for who, (_, reasons, _) in EXPECTED.items() if reasons is None}
    assert rows["Broken"]["sex"] is None, "of a line that could not be taken apart nothing else is trusted"
    left = {json.loads(row["row_json"])["surname"]: row for row in aside.collect()}
    assert {who: row["reasons"] for who, row in left.items()} == {
        who: reasons for who, (_, reasons, _) in EXPECTED.items() if reasons is not None
    }
    assert {who: row["quarantine_id"] for who, row in left.items()} == {who: names[who] for who in left}
    told = "a column of another supply corrects nothing"
    assert {who for who, row in left.items() if row["is_corrected"]} == {"Wrong", "Clash"}, told


def test_a_row_that_was_taken_apart_keeps_the_cells_that_nobody_corrects(spark: SparkSession) -> None:
    schema = schemas.load("magistrates")
    rows = [{"defendant_id": "D", "first_hearing_date": "2015-06-07"} | row for row in REFUSED_ROWS]
    flagged = quarantine.flag(supply(spark, "magistrates", *rows, also=(MALFORMED, REFUSED)), schema).persist()
    before = quarantine.split(flagged, schema, as_of=AS_OF, key=KEY).quarantined.collect()
    names = {json.loads(row["row_json"])["surname"]: row["quarantine_id"] for row in before}
    given = [("Mended", "party_type", "P"), ("Elsewhere", "sex", "F"), ("Paired", "case_id", "C3")]
    mended = corrections.by_row(cells(spark, *((names[who], *cell) for who, *cell in given)), schema.column_names)
    again = corrections.judged_again(flagged, schema, mended, KEY).collect()
    kept = ("case_id", "defendant_id", "party_type", "sex", quarantine.REASONS)
    assert {row["surname"]: tuple(row[name] for name in kept) for row in again} == {
        "Mended": ("C1", "D", "P", None, []),
        # The code that made it useless is still there, and would be lost without a word.
        "Elsewhere": ("C2", "D", "?X", "F", ["code_unmapped"]),
        "Paired": ("C3", "D", "P", None, []),
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("q1", "surname", "A"), ("q1 ", "surname", "B")], "1 cells are corrected more than once"),
        ([("q1", "surnam", "A")], "1 cells are in a column that no supply has"),
        ([("q1", None, "A")], "1 cells are in a column that no supply has"),
    ],
)
def test_corrections_that_cannot_be_meant_are_refused(spark: SparkSession, rows: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        corrections.by_row(cells(spark, *rows), schemas.load("prison").column_names)
