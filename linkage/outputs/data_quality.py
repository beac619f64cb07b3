"""The summary of data quality as a page: by supply, how full and how sound each linkage field is, year by year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from linkage.outputs.pages import grid, page, text
from linkage.quality.data_quality import ALL, Row

_HEADINGS = ("Field", "Missing", "Expected", "Supply before", "Invalid", "Placeholder")


def data_quality_page(rows: Sequence[Row]) -> str:
    """The page as HTML; the same rows give the same text.

    Each supply is one section, whose id is its name, with a table for all years and one of what is
    missing by year. Counts that may not be told are shown as such.

    Args:
        rows: of one run, in the order of `linkage.quality.data_quality.summary`.
    """
    parts = [
        "<h1>Data quality of the linkage fields</h1>",
        "<p>Missing: share of the rows that came in. Invalid: something stands there of which nothing can be made. "
        "Placeholder: a known filler. Both are shares of the records. Small counts are not told (*), the others are "
        "rounded to 5 and shares are of these.</p>",
    ]
    for dataset, found in groupby(sorted(rows, key=lambda row: row.source_dataset), key=lambda row: row.source_dataset):
        parts += _section(dataset, list(found))
    return page("Data quality", parts)


def _section(dataset: str, rows: Sequence[Row]) -> Iterator[str]:
    whole = [row for row in rows if row.period == ALL]
    years = sorted({row.period for row in rows} - {ALL})
    by_year = {(row.column_name, row.period): row for row in rows}
    yield f'<section id="{text(dataset)}"><h2>{text(dataset)}</h2>'
    first = whole[0]
    yield f"<p>{_count(first.rows)} rows as of {first.supplied_as_of}, {_count(first.accepted)} of them accepted</p>"
    yield grid(_HEADINGS, ((f"{dataset}.{row.column_name}", _cells(row)) for row in whole))
    yield grid(
        ("Missing by year", *map(text, years)),
        (
            (
                f"{dataset}.{row.column_name}.years",
                (text(row.column_name), *(_share(by_year[row.column_name, year].missing_share) for year in years)),
            )
            for row in whole
        ),
    )
    yield "</section>"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        text(row.column_name),
        _share(row.missing_share),
        _with_change(row.expected_missing, row.excess_missing),
        _with_change(row.previous_missing_share, row.missing_change),
        _share(row.invalid_share),
        _share(row.placeholder_share),
    )


def _count(count: int | None) -> str:
    return "*" if count is None else f"{count:,}"


def _share(share: float | None) -> str:
    return "*" if share is None else f"{share:.1%}"


def _with_change(share: float | None, change: float | None) -> str:
    """What was to be expected, and by how many points it differs."""
    if share is None:
        return ""
    return _share(share) + ("" if change is None else f" ({100 * change:+.1f})")
