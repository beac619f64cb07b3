"""Tables that come along with a supply: offences, events and the like, which hang on its records or their cases.

A companion's rows get what names the record or the case after ingest, so that no number of the source goes along:
the record's ID, or the case's token, which is that of the record in `linkage_evidence`.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records.dates import parse_date
from linkage.records.keyed_hash import keyed_hash
from linkage.records.source_key import key_parts, key_text
from linkage.records.standardise import typed
from linkage.records.supplied import CASE_DAY
from schemas import ForeignKey, TableSchema

_CASE = "_case"
# Further numbers of the source that only tell which rows belong together, by what is written in their place.
_TOKENS = {"incident_token": "incident_id"}


def key_to_cases(supply: TableSchema) -> ForeignKey | None:
    """How rows of a supply name the case that dates them; None where they have a date of their own, or no such case.

    >>> key_to_cases(schemas.load("civil")).table, key_to_cases(schemas.load("crown"))
    ('civil_cases', None)
    """
    if supply.event_date is not None:
        return None
    return next((key for key in supply.foreign_keys if schemas.load(key.table).event_date is not None), None)


def with_case_day(rows: DataFrame, key: ForeignKey, cases: DataFrame) -> DataFrame:
    """`rows` with `_case_day`, the day of the event of each row's case; null where it has none or that has no date.

    Rows neither multiply nor vanish.

    Args:
        rows: Of a supply.
        key: Of `key_to_cases`.
        cases: Accepted rows of its table, in which a key is there once.
    """
    day = parse_date(F.col(str(schemas.load(key.table).event_date)))
    dated = cases.select(key_text(key.references).alias(_CASE), day.alias(CASE_DAY))
    return rows.withColumn(_CASE, key_text(key.columns)).join(dated, _CASE, how="left").drop(_CASE)


def to_attributes(accepted: DataFrame, name: str, *, record_key: bytes, token_key: bytes) -> DataFrame:
    """Rows of the companion's attributes table, one for each accepted row.

    Text becomes the type of the column; what cannot be read, or is no code of the column's value set, becomes null.

    Args:
        accepted: Rows of `quarantine.accepted`.
        name: Of the companion's schema.
        record_key: Secret of the records' IDs.
        token_key: Secret of the tokens of cases.
    """
    table = schemas.load(name)
    parent = (str(table.part_of), _parent_key(table))
    hashed = {"record_id": (*parent, record_key), "case_token": (*parent, token_key)}
    hashed |= {token: (token, (number,), token_key) for token, number in _TOKENS.items()}

    def made(column: schemas.Column) -> Column:
        if column.name not in hashed:
            return typed(column)
        kind, columns, key = hashed[column.name]
        return keyed_hash(accepted.sparkSession, F.lit(kind), *key_parts(columns), key=key)

    return accepted.select(*(made(c).alias(c.name) for c in schemas.load(f"{name}_attributes").columns))


def _parent_key(table: TableSchema) -> tuple[str, ...]:
    """The columns that name what a companion's rows hang on, as that table's key has them; of cases, their own key."""
    if not table.foreign_keys:
        return table.key
    [key] = table.foreign_keys
    ours = dict(zip(key.references, key.columns, strict=True))
    return tuple(ours[name] for name in schemas.load(key.table).key)
