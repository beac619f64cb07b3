"""Names for synthetic people: by origin, with a long tail of composed surnames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

import yaml
from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic.draws import numbers, text_table, zipf_rank

FORENAME_FLATNESS = 5.0
# Scatters the tail, so that neighbours in rank do not share their first part. A prime.
_SCATTER = 7919
_FEMALE_ENDING = "KI"


@cache
def load_table(name: str) -> dict[str, Any]:
    """The YAML table `name` that ships with the package."""
    text = (files("linkage.synthetic") / "tables" / f"{name}.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table


def words(text: str) -> list[str]:
    """Words of a table's text; `~` is a space inside one."""
    return [word.replace("~", " ") for word in text.split()]


@dataclass(frozen=True)
class _Lists:
    """Lists of words, one for each origin, laid end to end."""

    lists: tuple[tuple[str, ...], ...]

    def size(self, origin: Column) -> Column:
        return F.element_at(numbers([len(items) for items in self.lists]), origin)

    def word(self, origin: Column, index: Column) -> Column:
        starts = [sum(len(items) for items in self.lists[:i]) for i in range(len(self.lists))]
        flat = [word for items in self.lists for word in items]
        return F.element_at(text_table(flat), F.element_at(numbers(starts), origin) + index.cast("int") + 1)


@dataclass(frozen=True)
class NameTables:
    """The names of all origins. An origin is known by its place in `origins`, from 1."""

    origins: tuple[str, ...]
    flatness: tuple[int, ...]
    surnames: _Lists
    tails: tuple[_Lists, ...]
    male: _Lists
    female: _Lists

    def origin(self, name: Column) -> Column:
        """The number of the origin called `name`, 0 when there is none."""
        return F.array_position(text_table(list(self.origins)), name).cast("int")

    def surname_rank(self, origin: Column, uniform: Column) -> Column:
        """A rank among the surnames of an origin, the commonest 0."""
        sizes = [
            len(head) + prod(len(tail.lists[i]) for tail in self.tails) for i, head in enumerate(self.surnames.lists)
        ]
        flatness = F.element_at(numbers(list(self.flatness)), origin)
        return zipf_rank(uniform, F.element_at(numbers(sizes), origin), flatness.cast("double"))

    def surname(self, origin: Column, rank: Column) -> Column:
        """The surname of a rank; Polish ones in the form that men bear."""
        head = self.surnames.size(origin)
        sizes = [tail.size(origin).cast("bigint") for tail in self.tails]
        total = sizes[0] * sizes[1] * sizes[2]
        place = F.pmod((rank - head).cast("bigint") * _SCATTER, total)
        first = self.tails[0].word(origin, F.pmod(place, sizes[0]))
        second = self.tails[1].word(origin, F.pmod(F.floor(place / sizes[0]), sizes[1]))
        third = self.tails[2].word(origin, F.floor(place / (sizes[0] * sizes[1])))
        return F.when(rank < head, self.surnames.word(origin, rank)).otherwise(F.concat(first, second, third))

    def forename(self, origin: Column, is_female: Column, uniform: Column, step: Column | int = 0) -> Column:
        """A forename by sex; `step` moves on by that many ranks."""
        return F.when(is_female, _forename(self.female, origin, uniform, step)).otherwise(
            _forename(self.male, origin, uniform, step)
        )


def as_borne_by(surname: Column, origin: Column, is_female: Column, polish: int) -> Column:
    """The surname in the form of the bearer's sex: -ska for a Polish woman."""
    changes = (origin == polish) & is_female & surname.endswith(_FEMALE_ENDING)
    return F.when(changes, F.regexp_replace(surname, "I$", "A")).otherwise(surname)


@cache
def name_tables() -> NameTables:
    """The tables that ship with the package."""
    table = load_table("names")
    origins = tuple(table)
    tails = [[words(part) for part in table[o]["tail"]] for o in origins]
    return NameTables(
        origins=origins,
        flatness=tuple(table[o]["flatness"] for o in origins),
        surnames=_lists([words(table[o]["surnames"]) for o in origins]),
        tails=tuple(_lists([tail[i] for tail in tails]) for i in range(3)),
        male=_lists([words(table[o]["male"]) for o in origins]),
        female=_lists([words(table[o]["female"]) for o in origins]),
    )


def _lists(lists: list[list[str]]) -> _Lists:
    return _Lists(tuple(tuple(dict.fromkeys(items)) for items in lists))


def _forename(lists: _Lists, origin: Column, uniform: Column, step: Column | int) -> Column:
    size = lists.size(origin)
    return lists.word(origin, F.pmod(zipf_rank(uniform, size, FORENAME_FLATNESS) + step, size))
