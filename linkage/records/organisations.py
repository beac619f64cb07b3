"""Organisations among the parties of a case, by their names. Null in, null out.

The signs are general knowledge. They are few on purpose: an organisation that stays in is clutter,
a person who is left out is a missed match. So no word counts that people are called by too, such
as Bank, Church, Council, Court, Prison or Young, unless what stands beside it leaves no doubt.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from linkage.records.text import capitals

_LAST_WORDS = (
    *("LTD", "LIMITED", "PLC", "LLP", "CIC", "GMBH"),
    *("HOLDINGS", "PROPERTIES", "INVESTMENTS", "LETTINGS", "SOLICITORS"),
    "(?:AND|&) (?:SONS|CO|COMPANY|PARTNERS|ASSOCIATES)",
)
_WORDS = (
    "(?:CITY|COUNTY|BOROUGH|DISTRICT|TOWN|PARISH|METROPOLITAN) COUNCIL",
    "COUNCIL OF",
    "LONDON BOROUGH OF",
    "HOUSING (?:ASSOCIATION|TRUST|GROUP|SOCIETY)",
    "BUILDING SOCIETY",
    "NHS (?:FOUNDATION )?TRUST",
    "HM (?:PRISON|YOI|COURTS|REVENUE)",
    "HMP|HMRC|HMCTS",
    "CROWN PROSECUTION SERVICE",
    "CHIEF CONSTABLE",
    "METROPOLITAN POLICE|POLICE (?:FORCE|SERVICE|AUTHORITY)",
    "SECRETARY OF STATE",
    "DEPARTMENT (?:OF|FOR)",
)
# Who trades under a name stands before it.
_TRADING = r" (?:T ?/ ?A|TRADING AS) .*\z"
_ORGANISATION = rf"[A-Z0-9] (?:{'|'.join(_LAST_WORDS)})\z|\b(?:{'|'.join(_WORDS)})\b"


def is_organisation(name: Column) -> Column:
    """Whether the name of a party is that of an organisation beyond doubt.

    A person who trades under a name is a person.

    >>> names = ["Hall & Sons Ltd.", "Leeds City Council", "Ann Council", "Jo Hall t/a Hall & Sons"]
    >>> df = spark.createDataFrame([(n,) for n in names], "name string")
    >>> [row[0] for row in df.select(is_organisation(F.col("name"))).collect()]
    [True, True, False, False]
    """
    bearer = F.regexp_replace(capitals(name), _TRADING, "")
    plain = F.regexp_replace(F.translate(bearer, ".'", ""), "[^A-Z0-9&]+", " ")
    return F.trim(plain).rlike(_ORGANISATION)
