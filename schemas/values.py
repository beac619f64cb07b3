"""The form of a value set: codes with meanings, and from when to when each was used."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from linkage.documents import Frozen
from schemas.vocabulary import Provenance


class Code(Frozen):
    """One code. Without `valid_from` it was always used, without `valid_to` it still is; both days count.

    `provenance` is that of the code where it differs from the set's.
    """

    meaning: str = Field(min_length=1)
    valid_from: date | None = None
    valid_to: date | None = None
    provenance: Provenance | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Code:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self

    @property
    def is_dated(self) -> bool:
        """Whether there are days on which the code is not valid."""
        return self.valid_from is not None or self.valid_to is not None


class ValueSet(Frozen):
    """The codes that a column may hold, in the order of the file; a bare text is a code's meaning."""

    name: str
    description: str
    provenance: Provenance
    codes: dict[str, Code] = Field(min_length=1)
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_meanings(cls, content: object) -> object:
        if isinstance(content, dict) and isinstance(content.get("codes"), dict):
            codes = {code: {"meaning": m} if isinstance(m, str) else m for code, m in content["codes"].items()}
            return content | {"codes": codes}
        return content
