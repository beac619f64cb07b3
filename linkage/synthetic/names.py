"""Names for synthetic people: by origin, with a long tail of composed surnames."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import prod
from typing import Any

import yaml
from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.synthetic.draws import numbers, text_table, zipf_chances, zipf_rank, zipf_scale

FORENAME_FLATNESS = 5.0
# Scatters the tail, so that neighbours in rank do not share their first part. A prime.
_SCATTER = 7919
_FEMALE_ENDING = "KI"
_POLISH = "polish"


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
    """Lists of words laid end to end; a list is known by its place, from 0."""

    lists: tuple[tuple[str, ...], ...]

    def size(self, place: Column) -> Column:
        return F.get(numbers([len(items) for items in self.lists]), place)

    def word(self, place: Column, index: Column) -> Column:
        starts = [sum(len(items) for items in self.lists[:i]) for i in range(len(self.lists))]
        flat = [word for items in self.lists for word in items]
        return F.get(text_table(flat), F.get(numbers(starts), place) + index.cast("int"))


def _rank(uniform: Column, place: Column, sizes: list[int], flatness: list[float]) -> Column:
    scales = [zipf_scale(size, flat) for size, flat in zip(sizes, flatness, strict=True)]
    scale, ratio = (F.get(numbers(list(values)), place) for values in zip(*scales, strict=True))
    return zipf_rank(uniform, scale, ratio)


@dataclass(frozen=True)
class NameTables:
    """The names of all origins. An origin is known by its place in `origins`, from 0."""

    origins: tuple[str, ...]
    flatness: tuple[float, ...]
    surnames: _Lists
    tails: tuple[_Lists, ...]
    forenames: _Lists  # men's and women's of each origin by turns

    def origin(self, name: Column) -> Column:
        """The number of the origin called `name`."""
        return F.array_position(text_table(list(self.origins)), name).cast("int") - 1

    def surname_rank(self, origin: Column, uniform: Column) -> Column:
        """A rank among the surnames of an origin, the commonest 0."""
        heads = [len(head) for head in self.surnames.lists]
        tails = [prod(len(tail.lists[i]) for tail in self.tails) for i in range(len(heads))]
        sizes = [head + tail for head, tail in zip(heads, tails, strict=True)]
        return _rank(uniform, origin, sizes, list(self.flatness))

    def tail_place(self, origin: Column, rank: Column) -> Column:
        """Where a rank stands in the composed tail; of no meaning for a common surname."""
        total = numbers([prod(len(tail.lists[i]) for tail in self.tails) for i in range(len(self.origins))])
        return F.pmod(rank.cast("bigint") * _SCATTER, F.get(total, origin).cast("bigint"))

    def surname(self, origin: Column, rank: Column, place: Column) -> Column:
        """The surname of a rank, with its `tail_place`; Polish ones in the form that men bear."""
        first, second, third = self.tails
        firsts, seconds = first.size(origin), second.size(origin)
        rest = F.floor(place / firsts)
        composed = F.concat(
            first.word(origin, place % firsts),
            second.word(origin, rest % seconds),
            third.word(origin, F.floor(rest / seconds)),
        )
        return F.coalesce(self._head(origin, rank), composed)

    def _head(self, origin: Column, rank: Column) -> Column:
        return F.when(rank < self.surnames.size(origin), self.surnames.word(origin, rank))

    def common_surname(self, origin: Column, uniform: Column) -> Column:
        """One of the surnames that are not composed."""
        sizes = [len(head) for head in self.surnames.lists]
        return self.surnames.word(origin, _rank(uniform, origin, sizes, list(self.flatness)))

    def forename(self, origin: Column, is_female: Column, uniform: Column, step: Column | None = None) -> Column:
        """A forename by sex; `step` moves on by that many ranks."""
        place = origin * 2 + is_female.cast("int")
        sizes = [len(items) for items in self.forenames.lists]
        rank = _rank(uniform, place, sizes, [FORENAME_FLATNESS] * len(sizes))
        if step is not None:
            rank = (rank + step) % self.forenames.size(place)
        return self.forenames.word(place, rank)

    def share_with(self, forenames: Container[str], origins: Mapping[str, float], *, female: float) -> float:
        """The share of people whose first name is one of these.

        Args:
            forenames: The names.
            origins: Shares of people by origin of names.
            female: The share of women.
        """
        share = 0.0
        for place, names in enumerate(self.forenames.lists):
            chances = zipf_chances(len(names), FORENAME_FLATNESS)
            of_sex = female if place % 2 else 1 - female
            its = sum(chance for name, chance in zip(names, chances, strict=True) if name in forenames)
            share += origins.get(self.origins[place // 2], 0.0) * of_sex * its
        return share


def as_borne_by(surname: Column, origin: Column, is_female: Column) -> Column:
    """The surname in the form of the bearer's sex: -ska for a Polish woman."""
    polish = name_tables().origins.index(_POLISH)
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
        flatness=tuple(float(table[o]["flatness"]) for o in origins),
        surnames=_lists([words(table[o]["surnames"]) for o in origins]),
        tails=tuple(_lists([tail[i] for tail in tails]) for i in range(3)),
        forenames=_lists([words(table[o][sex]) for o in origins for sex in ("male", "female")]),
    )


def _lists(lists: list[list[str]]) -> _Lists:
    return _Lists(tuple(tuple(dict.fromkeys(items)) for items in lists))
