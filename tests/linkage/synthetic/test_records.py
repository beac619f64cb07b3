"""Records of the nation: how often values are missing or wrong, and that none can be a real person's."""

from __future__ import annotations

import pytest

import schemas
from linkage.synthetic.names import load_table
from linkage.synthetic.supplies.registry import FORMS
from tests.linkage.synthetic.nation import CRIMINAL, Nation, key_of, rates

# The first test makes the nation: minutes, on a machine that has much else to do.
pytestmark = pytest.mark.timeout(900)

# No number of these forms was ever issued; see linkage/synthetic/identifiers.py. A mistyped digit of a PNC can leave
# the range, and then fails its check.
NEVER_ISSUED = {
    "pnc": r"(\d{4}|\d\d)/[1-9]\d{6}[A-Z]",
    "cro": r"([3-9]\d{5}/\d\d[A-Z]|000000/00Z|\d{6}/\d\d[A-Z])",
    "prison_number": r"[Q-Z]\d{4}[A-Z]{2}",
    "crn": r"[Q-ZIO]\d{6}",
    "nino": r"Q[A-Z]\d{6}[A-D]",
    "nhs_number": r"99\d{8}|9\d{9}",
    "upn": r"[A-Z]999\d{9}",
    "urn": r"00[A-Z]{2}\d{7}",
    "asn": r"\d\d/00ZZ/00/\d{11}[A-Z]",
    "previous_pncs": r"\d{4}/[1-9]\d{6}[A-Z]",
    "previous_cros": r"[3-9]\d{5}/\d\d[A-Z]",
    "previous_prison_numbers": r"[Q-Z]\d{4}[A-Z]{2}",
    "previous_crns": r"[Q-ZIO]\d{6}",
    "postcode": r"[QVX][A-HJ-Y][0-9]{1,2} [0-9][A-Z]{2}|NF1 1NF|NF1 1FA|ZZ99 3[VW]Z",
    "postcode_sector": r"[QVX][A-HJ-Y][0-9]{1,2} [0-9]|ZZ99 3",
}
# Junk that a cleaner has seen in real names (CPR), and that standardising takes off.
JUNK_PREFIXES, NOT_ENTERED = ("MIG_ERROR_", "NO_SHOW_", "DUPLICATE_"), "NOT ENTERED"
# What is missing for another reason than that the system lost it.
ELSEWHERE = {("probation", "previous_postcodes"), ("police", "pnc"), ("police", "urn"), ("victims", "urn")}


def test_no_identifier_can_be_a_real_persons(nation: Nation) -> None:
    found = set()
    for table in FORMS:
        for column in set(schemas.load(table).column_names) & NEVER_ISSUED.keys():
            wrong = (
                f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL"
                f" AND NOT regexp_full_match({column}, '{NEVER_ISSUED[column]}')"
            )
            # A digit of a PNC's serial mistyped as 0, where it then is short.
            few = 0.002 * nation.value(f"SELECT count(*) FROM {table}") if column == "pnc" else 0
            assert nation.value(wrong) <= few, (table, column)
            found.add(column)
    assert found == NEVER_ISSUED.keys()


@pytest.mark.parametrize("dataset", FORMS)
def test_values_are_missing_as_often_as_schemas_expect(nation: Nation, dataset: str) -> None:
    schema = schemas.load(dataset)
    expected = {
        c.name: c.expected_missing
        for c in schema.columns
        if c.expected_missing is not None and (dataset, c.name) not in ELSEWHERE
    }
    people = "WHERE party_type = 'P'" if "party_type" in schema.column_names else ""
    shares = ", ".join(f"avg(({name} IS NULL)::INT)" for name in expected)
    [(count, *found)] = nation.rows(f"SELECT count(*), {shares} FROM {dataset} {people}")
    for (name, asked), share in zip(expected.items(), found, strict=True):
        # Gaps gather on people and sites: four standard errors, and some more.
        assert share == pytest.approx(asked, abs=0.03 + 4 * (asked * (1 - asked) / count) ** 0.5), name


def test_in_family_cases_it_depends_on_the_role(nation: Nation) -> None:
    shares = dict(nation.rows("SELECT role, avg((dob IS NULL)::INT) FROM family WHERE party_type = 'P' GROUP BY 1"))
    assert shares["applicant"] == pytest.approx(0.08, abs=0.03)
    assert shares["respondent"] == pytest.approx(0.22, abs=0.04)
    assert shares["child"] == pytest.approx(0.03, abs=0.02)


def test_treatment_has_three_profiles_of_identifiers(nation: Nation) -> None:
    given = {
        profile: tuple(there)
        for profile, *there in nation.rows(
            "SELECT identifier_profile, bool_or(forename1 IS NOT NULL), bool_or(surname IS NOT NULL),"
            " bool_or(nino IS NOT NULL), bool_or(prison_number IS NOT NULL) FROM ndtms GROUP BY 1"
        )
    }
    assert given == {
        "initials_area": (False, False, False, False),
        "initials_surname": (False, True, True, False),
        "prison": (True, True, False, True),
    }


@pytest.fixture(scope="module")
def pairs(nation: Nation) -> Nation:
    """Pairs of criminal records of one person as `pairs`, values compared as the view's columns `l_…` and `r_…`."""
    records = []
    for dataset in CRIMINAL:
        dob = "strftime(try_strptime(dob, '%d/%m/%Y'), '%Y-%m-%d')" if dataset == "probation" else "dob"
        former = "coalesce(previous_postcodes, '')" if dataset == "probation" else "''"
        records.append(
            f"SELECT '{dataset}' AS dataset, nullif(upper(forename1), '{NOT_ENTERED}') AS forename,"
            f" regexp_replace(upper(surname), '^({'|'.join(JUNK_PREFIXES)})', '') AS surname, sex, pnc,"
            f" try_cast({schemas.load(dataset).event_date} AS DATE) AS day,"
            f" CASE WHEN {dob} NOT IN ('1900-01-01', '1970-01-01') THEN {dob} END AS dob,"
            " CASE WHEN regexp_matches(postcode, '^[QVX]') THEN postcode END AS postcode,"
            f" {former} AS former, true_person_id AS person FROM {dataset}"
            f" JOIN truth ON source_dataset = '{dataset}' AND source_key = {key_of(dataset)}"
        )
    nation.connection.execute(
        "CREATE OR REPLACE TABLE records AS SELECT *, row_number() OVER () AS id, list_filter(string_split("
        " concat_ws(';', postcode, former), ';'), lambda p: p != '') AS postcodes"
        f" FROM ({' UNION ALL '.join(records)})"
    )
    nation.connection.execute(
        "CREATE OR REPLACE VIEW pairs AS SELECT l, r FROM records l JOIN records r"
        " ON l.person = r.person AND l.id < r.id"
    )
    return nation


def test_true_pairs_agree_as_often_as_published(pairs: Nation) -> None:
    """Agreement where both have a value, as in the Ministry's own model (CPR); the rest is the sample's noise."""
    agreement = rates().agreement
    shared = "list_has_any(l.postcodes, r.postcodes)"
    both = "len(l.postcodes) > 0 AND len(r.postcodes) > 0"
    outcode = "split_part(l.postcode, ' ', 1) = split_part(r.postcode, ' ', 1)"
    [(name, typing, dob, postcode, nearby, sex)] = pairs.rows(
        "SELECT avg((l.forename = r.forename AND l.surname = r.surname)::INT),"
        " avg((jaro_winkler_similarity(concat_ws(' ', l.forename, l.surname), concat_ws(' ', r.forename, r.surname))"
        "  >= 0.9 AND NOT (l.forename = r.forename AND l.surname = r.surname))::INT),"
        f" avg((l.dob = r.dob)::INT), avg(CASE WHEN {both} THEN {shared}::INT END),"
        f" avg(CASE WHEN {both} THEN (NOT {shared} AND {outcode})::INT END), avg((l.sex = r.sex)::INT) FROM pairs"
    )
    assert name == pytest.approx(agreement.full_name.rate, abs=0.025)
    assert typing == pytest.approx(agreement.name_typing.rate, abs=0.02)
    assert dob == pytest.approx(agreement.dob.rate, abs=0.015)
    assert postcode == pytest.approx(agreement.postcode.rate, abs=0.05)
    assert nearby == pytest.approx(agreement.postcode_outcode.rate, abs=0.03)
    assert sex > 0.98


def test_short_names_make_as_many_pairs_differ_as_the_others_leave(pairs: Nation) -> None:
    """Of 88.1% of pairs that agree, the other mechanisms leave 1.9% of pairs; a tenth of these differ otherwise too."""
    short = load_table("forms")["nicknames"]
    pairs.connection.execute("CREATE OR REPLACE TABLE short (long VARCHAR, form VARCHAR)")
    pairs.connection.executemany("INSERT INTO short VALUES (?, ?)", list(short.items()))
    one_each = "(l.forename, r.forename) IN (FROM short) OR (r.forename, l.forename) IN (FROM short)"
    assert pairs.value(f"SELECT avg(({one_each})::INT) FROM pairs") == pytest.approx(0.019 * 0.9, abs=0.005)


def test_what_rates_have_as_measured_is_so(pairs: Nation) -> None:
    """The figures with the tag `own`, which others are solved from."""
    asked = rates()
    years = pairs.value("SELECT avg(abs(datediff('day', l.day, r.day))) / 365.25 FROM pairs")
    assert years == pytest.approx(asked.agreement.years_between.rate, abs=0.15)
    sides = "SELECT l.dataset AS dataset FROM pairs UNION ALL SELECT r.dataset FROM pairs"
    mix = dict(pairs.rows(f"SELECT dataset, count(*) / sum(count(*)) OVER () FROM ({sides}) GROUP BY 1"))
    assert mix == pytest.approx(asked.agreement.records.shares, abs=0.03)
    in_custody = "true_person_id IN (SELECT person FROM persons WHERE dataset = 'prison')"
    for dataset, share in asked.others.of_custody.shares.items():
        held = pairs.value(f"SELECT avg(({in_custody})::INT) FROM truth WHERE source_dataset = '{dataset}'")
        assert held == pytest.approx(share, abs=0.04), dataset


def test_errors_gather_on_people(pairs: Nation) -> None:
    """A person with one wrong pair has more of them than people whose errors were independent would have."""
    differs = "avg((l.dob != r.dob)::INT)"
    overall = pairs.value(f"SELECT {differs} FROM pairs")
    among = pairs.value(
        f"SELECT {differs} FROM pairs WHERE l.person IN (SELECT l.person FROM pairs WHERE l.dob != r.dob)"
    )
    assert among > 3 * overall


def test_each_kind_of_junk_is_in_as_many_names_as_asked(nation: Nation) -> None:
    whole = [name for name in FORMS if {"forename1", "surname"} <= set(schemas.load(name).column_names)]
    # Civil and family courts have organisations and lawyers too; names of some are initials.
    names = " UNION ALL ".join(
        f"SELECT upper(forename1) AS forename, upper(surname) AS surname FROM {name}"
        for name in whole
        if name not in {"civil", "family", "ndtms"}
    )
    shares = ", ".join(f"avg(starts_with(surname, '{prefix}')::INT)" for prefix in JUNK_PREFIXES)
    [(count, *found)] = nation.rows(f"SELECT count(*), {shares}, avg((forename = '{NOT_ENTERED}')::INT) FROM ({names})")
    asked = rates().names.junk.rate
    assert count > 30_000
    assert found == pytest.approx([asked] * 4, abs=4 * (asked / count) ** 0.5)  # four standard errors


def test_placeholders_that_cleaners_have_seen_are_there(nation: Nation) -> None:
    for table, column, junk in (
        ("prison", "postcode", "NF1 1NF"),
        ("probation", "postcode", "NF1 1FA"),
        ("magistrates", "postcode", "ZZ99 3VZ"),
        ("probation", "dob", "01/01/1900"),
        ("prison", "aliases", "% %"),
    ):
        assert nation.value(f"SELECT count(*) FROM {table} WHERE {column} LIKE '{junk}'") > 0, junk
