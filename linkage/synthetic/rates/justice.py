"""Rates of journeys through the criminal, civil and family courts, of prison and of probation."""

from __future__ import annotations

from typing import Annotated

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Chances, Mix, Rate, codes, columns


class Journeys(Frozen):
    """Ways through the justice system; `sent_*` are chances of a case to reach the Crown Court."""

    custody: Rate
    community: Rate
    cases_court: Rate
    cases_community: Rate
    cases_custody: Rate
    further_custody: Rate
    further_community: Rate
    community_disposals: Annotated[Mix, codes("disposal")]
    other_disposals: Annotated[Mix, codes("disposal")]
    sent_court: Rate
    sent_community: Rate
    sent_custody: Rate
    for_trial: Rate
    appeal: Rate
    split: Rate
    joined: Rate
    lost: Rate
    joint: Rate
    takes_part: Rate
    not_convicted: Rate
    remand_only: Rate
    licence: Rate
    recall: Rate
    common_platform_2021: Rate
    common_platform_2022: Rate
    assessed_prolific: Rate
    assessed: Rate
    assessed_in_company_areas: Rate


class Courts(Frozen):
    """What the records of the two criminal courts say."""

    offences: Rate
    offence_categories: Annotated[Mix, codes("offence_category")]
    pleas: Annotated[Mix, codes("plea")]
    crown_pleas: Annotated[Mix, codes("plea")]
    remand: Annotated[Mix, codes("remand_status")]
    acquitted: Rate


class Prison(Frozen):
    """Incidents of custodial journeys."""

    with_incident: Rate
    incidents: Rate
    incident_types: Annotated[Mix, codes("safety_incident")]


class Probation(Frozen):
    """What supervision consists of, and how it ends."""

    requirements: Annotated[Mix, codes("requirement")]
    requirements_before_rar: Annotated[Mix, codes("requirement")]
    second_part: Rate
    third_part: Rate
    conditions: Annotated[Mix, codes("licence_condition")]
    supervision_requirements: Annotated[Mix, codes("pss_requirement")]
    terminations: Annotated[Mix, codes("termination")]
    breached: Rate


class Oasys(Frozen):
    """Assessments of an episode in custody or under supervision, and their answers."""

    stages: Annotated[Chances, codes("oasys_stage")]
    no_answer: Rate
    needs: Annotated[Chances, columns("oasys")]
    significant: Rate
    flags: Annotated[Chances, columns("oasys")]
    employment: Annotated[Mix, codes("employment_status")]


class Civil(Frozen):
    """Civil claims of people."""

    of_offenders: Rate
    of_others: Rate
    claims: Rate
    claimant: Rate
    joint_partner: Rate
    against: Annotated[Mix, codes("claim_type")]
    by: Annotated[Mix, codes("claim_type")]
    heard: Rate
    judged: Rate
    warrant: Rate
    repossessed: Rate
    initial_only: Rate
    miss: Rate


class Lawyers(Frozen):
    """What family courts record of legal representatives."""

    female: Rate
    sex_known: Rate
    middle_name: Rate
    area_known: Rate


class FamilyCourt(Frozen):
    """Family cases of units of four people."""

    cases: Rate
    second_child: Rate
    with_children: Annotated[Mix, codes("family_case_type")]
    without_children: Annotated[Mix, codes("family_case_type")]
    harm: Annotated[Mix, codes("harm_alleged")]
    fee_exempt: Rate
    first_hearing: Rate
    second_hearing: Rate
    third_hearing: Rate
    ordered: Rate
    represented: Rate
    lawyers: Lawyers
