"""Quotes of delimited text: honest ones pass, stray ones are named before they swallow a row."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import InputError
from linkage.lake.quotes import Quotes


def _look(text: str, size: int = 1_000_000) -> None:
    quotes = Quotes("a.csv", '"', ",")
    for start in range(0, len(text), size):
        quotes.at(text[start : start + size])
    quotes.end()


HONEST = [
    ('a,b\n1,"two\nlines"\n2,"x"\n', "a cell of two lines"),
    ('a,b\n1,"say ""hi"", you"\n""\n"","""\n"""\n', "doubled quotes, and nothing in quotes"),
    ('a,b\n1,5\'6" tall\n2,Jo "Jo" Smith\n', "a quote within a cell that is not quoted is a letter"),
    ('a,b\n"1" ,"x\ny" \n', "spaces after the quote"),
    ('a,b\r\n"1","x"\r\n"2","x\r\ny"\r\n', "lines of Windows"),
    ('a,b\n1,"x, y\nz, w"\n', "few columns: each line has as many commas as a row by chance"),
    ('a,b,c,d,e,f\n1,"Flat 1, High Street,\nTown",3,4,5,6\n', "an address"),
    ('a,b\n1,"say "hi" you"\n2,x\n', "swallows nothing: it ends on its line"),
]


@pytest.mark.parametrize("text", [text for text, _ in HONEST], ids=[reason for _, reason in HONEST])
def test_honest_quotes_pass(text: str) -> None:
    for size in (1_000_000, 1, 3):
        _look(text, size)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ['4,"02,1,x,y,z', "5,,2,x,y,z", '6,"03,1,x,y,z'],
            "line 4: text follows the quote that closes a cell begun on",
        ),
        (
            ['4,"02,1,x,y,z', "5,,2,x,y,z", '6,03",1,x,y,z'],
            "lines 2 to 4: a quoted cell goes over lines that each look",
        ),
        (['4,"02,1,x,y,z', '5,03",1,x,y,z'], "lines 2 to 3: a quoted cell goes over lines that each look like a row"),
        (['4,"02'], "line 2: a quote is opened and not closed"),
        (['4,o"k,"02,x,y,z', "5,,2,x,y,z"], "line 2: a quote is opened and not closed"),
    ],
)
def test_stray_quotes_are_named(rows: list[str], message: str) -> None:
    text = "\n".join(["a,b,c,d,e,f", *rows]) + "\n"
    for size in (1_000_000, 1, 5):
        with pytest.raises(InputError) as raised:
            _look(text, size)
        assert str(raised.value).startswith(f"a.csv: {message}")
        assert "02" not in str(raised.value).replace("a.csv", "")


@given(st.lists(st.lists(st.text(alphabet='ab", \n', max_size=8), min_size=3, max_size=3), min_size=1, max_size=5))
def test_whatever_python_writes_is_honest(rows: list[list[str]]) -> None:
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    _look(written.getvalue(), 4)
