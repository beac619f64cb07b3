"""All supplies by name, and the tables that come along with each."""

from __future__ import annotations

from collections.abc import Mapping

from linkage.synthetic.supplies import (
    civil,
    crime,
    crown,
    family,
    health,
    housing,
    magistrates,
    money,
    oasys,
    prison,
    probation,
    schools,
    treatment,
)
from linkage.synthetic.world import Companion, Form

_FORMS = (
    magistrates.FORM,
    crown.FORM,
    prison.FORM,
    probation.FORM,
    civil.FORM,
    family.FORM,
    oasys.FORM,
    schools.PNC,
    schools.NPD,
    treatment.NDTMS,
    treatment.WNDSM,
    housing.HOMELESSNESS,
    housing.ROUGH_SLEEPING,
    money.DWP,
    money.HMRC,
    money.CHILD_BENEFIT,
    health.MORTALITY,
    health.HES,
    crime.VICTIMS,
    crime.POLICE,
)
FORMS: Mapping[str, Form] = {form.dataset: form for form in _FORMS}
COMPANIONS: Mapping[str, tuple[Companion, ...]] = {
    "magistrates": (magistrates.OFFENCES,),
    "crown": (crown.OFFENCES,),
    "prison": (prison.INCIDENTS,),
    "probation": probation.COMPANIONS,
    "civil": civil.COMPANIONS,
    "family": family.COMPANIONS,
    "ndtms": (treatment.MODALITIES,),
    "homelessness": housing.COMPANIONS,
    "hes_episodes": health.COMPANIONS,
}
