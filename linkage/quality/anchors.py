"""What generated data are held to: published or assumed figures with tags, and how far off is still near enough."""

from __future__ import annotations

from enum import StrEnum
from math import sqrt
from typing import Literal

from pydantic import Field

from linkage.documents import Frozen
from schemas import Provenance

STANDARD_ERRORS = 3


class Anchor(Frozen):
    """A figure, how far off a finding may be, and where the figure is known from."""

    expected: float = Field(ge=0)
    tolerance: float = Field(ge=0)
    tag: Provenance


class Agreement(Frozen):
    """Shares of pairs of records of one person, both with the value, in `datasets`."""

    datasets: tuple[str, ...] = Field(min_length=1)
    full_name: Anchor
    dob: Anchor
    postcode_shared: Anchor
    postcode_outcode_only: Anchor
    postcode_none: Anchor


class Overlap(Anchor):
    """Of people in the dataset `of`, the share who are in `in`, with that role if one is named."""

    of: str
    in_: str = Field(alias="in")
    role: str | None = None


class Missing(Frozen):
    """How far the share of rows without a value may be from what the schema expects: so much, and a part of that."""

    tolerance: float = Field(ge=0)
    of_expected: float = Field(ge=0)


class Ratio(StrEnum):
    """What is likelier in a group than outside it."""

    MINORITY_NAME = "minority_name_differs"
    MINORITY_DOB = "minority_dob_missing"
    FOREIGN_PNC = "foreign_pnc_missing"


class Anchors(Frozen):
    """All that generated data are held to."""

    most_people: int = Field(gt=0)
    criminal: tuple[str, ...]
    agreement: Agreement
    missing: Missing
    overlap: tuple[Overlap, ...]
    records_per_person: dict[str, Anchor]
    surnames: dict[int, Anchor]
    subgroups: dict[Ratio, Anchor]


Kind = Literal["agreement", "missing", "overlap", "records_per_person", "surnames", "subgroups"]
# Kinds whose tolerance is a share of what is expected.
_RELATIVE = ("records_per_person", "subgroups")
# Means and ratios are no shares: how much they vary with few people is not asked.
_SHARES = ("agreement", "missing", "overlap", "surnames")


class Finding(Frozen):
    """One figure beside its anchor.

    `people` is how many stand behind it; `found` is None over nothing; `asked` is what the generator was asked
    for, where its rates say so: a profile that asks for other errors is expected to be outside.
    """

    kind: Kind
    scope: str
    item: str
    expected: float
    tolerance: float
    tag: Provenance
    found: float | None
    people: int
    asked: float | None = None

    @property
    def allowed(self) -> float:
        """How far off the finding may be, three standard errors of a share included.

        >>> few = {"scope": "", "item": "dob", "tag": "A", "found": 0.5, "kind": "agreement", "expected": 0.5}
        >>> Finding(**few, tolerance=0.02, people=2500).allowed
        0.05
        """
        if self.kind in _RELATIVE:
            return self.tolerance * self.expected
        share = self.expected * (1 - self.expected) if self.kind in _SHARES else 0.0
        return self.tolerance + STANDARD_ERRORS * sqrt(share / max(self.people, 1))

    @property
    def is_within(self) -> bool | None:
        """Whether the finding is near enough; None where nothing was found."""
        return None if self.found is None else abs(self.found - self.expected) <= self.allowed


def finding(
    kind: Kind, scope: str, item: str, anchor: Anchor, *, found: float | None, people: int, asked: float | None = None
) -> Finding:
    """What was found of an anchor."""
    return Finding(
        kind=kind,
        scope=scope,
        item=item,
        expected=anchor.expected,
        tolerance=anchor.tolerance,
        tag=anchor.tag,
        found=found,
        people=people,
        asked=asked,
    )
