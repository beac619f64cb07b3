"""What standardisation found in a record and took out or doubts, as codes."""

from __future__ import annotations

from enum import StrEnum
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F


class Evidence(StrEnum):
    """A finding about one field of a record. The value stays in the supply, not here."""

    FORENAME_INITIAL = "forename_initial"
    FORENAME_UNUSABLE = "forename_unusable"
    INITIALS_UNUSABLE = "initials_unusable"
    SURNAME_UNUSABLE = "surname_unusable"
    DOB_UNREADABLE = "dob_unreadable"
    DOB_PLACEHOLDER = "dob_placeholder"
    DOB_IMPLAUSIBLE = "dob_implausible"
    DOB_FIRST_JANUARY = "dob_first_january"
    SEX_UNUSABLE = "sex_unusable"
    SEX_FROM_TITLE = "sex_from_title"
    POSTCODE_INVALID = "postcode_invalid"
    POSTCODE_NO_FIXED_ABODE = "postcode_no_fixed_abode"
    POSTCODE_PSEUDO = "postcode_pseudo"
    ADDRESS_NO_FIXED_ABODE = "address_no_fixed_abode"
    ADDRESS_INSTITUTION = "address_institution"
    PNC_INVALID = "pnc_invalid"
    CRO_INVALID = "cro_invalid"
    PRISON_NUMBER_INVALID = "prison_number_invalid"
    CRN_INVALID = "crn_invalid"
    NINO_INVALID = "nino_invalid"
    NHS_NUMBER_INVALID = "nhs_number_invalid"
    UPN_INVALID = "upn_invalid"
    ASN_INVALID = "asn_invalid"
    URN_INVALID = "urn_invalid"


def collect(findings: dict[Evidence, Column]) -> Column:
    """The codes whose condition holds, in the order of `Evidence`; null when none does.

    A condition that is null does not hold. Each is read twice: it should be short.

    >>> found = {Evidence.PNC_INVALID: F.lit(True), Evidence.CRO_INVALID: F.lit(None).cast("boolean")}
    >>> spark.range(1).select(collect(found)).first()[0]
    ['pnc_invalid']
    """
    if not findings:
        return F.lit(None).cast("array<string>")
    codes = (F.when(findings[finding], F.lit(finding.value)) for finding in Evidence if finding in findings)
    any_holds = reduce(or_, (F.coalesce(holds, F.lit(False)) for holds in findings.values()))
    # Most records have no finding, and making an array is slow.
    return F.when(any_holds, F.array_compact(F.array(*codes)))
