"""How one column of a schema is made of columns of a supplier's file, as a contract says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import Field, field_validator, model_validator

import schemas
from linkage.documents import Frozen, suggest

# Letters of a date format: day, month and year must be there, a time may be.
_DATE_FORMAT = re.compile(r"(?:[dMyHmsS]|'[^']*'|[ /.,:-])+")


class Meaning(Frozen):
    """What a code of the supplier means on some days: a code of the schema, or null for nothing.

    Without `valid_from` it always has, without `valid_to` it still does; both days count.
    """

    value: str | None
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Meaning:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self

    def overlaps(self, other: Meaning) -> bool:
        """Whether there is a day on which both hold."""
        ends = (self.valid_to or date.max) >= (other.valid_from or date.min)
        return ends and (other.valid_to or date.max) >= (self.valid_from or date.min)


class Part(Frozen):
    """One of the parts that a separator divides a text into, counted from 1."""

    separator: str = Field(min_length=1)
    number: int = Field(ge=1)


class Recipe(Frozen):
    """How one column of the schema is made.

    `source` is a column of the file, or several, of which the first that is filled counts, or all when `join`
    says what to put between; `constant` stands in every row instead. `part` takes one part of the text,
    `dates` names the formats that a date may have, `codes` what each code means, and `prefix` is put
    before, for keys that two systems number alike.
    """

    source: tuple[str, ...] = ()
    constant: str | None = None
    join: str | None = None
    part: Part | None = None
    dates: tuple[str, ...] = ()
    codes: dict[str, tuple[Meaning, ...]] = Field(default_factory=dict)
    prefix: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, content: object) -> object:
        if isinstance(content, str):
            return {"source": (content,)}
        if not isinstance(content, dict):
            return content
        made: dict[str, Any] = dict(content)
        if isinstance(made.get("source"), str):
            made["source"] = (made["source"],)
        if isinstance(made.get("codes"), Mapping):
            made["codes"] = _codes(made["codes"])
        return made

    @field_validator("dates")
    @classmethod
    def _whole_dates(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for form in formats:
            bare = re.sub(r"'[^']*'", "", form)
            whole = re.search("d", bare) and re.search("M", bare) and re.search(r"(?<!y)(?:yy|yyyy)(?!y)", bare)
            if not (_DATE_FORMAT.fullmatch(form) and whole):
                raise ValueError(f"'{form}' is no format of a date: it needs d, M and yyyy or yy, as in dd/MM/yyyy")
        return formats

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        if bool(self.source) == (self.constant is not None):
            raise ValueError("give either a source or a constant")
        how = [key for key in ("join", "part", "dates", "codes", "prefix") if getattr(self, key)]
        if self.constant is not None and how:
            raise ValueError(f"a constant is taken as it is; leave out {', '.join(how)}")
        if sum(map(bool, (self.dates, self.codes, self.prefix))) > 1:
            raise ValueError("dates, codes and prefix are for different columns; give one of them")
        for code, meanings in self.codes.items():
            if any(a.overlaps(b) for i, a in enumerate(meanings) for b in meanings[:i]):
                raise ValueError(f"codes: '{code}' means two things on one day; let valid_to end before valid_from")
        return self

    @property
    def is_dated(self) -> bool:
        """Whether a code means something on some days only."""
        return any(m.valid_from or m.valid_to for meanings in self.codes.values() for m in meanings)

    def spans(self) -> Mapping[tuple[date | None, date | None], Mapping[str, str | None]]:
        """What codes mean, by the days on which they do; the days of a code do not overlap."""
        found: dict[tuple[date | None, date | None], dict[str, str | None]] = {}
        for code, meanings in self.codes.items():
            for meaning in meanings:
                found.setdefault((meaning.valid_from, meaning.valid_to), {})[code] = meaning.value
        return found

    def undoubted(self) -> Mapping[str, str | None]:
        """Codes that mean one thing whenever they mean anything."""
        values = {code: {m.value for m in meanings} for code, meanings in self.codes.items()}
        return {code: next(iter(those)) for code, those in values.items() if len(those) == 1}

    def problems(self, column: schemas.Column) -> Iterator[str]:
        """What does not fit the column of the schema, as phrases."""
        if self.dates and column.content != "date":
            yield f"columns.{column.name}: dates: it is no date in the schema"
        if column.values is None:
            return
        known = schemas.value_set(column.values)
        meant = {m.value for meanings in self.codes.values() for m in meanings} - {None}
        for value in sorted(str(v) for v in (meant | ({self.constant} - {None})) - known.keys()):
            yield f"columns.{column.name}: '{value}' is no code of {column.values}" + suggest(value, known)


def _codes(codes: Mapping[object, object]) -> dict[str, Sequence[object]]:
    """Every code with a list of meanings; YAML makes numbers and truths of codes that are not in quotes."""
    for code in codes:
        if not isinstance(code, str):
            raise ValueError(f"codes: write {code} in quotes, as text; YAML drops the zeros of numbers and knows NO")
    return {str(code): _meanings(meanings) for code, meanings in codes.items()}


def _meanings(said: object) -> Sequence[object]:
    """A list of meanings as it is; a code of the schema, or null, holds at all times."""
    if isinstance(said, list):
        return said
    return [said if isinstance(said, Mapping) else {"value": said}]
