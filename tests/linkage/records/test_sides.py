"""Two files joined by a key: every row of a side is in exactly one row of the result."""

from __future__ import annotations

import json

from pyspark.sql import SparkSession

from linkage.records.mapping import SIDE
from linkage.records.quarantine import MALFORMED, REFUSED
from linkage.records.sides import joined

COLUMNS = f"k string, v string, {MALFORMED} string, {REFUSED} string"
LEFT = [
    ("1", "a", None, None),
    (" 2", "b", None, None),
    ("3", "c", None, None),
    ("3", "d", None, None),
    (None, "e", None, None),
    (" ", "f", None, None),
    ("5", "g", None, None),
    ("6", None, "6,h,h", "row_malformed"),
]
RIGHT = [("1", "A", None, None), ("2", "B", None, None), ("3", "C", None, None), ("6", "D", None, None)]
# Key, values of both sides, the reason, the side, and what was delivered.
EXPECTED = [
    ("1", "a", "A", None, "both", None),
    (" 2", "b", "B", None, "both", None),  # spaces make no other key
    ("3", "c", None, "split_key_repeated", "identifiers", {"k": "3", "v": "c"}),
    ("3", "d", None, "split_key_repeated", "identifiers", {"k": "3", "v": "d"}),
    ("3", None, "C", "split_unpaired", "attributes", {"k": "3", "w": "C"}),  # whose is it?
    (None, "e", None, "split_key_missing", "identifiers", {"v": "e"}),
    (" ", "f", None, "split_key_missing", "identifiers", {"k": " ", "v": "f"}),
    ("5", "g", None, "split_unpaired", "identifiers", {"k": "5", "v": "g"}),
    ("6", None, None, "row_malformed", "identifiers", "6,h,h"),  # what stands in the key's place is not trusted
    ("6", None, "D", "split_unpaired", "attributes", {"k": "6", "w": "D"}),
]


def test_sides(spark: SparkSession) -> None:
    left = spark.createDataFrame(LEFT, COLUMNS)
    right = spark.createDataFrame(RIGHT, COLUMNS.replace("v string", "w string"))
    rows = joined(left, right, "k").select("k", "v", "w", REFUSED, SIDE, MALFORMED).collect()
    found = [(*row[:5], json.loads(row[5]) if str(row[5]).startswith("{") else row[5]) for row in rows]
    assert sorted(found, key=repr) == sorted(EXPECTED, key=repr)
    sides = [row[SIDE] for row in rows]
    assert sides.count("both") + sides.count("identifiers") == len(LEFT)
    assert sides.count("both") + sides.count("attributes") == len(RIGHT)
