"""A small contract that tests of reading and mapping start from, and what becomes of a frame under it."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import DataFrame

from linkage.documents import validate
from linkage.records import mapping, quarantine
from linkage.records.contract import Contract

PERIOD_END, DELIVERED = date(2020, 12, 31), date(2021, 2, 1)
SMALL: dict[str, Any] = {
    "dataset": "wndsm",
    "feed": "wndsm_small",
    "system": "A system",
    "agreement": "an agreement",
    "delivery": "full",
    "format": {"type": "csv"},
    "expect": {"rows": {"min": 0}, "max_outside_period": 1, "max_unmapped": 1},
    "columns": {
        "referral_id": "ID",
        "dob": {"source": "BORN", "dates": ["dd/MM/yyyy", "dd-MMM-yyyy", "dd-MMM-yy"]},
        "sex": {"source": "SEX", "codes": {"1": "M", "2": "F", "9": None}},
        "referral_date": {"source": "REFERRED", "dates": ["dd/MM/yyyy"]},
    },
    "absent": [
        "initials", "postcode_sector", "lad_code", "ethnicity", "substance", "referral_source",
        "treatment_start_date", "end_date", "outcome",
    ],
}  # fmt: skip
COLUMNS = ("ID", "BORN", "SEX", "REFERRED")


def contract(**changes: Any) -> Contract:
    """The small contract with some keys replaced; `columns` are added to those it has, and taken out of `absent`."""
    columns = SMALL["columns"] | changes.pop("columns", {})
    absent = [name for name in SMALL["absent"] if name not in columns]
    return validate({**SMALL, "absent": absent, **changes, "columns": columns}, Contract, "small.yaml")


def as_rows(raw: DataFrame, of: Contract) -> DataFrame:
    """The frame of a file under the columns of the schema."""
    texts = mapping.as_text(raw, of, "small")
    return mapping.to_schema(texts, of, period_end=PERIOD_END, delivered=DELIVERED)


def judged(rows: DataFrame, of: Contract) -> list[list[str]]:
    """Of every row the reasons for which it is set aside; none for one that is accepted."""
    return [row[quarantine.REASONS] for row in quarantine.flag(rows, of.table).collect()]
