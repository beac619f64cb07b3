"""Rates per record bring the agreement that they were solved for, in a simulation that knows not how."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.errors import ConfigError
from linkage.synthetic.calibration import group_moment, other_form_rate, rate_for, record_rates, second_moment
from tests.linkage.synthetic.nation import rates

PAIRS = 400_000


@pytest.mark.parametrize(("shape", "multiplier", "differ"), [(3.0, 1.5, 0.073), (0.2, 1.0, 0.5), (8.0, 1.0, 0.02)])
def test_errors_that_gather_make_as_many_pairs_differ_as_asked(shape: float, multiplier: float, differ: float) -> None:
    draw, share = np.random.default_rng(1), 0.2
    rate = rate_for(differ, second_moment(shape) * group_moment(multiplier, share))
    frailty = (1 + shape) * draw.beta(1, shape, PAIRS)
    group = np.where(draw.random(PAIRS) < share, multiplier, 1) / (1 + share * (multiplier - 1))
    chance = rate * frailty * group
    sites = 1 + 0.5 * (2 * draw.random((2, PAIRS)) - 1)
    wrong = draw.random((2, PAIRS)) < chance * sites
    assert (wrong[0] | wrong[1]).mean() == pytest.approx(differ, abs=0.005)
    # More errors than if they were independent.
    assert rate > 1 - (1 - differ) ** 0.5


def test_two_records_in_the_other_form_agree() -> None:
    draw = np.random.default_rng(2)
    other = draw.random((2, PAIRS)) < other_form_rate(0.3)
    assert (other[0] != other[1]).mean() == pytest.approx(0.3, abs=0.005)


def test_what_cannot_be_had_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"0\.900 of pairs"):
        rate_for(0.9, second_moment(3.0))


@pytest.mark.parametrize("profile", [None, "stress", "shifted"])
def test_profiles_that_ship_can_be_solved(profile: str | None) -> None:
    solved = record_rates(rates(profile))
    chances = (solved.typing, solved.swapped, solved.alias, solved.dob_digit, solved.dob_years, solved.dob_of_alias)
    assert all(0 < chance <= 1 for chance in chances)
    assert 0 <= solved.same_district < 1
    # The stress profile has five times the errors and more.
    assert (solved.typing > 0.3) == (profile == "stress")


def test_short_names_are_as_frequent_as_the_document_says() -> None:
    """Nine tenths of the rates by dataset, which are those of the courts and so on among people with such names."""
    assert record_rates(rates()).nickname_factor == pytest.approx(0.9, abs=0.05)
