"""Rates of journeys through the criminal, civil and family courts, of prison and of probation."""

from __future__ import annotations

from typing import Annotated

from linkage.documents import Frozen
from linkage.synthetic.rates.figures import Chances, Mean, Mix, Share, codes, columns


class Journeys(Frozen):
    """Ways through the justice system; `sent_*` are chances of a case to reach the Crown Court."""

    custody: Share
    community: Share
    cases_court: Mean
    cases_community: Mean
    cases_custody: Mean
    further_custody: Share
    further_community: Share
    community_disposals: Annotated[Mix, codes("disposal")]
    other_disposals: Annotated[Mix, codes("disposal")]
    sent_court: Share
    sent_community: Share
    sent_custody: Share
    for_trial: Share
    appeal: Share
    split: Share
    joined: Share
    lost: Share
    joint: Share
    takes_part: Share
    not_convicted: Share
    remand_only: Share
    remanded: Share
    licence: Share
    recall: Share
    common_platform_2021: Share
    common_platform_2022: Share
    assessed_prolific: Share
    assessed: Share
    assessed_in_company_areas: Share


class Courts(Frozen):
    """What the records of the two criminal courts say."""

    offences: Mean
    offence_categories: Annotated[Mix, codes("offence_category")]
    pleas: Annotated[Mix, codes("plea")]
    crown_pleas: Annotated[Mix, codes("plea")]
    remand: Annotated[Mix, codes("remand_status")]
    acquitted: Share


class Prison(Frozen):
    """Incidents of custodial journeys."""

    with_incident: Share
    incidents: Mean
    incident_types: Annotated[Mix, codes("safety_incident")]


class Probation(Frozen):
    """What supervision consists of, and how it ends."""

    requirements: Annotated[Mix, codes("requirement")]
    requirements_before_rar: Annotated[Mix, codes("requirement")]
    second_part: Share
    third_part: Share
    conditions: Annotated[Mix, codes("licence_condition")]
    supervision_requirements: Annotated[Mix, codes("pss_requirement")]
    terminations: Annotated[Mix, codes("termination")]
    breached: Share


class Oasys(Frozen):
    """Assessments of an episode in custody or under supervision, and their answers."""

    stages: Annotated[Chances, codes("oasys_stage")]
    no_answer: Share
    needs: Annotated[Chances, columns("oasys")]
    significant: Share
    flags: Annotated[Chances, columns("oasys")]
    employment: Annotated[Mix, codes("employment_status")]


class Civil(Frozen):
    """Civil claims of people."""

    of_offenders: Share
    of_others: Share
    claims: Mean
    claimant: Share
    joint_partner: Share
    against: Annotated[Mix, codes("claim_type")]
    by: Annotated[Mix, codes("claim_type")]
    heard: Share
    judged: Share
    warrant: Share
    repossessed: Share
    initial_only: Share
    miss: Share


class Lawyers(Frozen):
    """What family courts record of legal representatives."""

    female: Share
    sex_known: Share
    middle_name: Share
    area_known: Share


class FamilyCourt(Frozen):
    """Family cases of units of four people."""

    cases: Mean
    second_child: Share
    with_children: Annotated[Mix, codes("family_case_type")]
    without_children: Annotated[Mix, codes("family_case_type")]
    harm: Annotated[Mix, codes("harm_alleged")]
    fee_exempt: Share
    first_hearing: Share
    second_hearing: Share
    third_hearing: Share
    ordered: Share
    represented: Share
    lawyers: Lawyers
