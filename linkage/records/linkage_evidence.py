"""The least that resolution and case links must know beside identifiers, made of accepted rows.

Why each column is there says its note in the schema `linkage_evidence`. Numbers of cases become
tokens, keyed hashes with a key of their own: equal numbers meet, and nobody learns them.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records.dates import parse_date
from linkage.records.identifiers import normalise_asn, normalise_urn
from linkage.records.keyed_hash import keyed_hash
from linkage.records.source_key import key_parts
from linkage.records.supplied import event_day
from linkage.records.text import within
from schemas import TableSchema

# The columns of supplies by what they are here; a supply that is not named has nothing of the kind.
_DATES = {
    "hearing_date": {"magistrates": "first_hearing_date", "crown": "main_hearing_date"},
    "closing_date": {"magistrates": "completion_date", "crown": "sentence_date"},
    "custody_from": {"prison": "reception_date"},
    "custody_to": {"prison": "release_date"},
}
# What tells a case within its dataset: a part of the supply's key, but for the Crown Court, whose centres number alike.
_CASES = {
    "magistrates": ("case_id",),
    "crown": ("court_code", "case_number"),
    "civil": ("case_number",),
    "family": ("case_number",),
    "homelessness": ("case_reference",),
    "police": ("crime_id",),
}
_CODES = {
    "role": {"civil": "role", "family": "role", "police": "role"},
    "committal": {"magistrates": "committal"},
    "receipt_type": {"crown": "receipt_type"},
}


def to_linkage_evidence(identified: DataFrame, dataset: str, *, as_of: date, key: bytes) -> DataFrame:
    """Rows of the table `linkage_evidence`, one for each identified row of the supply.

    A date that cannot be read, or is later than the supply, is null; so is a code of no value set, and the token
    of a case of the Crown Court whose court is not known.

    Args:
        identified: accepted rows with the columns that `standardise.identify` adds, and `_case_day` if their cases
            are known.
        dataset: name of the supply's schema.
        as_of: date of the supply.
        key: secret of the tokens.
    """
    supply = schemas.load(dataset)
    made = {"record_id": F.col("record_id"), "source_dataset": F.col("source_dataset")}
    made["event_date"] = _by(as_of, event_day(identified, supply))
    for name, columns in _DATES.items():
        made[name] = _by(as_of, parse_date(F.col(columns[dataset])) if dataset in columns else _nothing("date"))
    made["death_month"] = F.trunc(made["event_date"] if dataset == "mortality" else _nothing("date"), "month")
    made |= {name: _code(supply, columns.get(dataset)) for name, columns in _CODES.items()}
    made |= _tokens(identified, supply, key)
    return identified.select(*(made[name].alias(name) for name in schemas.load("linkage_evidence").column_names))


def _tokens(identified: DataFrame, supply: TableSchema, key: bytes) -> dict[str, Column]:
    texts: dict[str, tuple[str, list[Column]]] = {}
    if supply.name in _CASES:
        texts["case_token"] = (supply.name, key_parts(_CASES[supply.name]))
    if "urn" in supply.column_names:
        texts["urn_token"] = ("urn", [normalise_urn(F.col("urn"))])
    if "asn" in supply.column_names:
        texts["asn_token"] = ("asn", [normalise_asn(F.col("asn"))])
    tokens = dict.fromkeys(("case_token", "urn_token", "asn_token"), _nothing("bigint"))
    return tokens | {
        name: keyed_hash(identified.sparkSession, F.lit(kind), *parts, key=key) for name, (kind, parts) in texts.items()
    }


def _by(as_of: date, day: Column) -> Column:
    return F.when(day <= F.lit(as_of), day)


def _code(supply: TableSchema, column: str | None) -> Column:
    if column is None:
        return _nothing("string")
    return within(F.col(column), tuple(schemas.value_set(str(supply.column(column).values))))


def _nothing(kind: str) -> Column:
    return F.lit(None).cast(kind)
