"""The findings on generated supplies for people: a line with the verdict, and a page with every figure."""

from __future__ import annotations

import html
from collections.abc import Sequence

import schemas
from linkage.quality.anchors import STANDARD_ERRORS, Finding

_HEADINGS = ("Of", "What", "Expected", "Tag", "Asked", "Found", "May differ by", "Behind it", "Verdict")
_STYLE = """
body { font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 2rem; width: 100%; }
th, td { border: 1px solid #bbb; padding: 0.25rem 0.5rem; text-align: left; }
th { background: #eee; }
.outside td { background: #fbe3e0; }
"""


def verdict(findings: Sequence[Finding]) -> list[str]:
    """How many figures are within tolerance, and a line for each that is not; the last line sums up."""
    outside = [each for each in findings if each.is_within is False]
    unknown = sum(each.is_within is None for each in findings)
    lines = [
        f"outside: {each.kind} of {each.scope}, {each.item}: found {each.found:.4f}, "
        f"expected {each.expected:.4f} give or take {each.allowed:.4f} ({each.tag})"
        for each in outside
    ]
    within = len(findings) - len(outside) - unknown
    nothing = f", {unknown} could not be counted" if unknown else ""
    said = "realistic as far as it is held to" if not outside else f"not realistic in {len(outside)} of them"
    return [*lines, f"{within} of {len(findings)} figures are within tolerance{nothing}: {said}"]


def page(findings: Sequence[Finding]) -> str:
    """All findings as a page that opens without a network, by kind; the same findings give the same text."""
    meanings = schemas.value_set("realism_kind")
    parts = [
        "<h1>Realism of the generated supplies</h1>",
        "<p>Figures of generated data beside what is published or assumed of the real ones; a tag says which. A figure "
        "within tolerance makes the data no more real than that: accuracy measured on them stays an accuracy on "
        f"made-up records, with error rates that the models share. {STANDARD_ERRORS} standard errors of a share are "
        "allowed on top of the tolerance.</p>",
        *(f"<p>{_text(line)}</p>" for line in verdict(findings)[-1:]),
    ]
    for kind, meaning in meanings.items():
        rows = [_row(each) for each in findings if each.kind == kind]
        if rows:
            head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
            parts.append(f"<h2>{_text(meaning)}</h2><table><tr>{head}</tr>\n{''.join(rows)}</table>")
    title, body = "<title>Realism of the generated supplies</title>", "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{title}<style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def _row(each: Finding) -> str:
    said = {True: "within", False: "outside", None: "could not be counted"}[each.is_within]
    asked, found = ("" if figure is None else f"{figure:.4f}" for figure in (each.asked, each.found))
    texts = (each.scope, each.item, f"{each.expected:.4f}", str(each.tag), asked, found, f"{each.allowed:.4f}")
    cells = "".join(f"<td>{_text(text)}</td>" for text in (*texts, f"{each.people:,}", said))
    marked = ' class="outside"' if each.is_within is False else ""
    return f"<tr{marked}>{cells}</tr>\n"


def _text(text: str) -> str:
    return html.escape(text)
