"""Rates of records outside the courts and prisons: schools, treatment, housing, money, health, the police."""

from __future__ import annotations

from typing import Annotated

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Chances, Mean, Mix, Rate, Share, codes


class Schools(Frozen):
    """Pupils and what schools know of them."""

    pupils: Share
    attainment: Annotated[Mix, codes("school_phase_attainment")]
    needs_before_reform: Annotated[Mix, codes("sen_provision")]
    needs: Annotated[Mix, codes("sen_provision")]
    social_care: Annotated[Mix, codes("social_care")]
    excluded: Share
    excluded_offenders: Share


class Treatment(Frozen):
    """Treatment for drugs and alcohol."""

    people: Share
    episodes: Mean
    prison: Share
    reached_atr: Share
    reached_drr: Share
    soon: Share
    with_surname: Share
    second_modality: Share
    started: Share
    substances: Annotated[Mix, codes("substance")]
    sources: Annotated[Mix, codes("referral_source")]
    outcomes: Annotated[Mix, codes("treatment_outcome")]
    modalities: Annotated[Mix, codes("treatment_modality")]


class Housing(Frozen):
    """Homeless households, and people who sleep rough."""

    homeless: Share
    no_fixed_abode: Rate
    cases: Mean
    temporary: Share
    duties: Annotated[Mix, codes("homelessness_duty")]
    outcomes: Annotated[Mix, codes("accommodation_outcome")]
    needs: Annotated[Chances, codes("support_need")]
    rough_sleeping: Share
    contacts: Mean
    met: Annotated[Mix, codes("rough_sleeping_contact")]


class Money(Frozen):
    """Benefits, employment and Child Benefit."""

    benefits: Share
    spells: Mean
    kinds: Annotated[Mix, codes("benefit")]
    kinds_before_uc: Annotated[Mix, codes("benefit")]
    employed: Share
    jobs: Mean
    child_benefit: Share
    two_children: Share


class Health(Frozen):
    """Causes of death, and hospital episodes for assault or drugs."""

    causes_of_death: Annotated[Mix, codes("death_cause_group")]
    hospital: Share
    hospital_others: Share
    episodes: Mean
    first_episode: Share
    why: Annotated[Mix, codes("hes_cause")]


class Crime(Frozen):
    """Contacts with the police, and support of victims of rape and sexual abuse."""

    police: Share
    contacts: Mean
    suspected: Share
    roles: Annotated[Mix, codes("police_contact_role")]
    outcomes: Annotated[Mix, codes("police_outcome")]
    victims: Share
    female: Rate
    male: Rate
    supports: Mean
    services: Annotated[Mix, codes("victim_service")]
    reported: Share
