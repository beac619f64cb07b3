"""What standardisation found in a record and took out or doubts, as codes."""

from __future__ import annotations

from enum import StrEnum

from pyspark.sql import Column
from pyspark.sql import functions as F


class Evidence(StrEnum):
    """A finding about one field of a record. The value stays in the supply, not here."""

    FORENAME_INITIAL = "forename_initial"
    FORENAME_UNUSABLE = "forename_unusable"
    SURNAME_UNUSABLE = "surname_unusable"
    DOB_UNREADABLE = "dob_unreadable"
    DOB_PLACEHOLDER = "dob_placeholder"
    DOB_IMPLAUSIBLE = "dob_implausible"
    DOB_FIRST_JANUARY = "dob_first_january"
    SEX_UNUSABLE = "sex_unusable"
    POSTCODE_INVALID = "postcode_invalid"
    POSTCODE_NO_FIXED_ABODE = "postcode_no_fixed_abode"
    POSTCODE_PSEUDO = "postcode_pseudo"
    PNC_INVALID = "pnc_invalid"
    CRO_INVALID = "cro_invalid"
    PRISON_NUMBER_INVALID = "prison_number_invalid"
    CRN_INVALID = "crn_invalid"


def collect(findings: dict[Evidence, Column]) -> Column:
    """The codes whose condition holds, in the order of `findings`; null when none does.

    A condition that is null does not hold.

    >>> found = {Evidence.PNC_INVALID: F.lit(True), Evidence.CRO_INVALID: F.lit(None).cast("boolean")}
    >>> spark.range(1).select(collect(found)).first()[0]
    ['pnc_invalid']
    """
    text = F.concat_ws(",", *(F.when(holds, F.lit(finding.value)) for finding, holds in findings.items()))
    return F.split(F.nullif(text, F.lit("")), ",")
