"""Pages that open without a network: one HTML document with its style, that loads nothing."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

_STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 2rem; width: 100%; }
th, td { border: 1px solid #bbb; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
th { background: #eee; position: sticky; top: 0; }
dt { float: left; clear: left; width: 10rem; font-weight: bold; }
dd { margin: 0 0 0.2rem 10.5rem; }
code { white-space: nowrap; }
"""


def page(title: str, parts: Iterable[str]) -> str:
    """A whole document of parts that are HTML already."""
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def grid(headings: Iterable[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A table of rows that have an id; cells are HTML already."""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    lines = (f'<tr id="{text(place)}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>\n' for place, cells in rows)
    return f"<table><tr>{head}</tr>\n{''.join(lines)}</table>"


def text(said: str) -> str:
    """Plain text as HTML.

    >>> text("a < b")
    'a &lt; b'
    """
    return html.escape(said)
