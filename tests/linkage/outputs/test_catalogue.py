"""The catalogue has everything that the schemas say, once, and nothing else."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest

import schemas
from linkage.outputs.catalogue import catalogue


class Page(HTMLParser):
    """What a reader of the page finds: places, links inside it, what it loads, and rows by their place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: Counter[str] = Counter()
        self.links: set[str] = set()
        self.loads: list[str] = []
        self.rows: dict[str, list[str]] = {}
        self.open: list[str] = []
        self._row: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places.update(filter(None, [given.get("id")]))
        self.links |= {given["href"] or ""} if "href" in given else set()
        self.loads += [tag] if "src" in given or tag in ("script", "link", "img") else []
        if tag == "tr":
            self._row = self.rows.setdefault(given.get("id") or "", [])
        if tag == "td":
            self._row.append("")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self._row[-1] += data


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(catalogue())


def test_each_table_column_code_and_document_is_there_once(page: Page) -> None:
    expected = [*schemas.names(), "value-sets", "documents"]
    for name in schemas.names():
        table = schemas.load(name)
        expected += [f"{name}.{column}" for column in table.column_names]
        expected += [f"{name}.{opened.pattern}" for opened in table.open_columns]
    for name in schemas.value_set_names():
        expected += [f"values.{name}", *(f"values.{name}.{code}" for code in schemas.value_set(name))]
    expected += [f"documents.{name}" for name in schemas.sources()]
    assert page.places == Counter(expected)


def test_the_page_stands_by_itself(page: Page) -> None:
    assert page.open == []
    assert page.loads == []
    assert {link for link in page.links if link.removeprefix("#") not in page.places or link[0] != "#"} == set()


@pytest.mark.parametrize(
    ("place", "cells"),
    [
        (
            "family.dob",
            [
                "dob",
                "string, read as date",
                "Date of birth, YYYY-MM-DD or DD/MM/YYYY",
                "direct identifier",
                "yes",
                "",
                "2011 to January 2021",
                "by role: applicant 8.0%, respondent 22.0%, child 3.0%, legal_representative 70.0%, other 70.0% (A)",
                "K, unchecked",
            ],
        ),
        (
            "magistrates_offences.case_id",
            [
                "case_id",
                "string",
                "Case in the source system",
                "indirect identifier",
                "",
                "primary, magistrates",
                "as magistrates",
                "never",
                "P, known",
            ],
        ),
        (
            "oasys.pnc",
            [
                "pnc",
                "string",
                "Police National Computer identifier as recorded"
                " (the key of the system, which has no interface to the computer itself)",
                "direct identifier",
                "yes",
                "shared",
                "not known to us; low before 26 June 2021 where community rehabilitation companies worked, such as"
                " London (P)",
                "4.0% (A)",
                "P, known",
            ],
        ),
        (
            "records.pnc_std",
            [
                "pnc_std",
                "string",
                "PNC identifier in the long form, check character valid",
                "direct identifier",
                "yes",
                "",
                "",
                "as pnc of the supply",
                "own",
            ],
        ),
        (
            "crown_attributes.plea",
            [
                "plea",
                "string",
                "Plea to the principal offence; codes: plea",
                "special category",
                "",
                "",
                "as crown",
                "not known",
                "P, known",
            ],
        ),
        ("values.requirement.RAR", ["RAR", "Rehabilitation activity requirement", "2015-02-01", "", "K"]),
        ("values.plea.none", ["none", "No plea", "", "", "S1"]),
        ("scored_pairs.gamma_*", ["gamma_*", "int", "Level of one comparison, -1 for null", "none"]),
    ],
)
def test_a_row_says_all_of_its_schema(page: Page, place: str, cells: list[str]) -> None:
    assert page.rows[place] == cells


def test_companions_follow_their_dataset(page: Page) -> None:
    order = [place for place in page.places if place in schemas.names()]
    first = ["magistrates", "magistrates_attributes", "magistrates_offences", "magistrates_offences_attributes"]
    assert order[:6] == [*first, "crown", "crown_attributes"]
    assert order.index("oasys_attributes") < order.index("pnc") < order.index("hes_episodes") < order.index("clusters")


def test_a_value_cannot_break_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    table = schemas.load("truth")
    odd = table.model_copy(update={"description": "Those <b>&"})
    load = schemas.load
    monkeypatch.setattr(schemas, "load", lambda name: odd if name == "truth" else load(name))
    assert "<p>Those &lt;b&gt;&amp;</p>" in catalogue()
