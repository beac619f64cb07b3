"""Accepted rows of a supply to rows of `records` and of the dataset's attributes.

Supplies name their columns alike, so one description serves all datasets: a column of the
common linkage schema is made when the supply has what it needs, and is null otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records import addresses, dates, fields, name_evidence, nicknames, postcodes
from linkage.records.ethnicity import standardise_ethnicity
from linkage.records.evidence import Evidence, collect
from linkage.records.keyed_hash import keyed_hash
from linkage.records.source_key import source_key
from linkage.records.supplied import AGE, latest_birth, with_age
from linkage.records.text import within
from schemas import TableSchema

_KEPT, _LATEST = ("record_id", "source_dataset", "source_key"), "_latest"
_SELF_DEFINED = "ethnicity_18"


def identify(accepted: DataFrame, dataset: str, key: bytes) -> DataFrame:
    """`accepted` with `source_dataset`, `source_key` and `record_id`; one row per row.

    Raises:
        ConfigError: no such dataset, or a key that is too short.
    """
    sourced = accepted.withColumns({"source_dataset": F.lit(dataset), "source_key": source_key(schemas.load(dataset))})
    return with_record_id(sourced, key)


def with_record_id(sourced: DataFrame, key: bytes) -> DataFrame:
    """`sourced` with `record_id`, a keyed hash of its `source_dataset` and `source_key`.

    The caller must check that record_id is unique.
    """
    record_id = keyed_hash(sourced.sparkSession, F.col("source_dataset"), F.col("source_key"), key=key)
    return sourced.withColumn("record_id", record_id)


def to_records(identified: DataFrame, dataset: str, *, as_of: date, synthetic: bool = False) -> DataFrame:
    """Rows of the table `records`, one for each identified row of the supply.

    Args:
        identified: accepted rows with the columns that `identify` adds.
        dataset: name of the supply's schema.
        as_of: date of the supply; no date of birth and no identifier can be later.
        synthetic: take National Insurance numbers that are never issued, as synthetic supplies have.
    """
    return to_records_together({dataset: identified}, as_of=as_of, synthetic=synthetic)


def to_records_together(identified: Mapping[str, DataFrame], *, as_of: date, synthetic: bool = False) -> DataFrame:
    """As `to_records`, for several supplies by the names of their schemas, at least one.

    Rows are brought under the same columns first, so that one expression standardises all of them: planning one
    for each supply takes longer than the work where supplies are small. See `jobs.harness.planning` for what
    Spark must be told then.
    """
    supplies = {name: schemas.load(name) for name in identified}
    used = tuple(dict.fromkeys(name for supply in supplies.values() for name in fields.used_fields(supply)))
    rows = reduce(DataFrame.unionByName, [_under(used, df, supplies[n], as_of) for n, df in identified.items()])
    made = fields.parsed_fields(used, as_of=as_of, synthetic=synthetic)
    parsed = rows.select(*_KEPT, _LATEST, *(value.alias(name) for name, value in made.items()))
    derived = fields.finished_fields(used, as_of=as_of, synthetic=synthetic) | _derived(used)
    return parsed.select(
        *(derived[n].alias(n) if n in derived else F.col(n) for n in schemas.load("records").column_names)
    )


def to_attributes(identified: DataFrame, dataset: str, *, as_of: date) -> DataFrame:
    """Rows of the dataset's attributes table, one for each identified row of the supply.

    Text becomes the type of the column; what cannot be read, or is no code of the column's
    value set, becomes null. `age` is that at the event; no date of birth goes along.

    Args:
        identified: accepted rows with the columns that `identify` adds.
        dataset: name of the supply's schema.
        as_of: date of the supply, as for `to_records`.
    """
    supply, attributes = schemas.load(dataset), schemas.load(f"{dataset}_attributes")
    made = {"record_id": F.col("record_id"), "age": F.col(AGE)}
    aged = with_age(identified, supply, as_of=as_of) if "age" in attributes.column_names else identified
    return aged.select(*((made[c.name] if c.name in made else typed(c)).alias(c.name) for c in attributes.columns))


def _under(used: tuple[str, ...], identified: DataFrame, supply: TableSchema, as_of: date) -> DataFrame:
    """The rows with all fields that records are made of; what the supply does not have is null."""
    own = fields.used_fields(supply)
    columns = (F.col(name) if name in own else F.lit(None).cast("string").alias(name) for name in used)
    return identified.select(*_KEPT, latest_birth(identified, supply, as_of=as_of).alias(_LATEST), *columns)


def _derived(used: tuple[str, ...]) -> dict[str, Column]:
    """What is made of the standardised fields."""
    forename, surname, postcode = F.get(fields.WORDS, F.lit(0)), F.col("surname_std"), F.col("postcode_std")
    dob = dates.plausible_birth(F.col(fields.PARSED_DOB), latest=F.col(_LATEST))
    sector = F.coalesce(F.col(fields.SECTOR), postcodes.sector(postcode))
    initials = name_evidence.initials(forename, surname)
    return {
        "forename1_std": forename,
        "forename2_std": F.get(fields.WORDS, F.lit(1)),
        "forename3_std": F.get(fields.WORDS, F.lit(2)),
        "full_names_std": name_evidence.full_names(forename, surname, F.col("name_aliases_std")),
        "forename1_formal_std": nicknames.formal_forenames(forename),
        "initials_std": F.coalesce(F.col(fields.INITIALS), initials),
        "surname_parts_std": name_evidence.surname_parts(surname),
        "dob": dob,
        "dob_swapped": dates.with_day_and_month_swapped(dob),
        "postcode_sector_std": sector,
        "postcode_district_std": F.substring_index(sector, " ", 1),
        "address_key_std": addresses.address_key(F.col(fields.ADDRESS), postcode),
        "evidence": _evidence(used, forename, dob),
    }


def typed(column: schemas.Column) -> Column:
    """What a supplied text of the same name is as a value of an attributes table; null where it is none."""
    text = F.col(column.name)
    if column.values == _SELF_DEFINED:
        return standardise_ethnicity(text)
    if column.values:
        return within(text, tuple(schemas.value_set(column.values)))
    if column.type == "date":
        return dates.parse_date(text)
    if column.type == "double":
        number = F.trim(text).try_cast("double")
        # Text such as NaN and Infinity, which no sum survives.
        return F.when(F.abs(number) < F.lit(float("inf")), number)
    if column.type != "string":
        return F.trim(text).try_cast(column.type)
    code = F.trim(text)
    return code if column.pattern is None else F.when(code.rlike(rf"\A(?:{column.pattern})\z"), code)


def _evidence(used: tuple[str, ...], forename: Column, dob: Column) -> Column:
    """Findings on the fields that there are."""
    parsed, address = F.col(fields.PARSED_DOB), F.col(fields.ADDRESS)
    placeholder = dates.is_placeholder(parsed)
    found = fields.lost_fields(used)
    if "forename1" in used:
        found[Evidence.FORENAME_INITIAL] = name_evidence.is_initial(forename)
    if "dob" in used:
        found |= {
            Evidence.DOB_PLACEHOLDER: placeholder,
            Evidence.DOB_IMPLAUSIBLE: dob.isNull() & parsed.isNotNull() & ~placeholder,
            Evidence.DOB_FIRST_JANUARY: dates.is_first_january(dob),
        }
    if "title" in used:
        found[Evidence.SEX_FROM_TITLE] = F.col("sex").isNotNull() & F.col(fields.raw("title")).isNotNull()
    if "address_line1" in used:
        found |= {
            Evidence.ADDRESS_NO_FIXED_ABODE: addresses.is_no_fixed_abode(address),
            Evidence.ADDRESS_INSTITUTION: addresses.institution(address).isNotNull(),
        }
    return collect(found)
