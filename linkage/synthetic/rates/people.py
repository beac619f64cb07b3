"""Rates of who the people are, whom they are related to, and how often they move."""

from __future__ import annotations

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Mix, Rate

# White British and Irish; and those whose foreign nationals are too few to matter.
MAJORITY = ("W1", "W2")
NEVER_FOREIGN = ("W1", "B1", "M1")


class Population(Frozen):
    """Who the people are; `origins` by `ETHNICITY ORIGIN`, an 18+1 code and an origin of names."""

    family_units: Rate
    offenders: Rate
    family_offenders: Rate
    female: Rate
    female_elsewhere: Rate
    foreign_national: Rate
    no_fixed_abode: Rate
    middle_name: Rate
    double_barrelled: Rate
    deaths: Rate
    youth: Rate
    origins: Mix

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

    twin: Rate
    twin_same_sex: Rate
    sibling: Rate
    namesake: Rate
    child: Rate
    partner: Rate
    twin_children: Rate


class Moves(Frozen):
    """Changes of address, relative to each other, and how far they go."""

    base: Rate
    offender: Rate
    no_fixed_abode: Rate
    young: Rate
    near_of_far: Rate
    former_missing: Rate
