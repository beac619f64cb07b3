"""The groups that a record falls in, for measuring linkage error and never for linking.

Identifiers and attributes may not be opened together after ingest, so ingest writes these codes into
the evaluation zone: coarse, with no value that anybody is called by. A group is what the record itself
says, not its person: records of one person may differ, and null is a group too, `not recorded`, which
tends to be linked worst (Harron et al. 2020, doi 10.1080/03014460.2020.1742379).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

import schemas
from linkage.records import addresses, ethnicity, postcodes
from linkage.records.sex import standardise_sex
from linkage.records.supplied import AGE, believed_day, supplied, with_age
from linkage.records.text import empty_to_null, within

# What a record may be asked for; the rest of the table says which record it is.
SUBGROUPS = ("sex", "ethnicity_group", "age_band", "no_fixed_abode", "foreign_national", "role", "year")
# The first age of each band: 10 is the age of criminal responsibility, 18 and 21 are those of youth and of
# adult custody, 25 is where S4 parts its tables and 50 where prison health counts as older (S2). Assumed.
_BANDS = (0, 10, 18, 21, 25, 30, 40, 50, 60)
_ETHNICITY = "_ethnicity"
_HOME_NATIONALITIES = ("UK", "GB", "GBR", "BRITISH", "UNITED KINGDOM")


def to_subgroups(identified: DataFrame, dataset: str, *, as_of: date) -> DataFrame:
    """Rows of the table `subgroups`, one for each identified row of the supply, with the same key.

    What a supply has no column for is null in all its rows.

    Args:
        identified: Accepted rows with `record_id` and `source_dataset`, and `_case_day` if their cases are known.
        dataset: Name of the supply's schema.
        as_of: Date of the supply, which stands in where a row has no date of its event.

    >>> names = schemas.load("oasys").column_names
    >>> row = {"dob": "1985-02-28", "assessment_date": "2015-06-07", "sex": "1", "ethnicity": "B2"}
    >>> df = spark.createDataFrame([row], ", ".join(f"{name} string" for name in names))
    >>> df = df.withColumns({"record_id": F.lit(7).cast("bigint"), "source_dataset": F.lit("oasys")})
    >>> groups = to_subgroups(df, "oasys", as_of=date(2024, 1, 1))
    >>> groups.select("sex", "ethnicity_group", "age_band", "year").first()
    Row(sex='M', ethnicity_group='B', age_band='30-39', year=2015)
    """
    supply, table = schemas.load(dataset), schemas.load("subgroups")
    nationality = empty_to_null(F.upper(F.trim(supplied(supply, "nationality"))))
    made = {
        "sex": standardise_sex(supplied(supply, "sex")),
        _ETHNICITY: ethnicity.standardise_ethnicity(supplied(supply, "ethnicity")),
        "no_fixed_abode": _no_fixed_abode(supplied(supply, "postcode"), supplied(supply, "address_line1")),
        "foreign_national": ~nationality.isin(*_HOME_NATIONALITIES),
        "role": _role(supply),
        "year": F.year(believed_day(identified, supply, as_of=as_of)),
    }
    # In steps, for one expression would hold the parsed date a hundred times.
    aged = with_age(identified, supply, as_of=as_of).select("record_id", "source_dataset", AGE, *_aliased(made))
    grouped = {"age_band": age_band(F.col(AGE)), "ethnicity_group": ethnicity.ethnic_group(F.col(_ETHNICITY))}
    return aged.withColumns(grouped).select(*table.column_names)


def age_band(age: Column) -> Column:
    """The band of an age in completed years, such as 30-39; null in, null out.

    >>> df = spark.createDataFrame([(9,), (17,), (21,), (85,)], "age int")
    >>> [row[0] for row in df.select(age_band(F.col("age"))).collect()]
    ['0-9', '10-17', '21-24', '60+']
    """
    bands = [f"{first}-{following - 1}" for first, following in pairwise(_BANDS) for _ in range(first, following)]
    return F.when(age >= _BANDS[-1], f"{_BANDS[-1]}+").otherwise(F.get(F.array(*map(F.lit, bands)), age))


def _aliased(columns: Mapping[str, Column]) -> list[Column]:
    return [column.alias(name) for name, column in columns.items()]


def _no_fixed_abode(postcode: Column, address: Column) -> Column:
    """Whether the address says that there is none; null where no address is recorded."""
    by_postcode = postcodes.is_no_fixed_abode(postcode)
    by_address = addresses.is_no_fixed_abode(addresses.standardise_address(address))
    recorded = F.concat_ws("", F.trim(postcode), F.trim(address)) != ""
    return F.when(recorded, F.coalesce(by_postcode, F.lit(False)) | F.coalesce(by_address, F.lit(False)))


def _role(supply: schemas.TableSchema) -> Column:
    """The part in the case, where the supply's rows are parties; what is no code of it is null."""
    if "role" not in supply.column_names:
        return F.lit(None).cast("string")
    return within(F.col("role"), tuple(schemas.value_set(str(supply.column("role").values))))
