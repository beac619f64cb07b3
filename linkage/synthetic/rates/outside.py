"""Rates of records outside the courts and prisons: schools, treatment, housing, money, health, the police."""

from __future__ import annotations

from typing import Annotated

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Chances, Mix, Rate, codes


class Schools(Frozen):
    """Pupils and what schools know of them."""

    pupils: Rate
    attainment: Annotated[Mix, codes("school_phase_attainment")]
    needs_before_reform: Annotated[Mix, codes("sen_provision")]
    needs: Annotated[Mix, codes("sen_provision")]
    social_care: Annotated[Mix, codes("social_care")]
    excluded: Rate
    excluded_offenders: Rate


class Treatment(Frozen):
    """Treatment for drugs and alcohol."""

    people: Rate
    episodes: Rate
    prison: Rate
    reached_atr: Rate
    reached_drr: Rate
    soon: Rate
    with_surname: Rate
    second_modality: Rate
    started: Rate
    substances: Annotated[Mix, codes("substance")]
    sources: Annotated[Mix, codes("referral_source")]
    outcomes: Annotated[Mix, codes("treatment_outcome")]
    modalities: Annotated[Mix, codes("treatment_modality")]


class Housing(Frozen):
    """Homeless households, and people who sleep rough."""

    homeless: Rate
    no_fixed_abode: Rate
    cases: Rate
    temporary: Rate
    duties: Annotated[Mix, codes("homelessness_duty")]
    outcomes: Annotated[Mix, codes("accommodation_outcome")]
    needs: Annotated[Chances, codes("support_need")]
    rough_sleeping: Rate
    contacts: Rate
    met: Annotated[Mix, codes("rough_sleeping_contact")]


class Money(Frozen):
    """Benefits, employment and Child Benefit."""

    benefits: Rate
    spells: Rate
    kinds: Annotated[Mix, codes("benefit")]
    kinds_before_uc: Annotated[Mix, codes("benefit")]
    employed: Rate
    jobs: Rate
    child_benefit: Rate
    two_children: Rate


class Health(Frozen):
    """Causes of death, and hospital episodes for assault or drugs."""

    causes_of_death: Annotated[Mix, codes("death_cause_group")]
    hospital: Rate
    hospital_others: Rate
    episodes: Rate
    first_episode: Rate
    why: Annotated[Mix, codes("hes_cause")]


class Crime(Frozen):
    """Contacts with the police, and support of victims of rape and sexual abuse."""

    police: Rate
    contacts: Rate
    suspected: Rate
    roles: Annotated[Mix, codes("police_contact_role")]
    outcomes: Annotated[Mix, codes("police_outcome")]
    victims: Rate
    female: Rate
    male: Rate
    supports: Rate
    services: Annotated[Mix, codes("victim_service")]
    reported: Rate
