"""Sex as two codes. Null in, null out."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

_MALE = ("M", "MALE", "1")
_FEMALE = ("F", "FEMALE", "2")


def standardise_sex(sex: Column) -> Column:
    """M or F; null for anything else, such as not known, not specified or other.

    Numbers follow the NHS data dictionary: 1 male, 2 female (general knowledge).

    >>> df = spark.createDataFrame([("male",), (" F",), ("2",), ("9",)], "sex string")
    >>> [row[0] for row in df.select(standardise_sex(F.col("sex"))).collect()]
    ['M', 'F', 'F', None]
    """
    text = F.upper(F.trim(sex))
    return F.when(text.isin(*_MALE), F.lit("M")).when(text.isin(*_FEMALE), F.lit("F"))
