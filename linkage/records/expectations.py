"""Whether a delivery is what its contract expects, by one look at its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.errors import RefusedError
from linkage.records import mapping, sides
from linkage.records.contract import Contract
from linkage.records.holding import Standing
from linkage.records.mapping import DELETED, SIDE
from linkage.records.quarantine import MALFORMED


@dataclass(frozen=True)
class Window:
    """The days that a delivery covers, first and last, and the day on which it came."""

    first: date
    last: date
    delivered: date


@dataclass(frozen=True)
class Seen:
    """Counts of a delivery: rows (without those that only delete), deletions, rows with a date and outside the period.

    The last two are of rows that were read and delete nothing. `filled` and `unmapped` are by column with codes;
    `sides` by which files of a split delivery a row is from.
    """

    rows: int
    deletions: int
    dated: int
    outside: int
    filled: Mapping[str, int]
    unmapped: Mapping[str, int]
    sides: Mapping[str, int]


def look(rows: DataFrame, contract: Contract, window: Window) -> Seen:
    """Counts what `check` judges, in one pass over rows of `to_schema`."""
    present = ~F.col(DELETED)
    readable = present & F.col(MALFORMED).isNull()
    day = mapping.event_day(contract)
    within = F.lit(None).cast("boolean") if day is None else day.between(F.lit(window.first), F.lit(window.last))
    strange = mapping.unmapped(contract)
    counted = {"rows": present, "deletions": F.col(DELETED)}
    counted |= {"dated": readable & within.isNotNull(), "outside": readable & ~within}
    counted |= {f"filled_{name}": present & (F.trim(name) != "") for name in strange}
    counted |= {f"unmapped_{name}": present & holds for name, holds in strange.items()}
    if SIDE in rows.columns:
        counted |= {f"side_{name}": F.col(SIDE) == name for name in (sides.BOTH, sides.IDENTIFIERS, sides.ATTRIBUTES)}
    [found] = rows.agg(*(_count(holds).alias(name) for name, holds in counted.items())).collect()
    by_kind = {
        kind: {name.removeprefix(kind): found[name] for name in counted if name.startswith(kind)}
        for kind in ("filled_", "unmapped_", "side_")
    }
    plain = {name: found[name] for name in ("rows", "deletions", "dated", "outside")}
    return Seen(**plain, filled=by_kind["filled_"], unmapped=by_kind["unmapped_"], sides=by_kind["side_"])


def check(seen: Seen, contract: Contract, before: Standing, window: Window, where: str) -> None:
    """Refuses a delivery that is not what its contract expects.

    Args:
        seen: Counts of the delivery.
        contract: Of its feed.
        before: How the feed stood before it.
        window: Its days.
        where: What a message calls the delivery, such as its path.

    Raises:
        RefusedError: The line lists every expectation that does not hold, with the figures.
    """
    broken = [*_broken_days(contract, window), *_broken_counts(seen, contract, before), *_broken_shares(seen, contract)]
    if broken:
        raise RefusedError(
            f"{where}: not what the contract of feed {contract.feed} expects: {'; '.join(broken)}. "
            "Ask the supplier, or change what is expected"
        )


def counts(seen: Seen) -> dict[str, int]:
    """What a person wants to know of a delivery; a split one's files have `both` and their own rows each."""
    told = {"delivered_rows": seen.rows, "delivered_deletions": seen.deletions}
    told |= {"code_unmapped": sum(seen.unmapped.values())}
    told |= {f"code_unmapped_{name}": count for name, count in seen.unmapped.items() if count}
    return told | {f"split_{name}": count for name, count in seen.sides.items()}


def _count(holds: Column) -> Column:
    return F.count_if(F.coalesce(holds, F.lit(False)))


def _broken_days(contract: Contract, window: Window) -> Iterator[str]:
    late = (window.delivered - window.last).days
    within = contract.expect.delivered_within_days
    if late < 0:
        yield f"it was delivered on {window.delivered}, before its period ends on {window.last}"
    elif within is not None and late > within:
        yield f"it was delivered {late} days after its period, expected within {within}"


def _broken_counts(seen: Seen, contract: Contract, before: Standing) -> Iterator[str]:
    expect, rows = contract.expect, seen.rows + seen.deletions
    if not expect.rows.holds(rows):
        yield f"it has {rows} rows, expected {expect.rows}"
    share = expect.share_of_held
    if share is not None and before.rows and not share.holds(rows / before.rows):
        yield f"it has {rows / before.rows:.3g} times the {before.rows} rows held before, expected {share}"


def _broken_shares(seen: Seen, contract: Contract) -> Iterator[str]:
    expect = contract.expect
    if seen.outside > expect.max_outside_period * seen.dated:
        most = f"expected a share of at most {expect.max_outside_period:g}"
        yield f"{seen.outside} of {seen.dated} rows with a date are outside its period, {most}"
    for name, count in seen.unmapped.items():
        if count > expect.max_unmapped * seen.filled[name]:
            most = f"expected a share of at most {expect.max_unmapped:g}"
            yield f"{name}: {count} of {seen.filled[name]} codes are not in the contract, {most}"
    if contract.split is not None:
        alone = sum(seen.sides.values()) - seen.sides[sides.BOTH]
        if alone > contract.split.max_unpaired * sum(seen.sides.values()):
            most = f"expected a share of at most {contract.split.max_unpaired:g}"
            yield f"{alone} of {sum(seen.sides.values())} rows are in one of the two files only, {most}"
