"""Self-defined and observed ethnicity as codes, and the groups they fall in. Null in, null out.

Self-defined codes are those of the 18+1 classification of the 2011 Census (value set
`ethnicity_18`) and of the 16+1 one of the 2001 Census (`ethnicity_16`), which older systems
still supply; groups are the 5+1 of the 2011 Census (`ethnicity_5`). Tag K. Supplies with codes of
their own, such as the NHS's single letters, are mapped to these first. Ethnicity is a special
category: it measures error by subgroup and is never linked on.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

import schemas
from linkage.records.text import within

NOT_STATED = "NS"
# The 2001 classification had Chinese under Other; 2011 added travellers and Arabs.
_CHINESE_2001, _CHINESE_2011 = "O1", "A4"
_NEW_IN_2011 = {_CHINESE_2011: _CHINESE_2001, "O2": "O9", "W3": "W9"}
_OBSERVED = {"1": "W", "2": "W", "3": "B", "4": "A", "5": "O", "6": "O", "9": NOT_STATED}


def standardise_ethnicity(ethnicity: Column) -> Column:
    """A self-defined code of 18+1 from one of 18+1 or 16+1; null for anything else. Idempotent.

    >>> df = spark.createDataFrame([(" a1",), ("O1",), ("NS",), ("X",)], "e string")
    >>> [row[0] for row in df.select(standardise_ethnicity(F.col("e"))).collect()]
    ['A1', 'A4', 'NS', None]
    """
    known = within(F.upper(ethnicity), (*schemas.value_set("ethnicity_18"), _CHINESE_2001))
    return F.when(known == _CHINESE_2001, F.lit(_CHINESE_2011)).otherwise(known)


def to_16(ethnicity: Column) -> Column:
    """The code of 16+1 for a standardised one, for a series that crosses the change of codes.

    What 2011 added goes back to where 2001 had it: travellers to other White, Arabs to other,
    Chinese from Asian to Other.

    >>> df = spark.createDataFrame([("W3",), ("A4",), ("B1",)], "e string")
    >>> [row[0] for row in df.select(to_16(F.col("e"))).collect()]
    ['W9', 'O1', 'B1']
    """
    for new, old in _NEW_IN_2011.items():
        ethnicity = F.when(ethnicity == new, F.lit(old)).otherwise(ethnicity)
    return ethnicity


def ethnic_group(ethnicity: Column) -> Column:
    """The group of 5+1 of a standardised code: W, M, A, B, O or NS.

    >>> df = spark.createDataFrame([("W9",), ("A4",), ("NS",)], "e string")
    >>> [row[0] for row in df.select(ethnic_group(F.col("e"))).collect()]
    ['W', 'A', 'NS']
    """
    return F.when(ethnicity == NOT_STATED, ethnicity).otherwise(F.substring(ethnicity, 1, 1))


def observed_group(code: Column) -> Column:
    """The group that an officer-observed code falls in; null for anything else.

    Codes are those of the value set `ethnicity_observed`, with or without the letters IC before
    them. Chinese, Japanese and South East Asian is Other here, as in the Ministry's publications
    (tag K), so an observed group is not a self-defined one and fills no gap of it.

    >>> df = spark.createDataFrame([("IC3",), ("4",), ("7",)], "e string")
    >>> [row[0] for row in df.select(observed_group(F.col("e"))).collect()]
    ['B', 'A', None]
    """
    number = F.regexp_replace(F.upper(F.trim(code)), r"\AIC ?", "")
    result = F.lit(None).cast("string")
    for group in dict.fromkeys(_OBSERVED.values()):
        codes = [observed for observed, falls_in in _OBSERVED.items() if falls_in == group]
        result = F.when(number.isin(*codes), F.lit(group)).otherwise(result)
    return result
