"""Accepted rows of a supply to rows of `records` and of the dataset's attributes.

Supplies name their columns alike, so one description serves all datasets: a column of the
common linkage schema is made when the supply has what it needs, and is null otherwise.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records import dates, identifiers, names, postcodes, sex
from linkage.records.evidence import Evidence, collect
from linkage.records.keyed_hash import keyed_hash
from linkage.records.name_evidence import is_initial
from linkage.records.source_key import source_key
from linkage.records.supplied import latest_date, supplied
from linkage.records.text import within
from schemas import TableSchema


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


def to_records(identified: DataFrame, dataset: str, *, as_of: date) -> DataFrame:
    """Rows of the table `records`, one for each identified row of the supply.

    Args:
        identified: accepted rows with the columns that `identify` adds.
        dataset: name of the supply's schema.
        as_of: date of the supply; no date of birth and no identifier can be later.
    """
    supply = schemas.load(dataset)
    latest = latest_date(supply, as_of=as_of)
    # Two steps: values that a later one needs twice are computed once.
    parsed = identified.withColumns(
        {
            "_words": names.forename_words(*(supplied(supply, name) for name in names.FORENAMES)),
            "_parsed_dob": dates.parse_date(supplied(supply, "dob")),
            "_postcode": postcodes.standardise_postcode(supplied(supply, "postcode")),
            "_latest": latest,
        }
    )
    standard = parsed.withColumns(
        {
            "forename1_std": F.get("_words", F.lit(0)),
            "forename2_std": F.get("_words", F.lit(1)),
            "forename3_std": F.get("_words", F.lit(2)),
            "surname_std": names.standardise_surname(supplied(supply, "surname")),
            "name_aliases_std": names.standardise_aliases(supplied(supply, "aliases")),
            "_dob": dates.plausible_birth(F.col("_parsed_dob"), latest=F.col("_latest")),
            "_sex": sex.standardise_sex(supplied(supply, "sex")),
            "postcode_sector_std": postcodes.sector(F.col("_postcode")),
            "postcode_district_std": postcodes.district(F.col("_postcode")),
            "postcode_history_std": postcodes.standardise_history(
                F.col("_postcode"), supplied(supply, "previous_postcodes")
            ),
            "pnc_std": identifiers.normalise_pnc(supplied(supply, "pnc"), latest_year=F.lit(as_of.year)),
            "cro_std": identifiers.normalise_cro(supplied(supply, "cro")),
            "prison_number_std": identifiers.normalise_prison_number(supplied(supply, "prison_number")),
            "crn_std": identifiers.normalise_crn(supplied(supply, "crn")),
        }
    )
    made = {
        "dob": F.col("_dob"),
        "sex": F.col("_sex"),
        "postcode_std": F.col("_postcode"),
        "evidence": _evidence(supply),
    }
    return standard.select(*(made[n].alias(n) if n in made else F.col(n) for n in schemas.load("records").column_names))


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
    latest = latest_date(supply, as_of=as_of)
    birth = dates.plausible_birth(dates.parse_date(supplied(supply, "dob")), latest=latest)
    made = {"record_id": F.col("record_id"), "age": dates.age_in_years(birth, latest)}
    return identified.select(
        *((made[c.name] if c.name in made else _typed(c)).alias(c.name) for c in attributes.columns)
    )


def _typed(column: schemas.Column) -> Column:
    text = F.col(column.name)
    if column.values:
        return within(text, tuple(schemas.value_set(column.values)))
    if column.type == "date":
        return dates.parse_date(text)
    return F.trim(text) if column.type == "string" else F.trim(text).try_cast(column.type)


def _evidence(supply: TableSchema) -> Column:
    """Findings on the fields that the supply has."""
    dob, postcode = F.col("_parsed_dob"), supplied(supply, "postcode")
    # Asked of lost postcodes only: few are, and the question is dear.
    lost = _lost(postcode, "_postcode")
    pseudo, no_fixed_abode = (
        F.when(lost, postcodes.is_pseudo(postcode)),
        F.when(lost, postcodes.is_no_fixed_abode(postcode)),
    )
    findings = {
        Evidence.FORENAME_INITIAL: is_initial(F.col("forename1_std")),
        Evidence.FORENAME_UNUSABLE: _lost(supplied(supply, "forename1"), "forename1_std"),
        Evidence.SURNAME_UNUSABLE: _lost(supplied(supply, "surname"), "surname_std"),
        Evidence.DOB_UNREADABLE: _lost(supplied(supply, "dob"), "_parsed_dob"),
        Evidence.DOB_PLACEHOLDER: dates.is_placeholder(dob),
        Evidence.DOB_IMPLAUSIBLE: F.col("_dob").isNull() & dob.isNotNull() & ~dates.is_placeholder(dob),
        Evidence.DOB_FIRST_JANUARY: dates.is_first_january(F.col("_dob")),
        Evidence.SEX_UNUSABLE: _lost(supplied(supply, "sex"), "_sex"),
        Evidence.POSTCODE_INVALID: ~pseudo,
        Evidence.POSTCODE_NO_FIXED_ABODE: no_fixed_abode,
        Evidence.POSTCODE_PSEUDO: pseudo & ~no_fixed_abode,
        Evidence.PNC_INVALID: _lost(supplied(supply, "pnc"), "pnc_std"),
        Evidence.CRO_INVALID: _lost(supplied(supply, "cro"), "cro_std"),
        Evidence.PRISON_NUMBER_INVALID: _lost(supplied(supply, "prison_number"), "prison_number_std"),
        Evidence.CRN_INVALID: _lost(supplied(supply, "crn"), "crn_std"),
    }
    return collect(findings)


def _lost(text: Column, made: str) -> Column:
    """Whether a field held something of which nothing was made."""
    return F.col(made).isNull() & (F.trim(text) != "")
