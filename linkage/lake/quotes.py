"""The quotes of a delimited text, followed from cell to cell: one that nobody closes swallows the rows after it.

What opens a cell and what closes it is what Spark's reader takes for that: a quote opens at the start of a cell only,
is doubled to stand for itself, and closes before a delimiter or the end of a line. A quote in the middle of a cell that
is not quoted is a letter like any other.
"""

from __future__ import annotations

import re

from linkage.errors import InputError

# From so many columns on no cell of several lines has as many delimiters as a row in each of them by chance.
_LEAST_COLUMNS = 6
_MEND = "mend it, or say in the contract that nothing is quoted (quote: null)"


class Quotes:
    """What is seen of the quotes of one file, text by text.

    Refuses a quote that is never closed; one that closes a cell of several lines in the middle of a text, for then
    it was rather to open another; and a cell of several lines each of which alone looks like a row.
    """

    def __init__(self, name: str, quote: str, delimiter: str) -> None:
        self._name, self._quote, self._delimiter = name, quote, delimiter
        q, d = re.escape(quote), re.escape(delimiter)
        inside = f"[^{q}]*+(?:{q}{q}[^{q}]*+)*+"
        cell = f"(?:{q}{inside}{q}|(?!{q})[^{d}]*+)"
        self._sound = re.compile(rf"{cell}(?:{d}{cell})*+\r?")
        self._inside, self._closing = re.compile(inside), re.compile(rf"{q}[ \t]*(?={d}|\r?\Z)")
        self._parts: list[str] = []
        self._line = 1
        # The line where the cell began that goes on, and whether each line since looks like a row.
        self._opened: int | None = None
        self._are_rows = False
        self._delimiters: int | None = None
        self.seen = False

    def at(self, text: str) -> None:
        """Looks at the text that comes next; raises InputError."""
        self.seen = self.seen or self._quote in text
        head, found, rest = text.rpartition("\n")
        self._parts.append(head)
        if not found:
            self._parts[-1] = rest
            return
        lines = "".join(self._parts).split("\n")
        self._parts = [rest]
        for line in lines:
            self._at_line(line)

    def end(self) -> None:
        """To be called after the last text; raises InputError."""
        self._at_line("".join(self._parts))
        if self._opened is not None:
            raise InputError(
                f"{self._name}: line {self._opened}: a quote is opened and not closed, and would swallow the rows "
                f"after it; {_MEND}"
            )

    def _at_line(self, line: str) -> None:
        if self._delimiters is None:
            self._delimiters = line.count(self._delimiter)
        if self._opened is not None or (self._quote in line and not self._sound.fullmatch(line)):
            self._follow(line)
        self._line += 1

    def _follow(self, line: str) -> None:
        """Goes through the cells of a line, the first of which may have begun on an earlier one."""
        is_row = line.count(self._delimiter) == self._delimiters
        self._are_rows = self._are_rows and is_row
        place: int | None = 0
        while place is not None:
            if self._opened is None:
                if not line.startswith(self._quote, place):
                    place = self._after_delimiter(line, place)
                    continue
                self._opened, self._are_rows = self._line, is_row
                place += len(self._quote)
            found = self._inside.match(line, place)
            end = place if found is None else found.end()
            if end == len(line):
                return
            self._check_end(line, end)
            self._opened = None
            place = self._after_delimiter(line, end)

    def _check_end(self, line: str, end: int) -> None:
        """Refuses the end of a cell of several lines that is none, or that ends what look like rows."""
        if self._opened == self._line:
            return
        if not self._closing.match(line, end):
            raise InputError(
                f"{self._name}: line {self._line}: text follows the quote that closes a cell begun on line "
                f"{self._opened}, so one of the two is stray and would swallow the rows between; {_MEND}"
            )
        if self._are_rows and (self._delimiters or 0) + 1 >= _LEAST_COLUMNS:
            raise InputError(
                f"{self._name}: lines {self._opened} to {self._line}: a quoted cell goes over lines that each look "
                f"like a row, so its quotes are rather stray and would swallow them; {_MEND}"
            )

    def _after_delimiter(self, line: str, place: int) -> int | None:
        found = line.find(self._delimiter, place)
        return None if found < 0 else found + 1
