"""The forenames that a short form may stand for, from a table that ships with the package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml
from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.lookup import lookup


@cache
def formal_names() -> Mapping[str, tuple[str, ...]]:
    """Short forms and the forenames that they stand for, sorted.

    >>> formal_names()["LIZ"]
    ('ELIZABETH', 'LISA', 'LIZZIE')
    """
    text = (files("linkage.records") / "tables" / "nicknames.yaml").read_text(encoding="utf-8")
    table: dict[str, str] = yaml.safe_load(text)
    formal = defaultdict(list)
    for name in sorted(table):
        for short in table[name].split():
            formal[short].append(name)
    return MappingProxyType({short: tuple(names) for short, names in formal.items()})


def formal_forenames(forename: Column) -> Column:
    """A standardised forename and those that it may be short for, sorted, without repeats.

    Two forenames that may be one share an element: ROB and ROBERT have ROBERT. Null for null. The
    table is American in origin and generous, as ROBERT for BILL shows: a shared element brings two
    records together and is weaker evidence than the same name. Takes one word, and one step: what a
    short form stands for may itself be short for another.

    >>> df = spark.createDataFrame([("ROB",), ("ROBERT",), ("ZBIGNIEW",)], "name string")
    >>> [row[0] for row in df.select(formal_forenames(F.col("name"))).collect()]
    [['BOB', 'BOBBY', 'ROB', 'ROBERT', 'ROBERTO'], ['BILL', 'BILLY', 'BOB', 'ROBERT'], ['ZBIGNIEW']]
    """
    groups = {short: " ".join(sorted({short, *formal})) for short, formal in formal_names().items()}
    alone = F.when(forename != "", F.array(forename))
    return F.coalesce(F.split(lookup(forename, groups), " "), alone)
