"""Rates refuse what they do not know: names, tags, codes, sizes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from linkage.synthetic import Rates, overridden
from tests.linkage.synthetic.nation import document, rates


def test_rates_refuse_what_they_do_not_know() -> None:
    loaded = document()
    loaded["names"]["typpo"] = {"rate": 0.1, "tag": "A"}
    with pytest.raises(ValidationError, match="typpo"):
        Rates.model_validate(loaded)
    del loaded["names"]["typpo"], loaded["names"]["junk"]["tag"]
    with pytest.raises(ValidationError, match=r"names\.junk\.tag"):
        Rates.model_validate(loaded)
    loaded["names"]["junk"]["tag"] = "certain"  # there is no such tag
    with pytest.raises(ValidationError, match=r"names\.junk\.tag"):
        Rates.model_validate(loaded)


@pytest.mark.parametrize(
    ("section", "name", "figure", "message"),
    [
        ("courts", "pleas", {"shares": {"gilty": 0.1}}, "no such name: gilty; did you mean 'guilty'"),
        ("courts", "pleas", {"shares": {"guilty": 0, "not_guilty": 0, "none": 0}}, "no share is above 0"),
        ("oasys", "needs", {"shares": {"debts": 0.1}}, "no such name: debts; .*allowed: accommodation"),  # its columns
        ("oasys", "needs", {"shares": {"drugs": 1.2}}, "less than or equal to 1"),
        ("names", "slips", {"shares": {"blotted": 0.1}}, "no such name: blotted; .*allowed: doubled, exchanged"),
        ("datasets", "magistrate", document()["other_datasets"], "no such name: magistrate; did you mean"),
        ("datasets", "prison", {"missing": {"pcn": {"rate": 0, "tag": "A"}}}, "no such name: pcn; did you mean 'pnc'"),
        ("population", "origins", {"shares": {"W9 polsih": 0.1}}, "W9 polsih: write a code of ethnicity and an origin"),
        ("population", "origins", {"shares": {"Q1 british": 0.1}}, "Q1 british: write a code"),
        ("population", "female", {"rate": 18}, "less than or equal to 1"),  # a share, not a percentage
        ("courts", "offences", {"rate": 0.5}, "greater than or equal to 1"),  # a case has one at least
        ("moves", "offender", {"rate": -1}, "greater than or equal to 0"),
    ],
)
def test_figures_are_of_codes_and_sizes_that_there_are(
    section: str, name: str, figure: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Rates.model_validate(overridden(document(), {section: {name: figure}}))


def test_a_dataset_without_a_stand_in_for_postcodes_has_that_of_the_others() -> None:
    found = {name: tuple(rates().pseudo_postcodes(name).shares) for name in ("prison", "magistrates", "hmrc")}
    health = ("ZZ99 3VZ", "ZZ99 3WZ")
    assert found == {"prison": ("NF1 1NF",), "magistrates": health, "hmrc": health}
