"""Conditions over elements as conditions over whole records, against exploding the records."""

import itertools

import duckdb
import pytest

from linkage.model.exploded import any_elements

# Nulls, nothing, repeated elements, and two zeros that are equal but not the same.
RECORDS = [
    ([1.0, 2.0], ["x", "y"], "x"),
    ([2.0, None], ["y", "y", None], "y"),
    ([-0.0], [None], None),
    ([0.0, 1.0, 1.0], ["x"], "z"),
    ([None], ["z", "x"], "x"),
    ([], ["x"], "x"),
    (None, ["y", "z"], "y"),
    ([float("nan")], [], "z"),
    ([float("nan"), 2.0], None, "x"),
]


@pytest.mark.parametrize(
    ("conditions", "arrays"),
    [
        (["l.n = r.n"], ["n"]),
        (["l.t = r.t"], ["t"]),
        (["l.t = r.t", "l.n = r.n"], ["n", "t"]),
        (["l.t = r.t", "l.n < r.n"], ["n", "t"]),
        (["l.t = r.t", "l.t <> l.s"], ["t"]),
        (["l.t = r.t", "l.s = r.s OR l.n < r.n"], ["t", "n"]),
        (["l.t = r.t OR l.n IS NULL"], ["n", "t"]),
        (["l.t = r.s"], ["t"]),
        (["l.t = r.s", "r.t = l.s"], ["t"]),
        (["l.s = r.s"], ["t", "n"]),
        (["l.s = r.s", "l.t IS NULL"], ["t"]),
        (["L.N + 1 = r.n", "(l.T) = (R.t)"], ["n", "t"]),
        (["l.t || r.t = l.s || r.s", "l.t = r.t"], ["t"]),
    ],
)
def test_records_meet_where_any_of_their_rows_do(conditions, arrays):
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE records (id INT, n DOUBLE[], t VARCHAR[], s VARCHAR)")
        connection.executemany(
            "INSERT INTO records VALUES (?, ?, ?, ?)", [(number, *record) for number, record in enumerate(RECORDS)]
        )
        connection.execute("CREATE TABLE rows AS SELECT * FROM records")
        for array in arrays:
            connection.execute(
                f"CREATE OR REPLACE TABLE rows AS SELECT * REPLACE (unnest({array}) AS {array}) FROM rows"
            )
        both = " AND ".join(f"({condition})" for condition in conditions)
        expected = connection.execute(f"SELECT DISTINCT l.id, r.id FROM rows l, rows r WHERE {both}").fetchall()
        found = connection.execute(
            f"SELECT l.id, r.id FROM records l, records r WHERE {any_elements(conditions, arrays)}"
        ).fetchall()
    assert 0 < len(expected) < len(list(itertools.product(RECORDS, RECORDS)))
    assert sorted(found) == sorted(expected)
