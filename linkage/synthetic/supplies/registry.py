"""All supplies by name, and the tables that come along with each."""

from __future__ import annotations

from collections.abc import Mapping

from linkage.synthetic.supplies import civil, crown, family, magistrates, oasys, prison, probation
from linkage.synthetic.world import Companion, Form

_FORMS = (
    magistrates.FORM,
    crown.FORM,
    prison.FORM,
    probation.FORM,
    civil.FORM,
    family.FORM,
    oasys.FORM,
)
FORMS: Mapping[str, Form] = {form.dataset: form for form in _FORMS}
COMPANIONS: Mapping[str, tuple[Companion, ...]] = {
    "magistrates": (magistrates.OFFENCES,),
    "crown": (crown.OFFENCES,),
    "prison": (prison.INCIDENTS,),
    "probation": probation.COMPANIONS,
    "civil": civil.COMPANIONS,
    "family": family.COMPANIONS,
}
JUSTICE = ("magistrates", "crown", "prison", "probation", "civil", "family", "oasys")
