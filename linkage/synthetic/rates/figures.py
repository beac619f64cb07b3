"""The forms that a figure has in the document of rates, each with a tag that says where it is known from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

import schemas
from linkage.documents import Frozen, suggest
from schemas import Provenance


class Rate(Frozen):
    """A multiplier, or another number that is neither a share nor a mean."""

    rate: float = Field(ge=0)
    tag: Provenance


class Share(Rate):
    """A share, or a chance."""

    rate: float = Field(ge=0, le=1)


class Mean(Rate):
    """How many there are on average, where there is one at least."""

    rate: float = Field(ge=1)


class Mix(Frozen):
    """Parts of a whole, by name: only their proportions count, to the nearest thousandth."""

    shares: dict[str, Annotated[float, Field(ge=0)]]
    tag: Provenance

    @field_validator("shares")
    @classmethod
    def _not_nothing(cls, shares: dict[str, float]) -> dict[str, float]:
        if not sum(shares.values()):
            raise ValueError("no share is above 0")
        return shares


class Chances(Frozen):
    """Shares by name, each of the same whole: several can hold at once, or none."""

    shares: dict[str, Annotated[float, Field(ge=0, le=1)]]
    tag: Provenance


def codes(value_set: str) -> AfterValidator:
    """Refuses names that are no codes of the value set."""
    return only(lambda: schemas.value_set(value_set))


def columns(table: str) -> AfterValidator:
    """Refuses names that are no columns of the table."""
    return only(lambda: schemas.load(table).column_names)


def only(known: Callable[[], Collection[str]]) -> AfterValidator:
    """Refuses names that are none of these, and says which there are."""

    def checked(figure: Mix | Chances) -> Mix | Chances:
        refuse_unknown(figure.shares, known())
        return figure

    return AfterValidator(checked)


def refuse_unknown(names: Iterable[str], known: Collection[str]) -> None:
    """Raises ValueError with the first name that is none of those known, and what it may have been meant for."""
    for name in names:
        if name not in known:
            raise ValueError(f"no such name: {name}{suggest(name, known)}")
