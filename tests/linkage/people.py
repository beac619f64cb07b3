"""Made-up populations with errors, the same in every run, for comparisons with Splink."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Strings = NDArray[np.object_]

FORENAMES = ["amy", "ann", "anna", "bob", "rob", "robert", "zoe", "zoë", "jo", "joe"]
SURNAMES = ["smith", "smyth", "jones", "brown", "braun", "li", "lee", "khan", "o'neill"]
CITIES = ["leeds", "york", "hull", "bath"]
SCHEMA = pa.schema([("unique_id", pa.string()), *[(c, pa.string()) for c in ("forename", "surname", "dob", "city")]])


def people(records: int, *, seed: int, ids: str = "r{}") -> pa.Table:
    """Records of about half as many persons; values go missing, change, or swap places."""
    draw = random.Random(seed)
    persons = [
        {
            "forename": draw.choice(FORENAMES),
            "surname": draw.choice(SURNAMES),
            "dob": f"19{draw.randint(60, 79)}-0{draw.randint(1, 9)}-{draw.randint(10, 28)}",
            "city": draw.choice(CITIES),
        }
        for _ in range(records // 2)
    ]
    rows = []
    for number in range(records):
        person = dict(draw.choice(persons))
        for column in person:
            if draw.random() < 0.06:
                person[column] = None
            elif draw.random() < 0.06:
                person[column] = draw.choice(persons)[column]
        if draw.random() < 0.04:
            person["forename"], person["surname"] = person["surname"], person["forename"]
        rows.append({"unique_id": ids.format(number), **person})
    return pa.Table.from_pylist(rows, SCHEMA)


def many_people(records: int, *, seed: int) -> pa.Table:
    """Records of about half as many persons, made fast: `first_name`, `surname`, `dob`, `city` and `email`.

    Names are as unevenly common as real ones. Values go missing, change and swap places; every
    address ends in a domain that nobody can have.
    """
    draw = np.random.default_rng(seed)
    forenames = _names(draw, 600, 2)
    surnames = _names(draw, 4000, 3)
    persons = records // 2
    first = forenames[_uneven(draw, len(forenames), persons)]
    last = surnames[_uneven(draw, len(surnames), persons)]
    born = (np.datetime64("1940-01-01") + draw.integers(0, 24_000, persons)).astype(str).astype(object)
    city = _names(draw, 90, 2)[_uneven(draw, 90, persons)]
    number = draw.integers(0, 30, persons).astype(str).astype(object)
    user = first + "." + last + number
    owner = draw.integers(0, persons, records)
    columns = {"first_name": first[owner], "surname": last[owner], "dob": born[owner], "city": city[owner]}
    columns["email"] = user[owner] + _uneven_choice(draw, ["@example.invalid", "@mail.invalid", "@x.invalid"], records)
    for name, values in columns.items():
        _spoil(draw, name, values, city)
    swapped = draw.random(records) < 0.01
    names = columns["first_name"].copy()
    columns["first_name"][swapped] = columns["surname"][swapped]
    columns["surname"][swapped] = names[swapped]
    ids = [f"r{number}" for number in draw.permutation(records)]
    return pa.table({"unique_id": ids, **{name: pa.array(values, pa.string()) for name, values in columns.items()}})


def _names(draw: np.random.Generator, number: int, syllables: int) -> Strings:
    parts = np.array([a + b for a in "bdfghjklmnprstvw" for b in ("a", "e", "i", "o", "u", "ar", "en")], dtype=object)
    made = {"".join(draw.choice(parts, syllables)) for _ in range(3 * number)}
    return draw.permutation(np.array(sorted(made), dtype=object))[:number]


def _uneven(draw: np.random.Generator, number: int, size: int) -> NDArray[np.int64]:
    """Positions, the first of which are the most common, as in Zipf's law."""
    weights = 1 / (np.arange(number) + 5)
    return draw.choice(number, size, p=weights / weights.sum())


def _uneven_choice(draw: np.random.Generator, values: list[str], size: int) -> Strings:
    return np.array(values, dtype=object)[_uneven(draw, len(values), size)]


def _spoil(draw: np.random.Generator, name: str, values: Strings, cities: Strings) -> None:
    """Change some values and take some away."""
    for row in np.flatnonzero(draw.random(len(values)) < 0.1):
        value, place = values[row], int(draw.integers(1, len(values[row]) - 1))
        if name == "city":
            values[row] = cities[int(draw.integers(len(cities)))]
        elif name == "dob":
            values[row] = f"{value[:8]}{int(draw.integers(1, 32)):02}"  # of which not each month has all
        else:
            values[row] = value[: place - 1] + value[place] + value[place - 1] + value[place + 1 :]
    values[draw.random(len(values)) < (0.3 if name == "email" else 0.05)] = None
