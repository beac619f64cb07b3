"""How often things happen, as frozen typed objects: the figures themselves are configuration.

`Rates.model_validate(mapping)` reads what a job has loaded; unknown keys are refused, and so are names of shares
that are no codes, shares above 1 and means below 1. How often a value is missing is not here but in the schema of
the supply, which has a tag for it too: `missing` of a dataset only replaces that, for profiles that differ on purpose.

Rates are what is assumed or known of people, journeys, errors and values. What is no rate stands beside the code
that draws it: spans of days and amounts of money, which are the form of a draw; a half, where two sides are alike;
the most that a number can be; the shape of the country; and what follows from other code (see `calibration`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

import schemas
from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Mix, Rate, refuse_unknown
from linkage.synthetic.rates.justice import Civil, Courts, FamilyCourt, Journeys, Oasys, Prison, Probation
from linkage.synthetic.rates.outside import Crime, Health, Housing, Money, Schools, Treatment
from linkage.synthetic.rates.people import MAJORITY, NEVER_FOREIGN, Families, Moves, Population
from linkage.synthetic.rates.recording import (
    Agreement,
    Clustering,
    DatasetRates,
    Dates,
    Flaws,
    Names,
    OtherDatasetRates,
    Others,
)

__all__ = [
    "MAJORITY",
    "NEVER_FOREIGN",
    "Courts",
    "Families",
    "Flaws",
    "Journeys",
    "Mix",
    "Moves",
    "Rate",
    "Rates",
    "overridden",
]


class Rates(Frozen):
    """All rates of a synthetic population and its records; `other_datasets` for those not in `datasets`."""

    population: Population
    families: Families
    moves: Moves
    journeys: Journeys
    courts: Courts
    prison: Prison
    probation: Probation
    oasys: Oasys
    civil: Civil
    family_court: FamilyCourt
    schools: Schools
    treatment: Treatment
    housing: Housing
    money: Money
    health: Health
    crime: Crime
    agreement: Agreement
    names: Names
    dates: Dates
    others: Others
    clustering: Clustering
    flaws: Flaws
    datasets: dict[str, DatasetRates]
    other_datasets: OtherDatasetRates

    @field_validator("datasets")
    @classmethod
    def _known(cls, datasets: dict[str, DatasetRates]) -> dict[str, DatasetRates]:
        refuse_unknown(datasets, schemas.value_set("source_dataset"))
        for name, own in datasets.items():
            refuse_unknown(own.missing, schemas.load(name).column_names)
        return datasets

    def of(self, dataset: str) -> DatasetRates:
        """The rates of a dataset's own."""
        return self.datasets.get(dataset, self.other_datasets)

    def pseudo_postcodes(self, dataset: str) -> Mix:
        """What the system of a dataset has in place of a postcode."""
        return self.of(dataset).pseudo_postcodes or self.other_datasets.pseudo_postcodes


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
