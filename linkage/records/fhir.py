"""FHIR R4 resources of the type Patient, one JSON object on each line, as flat columns of text.

What a name, an address and an identifier are for is said by FHIR's own codes (`use`, `system`, `period`);
the rules here follow their definitions (tag K), with the choice among several always the same. Flat columns
are named in `COLUMNS`; a contract maps them to a supply's.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.records.quarantine import MALFORMED, REFUSED
from linkage.records.rules import Reason

NHS_NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
COLUMNS = (
    "id",
    "nhs_number",
    "given1",
    "given2",
    "given3",
    "family",
    "other_names",
    "gender",
    "birth_date",
    "address_line1",
    "postcode",
    "previous_postcodes",
    "deceased",
    "deceased_date",
)

_TYPE = "Patient"
# Where what a person is called now is looked for, first to last; other uses are other names.
_PRESENT_NAMES = ("official", "usual", "")
_PRESENT_ADDRESSES = ("home", "", "temp", "billing")
_SEPARATOR = ";"
_BROKEN = "_broken"
_PERIOD = "struct<start: string, end: string>"
_PATIENT = f"""
    resourceType string, id string, gender string, birthDate string, deceasedBoolean boolean, deceasedDateTime string,
    identifier array<struct<system: string, value: string, use: string, period: {_PERIOD}>>,
    name array<struct<use: string, family: string, given: array<string>, text: string, period: {_PERIOD}>>,
    address array<struct<use: string, line: array<string>, postalCode: string, period: {_PERIOD}>>,
    {_BROKEN} string
"""


def patients(lines: DataFrame, column: str) -> DataFrame:
    """Lines as patients: one row for each line, with `COLUMNS`, `_malformed` and `_refused`.

    A line that is no JSON object, whose parts have other types than FHIR's, or that is another resource is kept
    whole in `_malformed`, and its other columns are null. Rows neither multiply nor vanish. An element
    that a patient does not have is null.

    Of names without an end, one of use `official`, else `usual`, else of no use, is the name: the latest to begin of
    several, and of those the first in the file. All others (`old`, `maiden`, `nickname` and so on) are `other_names`,
    given names before the family name, separated by semicolons in the order of the file. Of addresses without an end,
    one of use `home`, else of no use, else `temp`, else `billing`, is the address, chosen of several in the same
    way; the postcodes of all others are `previous_postcodes`, the latest to begin first. A partial
    `birth_date` (a year, or a year and a month) stays as it is: it is no date, and nobody invents the rest.
    `deceased` is `true` where there is a date of death, too.

    >>> born = '{"resourceType": "Patient", "id": "p1", "birthDate": "1985-02"}'
    >>> lines = spark.createDataFrame([(born,), ("{",)], "l string")
    >>> [(row["id"], row["birth_date"], row["_malformed"]) for row in patients(lines, "l").collect()]
    [('p1', '1985-02', None), (None, None, '{')]
    """
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _BROKEN}
    read = lines.select(F.col(column).alias("_line"), F.from_json(column, _PATIENT, options).alias("p"))
    # What follows a first object in the line is not looked at.
    is_alone = F.json_array_length(F.concat(F.lit("["), "_line", F.lit("]"))) == 1
    sound = F.col(f"p.{_BROKEN}").isNull() & (F.col("p.resourceType") == _TYPE) & is_alone
    judged = read.select("_line", F.coalesce(sound, F.lit(False)).alias("_sound"), "p.*")
    flat = {
        "id": F.col("id"),
        "nhs_number": _nhs_number(),
        **_names(),
        "gender": F.col("gender"),
        "birth_date": F.col("birthDate"),
        **_addresses(),
        "deceased": F.when(F.col("deceasedDateTime").isNotNull(), F.lit("true")).otherwise(
            F.col("deceasedBoolean").cast("string")
        ),
        "deceased_date": F.substring("deceasedDateTime", 1, 10),
    }
    good = F.col("_sound")
    return judged.select(
        *(F.when(good, flat[name]).alias(name) for name in COLUMNS),
        F.when(~good, F.col("_line")).alias(MALFORMED),
        F.when(~good, F.lit(Reason.ROW_MALFORMED.value)).alias(REFUSED),
    )


def _nhs_number() -> Column:
    """The first NHS number that has not ended; spaces and check digit are the standardiser's matter."""
    theirs = F.filter("identifier", lambda i: (i["system"] == NHS_NUMBER_SYSTEM) & _goes_on(i) & (_use(i) != "old"))
    return F.get(F.transform(theirs, lambda i: i["value"]), F.lit(0))


def _names() -> dict[str, Column]:
    ranked = _ranked("name", _PRESENT_NAMES)
    first = F.get(ranked, F.lit(0))
    is_present = first["rank"] < len(_PRESENT_NAMES)
    name = F.when(is_present, first["element"])
    others = F.when(is_present, F.slice(ranked, F.lit(2), F.greatest(F.size(ranked) - 1, F.lit(0)))).otherwise(ranked)
    in_order = F.array_sort(others, lambda a, b: a["place"] - b["place"])
    return {
        **{f"given{number}": F.get(name["given"], F.lit(number - 1)) for number in (1, 2, 3)},
        "family": name["family"],
        "other_names": _joined(F.transform(in_order, lambda one: _full_name(one["element"]))),
    }


def _addresses() -> dict[str, Column]:
    ranked = _ranked("address", _PRESENT_ADDRESSES)
    first = F.get(ranked, F.lit(0))
    is_present = first["rank"] < len(_PRESENT_ADDRESSES)
    earlier = F.when(is_present, F.slice(ranked, F.lit(2), F.greatest(F.size(ranked) - 1, F.lit(0)))).otherwise(ranked)
    latest_first = F.array_sort(earlier, _latest_first)
    return {
        "address_line1": F.when(is_present, F.get(first["element"]["line"], F.lit(0))),
        "postcode": F.when(is_present, first["element"]["postalCode"]),
        "previous_postcodes": _joined(F.transform(latest_first, lambda one: one["element"]["postalCode"])),
    }


def _ranked(elements: str, uses: tuple[str, ...]) -> Column:
    """Elements as (rank, start, place, element), best first: by use, then the latest to begin, then as in the file.

    The rank is the number of uses for one that has ended or is of another use.
    """

    def ranked(element: Column, place: Column) -> Column:
        rank = F.lit(len(uses))
        for number, use in enumerate(uses):
            rank = F.when((_use(element) == use) & _goes_on(element), F.lit(number)).otherwise(rank)
        start = F.coalesce(element["period"]["start"], F.lit(""))
        return F.struct(rank.alias("rank"), start.alias("start"), place.alias("place"), element.alias("element"))

    return F.array_sort(
        F.transform(elements, ranked),
        lambda a, b: F.when(a["rank"] != b["rank"], a["rank"] - b["rank"]).otherwise(_latest_first(a, b)),
    )


def _latest_first(a: Column, b: Column) -> Column:
    return (
        F.when(a["start"] > b["start"], F.lit(-1))
        .when(a["start"] < b["start"], F.lit(1))
        .otherwise(a["place"] - b["place"])
    )


def _use(element: Column) -> Column:
    return F.coalesce(element["use"], F.lit(""))


def _goes_on(element: Column) -> Column:
    return element["period"]["end"].isNull()


def _full_name(name: Column) -> Column:
    parts = F.concat(F.coalesce(name["given"], F.array().cast("array<string>")), F.array(name["family"]))
    said = F.concat_ws(" ", F.filter(parts, lambda part: F.trim(part) != ""))
    return F.coalesce(F.nullif(said, F.lit("")), name["text"])


def _joined(texts: Column) -> Column:
    """Texts in one, without a separator of their own; null when there is none."""
    clean = F.transform(texts, lambda text: F.translate(text, _SEPARATOR, " "))
    return F.nullif(F.concat_ws(_SEPARATOR, F.filter(clean, lambda text: F.trim(text) != "")), F.lit(""))
