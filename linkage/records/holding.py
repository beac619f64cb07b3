"""What a feed has delivered so far, kept in the landing zone, and what a further delivery makes of it.

One row for each row that the feed holds, under the columns of its dataset's schema, so that rows which ingest
sets aside are here too. Each key has what the latest delivery said of it, whatever the order in which
deliveries are applied, and applying one again changes nothing. Of one day a full delivery is the first; partial ones
follow as they were taken the first time, which a row of its own remembers of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.errors import RefusedError
from linkage.records.contract import Kind
from linkage.records.mapping import DELETED
from linkage.records.quarantine import MALFORMED, REFUSED
from linkage.records.rules import Reason
from linkage.records.source_key import source_key

ROW_KEY, DELIVERED, NUMBER, SINCE = "_row_key", "_delivered", "_number", "_since"
# What the name of a table begins with that a feed holds; the dataset's name is next.
PREFIX = "supplied_"
# No key of a supply begins with it.
_NO_KEY = "\x1e"
# What the key of a row begins with that tells that a partial delivery was taken.
_TAKEN = f"{_NO_KEY}delivery "


class Taken(NamedTuple):
    """The place of a delivery among those of its feed: its day, its number on that day, 0 for a full one; its name."""

    day: date
    number: int
    name: str


@dataclass(frozen=True)
class Standing:
    """How a feed stands: its live rows, the day of the full delivery that it begins with, and that of the last.

    `partial` are the partial deliveries taken since the full one.
    """

    rows: int
    since: date | None
    last: date | None
    partial: tuple[Taken, ...] = ()

    def goes_beyond(self, taken: Taken) -> bool:
        """Whether something of a later place has been taken."""
        later = self.last is not None and self.last > taken.day
        return later or any(one[:2] > taken[:2] for one in self.partial)


# A feed before its first delivery.
NOTHING = Standing(0, None, None)


def held_table(feed: str, dataset: str) -> schemas.TableSchema:
    """The schema of what a feed holds: its dataset's columns as delivered, bad rows too, and where each row is from."""
    supply = schemas.load(dataset)
    plain = {"nullable": True, "values": None, "key": None, "missing_by": None, "missing_as": None}
    plain |= {"expected_missing": None, "missing_provenance": None}
    columns = [column.model_copy(update=plain) for column in supply.columns]
    said = {
        MALFORMED: ("string", "A row that a reader could not take apart or use, as delivered"),
        REFUSED: ("string", "Why a reader refuses the row"),
        DELETED: ("boolean", "Whether the feed took the row back; only its key is here then. Also of a delivery's row"),
        ROW_KEY: ("string", "Key of the row, or a hash of a row that has none, or of the name of a partial delivery"),
        DELIVERED: ("date", "Day of the delivery that the row is from"),
        NUMBER: ("int", "Number of that delivery on its day: 0 a full one, then partial ones as they were first taken"),
        SINCE: ("date", "Day of the full delivery that the table begins with"),
    }
    kinds = {MALFORMED: schemas.Sensitivity.DIRECT, ROW_KEY: schemas.Sensitivity.DIRECT}
    columns += [
        schemas.Column(
            name=name,
            type=kind,
            description=meaning,
            sensitivity=kinds.get(name, schemas.Sensitivity.NONE),
            provenance=schemas.Provenance.OWN,
        )
        for name, (kind, meaning) in said.items()
    ]
    return schemas.TableSchema(
        name=f"{PREFIX}{feed}",
        description=f"What the feed {feed} of {dataset} has delivered so far",
        grain="one row per row that the feed holds or took back, and per partial delivery since the last full one",
        zone=schemas.Zone.LANDING,
        key=(),
        columns=tuple(columns),
    )


def standing(held: DataFrame) -> Standing:
    """How a feed stands, by one look at what it holds."""
    remembered = F.when(F.startswith(ROW_KEY, F.lit(_TAKEN)), F.struct(DELIVERED, NUMBER, ROW_KEY))
    [(rows, since, last, found)] = held.agg(
        F.count_if(~F.col(DELETED)), F.max(SINCE), F.max(DELIVERED), F.sort_array(F.collect_list(remembered))
    ).collect()
    partial = tuple(Taken(day, number, key.removeprefix(_TAKEN)) for day, number, key in found)
    return Standing(rows, since, last, partial)


def taken(before: Standing, kind: Kind, day: date, paths: Sequence[str]) -> Taken:
    """The place of a delivery: that which it had if its files were taken before, of that day, else the day's last."""
    name = hashlib.sha256("\n".join((day.isoformat(), *paths)).encode()).hexdigest()[:16]
    if kind == "full":
        return Taken(day, 0, name)
    numbers = {one.name: one.number for one in before.partial if one.day == day}
    return Taken(day, numbers.get(name, max(numbers.values(), default=0) + 1), name)


def check_order(before: Standing, kind: Kind, delivered: date, where: str) -> None:
    """Refuses a delivery that has no place behind those before.

    Raises:
        RefusedError: It is partial and there is nothing that it could be a part of, or a later full delivery has
            replaced all that it could tell.
    """
    if before.since is None:
        if kind == "partial":
            raise RefusedError(f"{where}: a partial delivery, and no full one has been taken; ingest that first")
    elif delivered < before.since:
        raise RefusedError(
            f"{where}: delivered on {delivered}, before the full delivery of {before.since} that replaced all; "
            "take it out of the deliveries"
        )


def apply(
    held: DataFrame | None, before: Standing, rows: DataFrame, table: schemas.TableSchema, kind: Kind, place: Taken
) -> DataFrame:
    """What a feed holds after a delivery: one row per row of the delivery, and those that it leaves as they were.

    A partial delivery replaces all rows of the keys that it has and takes back those that it marks deleted; a
    full one replaces everything. A row of a later delivery stays, whatever an earlier one says of its key. Where
    one delivery has a row and a deletion of one key, both are kept, and the row is live. Rows without a usable
    key are known by all that they hold; a deletion without one is a row like any other.

    Args:
        held: What the feed holds, or None.
        before: How it stands, of `held`.
        rows: Of the delivery, with the columns of `to_schema`.
        table: The dataset's schema.
        kind: Whether the delivery is full or partial.
        place: Of the delivery, of `taken`.
    """
    since = place.day if kind == "full" or before.since is None else before.since
    incoming = _keyed(rows, table, place)
    if held is None or before.last is None:
        return _since(incoming, since)
    kept = held
    if before.goes_beyond(place):
        later = held.where(F.struct(DELIVERED, NUMBER) > F.struct(F.lit(place.day), F.lit(place.number)))
        incoming = incoming.join(later.select(ROW_KEY).distinct(), on=ROW_KEY, how="left_anti")
        kept = later if kind == "full" else held
    elif kind == "full":
        return _since(incoming, since)
    if kind == "partial":
        incoming = incoming.unionByName(_remembered(incoming, place))
        kept = kept.join(incoming.select(ROW_KEY).distinct(), on=ROW_KEY, how="left_anti")
    return _since(kept.drop(SINCE).unionByName(incoming), since)


def live(held: DataFrame, table: schemas.TableSchema) -> DataFrame:
    """The rows that a feed has now, with the schema's columns, `_malformed` and `_refused`."""
    return held.where(~F.col(DELETED)).select(*table.column_names, MALFORMED, REFUSED)


def _remembered(incoming: DataFrame, place: Taken) -> DataFrame:
    """The one row that tells that a partial delivery was taken."""
    said = {DELETED: True, ROW_KEY: _TAKEN + place.name, DELIVERED: place.day, NUMBER: place.number}
    row = tuple(said.get(name) for name in incoming.columns)
    return incoming.sparkSession.createDataFrame([row], incoming.schema).coalesce(1)


def _keyed(rows: DataFrame, table: schemas.TableSchema, place: Taken) -> DataFrame:
    """One row per row of the delivery, of those that it takes back only the key."""
    content = F.sha2(F.to_json(F.struct(*table.column_names, MALFORMED)), 256)
    # A code without a meaning takes nothing from the key.
    whole = F.col(MALFORMED).isNull() | (F.col(REFUSED) == Reason.CODE_UNMAPPED.value)
    keyed = rows.withColumn("_key", F.when(whole, source_key(table)))
    is_gone = F.col(DELETED) & F.col("_key").isNotNull()
    stays = [F.when(~F.col("_gone"), F.col(name)).alias(name) for name in (*table.column_names, MALFORMED, REFUSED)]
    return keyed.withColumn("_gone", is_gone).select(
        *stays,
        F.col("_gone").alias(DELETED),
        F.coalesce("_key", F.concat(F.lit(_NO_KEY), content)).alias(ROW_KEY),
        F.lit(place.day).alias(DELIVERED),
        F.lit(place.number).alias(NUMBER),
    )


def _since(held: DataFrame, since: date) -> DataFrame:
    return held.withColumn(SINCE, F.lit(since))
