"""A small made-up population with errors, the same in every run, for comparisons with Splink."""

from __future__ import annotations

import random

import pyarrow as pa

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
