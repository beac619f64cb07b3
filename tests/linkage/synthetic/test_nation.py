"""The nation as a whole: who is in which supplies and when, what belongs together, what is bad on purpose."""

from __future__ import annotations

from itertools import pairwise

import pytest

import schemas
from linkage.synthetic.supplies.registry import COMPANIONS, FORMS
from tests.linkage.synthetic.nation import CRIMINAL, Nation, key_of, rates

# The first test makes the nation: minutes, on a machine that has much else to do.
pytestmark = pytest.mark.timeout(900)

# Of 1,000 people with a magistrates' record, those who are in the dataset too (assumed).
PER_THOUSAND = {
    "crown": 190,
    "probation": 330,
    "prison": 170,
    "oasys": 230,
    "civil": 140,
    "family": 90,
    "ndtms": 75,
    "homelessness": 35,
}
RECORDS_PER_PERSON = {
    "magistrates": 2.6,
    "crown": 1.4,
    "prison": 2.2,
    "probation": 1.8,
    "civil": 1.7,
    "family": 1.6,
    "oasys": 2.4,
    "ndtms": 1.9,
}
# The first and the last year of events.
COVERAGE = {
    "magistrates": (2011, 2022),
    "crown": (2013, 2022),
    "prison": (2010, 2022),
    "probation": (2014, 2020),
    "civil_cases": (2012, 2022),
    "family_cases": (2011, 2021),
    "pnc": (2010, 2021),
    "npd": (2002, 2021),
    "homelessness_cases": (2018, 2022),
}
SEALED = [name for name in schemas.names() if name in FORMS or schemas.load(name).part_of in FORMS]


def test_every_supply_is_made(nation: Nation) -> None:
    assert nation.names == {*FORMS, *(c.name for made in COMPANIONS.values() for c in made)}
    assert set(schemas.value_set("source_dataset")) <= nation.names
    assert all(nation.value(f"SELECT count(*) FROM {name}") > 0 for name in nation.names)


@pytest.mark.parametrize("dataset", PER_THOUSAND)
def test_overlaps_come_from_journeys(nation: Nation, dataset: str) -> None:
    court = "(SELECT person FROM persons WHERE dataset = 'magistrates')"
    both = nation.value(f"SELECT count(*) FROM persons WHERE dataset = '{dataset}' AND person IN {court}")
    people = nation.value(f"SELECT count(*) FROM {court}")
    wanted = PER_THOUSAND[dataset]
    # Three standard errors of a share of some 2,700 people, and a tenth for what coverage does.
    assert 1000 * both / people == pytest.approx(wanted, abs=0.1 * wanted + 3 * (wanted * 1000 / people) ** 0.5)


def test_some_people_are_known_to_one_court_only(nation: Nation) -> None:
    def known(dataset: str) -> float:
        share: float = nation.value(
            "SELECT avg((person IN (SELECT person FROM persons WHERE dataset = 'magistrates'))::INT)"
            f" FROM persons WHERE dataset = '{dataset}'"
        )
        return share

    assert known("crown") == pytest.approx(0.97, abs=0.02)
    assert known("civil") == pytest.approx(0.40, abs=0.06)
    assert known("family") == pytest.approx(0.20, abs=0.05)


def test_nobody_is_in_two_prisons_at_once(nation: Nation) -> None:
    journeys = (
        f"(SELECT true_person_id AS person, {key_of('prison')} AS key, establishment_code AS place, recall_date::DATE"
        " AS back, reception_date::DATE AS begin, coalesce(release_date::DATE, '9999-12-31'::DATE) AS finish"
        f" FROM prison JOIN truth ON source_dataset = 'prison' AND source_key = {key_of('prison')}"
        " WHERE reception_date != 'not known')"
    )
    pairs = f"FROM {journeys} a JOIN {journeys} b ON a.person = b.person AND a.key < b.key"
    meet = "a.begin <= b.finish AND b.begin <= a.finish"
    # A near duplicate is a journey delivered twice.
    same = "(a.begin, a.finish, a.place) = (b.begin, b.finish, b.place)"
    twice, meeting, apart = nation.rows(
        f"SELECT count_if({same}), count_if(({meet}) AND NOT {same}), count_if(NOT ({meet})) {pairs}"
    )[0]
    assert meeting == 0
    assert apart > 300
    rate = rates().of("prison").near_duplicate.rate
    assert twice < 2 * rate * nation.value("SELECT count(*) FROM prison")
    # Nor recalled to one while in another.
    assert nation.value(f"SELECT count(*) {pairs} WHERE NOT {same} AND a.back BETWEEN b.begin AND b.finish") == 0
    assert nation.value(f"SELECT count(*) {pairs} WHERE NOT {same} AND b.back BETWEEN a.begin AND a.finish") == 0


def test_who_is_assessed_is_in_prison_or_on_probation(nation: Nation) -> None:
    elsewhere = nation.value(
        "SELECT count(*) FROM persons WHERE dataset = 'oasys' AND person NOT IN"
        " (SELECT person FROM persons WHERE dataset IN ('prison', 'probation'))"
    )
    # But for those whose only row there is bad on purpose.
    assert elsewhere <= 0.02 * nation.value("SELECT count(*) FROM persons WHERE dataset = 'oasys'")


@pytest.mark.parametrize("dataset", RECORDS_PER_PERSON)
def test_people_have_as_many_records_as_asked(nation: Nation, dataset: str) -> None:
    query = f"SELECT count(*) / count(DISTINCT true_person_id) FROM truth WHERE source_dataset = '{dataset}'"
    assert nation.value(query) == pytest.approx(RECORDS_PER_PERSON[dataset], rel=0.15)


@pytest.mark.parametrize("table", COVERAGE)
def test_events_are_of_the_years_that_a_supply_covers(nation: Nation, table: str) -> None:
    day = schemas.load(table).event_date or "first_offence_date"
    [(first, last)] = nation.rows(
        f"SELECT min(y), max(y) FROM (SELECT year(try_cast({day} AS DATE)) AS y FROM {table})"
    )
    assert COVERAGE[table][0] <= first <= last <= COVERAGE[table][1]


def test_the_courts_move_to_another_system(nation: Nation) -> None:
    """40% of cases are missing in 2021 and 80% in 2022, of numbers that change little from year to year."""
    by_year = dict(nation.rows("SELECT left(first_hearing_date, 4), count(*) FROM magistrates GROUP BY 1"))
    before = [by_year[str(year)] for year in range(2014, 2021)]
    assert max(before) < 1.8 * min(before)
    assert by_year["2021"] / by_year["2020"] == pytest.approx(0.6, abs=0.15)
    assert by_year["2022"] / by_year["2020"] == pytest.approx(0.2, abs=0.1)


def test_time_goes_forward(nation: Nation) -> None:
    orders = {
        "magistrates": ("offence_date", "first_hearing_date", "completion_date"),
        "crown": ("receipt_date", "main_hearing_date"),
        "prison": ("reception_date", "release_date", "recall_date"),
        "probation": ("referral_date", "termination_date"),
        "probation_requirements": ("start_date", "end_date"),
        "ndtms": ("triage_date", "discharge_date"),
        "hes_episodes": ("admission_date", "episode_end_date"),
    }
    for table, days in orders.items():
        dated = [f"try_cast({day} AS DATE)" for day in days]
        for earlier, later in pairwise(dated):
            assert nation.value(f"SELECT count(*) FROM {table} WHERE {later} < {earlier}") == 0, (table, later)


def test_nothing_happens_after_death(nation: Nation) -> None:
    died = (
        "(SELECT true_person_id, min(try_cast(death_date AS DATE)) AS death FROM mortality INNER JOIN truth"
        f" ON source_dataset = 'mortality' AND source_key = {key_of('mortality')} GROUP BY 1)"
    )
    seen = 0
    for dataset, days in {
        "magistrates": ["first_hearing_date"],
        "crown": ["receipt_date"],
        "prison": ["reception_date", "release_date", "recall_date"],
        "probation": ["referral_date", "termination_date"],
        "oasys": ["assessment_date"],
    }.items():
        latest = f"greatest({', '.join(f'try_cast({day} AS DATE)' for day in days)})"
        rows, late = nation.rows(
            f"SELECT count(*), count_if({latest} > death) FROM {dataset} INNER JOIN truth"
            f" ON source_dataset = '{dataset}' AND source_key = {key_of(dataset)}"
            f" INNER JOIN {died} USING (true_person_id)"
        )[0]
        seen += rows
        assert late == 0, dataset
    assert seen > 50


def test_foreign_keys_name_rows_that_there_are(nation: Nation) -> None:
    checked = 0
    for table in nation.names:
        for key in schemas.load(table).foreign_keys:
            if key.table in nation.names:
                pairs = " AND ".join(f"a.{o} = b.{t}" for o, t in zip(key.columns, key.references, strict=True))
                there = " AND ".join(f"a.{column} IS NOT NULL" for column in key.columns)
                lost = f"SELECT count(*) FROM {table} a WHERE {there} AND NOT EXISTS (FROM {key.table} b WHERE {pairs})"
                assert nation.value(lost) == 0, (table, key.table)
                checked += 1
    assert checked >= 14


def test_companions_have_unique_keys(nation: Nation) -> None:
    for made in COMPANIONS.values():
        for companion in made:
            key = ", ".join(schemas.load(companion.name).key)
            total, distinct = nation.rows(f"SELECT count(*), count(DISTINCT ({key})) FROM {companion.name}")[0]
            assert total == distinct, companion.name


def test_codes_are_those_of_the_value_sets(nation: Nation) -> None:
    for table in nation.names:
        for column in schemas.load(table).columns:
            if column.values is not None and column.values != "hes_age_band":
                found = nation.rows(f"SELECT DISTINCT {column.name} FROM {table} WHERE {column.name} IS NOT NULL")
                assert {code for (code,) in found} <= {*schemas.value_set(column.values), "all"}, (table, column.name)


def test_cases_of_two_courts_belong_together_many_to_many(nation: Nation) -> None:
    assert {kind for (kind,) in nation.rows("SELECT DISTINCT link_type FROM links")} == {"trial", "sentence", "appeal"}
    for one in ("magistrates_key", "crown_key"):
        assert nation.value(f"SELECT max(n) FROM (SELECT count(*) AS n FROM links GROUP BY {one})") == 2
    joined = (
        f"FROM links l JOIN (SELECT *, {key_of('magistrates')} AS key FROM magistrates) m ON l.magistrates_key = m.key"
        " JOIN crown c ON l.crown_key = c.defendant_on_case_id WHERE m.urn IS NOT NULL AND c.urn IS NOT NULL"
    )
    # But for cases that were joined to another's indictment, and so have its number.
    assert nation.value(f"SELECT avg((m.urn = c.urn)::INT) {joined}") > 0.9
    assert nation.value(f"SELECT avg((m.committal = l.link_type)::INT) {joined} AND l.link_type != 'appeal'") == 1


def test_co_defendants_share_a_case_and_its_hearing(nation: Nation) -> None:
    people = (
        "SELECT m.case_id, count(DISTINCT true_person_id) AS people, count(DISTINCT first_hearing_date) AS days"
        f" FROM magistrates m JOIN truth ON source_dataset = 'magistrates' AND source_key = {key_of('magistrates')}"
        " WHERE try_cast(first_hearing_date AS DATE) IS NOT NULL GROUP BY 1"
    )
    shared, days = nation.rows(f"SELECT count(*), max(days) FROM ({people}) WHERE people > 1")[0]
    assert (shared > 50, days) == (True, 1)


def test_families_are_parties_of_one_case(nation: Nation) -> None:
    cases = "SELECT case_number, list_sort(list(DISTINCT role)) AS roles FROM family GROUP BY 1"
    roles = dict(nation.rows(f"SELECT roles::VARCHAR, count(*) FROM ({cases}) GROUP BY 1"))
    assert roles["[applicant, child, respondent]"] > 50
    assert nation.value("SELECT count(*) FROM family WHERE role = 'legal_representative'") > 50
    # Partners are sued together.
    both = "SELECT case_number FROM civil WHERE role = 'defendant' AND party_type = 'P' GROUP BY 1 HAVING count(*) > 1"
    assert nation.value(f"SELECT count(*) FROM ({both})") > 20


@pytest.mark.parametrize("dataset", CRIMINAL)
def test_bad_rows_are_there_and_truth_knows_the_good_ones(nation: Nation, dataset: str) -> None:
    schema = schemas.load(dataset)
    total = nation.value(f"SELECT count(*) FROM {dataset}")
    keyed = f"(SELECT {key_of(dataset)} AS key, count(*) AS n FROM {dataset} GROUP BY 1)"
    lost = nation.value(f"SELECT count(*) FROM {dataset} WHERE {key_of(dataset)} IS NULL")
    shared = nation.value(f"SELECT coalesce(sum(n), 0) FROM {keyed} WHERE key IS NOT NULL AND n > 1")
    unreadable = nation.value(f"SELECT count(*) FROM {dataset} WHERE {schema.event_date} = 'not known'")
    assert 0 < lost + shared + unreadable < 0.02 * total
    known = f"(SELECT source_key FROM truth WHERE source_dataset = '{dataset}')"
    assert nation.value(f"SELECT count(*) = count(DISTINCT source_key) FROM {known}")
    assert (
        nation.value(
            f"SELECT count(*) FROM {known} WHERE source_key NOT IN (SELECT key FROM {keyed} WHERE key IS NOT NULL)"
        )
        == 0
    )
    single = f"SELECT key FROM {keyed} WHERE n = 1 AND key IS NOT NULL AND key NOT IN {known}"
    people = " AND party_type = 'P'" if "party_type" in schema.column_names else ""
    assert nation.value(f"SELECT count(*) FROM {dataset} WHERE {key_of(dataset)} IN ({single}){people}") == 0


def test_near_duplicates_are_one_case_twice(nation: Nation) -> None:
    asked = rates().of("magistrates").near_duplicate.rate
    twice = nation.value(
        "SELECT count(*) FROM (SELECT case_id FROM magistrates m"
        f" JOIN truth ON source_dataset = 'magistrates' AND source_key = {key_of('magistrates')}"
        " GROUP BY case_id, true_person_id HAVING count(*) > 1)"
    )
    assert twice / nation.value("SELECT count(*) FROM magistrates") == pytest.approx(asked, rel=0.3)
