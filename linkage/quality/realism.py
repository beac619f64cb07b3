"""Whether generated supplies are like what is known of the real ones, figure by figure.

A generator shares its rates with whoever tests on it, so its data must be held to something outside: published
agreement among records of one person, missing values, overlaps between datasets, how common names are. Values are
compared as linkage compares them, standardised. A figure that is within tolerance makes the data no more real
than that; accuracy measured on them stays an accuracy on made-up records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

import schemas
from linkage.quality.anchors import Anchor, Anchors, Finding, Overlap, Ratio, finding
from linkage.records.postcodes import district

_MAJORITY, _NOT_STATED = "W", "NS"
_PEOPLE_FOR_A_NAME = 50


def realism(
    supplies: Mapping[str, DataFrame], records: DataFrame, anchors: Anchors, *, asked: Mapping[str, float]
) -> list[Finding]:
    """Every finding that the datasets at hand allow, in the order of the kinds.

    Args:
        supplies: Rows of people as delivered, by dataset.
        records: As `comparable` gives them, of the same datasets; read several times, so keep it.
        anchors: What to hold the data to.
        asked: The agreement that the generator was asked for, by the names that anchors have; what it was asked
            to leave out is what the schemas expect.
    """
    datasets = tuple(supplies)
    return [
        *_agreement(records, anchors, asked),
        *_missing(supplies, anchors),
        *_by_person(records, datasets, anchors),
        *_surnames(records, anchors),
        *_subgroups(records, anchors),
    ]


def _agreement(records: DataFrame, anchors: Anchors, asked: Mapping[str, float]) -> Iterator[Finding]:
    wanted = anchors.agreement
    pairs = _pairs(records, wanted.datasets)
    shares = {**_agreeing(), "postcode_none": ~_shares_outcode()}
    known = {name: F.count_if(agree.isNotNull()).alias(f"{name}_known") for name, agree in shares.items()}
    [row] = pairs.agg(
        F.count_distinct("l.person").alias("people"),
        *(F.count_if(agree).alias(name) for name, agree in shares.items()),
        *known.values(),
    ).collect()
    for name in shares:
        found = _share(row[name], row[f"{name}_known"])
        scope = ", ".join(wanted.datasets)
        yield finding(
            "agreement", scope, name, getattr(wanted, name), found=found, people=row["people"], asked=asked.get(name)
        )


def _pairs(records: DataFrame, datasets: Sequence[str]) -> DataFrame:
    """One row per two records of one person, both from `datasets`."""
    some = records.where(F.col("source_dataset").isin(*datasets))
    left, right = some.alias("l"), some.alias("r")
    same = (F.col("l.person") == F.col("r.person")) & (F.col("l.record_id") < F.col("r.record_id"))
    return left.join(right, same, how="inner")


def _agreeing() -> dict[str, Column]:
    """Whether two records agree; null unless both have the value."""
    shared = F.arrays_overlap("l.postcode_history_std", "r.postcode_history_std")
    return {
        "full_name": _both_equal("forename1_std") & _both_equal("surname_std"),
        "dob": _both_equal("dob"),
        "postcode_shared": shared,
        "postcode_outcode_only": ~shared & _shares_outcode(),
    }


def _both_equal(name: str) -> Column:
    return F.col(f"l.{name}") == F.col(f"r.{name}")


def _shares_outcode() -> Column:
    def outcodes(side: str) -> Column:
        return F.transform(F.col(f"{side}.postcode_history_std"), district)

    return F.arrays_overlap(outcodes("l"), outcodes("r"))


def _missing(supplies: Mapping[str, DataFrame], anchors: Anchors) -> Iterator[Finding]:
    told: dict[tuple[str, str, str | None], tuple[float, schemas.Column]] = {}
    for name in supplies:
        columns = schemas.load(name).columns
        told |= {(name, c.name, code): (share, c) for c in columns for code, share in _expected(c).items()}
    counts = [_counted(supply, schemas.load(name)) for name, supply in supplies.items()]
    for row in reduce(DataFrame.unionByName, counts).collect():
        share, column = told[row["dataset"], row["column"], row["code"]]
        tag = column.missing_provenance or column.provenance
        tolerance = anchors.missing.tolerance + anchors.missing.of_expected * share
        anchor = Anchor(expected=share, tolerance=tolerance, tag=tag)
        item = row["column"] if row["code"] is None else f"{row['column']} ({row['code']})"
        found = _share(row["missing"], row["rows"])
        yield finding("missing", row["dataset"], item, anchor, found=found, people=row["rows"], asked=share)


def _expected(column: schemas.Column) -> dict[str | None, float]:
    """Shares by code of the column that decides, or one for all rows; none where nothing is expected."""
    if column.missing_by is not None:
        return dict(column.missing_by.shares.items())
    return {} if column.expected_missing is None else {None: column.expected_missing}


def _counted(supply: DataFrame, schema: schemas.TableSchema) -> DataFrame:
    """One row per column and code of a supply: `dataset`, `column`, `code`, `missing`, `rows`."""
    cells: list[Column] = []
    sums: list[Column] = []
    for column in schema.columns:
        blank = F.coalesce(F.trim(column.name), F.lit("")) == ""
        for code in _expected(column):
            decides = (
                F.lit(True) if column.missing_by is None else F.trim(column.missing_by.column).eqNullSafe(F.lit(code))
            )
            number = len(cells)
            sums += [F.count_if(decides & blank).alias(f"m{number}"), F.count_if(decides).alias(f"n{number}")]
            told = {"dataset": schema.name, "column": column.name, "code": code}
            cells.append(
                F.struct(
                    *(F.lit(value).cast("string").alias(name) for name, value in told.items()),
                    F.col(f"m{number}").alias("missing"),
                    F.col(f"n{number}").alias("rows"),
                )
            )
    return supply.agg(*sums).select(F.inline(F.array(*cells)))


def _by_person(records: DataFrame, datasets: Sequence[str], anchors: Anchors) -> Iterator[Finding]:
    """Overlaps and records per person, from one row per person with a count by dataset."""
    here = {name: F.col("source_dataset") == name for name in datasets}
    wanted = [each for each in anchors.overlap if _is_there(each.of, here) and _is_there(each.in_, here, anchors)]
    roles = {
        _with_role(each): F.count_if(here[each.in_] & (F.col("role") == each.role)) for each in wanted if each.role
    }
    people = records.groupBy("person").agg(
        *(F.count_if(is_here).alias(name) for name, is_here in here.items()),
        *(count.alias(name) for name, count in roles.items()),
    )
    inside = {
        name: reduce(or_, [F.col(each) > 0 for each in anchors.criminal if each in here], F.lit(False))
        if name == "criminal"
        else F.col(name) > 0
        for name in ("criminal", *datasets)
    }
    sums = [F.sum(name).alias(f"records {name}") for name in datasets]
    sums += [F.count_if(inside[name]).alias(f"people {name}") for name in datasets]
    for number, each in enumerate(wanted):
        theirs = inside[each.in_] if each.role is None else F.col(_with_role(each)) > 0
        sums.append(F.count_if(inside[each.of] & theirs).alias(f"both {number}"))
    [row] = people.agg(*sums).collect()
    for number, each in enumerate(wanted):
        of = row[f"people {each.of}"]
        yield finding("overlap", each.of, _with_role(each), each, found=_share(row[f"both {number}"], of), people=of)
    for name, anchor in anchors.records_per_person.items():
        if name in here:
            people_of = row[f"people {name}"]
            found = _share(row[f"records {name}"], people_of)
            yield finding("records_per_person", name, "records", anchor, found=found, people=people_of)


def _with_role(overlap: Overlap) -> str:
    return overlap.in_ if overlap.role is None else f"{overlap.in_} ({overlap.role})"


def _is_there(name: str, here: Mapping[str, Column], anchors: Anchors | None = None) -> bool:
    """Whether a dataset is at hand; `criminal`, if the courts at least are."""
    return name in here or (anchors is not None and name == "criminal" and anchors.criminal[0] in here)


def _surnames(records: DataFrame, anchors: Anchors) -> Iterator[Finding]:
    """How many people bear the most common surnames; a person counts once for each surname in use."""
    borne = records.where(F.col("surname_std").isNotNull()).select("person", "surname_std").distinct()
    counts = borne.groupBy("surname_std").agg(F.count("*").alias("people"))
    most = max(anchors.surnames, default=1)
    [total] = [int(row[0] or 0) for row in counts.agg(F.sum("people")).collect()]
    ranked = [row["people"] for row in counts.orderBy(F.desc("people"), "surname_std").limit(most).collect()]
    for rank, anchor in anchors.surnames.items():
        item = f"the {rank} most common" if rank > 1 else "the most common"
        # Among few people the most common names are those that chance made so.
        found = _share(sum(ranked[:rank]), total) if total >= rank * _PEOPLE_FOR_A_NAME else None
        yield finding("surnames", "all", item, anchor, found=found, people=total)


def _subgroups(records: DataFrame, anchors: Anchors) -> Iterator[Finding]:
    minority = F.when(F.col("ethnicity_group") != _NOT_STATED, F.col("ethnicity_group") != _MAJORITY)
    [one] = records.agg(
        *_compared(Ratio.MINORITY_DOB, ~F.col("has_dob"), minority),
        *_compared(Ratio.FOREIGN_PNC, ~F.col("has_pnc"), F.col("foreign_national")),
    ).collect()
    pairs = _pairs(records.withColumn("minority", minority), anchors.agreement.datasets)
    differs, both = ~_agreeing()["full_name"], F.col("l.minority") & F.col("r.minority")
    neither = ~F.col("l.minority") & ~F.col("r.minority")
    group = F.when(both, True).when(neither, False)
    [two] = pairs.agg(*_compared(Ratio.MINORITY_NAME, differs, group)).collect()
    for name, anchor in anchors.subgroups.items():
        row = two if name is Ratio.MINORITY_NAME else one
        yield finding("subgroups", "all", name, anchor, found=_ratio(row, name), people=row[f"{name} n1"])


def _compared(name: str, event: Column, group: Column) -> list[Column]:
    """How often something is so within a group and outside it, where both are known."""
    return [
        column
        for number, inside in ((1, group), (0, ~group))
        for column in (
            F.count_if(event & inside).alias(f"{name} k{number}"),
            F.count_if(event.isNotNull() & inside).alias(f"{name} n{number}"),
        )
    ]


def _ratio(row: Row, name: str) -> float | None:
    inside, outside = (_share(row[f"{name} k{number}"], row[f"{name} n{number}"]) for number in (1, 0))
    return None if inside is None or not outside else inside / outside


def _share(part: int, of: int) -> float | None:
    return part / of if of else None
