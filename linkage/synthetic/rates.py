"""How often things happen, as frozen typed objects: the figures themselves are configuration.

`Rates.model_validate(mapping)` reads what a job has loaded; unknown keys are refused. How often a
value is missing is not here but in the schema of the supply, which has a tag for it too: `missing`
of a dataset only replaces that, for profiles that differ on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from linkage.documents import Frozen

# White British and Irish; and those whose foreign nationals are too few to matter.
MAJORITY = ("W1", "W2")
NEVER_FOREIGN = ("W1", "B1", "M1")


class Rate(Frozen):
    """A share, mean or multiplier, and where it is known from."""

    rate: float = Field(ge=0)
    tag: str


class Origins(Frozen):
    """Shares of people by `ETHNICITY ORIGIN`, an 18+1 code and an origin of names."""

    shares: dict[str, float]
    tag: str


class Population(Frozen):
    """Who the people are."""

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
    origins: Origins

    @property
    def minority(self) -> float:
        """The share of people who are neither White British nor White Irish."""
        shares = self.origins.shares
        majority = sum(share for origin, share in shares.items() if origin.split()[0] in MAJORITY)
        return 1 - majority / sum(shares.values())

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


class Moves(Frozen):
    """Changes of address, relative to each other, and how far they go."""

    base: Rate
    offender: Rate
    no_fixed_abode: Rate
    young: Rate
    near_of_far: Rate


class Journeys(Frozen):
    """Ways through the justice system; `sent_*` are chances of a case to reach the Crown Court."""

    custody: Rate
    community: Rate
    cases_court: Rate
    cases_community: Rate
    cases_custody: Rate
    further_custody: Rate
    further_community: Rate
    sent_court: Rate
    sent_community: Rate
    sent_custody: Rate
    for_trial: Rate
    appeal: Rate
    split: Rate
    joined: Rate
    lost: Rate
    joint: Rate
    takes_part: Rate
    not_convicted: Rate
    remand_only: Rate
    licence: Rate
    recall: Rate
    common_platform_2021: Rate
    common_platform_2022: Rate
    assessed_prolific: Rate
    assessed: Rate
    assessed_in_company_areas: Rate


class Civil(Frozen):
    """Civil claims of people."""

    of_offenders: Rate
    of_others: Rate
    claims: Rate
    claimant: Rate
    joint_partner: Rate


class FamilyCourt(Frozen):
    """Family cases of units of four people."""

    cases: Rate
    second_child: Rate
    represented: Rate


class Elsewhere(Frozen):
    """Records outside the justice system, of people in general or of those of a standing."""

    treatment: Rate
    treatment_prison: Rate
    treatment_episodes: Rate
    homeless: Rate
    rough_sleeping: Rate
    hospital: Rate
    hospital_others: Rate
    pupils: Rate
    benefits: Rate
    employed: Rate
    child_benefit: Rate
    victims: Rate
    police: Rate


class Agreement(Frozen):
    """Shares of true pairs, both values present, from which rates of errors are solved.

    Each is the share of pairs that agree (`full_name`, `dob`, `postcode`) or that differ in one way.
    """

    full_name: Rate
    name_typing: Rate
    name_swapped: Rate
    name_alias: Rate
    dob: Rate
    dob_digit: Rate
    dob_alias: Rate
    dob_years: Rate
    postcode: Rate
    postcode_outcode: Rate
    years_between: Rate


class Names(Frozen):
    """Changes and errors of names that no agreement tells."""

    typing_in_sounds: Rate
    alias_people: Rate
    alias_listed: Rate
    junk: Rate
    middle_initial: Rate
    third_name: Rate
    surname_change: Rate
    change_to_double: Rate
    false_identity: Rate
    false_with_other_pnc: Rate


class Dates(Frozen):
    """Errors of dates of birth that no agreement tells."""

    transposed: Rate
    first_january: Rate


class Others(Frozen):
    """Errors of sex, postcodes and identifiers."""

    sex_wrong: Rate
    postcode_typo: Rate
    pnc_mistyped: Rate
    pnc_borrowed: Rate
    pnc_short_form: Rate
    cro_from_pnc: Rate
    cro_junk: Rate
    second_prison_number: Rate
    second_crn: Rate
    second_pnc: Rate
    second_cro: Rate
    number_mistyped: Rate


class Clustering(Frozen):
    """How errors gather on people, sites and groups."""

    frailty_shape: Rate
    site_spread: Rate
    minority_typo: Rate
    minority_swap: Rate
    minority_missing: Rate
    foreign_pnc_missing: Rate
    no_fixed_abode_postcode: Rate


class Flaws(Frozen):
    """Rows that are bad on purpose."""

    key_missing: Rate
    row_repeated: Rate
    key_conflict: Rate
    date_unreadable: Rate
    organisation: Rate


class DatasetRates(Frozen):
    """What differs between datasets."""

    nickname: Rate
    placeholder_dob: Rate
    pseudo_postcode: Rate
    near_duplicate: Rate
    missing: dict[str, float] = Field(default_factory=dict)


class Rates(Frozen):
    """All rates of a synthetic population and its records; `other_datasets` for those not in `datasets`."""

    population: Population
    families: Families
    moves: Moves
    journeys: Journeys
    civil: Civil
    family_court: FamilyCourt
    elsewhere: Elsewhere
    agreement: Agreement
    names: Names
    dates: Dates
    others: Others
    clustering: Clustering
    flaws: Flaws
    datasets: dict[str, DatasetRates]
    other_datasets: DatasetRates

    def of(self, dataset: str) -> DatasetRates:
        """The rates of a dataset's own."""
        return self.datasets.get(dataset, self.other_datasets)


def overridden(rates: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A document of rates with some replaced by those of another, key by key at any depth.

    >>> overridden({"a": {"rate": 1, "tag": "A"}, "b": 2}, {"a": {"rate": 3}})
    {'a': {'rate': 3, 'tag': 'A'}, 'b': 2}
    """
    merged = dict(rates)
    for name, value in overrides.items():
        ours = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(ours, Mapping)
        merged[name] = overridden(ours, value) if both else value  # type: ignore[arg-type]
    return merged
