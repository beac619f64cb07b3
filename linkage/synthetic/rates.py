"""How often things happen, as frozen typed objects: the figures themselves are configuration.

`Rates.model_validate(mapping)` reads what a job has loaded; unknown keys are refused.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

# White British and Irish; and those whose foreign nationals are too few to matter.
MAJORITY = ("W1", "W2")
NEVER_FOREIGN = ("W1", "B1", "M1")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(_Frozen):
    """A share, mean or multiplier, and where it is known from."""

    rate: float = Field(ge=0)
    tag: str


class Origins(_Frozen):
    """Shares of people by `ETHNICITY ORIGIN`, an 18+1 code and an origin of names."""

    shares: dict[str, float]
    tag: str


class Population(_Frozen):
    """Who the people are."""

    offenders: Rate
    female: Rate
    foreign_national: Rate
    no_fixed_abode: Rate
    middle_name: Rate
    double_barrelled: Rate
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


class Families(_Frozen):
    """Shares of people who are related to one before them in the population."""

    twin: Rate
    twin_same_sex: Rate
    sibling: Rate
    namesake: Rate
    child: Rate
    partner: Rate


class Moves(_Frozen):
    """Changes of address a year, and how far they go."""

    base: Rate
    offender: Rate
    no_fixed_abode: Rate
    same_district: Rate
    same_area: Rate


class Journeys(_Frozen):
    """Ways through the justice system."""

    custody: Rate
    community: Rate
    cases_court: Rate
    cases_community: Rate
    cases_custody: Rate
    further_custody: Rate
    further_community: Rate
    licence: Rate
    common_platform_2021: Rate
    common_platform_2022: Rate


class Names(_Frozen):
    """Changes and errors of names."""

    typo: Rate
    sound: Rate
    swapped: Rate
    junk: Rate
    middle_initial: Rate
    surname_change: Rate
    change_to_double: Rate
    false_identity: Rate
    false_with_other_pnc: Rate


class Dates(_Frozen):
    """Errors of dates of birth."""

    digit: Rate
    transposed: Rate
    years_off: Rate
    first_january: Rate


class Others(_Frozen):
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


class Clustering(_Frozen):
    """How errors gather on people, sites and groups."""

    frailty_shape: Rate
    site_spread: Rate
    minority_typo: Rate
    minority_swap: Rate
    minority_missing: Rate
    foreign_pnc_missing: Rate
    no_fixed_abode_postcode: Rate


class Flaws(_Frozen):
    """Rows that are bad on purpose."""

    key_missing: Rate
    row_repeated: Rate
    key_conflict: Rate
    date_unreadable: Rate
    organisation: Rate


class Missing(_Frozen):
    """Shares of a dataset's rows without a value."""

    tag: str
    forename2: float = Field(ge=0, le=1)
    dob: float = Field(ge=0, le=1)
    sex: float = Field(ge=0, le=1)
    postcode: float = Field(ge=0, le=1)
    ethnicity: float = Field(ge=0, le=1)
    pnc: float = Field(ge=0, le=1)
    cro: float = Field(ge=0, le=1)
    prison_number: float = Field(ge=0, le=1)


class DatasetRates(_Frozen):
    """What differs between datasets."""

    missing: Missing
    alias: Rate
    nickname: Rate
    placeholder_dob: Rate
    pseudo_postcode: Rate
    near_duplicate: Rate


class Rates(_Frozen):
    """All rates of a synthetic population and its records."""

    population: Population
    families: Families
    moves: Moves
    journeys: Journeys
    names: Names
    dates: Dates
    others: Others
    clustering: Clustering
    flaws: Flaws
    datasets: dict[str, DatasetRates]
