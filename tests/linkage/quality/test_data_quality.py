"""Counts of data quality that may leave the team, and how they moved."""

from __future__ import annotations

from datetime import date

import schemas
from linkage.outputs.data_quality import data_quality_page
from linkage.quality.data_quality import Counts, Row, summary

AS_OF, BEFORE = date(2024, 12, 31), date(2023, 12, 31)
COUNTS = [
    # dataset, period, column, rows, accepted, missing, invalid, placeholder
    Counts("prison", "2015", "dob", 400, 390, 4, 12, 0),
    Counts("prison", "2016", "dob", 600, 590, 48, 0, 11),
    Counts("prison", "2015", "sex", 400, 390, 396, 0, 0),
    Counts("prison", "2016", "sex", 600, 590, 600, 0, 0),
]


def summed(previous: list[Row] | None = None) -> dict[tuple[str, str], Row]:
    expected = {"prison": {"dob": 0.01}}
    rows = summary(COUNTS, as_of=AS_OF, expected=expected, previous=previous, smallest=10)
    return {(row.period, row.column_name): row for row in rows}


def test_small_counts_are_not_told_and_others_are_rounded() -> None:
    rows = summed()
    told = {place: (row.rows, row.missing, row.invalid, row.placeholder) for place, row in rows.items()}
    assert told == {
        # 52 missing, 12 invalid and 11 placeholders of 1,000 rows.
        ("all", "dob"): (1000, 50, 10, 10),
        # Four rows without a sex at all leave 4 with one in 2015, and as many in all years.
        ("all", "sex"): (1000, None, 0, 0),
        ("2015", "dob"): (400, None, 10, 0),
        ("2015", "sex"): (400, None, 0, 0),
        ("2016", "dob"): (600, 50, 0, 10),
        ("2016", "sex"): (600, 600, 0, 0),
    }
    # 50 of 1,000, where 1% was expected.
    assert rows["all", "dob"].missing_share == 0.05
    assert round(rows["all", "dob"].excess_missing or 0, 9) == 0.04
    assert rows["2015", "dob"].missing_share is rows["2015", "dob"].excess_missing is None
    assert rows["2016", "sex"].expected_missing is None


def test_shares_are_compared_with_the_supply_before() -> None:
    was = [row._replace(supplied_as_of=BEFORE, missing_share=0.2) for row in summed().values() if row.period == "2016"]
    rows = summed(was)
    assert (rows["2016", "dob"].previous_missing_share, rows["all", "dob"].previous_missing_share) == (0.2, None)
    # 50 of 600 now, a fifth then.
    assert round(rows["2016", "dob"].missing_change or 0, 9) == round(50 / 600 - 0.2, 9)


def test_rows_are_those_of_the_table_and_the_page_has_them() -> None:
    rows = list(summed().values())
    assert Row._fields == schemas.load("data_quality").column_names
    page = data_quality_page(rows)
    assert page.count("<section") == page.count('id="prison"') == 1
    assert page.count('id="prison.dob"') == page.count('id="prison.dob.years"') == 1
    assert "<td>5.0%</td><td>1.0% (+4.0)</td>" in page
    assert "http" not in page
    assert "<td>8.3%</td>" in page, "50 of 600 in 2016"
