"""The words that schemas are written with: zones, sensitivities, roles in keys, and tags of provenance."""

from __future__ import annotations

from enum import StrEnum


class Zone(StrEnum):
    """Separate roots with separate rights: what may be known in one must not reach another."""

    LANDING = "landing"
    IDENTIFIERS = "identifiers"
    ATTRIBUTES = "attributes"
    LINKAGE = "linkage"
    EVALUATION = "evaluation"
    PUBLISHED = "published"
    EXTRACTS = "extracts"
    OUTPUTS = "outputs"
    AUDIT = "audit"


class Sensitivity(StrEnum):
    """What a column can give away about a person."""

    DIRECT = "direct identifier"
    INDIRECT = "indirect identifier"
    SPECIAL = "special category"
    NONE = "none"


class KeyRole(StrEnum):
    """The part of a column in keys.

    `primary` identifies the row, alone or with others; `foreign` names a row of another table, and
    may be primary too; `shared` is a number that several tables hold (PNC, CRN, URN): it joins them
    many to many, and can be wrong.
    """

    PRIMARY = "primary"
    FOREIGN = "foreign"
    SHARED = "shared"


class Provenance(StrEnum):
    """Where the knowledge of a column, a share or a code comes from; `sources.yaml` has the documents.

    S0-S4: a source document of the programme; CPR: the Ministry of Justice's public
    person-matching code; P: a public page; K: general knowledge, unchecked; A: assumed;
    OWN: made by this project.
    """

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    CPR = "CPR"
    PUBLIC = "P"
    KNOWLEDGE = "K"
    ASSUMED = "A"
    OWN = "own"

    @property
    def standing(self) -> str:
        """How sure the knowledge is: known, unchecked, assumed, or our own.

        >>> Provenance.S1.standing, Provenance.ASSUMED.standing
        ('known', 'assumed')
        """
        others = {Provenance.KNOWLEDGE: "unchecked", Provenance.ASSUMED: "assumed", Provenance.OWN: "own"}
        return others.get(self, "known")
