"""What a feed holds after deliveries, compared with a dictionary that follows the same deliveries."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.errors import RefusedError
from linkage.records import holding
from linkage.records.mapping import DELETED
from linkage.records.quarantine import MALFORMED, REFUSED

TABLE = schemas.load("wndsm")
DAY = {number: date(2024, number, 1) for number in range(1, 6)}
# Of each delivery: day, kind, and rows as (key, outcome, deleted, malformed).
FULL = (
    1,
    "full",
    [("A", "a1", False, None), ("B", "b1", False, None), ("C", "c1", False, None), (None, None, False, "x,y")],
)
SECOND = (2, "partial", [("A", "a2", False, None), ("D", "d2", False, None), ("C", None, True, None)])
THIRD = (
    3, "partial",
    # Two rows of one key are for quarantine to judge; a row counts more than a deletion; Z was never there.
    [("B", "b3", False, None), ("B", "b3x", False, None), ("D", "d3", False, None), ("D", None, True, None),
     ("Z", None, True, None), (None, None, True, None), (None, None, False, "x,y")],
)  # fmt: skip
# The row without a key that asks for deletion is a row; the malformed line is the one of the full delivery again.
EXPECTED = [
    ("A", "a2", None),
    ("B", "b3", None),
    ("B", "b3x", None),
    ("D", "d3", None),
    (None, None, None),
    (None, None, "x,y"),
]


def _rows(spark: SparkSession, rows: list[tuple[str | None, str | None, bool, str | None]]) -> DataFrame:
    values = [
        (*({"referral_id": key, "outcome": outcome}.get(name) for name in TABLE.column_names), bad, None, gone)
        for key, outcome, gone, bad in rows
    ]
    texts = ", ".join(f"{name} string" for name in (*TABLE.column_names, MALFORMED, REFUSED))
    return spark.createDataFrame(values, f"{texts}, {DELETED} boolean")


def _apply(spark: SparkSession, held: DataFrame | None, delivery: tuple) -> DataFrame:
    number, kind, rows = delivery
    standing = holding.NOTHING if held is None else holding.standing(held)
    holding.check_order(standing, kind, DAY[number], "a.csv")
    place = holding.taken(standing, kind, DAY[number], [repr(rows)])
    after = holding.apply(held, standing, _rows(spark, rows), TABLE, kind, place)
    # As it would be read again from the lake; and a plan that does not grow.
    return spark.createDataFrame(after.collect(), after.schema)


def _live(held: DataFrame) -> list[tuple[str | None, str | None, str | None]]:
    rows = holding.live(held, TABLE).collect()
    return sorted(((r["referral_id"], r["outcome"], r[MALFORMED]) for r in rows), key=repr)


def test_deliveries_in_any_order_and_again_come_to_the_same(spark: SparkSession) -> None:
    first = _apply(spark, None, FULL)
    holding.held_table("wndsm_small", "wndsm").check(first)
    assert holding.standing(first) == holding.Standing(4, DAY[1], DAY[1])
    expected = sorted(EXPECTED, key=repr)
    held = _apply(spark, first, SECOND)
    # The later one twice, then the earlier one once more.
    for delivery in (THIRD, THIRD, SECOND):
        held = _apply(spark, held, delivery)
        assert _live(held) == expected
    assert _live(_apply(spark, _apply(spark, first, THIRD), SECOND)) == expected, "the other way round"
    # A full delivery of a day between keeps what came later, partial ones of its own day too, and nothing else.
    full = _apply(
        spark, held, (2, "full", [("A", "old", False, None), ("D", "old", False, None), ("E", "e2", False, None)])
    )
    assert _live(full) == sorted([*EXPECTED, ("E", "e2", None)], key=repr)
    assert holding.standing(full).since == DAY[2]
    last = _apply(spark, full, (4, "full", [("E", "e4", False, None)]))
    assert _live(last) == [("E", "e4", None)]
    with pytest.raises(RefusedError, match="delivered on 2024-03-01, before the full delivery of 2024-04-01"):
        _apply(spark, last, THIRD)


def test_a_partial_delivery_needs_something_to_be_a_part_of(spark: SparkSession) -> None:
    with pytest.raises(RefusedError, match="no full one has been taken"):
        _apply(spark, None, SECOND)


def test_deliveries_of_one_day_keep_their_order(spark: SparkSession) -> None:
    full = (1, "full", [("A", "a", False, None), ("B", "b", False, None), ("C", "c", False, None)])
    first = (1, "partial", [("A", "a1", False, None), ("B", "b1", False, None)])
    second = (1, "partial", [("A", "a2", False, None), ("C", None, True, None)])
    third = (1, "partial", [("A", "a3", False, None)])
    held = None
    for delivery, expected in (
        (full, [("A", "a", None), ("B", "b", None), ("C", "c", None)]),
        (first, [("A", "a1", None), ("B", "b1", None), ("C", "c", None)]),
        (second, [("A", "a2", None), ("B", "b1", None)]),
        # Each one again, alone.
        (full, [("A", "a2", None), ("B", "b1", None)]),
        (first, [("A", "a2", None), ("B", "b1", None)]),
        # A further one of the day is the last.
        (third, [("A", "a3", None), ("B", "b1", None)]),
        (second, [("A", "a3", None), ("B", "b1", None)]),
    ):
        held = _apply(spark, held, delivery)
        assert _live(held) == expected, delivery
