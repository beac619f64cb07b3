"""Rates of who the people are, whom they are related to, and how often they move."""

from __future__ import annotations

from pydantic import field_validator

import schemas
from linkage.documents import Frozen
from linkage.synthetic.names import name_tables
from linkage.synthetic.rates.figures import Mix, Rate, Share

# White British and Irish; and those whose foreign nationals are too few to matter.
MAJORITY = ("W1", "W2")
NEVER_FOREIGN = ("W1", "B1", "M1")


class Population(Frozen):
    """Who the people are; `origins` by `ETHNICITY ORIGIN`, an 18+1 code and an origin of names."""

    family_units: Share
    offenders: Share
    family_offenders: Share
    female: Share
    female_elsewhere: Share
    foreign_national: Share
    no_fixed_abode: Share
    middle_name: Share
    double_barrelled: Share
    deaths: Share
    youth: Rate
    origins: Mix

    @field_validator("origins")
    @classmethod
    def _known(cls, origins: Mix) -> Mix:
        ethnicities, names = schemas.value_set("ethnicity_18"), name_tables().origins
        for origin in origins.shares:
            ethnicity, _, name = origin.partition(" ")
            if ethnicity not in ethnicities or name not in names:
                raise ValueError(f"{origin}: write a code of ethnicity and an origin of names: {', '.join(names)}")
        return origins

    @property
    def minority(self) -> float:
        """The share of people who are neither White British nor White Irish."""
        shares = self.origins.shares
        majority = sum(share for origin, share in shares.items() if origin.split()[0] in MAJORITY)
        return 1 - majority / sum(shares.values())

    @property
    def origins_of_names(self) -> dict[str, float]:
        """Shares of people by the origin of their names."""
        shares: dict[str, float] = {}
        for origin, share in self.origins.shares.items():
            name = origin.split()[-1]
            shares[name] = shares.get(name, 0.0) + share / sum(self.origins.shares.values())
        return shares

    @property
    def born_abroad(self) -> float:
        """The share of foreign nationals among those who can be."""
        shares = self.origins.shares
        never = sum(share for origin, share in shares.items() if origin.split()[0] in NEVER_FOREIGN)
        return self.foreign_national.rate / (1 - never / sum(shares.values()))


class Families(Frozen):
    """Shares of people who are related to one before them in the population."""

    twin: Share
    twin_same_sex: Share
    sibling: Share
    namesake: Share
    child: Share
    partner: Share
    twin_children: Share


class Moves(Frozen):
    """Changes of address, relative to each other, and how far they go."""

    base: Rate
    offender: Rate
    no_fixed_abode: Rate
    young: Rate
    near_of_far: Share
    former_missing: Rate
