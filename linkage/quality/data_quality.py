"""Counts of what is missing, invalid and a placeholder, as rows fit to leave the team: no small count in them.

A count below the smallest that may be told, other than none, is null, and so is one that leaves fewer
rows than that; all others are rounded, so that no difference of two tells a small one. Shares are of
the rounded counts. Totals are summed before they are rounded, so they need not add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

ALL = "all"
ROUNDED_TO = 5


class Counts(NamedTuple):
    """Exact counts of one linkage field of a supply in one period."""

    source_dataset: str
    period: str
    column_name: str
    rows: int
    accepted: int
    missing: int
    invalid: int
    placeholder: int


class Row(NamedTuple):
    """A row of the table `data_quality`."""

    source_dataset: str
    supplied_as_of: date
    period: str
    column_name: str
    rows: int | None
    accepted: int | None
    missing: int | None
    invalid: int | None
    placeholder: int | None
    missing_share: float | None
    invalid_share: float | None
    placeholder_share: float | None
    expected_missing: float | None
    excess_missing: float | None
    previous_missing_share: float | None
    missing_change: float | None


def summary(
    counts: Sequence[Counts],
    *,
    as_of: date,
    expected: Mapping[str, Mapping[str, float]],
    previous: Sequence[Row] | None,
    smallest: int,
) -> list[Row]:
    """Rows by supply, period and column, those of all periods of a supply first.

    Args:
        counts: exact ones, by period.
        as_of: date of the supplies.
        expected: shares that schemas expect to be missing, by supply and column.
        previous: rows of the supplies before these.
        smallest: the smallest count, other than none, that may be told.
    """
    before = {(row.source_dataset, row.period, row.column_name): row.missing_share for row in previous or ()}
    return [
        _row(
            entry,
            as_of,
            expected.get(entry.source_dataset, {}).get(entry.column_name),
            before.get((entry.source_dataset, entry.period, entry.column_name)),
            smallest,
        )
        for entry in (*_totals(counts), *counts)
    ]


def safe_count(count: int, of: int, *, smallest: int) -> int | None:
    """A count that tells of nobody: null where it, or what it leaves of the whole, is small; else rounded to 5.

    >>> [safe_count(count, 1000, smallest=10) for count in (0, 9, 12, 995, 1000)]
    [0, None, 10, None, 1000]
    """
    if 0 < count < smallest or 0 < of - count < smallest:
        return None
    return ROUNDED_TO * round(count / ROUNDED_TO)


def _totals(counts: Iterable[Counts]) -> list[Counts]:
    sums: dict[tuple[str, str], list[int]] = {}
    for entry in counts:
        cell = sums.setdefault((entry.source_dataset, entry.column_name), [0] * 5)
        for place, count in enumerate(entry[3:]):
            cell[place] += count
    return [Counts(dataset, ALL, column, *cell) for (dataset, column), cell in sorted(sums.items())]


def _row(entry: Counts, as_of: date, expected: float | None, previous: float | None, smallest: int) -> Row:
    rows = safe_count(entry.rows, entry.rows, smallest=smallest)
    accepted = safe_count(entry.accepted, entry.accepted, smallest=smallest)
    missing = safe_count(entry.missing, entry.rows, smallest=smallest)
    invalid = safe_count(entry.invalid, entry.accepted, smallest=smallest)
    placeholder = safe_count(entry.placeholder, entry.accepted, smallest=smallest)
    share = _share(missing, rows)
    return Row(
        entry.source_dataset,
        as_of,
        entry.period,
        entry.column_name,
        rows,
        accepted,
        missing,
        invalid,
        placeholder,
        share,
        _share(invalid, accepted),
        _share(placeholder, accepted),
        expected,
        _less(share, expected),
        previous,
        _less(share, previous),
    )


def _share(count: int | None, of: int | None) -> float | None:
    return None if count is None or not of else min(1.0, count / of)


def _less(share: float | None, other: float | None) -> float | None:
    return None if share is None or other is None else share - other
