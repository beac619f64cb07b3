"""Delimited text: looked through before it is read, so that no reader guesses at what it cannot read.

Spark puts one and the same sign for letters in another encoding, and lets a quote that nobody closes
swallow the rows after it; both are found here on files of this machine, and named. A URL is read as it is.
"""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.errors import InputError
from linkage.lake.paths import absolute, is_local, load
from linkage.lake.quotes import Quotes

# What Spark calls the encodings that texts may have. It does not know windows-1252, which is ISO 8859-1
# but for letters in a place where that has control characters.
_SPARK_ENCODINGS = {
    "utf-8": "UTF-8",
    "iso-8859-1": "ISO-8859-1",
    "windows-1252": "ISO-8859-1",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
}
ENCODINGS = tuple(_SPARK_ENCODINGS)
_SINGLE_BYTE = ("iso-8859-1", "windows-1252")
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK = 1 << 20
# The letters of windows-1252 by the control character that ISO 8859-1 has in their place.
_LETTERS = {chr(b): letter for b in range(0x80, 0xA0) if (letter := bytes([b]).decode("cp1252", "replace")) != "\ufffd"}


@dataclass(frozen=True)
class Delimited:
    """How a text is written: the sign between fields, the one around them (None: none), and the encoding.

    `names` are the columns of files that have no header.
    """

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    names: tuple[str, ...] = ()


def read_delimited(
    spark: SparkSession, path: str, files: Sequence[str], how: Delimited, malformed_column: str | None = None
) -> DataFrame:
    """Reads delimited files of one layout; all columns are strings and empty is null.

    Args:
        spark: The session.
        path: Where the files lie, as a message calls it.
        files: Their names, at least one.
        how: How they are written.
        malformed_column: Gets the raw line of a row with too few or too many fields, null for all others.

    Raises:
        InputError: A header has blank or repeated names or differs from the first file's; text is in
            another encoding; a quote is not closed; or, without `malformed_column`, a row does not fit the header.
    """
    broken = [_examine(name, how) if is_local(name) else True for name in files]
    header = list(how.names) or _header(spark, files[0], how)
    for name in () if how.names or not is_local(path) else files[1:]:
        if _header(spark, name, how) != header:
            raise InputError(f"{name}: its header differs from that of {files[0]}")
    malformed = malformed_column or "_malformed"
    options: dict[str, Any] = {
        "header": not how.names,
        "sep": how.delimiter,
        "quote": how.quote or "",
        "escape": how.quote or "",
        "encoding": _SPARK_ENCODINGS[how.encoding],
        # Spark splits files at single bytes.
        "multiLine": how.encoding.startswith("utf-16") or any(broken),
        # Spark's own way to fail at such a row quotes it in the log.
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": malformed,
        "columnPruning": False,
    }
    columns = [T.StructField(name, T.StringType()) for name in (*header, malformed)]
    rows = load(spark, "csv", path, options, T.StructType(columns))
    if malformed_column is None:
        _refuse_malformed(rows, path, header[0], malformed)
        rows = rows.drop(malformed)
    return _with_windows_letters(rows) if how.encoding == "windows-1252" else rows


def guess(name: str) -> tuple[Delimited, list[str]]:
    """How a delimited file of this machine is likely written, from its bytes: encoding, delimiter, quotes.

    Beside it the fields of the first line, whether that is a header or somebody's row.

    Raises:
        InputError: It is no text in an encoding that can be told.
    """
    with _opened(name) as file:
        marked = file.read(2) in _BYTE_ORDER_MARKS
    for encoding in ("utf-16",) if marked else ("utf-8", "windows-1252"):
        try:
            first = next(_text_lines(name, encoding), "")
            how = Delimited(max(",;|\t", key=first.count), encoding=encoding)
            try:
                _examine(name, how)
            except InputError:
                how = replace(how, quote=None)
                _examine(name, how)
        except (InputError, UnicodeDecodeError, gzip.BadGzipFile, EOFError):
            continue
        return how, next(_fields(iter([first]), how), [])
    raise InputError(f"{name}: cannot be read as text in UTF-8, UTF-16 or windows-1252; is it text at all?")


def check_text(name: str, encoding: str = "utf-8") -> None:
    """Refuses a file of this machine that is not text in an encoding; a URL is left alone.

    Raises:
        InputError: It is not; the line names the first place.
    """
    if is_local(name):
        _examine(name, Delimited(quote=None, encoding=encoding), "text")


def _with_windows_letters(rows: DataFrame) -> DataFrame:
    controls, letters = "".join(_LETTERS), "".join(_LETTERS.values())
    return rows.select(*(F.translate(f"`{name}`", controls, letters).alias(name) for name in rows.columns))


def _refuse_malformed(rows: DataFrame, path: str, first: str, malformed: str) -> None:
    # Spark does not read a file for the sake of the malformed column alone.
    counted = rows.agg(F.count_if(F.col(malformed).isNotNull()), F.count(F.col(f"`{first}`"))).first()
    if counted is not None and counted[0]:
        raise InputError(f"{path}: {counted[0]} rows have too few or too many fields for the header; mend them")


def _examine(name: str, how: Delimited, kind: str = "CSV") -> bool:
    """Whether a quoted value could hold a line break: Spark must then not split the file.

    Raises:
        InputError: As for `read_delimited`.
    """
    said = f"{kind} in {how.encoding.upper()}"
    look = _Look(name, how, said)
    with _opened(name) as file:
        try:
            for block in iter(lambda: file.read(_BLOCK), b""):
                look.at(block)
            look.at(b"", final=True)
        except UnicodeDecodeError as error:
            line = look.line + error.object.count(b"\n", 0, error.start)
            raise InputError(f"{name}: line {line} cannot be read as {said}") from None
        except (gzip.BadGzipFile, EOFError):
            raise InputError(f"{name}: cannot be read as {said}; it is damaged or cut short") from None
    look.judge()
    return look.has_quotes or name.lower().endswith(".gz")


class _Look:
    """What is seen of a file, block by block."""

    def __init__(self, name: str, how: Delimited, said: str) -> None:
        self._name, self._how, self._said = name, how, said
        self._decoder = codecs.getincrementaldecoder("cp1252" if how.encoding == "windows-1252" else how.encoding)()
        # Any bytes are text in an encoding of single bytes, also those of UTF-8.
        self._utf8 = codecs.getincrementaldecoder("utf-8")() if how.encoding in _SINGLE_BYTE else None
        self._beyond_ascii = False
        self._quotes = Quotes(name, how.quote, how.delimiter) if how.quote else None
        self.line = 0

    @property
    def has_quotes(self) -> bool:
        return self._quotes is not None and self._quotes.seen

    def at(self, block: bytes, *, final: bool = False) -> None:
        if not self.line:
            _check_byte_order(self._name, block[:2], self._how.encoding, self._said)
            self.line = 1
        text = self._decoder.decode(block, final=final)
        self.line += text.count("\n")
        if self._quotes is not None:
            self._quotes.at(text)
        if self._utf8 is not None:
            self._beyond_ascii = self._beyond_ascii or not block.isascii()
            try:
                self._utf8.decode(block, final=final)
            except UnicodeDecodeError:
                self._utf8 = None

    def judge(self) -> None:
        if self._utf8 is not None and self._beyond_ascii:
            raise InputError(
                f"{self._name}: is UTF-8 and not {self._how.encoding}, by its letters beyond ASCII; say encoding: utf-8"
            )
        if self._quotes is not None:
            self._quotes.end()


def _check_byte_order(name: str, start: bytes, encoding: str, said: str) -> None:
    marked = start in _BYTE_ORDER_MARKS
    if marked and not encoding.startswith("utf-16"):
        raise InputError(f"{name}: cannot be read as {said}; it begins as UTF-16 does: say encoding: utf-16")
    if encoding == "utf-16" and not marked:
        raise InputError(f"{name}: has no mark of its byte order; say encoding: utf-16-le or utf-16-be")


def _header(spark: SparkSession, name: str, how: Delimited) -> list[str]:
    """Returns the column names of a file, or raises InputError if they cannot serve."""
    try:
        header = next(_fields(_lines(spark, name, how.encoding), how), [])
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError):
        raise InputError(f"{name}: the header cannot be read as CSV in {how.encoding.upper()}") from None
    if any("\0" in column for column in header):
        raise InputError(f"{name}: the header holds zero bytes; it is UTF-16 or no text at all: say which encoding")
    blank = [str(position) for position, column in enumerate(header, start=1) if not column.strip()]
    if blank or not header:
        raise InputError(f"{name}: the header has no name for column {', '.join(blank) or '1'}")
    lowered = [column.lower() for column in header]
    # Not the names: what stands in a header's place may be somebody's row.
    twice = [str(position) for position, column in enumerate(lowered, start=1) if lowered.count(column) > 1]
    if twice:
        raise InputError(f"{name}: the header names a column twice: columns {', '.join(twice)}")
    return header


def _fields(lines: Iterator[str], how: Delimited) -> Iterator[list[str]]:
    if how.quote is None:
        return csv.reader(lines, delimiter=how.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=how.delimiter, quotechar=how.quote)


def _lines(spark: SparkSession, name: str, encoding: str) -> Iterator[str]:
    if not is_local(name):
        row = spark.read.text(name).first()
        yield from [] if row is None else [row[0].removeprefix("\ufeff")]
        return
    yield from _text_lines(name, encoding)


def _text_lines(name: str, encoding: str) -> Iterator[str]:
    opener = gzip.open if name.lower().endswith(".gz") else open
    with opener(absolute(name), "rt", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        for number, line in enumerate(file):
            yield line if number else line.removeprefix("\ufeff")


def _opened(name: str) -> IO[bytes] | gzip.GzipFile:
    return gzip.open(absolute(name), "rb") if name.lower().endswith(".gz") else Path(absolute(name)).open("rb")
