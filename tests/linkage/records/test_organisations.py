"""Organisations are told from people, and people are never taken for one."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from linkage.records.organisations import is_organisation
from linkage.synthetic.names import name_tables
from tests.linkage.records.cases import Case, check, clean

PARTIES: list[Case] = [
    ("ABC Plumbing Ltd", True, "limited"),
    ("ABC PLUMBING LIMITED", True, "in full"),
    ("A.B.C. Finance P.L.C.", True, "stops vanish"),
    ("Hall & Sons", True, "a firm"),
    ("Hall and Company", True, "a firm, in words"),
    ("Xtown City Council", True, "a council"),
    ("The London Borough of Xtown", True, "a borough"),
    ("HM Prison Xtown", True, "a prison"),
    ("HMP Xtown", True, "a prison, in letters"),
    ("Xtown Housing Association", True, "a landlord"),
    ("Chief Constable of Xshire", True, "an office"),
    ("Hall Ltd t/a Plumbers", True, "a company under a name"),
    ("Jo Hall t/a Hall & Sons", False, "a person under a name"),
    ("Jo Hall trading as ABC Ltd", False, "a person under a name, in words"),
    ("Ann Council", False, "a surname"),
    ("Penny Church", False, "a surname"),
    ("Grace Prison", False, "a surname"),
    ("Bill Banks", False, "a surname"),
    ("Court", False, "a surname"),
    ("Kim Son", False, "a surname"),
    ("Mary & Co", True, "no surname stands behind an and"),
    ("Co, Maria", False, "a surname of the Philippines"),
    ("Mr & Mrs Hall", False, "two people"),
    ("Ltd", False, "nobody's name before it"),
    ("Limitedson", False, "part of a word"),
    ("", False, "empty"),
    (None, None, "null stays"),
]


def test_hard_parties(spark: SparkSession) -> None:
    check(spark, is_organisation, PARTIES)


@pytest.mark.parametrize("joint", ["{}", "Anna {}", "{} Hall", "{} & {}", "Mr and Mrs {}"])
def test_no_surname_of_any_origin_makes_an_organisation(spark: SparkSession, joint: str) -> None:
    surnames = sorted({name for names in name_tables().surnames.lists for name in names})
    assert len(surnames) > 500
    assert not any(clean(spark, is_organisation, [joint.format(name, name) for name in surnames]))
