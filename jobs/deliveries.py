"""What was delivered, under the columns of the schemas: the reading side of ingest.

A supply is files with our own column names, or deliveries of one feed or several, each under its contract. What a
feed has delivered so far is kept in the landing zone, so that a partial delivery has something to change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import schemas
from jobs import delivered_files
from jobs.harness import stages
from jobs.settings import PipelineSettings
from jobs.supply_settings import Delivery, Feed, IngestSettings, kind
from linkage.errors import RefusedError
from linkage.lake import Lake, Zone, read_input
from linkage.records import expectations, holding, mapping, quarantine
from linkage.records.contract import Contract
from linkage.records.holding import Standing

UNMAPPED = "unmapped_codes"


@dataclass(frozen=True)
class _Feed:
    """What a feed holds after its deliveries, how it stands then, and what they had to tell."""

    contract: Contract
    held: DataFrame
    standing: Standing
    counts: Mapping[str, int]
    changed: bool


@dataclass(frozen=True)
class Supplied:
    """One dataset's supply, or a table that comes along with one; `_malformed` and `_refused` where a reader has them.

    `rows` have been counted; `counts` say what else a person wants to know of the reading. `feeds` are those
    that it is made of, to be kept when the rows have been taken.
    """

    name: str
    schema: schemas.TableSchema
    frame: DataFrame
    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)
    feeds: Sequence[_Feed] = ()


def tables(ingest: IngestSettings) -> list[stages.Table]:
    """The tables of the landing zone that supplies are read from, and nothing of the run changes."""
    own = [name for name, path in _plain_paths(ingest).items() if path is None]
    held = [_table(feed) for feed in ingest.feeds if not feed.deliveries]
    return [stages.Table(Zone.LANDING, name) for name in (*own, *held)]


def paths(ingest: IngestSettings) -> list[str]:
    """The files and folders outside the lake that supplies are read from."""
    own = [path for path in _plain_paths(ingest).values() if path is not None]
    return own + [path for feed in ingest.feeds for delivery, _ in feed.deliveries for path in delivery.paths]


def kept(ingest: IngestSettings) -> list[stages.Table]:
    """The tables that `keep` writes."""
    changed = [_table(feed) for feed in ingest.feeds if feed.deliveries]
    return [stages.Table(Zone.LANDING, name) for name in (*changed, *([UNMAPPED] if ingest.feeds else []))]


def contracts(ingest: IngestSettings) -> list[Contract]:
    """The contracts of all feeds and deliveries, which decide what comes of them as settings do."""
    found = ingest.feeds
    return [feed.contract for feed in found] + [contract for feed in found for _, contract in feed.deliveries]


def read(task: stages.Task[PipelineSettings]) -> list[Supplied]:
    """Reads every supply, then the tables that come along with them, and counts the rows of each.

    Raises:
        InputError: A supply cannot be read, or is not what its schema or contract says.
        RefusedError: A delivery is not what its contract expects, or a feed that holds rows is not in the config.
    """
    ingest = task.config.ingest
    _refuse_forgotten(task.lake, ingest)
    found = [_after(task, feed) for feed in ingest.feeds]
    plain = _all_plain(task.lake, _plain_paths(ingest))
    return [
        plain[name] if name in plain else _together(name, [feed for feed in found if feed.contract.dataset == name])
        for name in (*ingest.supplies, *ingest.companions)
    ]


def keep(lake: Lake, supplied: Sequence[Supplied]) -> None:
    """Writes what each feed holds now, and the codes that mean nothing; to be called when the rows have been taken."""
    found = [feed for supply in supplied for feed in supply.feeds]
    if not found:
        return
    strange = reduce(DataFrame.unionByName, [mapping.unmapped_codes(feed.held, feed.contract) for feed in found])
    lake.overwrite(strange, Zone.LANDING, UNMAPPED, schemas.load(UNMAPPED))
    for feed in found:
        if feed.changed:
            schema = holding.held_table(feed.contract.feed, feed.contract.dataset)
            lake.overwrite(feed.held.select(*schema.column_names), Zone.LANDING, schema.name, schema)


def counts(supplied: Sequence[Supplied]) -> dict[str, int]:
    """What the reading of all supplies has to tell, summed by name."""
    told: Counter[str] = Counter()
    for supply in supplied:
        told.update(supply.counts)
    return dict(sorted(told.items()))


def _refuse_forgotten(lake: Lake, ingest: IngestSettings) -> None:
    """A feed that nobody names would take its rows out of the series without a word."""
    named = {_table(feed) for feed in ingest.feeds}
    datasets = {feed.contract.dataset for feed in ingest.feeds}
    for table in lake.names(Zone.LANDING) if named else ():
        if table not in named and any(f"{table}_".startswith(f"{holding.PREFIX}{name}_") for name in datasets):
            raise RefusedError(
                f"{Zone.LANDING}/{table}: a feed that is not in the config holds rows here; name its contract under "
                "held, or remove the table if its rows are to go"
            )


def plain(lake: Lake, name: str, path: str | None = None) -> DataFrame:
    """A supply with our own column names and `_malformed`, from a path or from the landing zone.

    Raises:
        InputError: It cannot be read, or is not what its schema says.
    """
    frame = read_input(lake.spark, path or lake.path(Zone.LANDING, name), malformed_column=quarantine.MALFORMED)
    schemas.load(name).check(frame.drop(quarantine.MALFORMED))
    return frame


def _plain_paths(ingest: IngestSettings) -> dict[str, str | None]:
    """Supplies under no contract, and what comes along with any, by name; None for those in the landing zone."""
    own = {name: supply.path for name, supply in ingest.supplies.items() if not supply.has_feeds}
    return own | {name: companion.path for name, companion in ingest.companions.items()}


def _all_plain(lake: Lake, paths: Mapping[str, str | None]) -> dict[str, Supplied]:
    """Supplies with our own column names, by name; their rows are counted in one job."""
    frames = {name: plain(lake, name, path) for name, path in paths.items()}
    counted = [df.agg(F.lit(name).alias("name"), F.count("*").alias("rows")) for name, df in frames.items()]
    rows = dict(map(tuple, reduce(DataFrame.unionByName, counted).collect())) if counted else {}
    return {name: Supplied(name, schemas.load(name), df, rows[name]) for name, df in frames.items()}


def _together(name: str, found: Sequence[_Feed]) -> Supplied:
    """The live rows of all feeds of one dataset."""
    schema, told = schemas.load(name), Counter[str]()
    for feed in found:
        told.update(feed.counts)
    frames = [holding.live(feed.held, schema) for feed in found]
    rows = sum(feed.standing.rows for feed in found)
    return Supplied(name, schema, reduce(DataFrame.unionByName, frames), rows, told, tuple(found))


def _after(task: stages.Task[PipelineSettings], feed: Feed) -> _Feed:
    """A feed after its deliveries."""
    schema = holding.held_table(feed.contract.feed, feed.contract.dataset)
    held, standing, told = None, holding.NOTHING, Counter[str]()
    if feed.replaced:
        told["deliveries_replaced"] = feed.replaced
    if task.lake.exists(Zone.LANDING, schema.name) or not feed.deliveries:
        held = task.lake.read(Zone.LANDING, schema.name, schema)
        standing = holding.standing(held)
    for delivery, contract in feed.deliveries:
        held, standing, seen = _applied(task.spark, held, standing, delivery, contract)
        told.update(expectations.counts(seen))
    assert held is not None  # noqa: S101  read, or made of a delivery
    return _Feed(feed.contract, held, standing, told, changed=bool(feed.deliveries))


def _applied(
    spark: SparkSession, held: DataFrame | None, before: Standing, delivery: Delivery, contract: Contract
) -> tuple[DataFrame, Standing, expectations.Seen]:
    sort, where = kind(delivery, contract), ", ".join(delivery.paths)
    holding.check_order(before, sort, delivery.delivered, where)
    window = expectations.Window(delivery.period.first, delivery.period.last, delivery.delivered)
    raw = delivered_files.raw(spark, delivery, contract)
    # Looked at, judged and kept: three times read.
    rows = mapping.to_schema(raw, contract, period_end=window.last, delivered=window.delivered).persist()
    seen = expectations.look(rows, contract, window)
    expectations.check(seen, contract, before, window, where)
    taken = holding.taken(before, sort, delivery.delivered, delivery.paths)
    after = holding.apply(held, before, rows, contract.table, sort, taken)
    if sort == "full" and not seen.deletions and not before.goes_beyond(taken):
        return after, Standing(seen.rows, delivery.delivered, delivery.delivered), seen
    after = after.persist()
    return after, holding.standing(after), seen


def _table(feed: Feed) -> str:
    return holding.held_table(feed.contract.feed, feed.contract.dataset).name
