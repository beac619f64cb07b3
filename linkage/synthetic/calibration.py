"""From agreement among true pairs to errors per record, although errors gather on people.

What is published is how often two records of one person agree. What a generator needs is how
often one record is wrong. If errors were independent, a share `d` of pairs that differ would need
`1 - sqrt(1 - d)` per record. Here a record of a person is wrong with probability `rate * X`, where
`X = F * S * G` has mean 1: `F` is the person's frailty, `(1 + s) * Beta(1, s)`; `S` is the site's
effect, drawn anew for the other record; `G` is the group's multiplier over its mean. `F` and `G` are
the same for both records, so with `M = E[F^2] * E[G^2]` a pair stays clean with probability
`E[(1 - rate X)(1 - rate X')] = 1 - 2 rate + M rate^2`, and `rate` is the smaller root of
`M rate^2 - 2 rate + d = 0`. Errors that gather need a higher rate for the same agreement. That a
probability cannot exceed 1, and that two records of one site share its effect, is left out: both are
small at the rates in use.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from linkage.errors import ConfigError
from linkage.synthetic.names import load_table, name_tables
from linkage.synthetic.rates import Rates

# What follows from other code and from the tables of names, and so is no rate.
# Shares of changes that a standardised value shows: no sound of a name to exchange, or a doubled letter at
# its end; days that cannot stand for months and those that are equal to them.
_TYPING_SHOWS = 0.97
_TRANSPOSED_SHOWS = 0.36


@dataclass(frozen=True)
class RecordRates:
    """Errors per record, and moves per year, that give the agreement that was asked for."""

    typing: float
    swapped: float
    alias: float
    nickname_factor: float
    dob_digit: float
    dob_years: float
    dob_of_alias: float
    moves: float
    same_district: float


def second_moment(shape: float) -> float:
    """E[F^2] of the frailty `(1 + shape) * Beta(1, shape)`, whose mean is 1.

    >>> second_moment(3.0)
    1.6
    """
    return 2 * (1 + shape) / (2 + shape)


def group_moment(multiplier: float, share: float) -> float:
    """E[G^2] of a group's multiplier over its mean, for a group of that `share` of people.

    >>> group_moment(1.0, 0.3)
    1.0
    """
    return (1 + share * (multiplier**2 - 1)) / (1 + share * (multiplier - 1)) ** 2


def rate_for(differ: float, moment: float) -> float:
    """Errors per record that make a share `differ` of pairs differ, if errors have that second moment.

    >>> round(rate_for(0.19, 1.0), 6)  # independent errors: 0.9 * 0.9 of pairs stay clean
    0.1
    >>> rate_for(0.19, 1.6) > 0.1
    True

    Raises:
        ConfigError: no rate is so high, with errors that gather so much.
    """
    if moment * differ > 1:
        raise ConfigError(f"agreement: errors that gather on few people cannot make {differ:.3f} of pairs differ")
    return (1 - sqrt(1 - moment * differ)) / moment


def other_form_rate(differ: float) -> float:
    """How often a record has the other of two forms, if a share `differ` of pairs has one of each.

    Two records in the other form agree, so `2 rate (1 - rate)` differ.

    >>> round(other_form_rate(0.18), 6)  # 2 * 0.1 * 0.9
    0.1
    """
    return rate_for(differ, 2.0)


def record_rates(rates: Rates) -> RecordRates:
    """Solves for all rates that an agreement decides.

    Names agree if every mechanism leaves them alone, so the shares of agreement multiply. What the
    published shares of pairs by mechanism, surname changes and false identities leave of the published
    total is taken for short forms of forenames, so the rates by dataset tell only where there are more of them.

    Args:
        rates: the configuration.
    """
    agreement, names, clustering = rates.agreement, rates.names, rates.clustering
    frailty = second_moment(clustering.frailty_shape.rate)
    minority = rates.population.minority
    typing = agreement.name_typing.rate / _TYPING_SHOWS
    alias, people = agreement.name_alias.rate, names.alias_people.rate
    # Half of women's lives between 22 and 45 fall among the years of records.
    changed = rates.population.female.rate * 0.5 * names.surname_change.rate * agreement.years_between.rate
    false = 2 * names.false_identity.rate
    known = (1 - agreement.name_typing.rate) * (1 - agreement.name_swapped.rate) * (1 - alias)
    left = 1 - agreement.full_name.rate / (known * (1 - changed) * (1 - false))
    short = other_form_rate(min(max(left, 0) / short_names(rates), 0.5))
    nicknames = sum(share * rates.of(name).nickname.rate for name, share in agreement.records.shares.items())
    digit, years = (
        agreement.dob_digit.rate,
        agreement.dob_years.rate - 2 * _TRANSPOSED_SHOWS * rates.dates.transposed.rate,
    )
    dob_left = 1 - agreement.dob.rate / ((1 - digit) * (1 - agreement.dob_years.rate) * (1 - false))
    apart = max(1 - agreement.postcode.rate, 1e-9)
    typos = 2 * rates.others.postcode_typo.rate
    return RecordRates(
        typing=rate_for(typing, frailty * group_moment(clustering.minority_typo.rate, minority)),
        swapped=rate_for(agreement.name_swapped.rate, frailty * group_moment(clustering.minority_swap.rate, minority)),
        alias=other_form_rate(alias / people),
        nickname_factor=short / nicknames,
        dob_digit=rate_for(digit, frailty),
        dob_years=rate_for(max(years, 0), frailty),
        dob_of_alias=min(1.0, max(dob_left, 0) / alias),
        moves=(1 - agreement.postcode.rate / (1 - typos)) / agreement.years_between.rate,
        same_district=_same_district(max(0.0, agreement.postcode_outcode.rate - typos) / (apart - typos)),
    )


def short_names(rates: Rates) -> float:
    """The share of people before a criminal court whose first name has a usual short form."""
    population, forms = rates.population, load_table("forms")["nicknames"]
    return name_tables().share_with(forms, population.origins_of_names, female=population.female.rate)


def _same_district(share: float) -> float:
    """The chance `d` of a move to stay in the first home's district, if that share of pairs apart has one outcode.

    In about half of the pairs one address is the first home: `d` of these share, and `d**2` of the others,
    so `d (1 + d) / 2` is the share.

    >>> round(_same_district(0.3 * 1.3 / 2), 6)
    0.3
    """
    return (sqrt(1 + 8 * share) - 1) / 2
