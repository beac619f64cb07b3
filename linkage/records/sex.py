"""Sex as two codes. Null in, null out."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

_MALE = ("M", "MALE", "1")
_FEMALE = ("F", "FEMALE", "2")
_TITLE = r"\A(MR|MRS|MS|MISS)\b"


def standardise_sex(sex: Column) -> Column:
    """M or F; null for anything else, such as not known, not specified or other.

    Numbers follow the NHS data dictionary: 1 male, 2 female (general knowledge).

    >>> df = spark.createDataFrame([("male",), (" F",), ("2",), ("9",)], "sex string")
    >>> [row[0] for row in df.select(standardise_sex(F.col("sex"))).collect()]
    ['M', 'F', 'F', None]
    """
    text = F.upper(F.trim(sex))
    return F.when(text.isin(*_MALE), F.lit("M")).when(text.isin(*_FEMALE), F.lit("F"))


def sex_of_title(name: Column) -> Column:
    """M or F by the title that a name as recorded begins with; null for others and for none.

    Civil records have no sex; this is a hint and not a record of it. Doctors and Masters have no sex
    here: a Master may be a surname or a judge.

    >>> df = spark.createDataFrame([("Mr John Hall",), ("MISS A Hall",), ("Dr Hall",), ("Mrs",)], "name string")
    >>> [row[0] for row in df.select(sex_of_title(F.col("name"))).collect()]
    ['M', 'F', None, 'F']
    """
    title = F.regexp_extract(F.upper(F.trim(name)), _TITLE, 1)
    return F.when(title == "MR", F.lit("M")).when(title != "", F.lit("F"))
