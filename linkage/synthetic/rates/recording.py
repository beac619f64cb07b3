"""Rates of what goes wrong when people are recorded, and of how often records of one person agree."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Chances, Mix, Rate, codes, only

SLIPS = ("neighbour", "left_out", "doubled", "exchanged")


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
    records: Annotated[Mix, codes("source_dataset")]


class Names(Frozen):
    """Changes and errors of names that no agreement tells."""

    typing_in_sounds: Rate
    typing_in_surname: Rate
    slips: Annotated[Mix, only(lambda: SLIPS)]
    alias_people: Rate
    alias_keeps_forename: Rate
    alias_date_days_off: Rate
    alias_listed: Rate
    two_aliases: Rate
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
    digit_of_day: Rate
    first_january: Rate
    placeholder_1900: Rate


class Others(Frozen):
    """Errors of sex, postcodes and identifiers."""

    sex_wrong: Rate
    postcode_typo: Rate
    postcode_typo_in_digit: Rate
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
    of_custody: Annotated[Chances, codes("source_dataset")]


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
    """What differs between datasets; of `nickname` only the proportions count, see `calibration.record_rates`.

    A dataset without `pseudo_postcodes` has those of other datasets.
    """

    nickname: Rate
    placeholder_dob: Rate
    pseudo_postcode: Rate
    pseudo_postcodes: Mix | None = None
    near_duplicate: Rate
    missing: dict[str, Rate] = Field(default_factory=dict)


class OtherDatasetRates(DatasetRates):
    """Rates of the datasets that have none of their own."""

    pseudo_postcodes: Mix
