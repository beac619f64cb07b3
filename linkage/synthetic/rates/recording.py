"""Rates of what goes wrong when people are recorded, and of how often records of one person agree."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Chances, Mix, Rate, Share, codes, only

SLIPS = ("neighbour", "left_out", "doubled", "exchanged")


class Agreement(Frozen):
    """Shares of true pairs, both values present, from which rates of errors are solved.

    Each is the share of pairs that agree (`full_name`, `dob`, `postcode`) or that differ in one way.
    """

    full_name: Share
    name_typing: Share
    name_swapped: Share
    name_alias: Share
    dob: Share
    dob_digit: Share
    dob_alias: Share
    dob_years: Share
    postcode: Share
    postcode_outcode: Share
    years_between: Rate
    records: Annotated[Mix, codes("source_dataset")]


class Names(Frozen):
    """Changes and errors of names that no agreement tells."""

    typing_in_sounds: Share
    typing_in_surname: Share
    slips: Annotated[Mix, only(lambda: SLIPS)]
    alias_people: Share
    alias_keeps_forename: Share
    alias_date_days_off: Share
    alias_listed: Rate
    two_aliases: Share
    junk: Share
    middle_initial: Share
    third_name: Share
    surname_change: Share
    change_to_double: Share
    false_identity: Share
    false_with_other_pnc: Share


class Dates(Frozen):
    """Errors of dates of birth that no agreement tells."""

    transposed: Share
    digit_of_day: Share
    first_january: Share
    placeholder_1900: Share


class Others(Frozen):
    """Errors of sex, postcodes and identifiers."""

    sex_wrong: Share
    postcode_typo: Share
    postcode_typo_in_digit: Share
    pnc_mistyped: Share
    pnc_borrowed: Share
    pnc_short_form: Share
    cro_from_pnc: Share
    cro_junk: Share
    second_prison_number: Share
    second_crn: Share
    second_pnc: Share
    second_cro: Share
    number_mistyped: Share
    of_custody: Annotated[Chances, codes("source_dataset")]


class Clustering(Frozen):
    """How errors gather on people, sites and groups."""

    frailty_shape: Rate
    site_spread: Share
    minority_typo: Rate
    minority_swap: Rate
    minority_missing: Rate
    foreign_pnc_missing: Rate
    no_fixed_abode_postcode: Rate


class Flaws(Frozen):
    """Rows that are bad on purpose."""

    key_missing: Share
    row_repeated: Share
    key_conflict: Share
    date_unreadable: Share
    organisation: Share


class DatasetRates(Frozen):
    """What differs between datasets; of `nickname` only the proportions count, see `calibration.record_rates`.

    A dataset without `pseudo_postcodes` has those of other datasets.
    """

    nickname: Share
    placeholder_dob: Share
    pseudo_postcode: Share
    pseudo_postcodes: Mix | None = None
    near_duplicate: Share
    missing: dict[str, Share] = Field(default_factory=dict)


class OtherDatasetRates(DatasetRates):
    """Rates of the datasets that have none of their own."""

    pseudo_postcodes: Mix
