"""Ingest of tables that come along with supplies: what is written, what is set aside, what is refused."""

from datetime import date

import deltalake
import pytest

import schemas
from jobs.companions import check_parents
from jobs.harness import config
from jobs.judging import Group
from jobs.settings import PipelineSettings
from linkage.errors import ConfigError, InputError
from linkage.lake import Zone
from tests.jobs.conftest import written
from tests.jobs.pipeline_desk import PipelineDesk

TABLES = {
    "family": [
        {"case_number": "F1", "party_number": "1", "role": "applicant", "surname": "SMITH", "dob": "1985-06-07"},
        {"case_number": "F1", "party_number": "2", "role": "respondent", "surname": "JONES"},
        # Nothing is known of its case.
        {"case_number": "F2", "party_number": "1", "role": "applicant", "surname": "BROWN", "dob": "1985-06-07"},
    ],
    "family_cases": [
        {"case_number": "F1", "issue_date": "2015-06-07", "case_type": "private"},
        {"case_number": "F1", "issue_date": "2015-06-07", "case_type": "private"},
        {"case_number": "F4", "issue_date": "2016-06-07", "case_type": "public"},
        {"case_number": "F9", "issue_date": "soon"},
    ],
    "family_events": [
        {"case_number": "F1", "event_number": "1", "event_type": "issue", "event_date": "2015-06-07"},
        {"case_number": "F3", "event_number": "1", "event_type": "issue", "event_date": "2015-06-07"},
    ],
    "probation": [{"event_id": "E1", "surname": "SMITH", "referral_date": "2015-01-31"}],
    "probation_requirements": [
        # A day before there were any of the first kind.
        {"event_id": "E1", "requirement_number": "1", "requirement": "RAR", "start_date": "2015-01-31"},
        {"event_id": "E1", "requirement_number": "2", "requirement": "DRR", "start_date": "2015-01-31"},
    ],
}
COMPANIONS = {"family": ("family_cases", "family_events"), "probation": ("probation_requirements",)}


def delivered(folder, table, rows):
    names = schemas.load(table).column_names
    lines = [",".join(row.get(n, "P" if n == "party_type" else "") for n in names) for row in rows]
    (folder / f"{table}.csv").write_text("\n".join([",".join(names), *lines]) + "\n")
    return {"path": f"{folder}/{table}.csv"}


@pytest.fixture(scope="module")
def pipeline(spark, tmp_path_factory):
    """A pipeline that has ingested the tables once."""
    folder = tmp_path_factory.mktemp("companions")
    made = PipelineDesk(spark, folder)
    places = {table: delivered(folder, table, rows) for table, rows in TABLES.items()}
    supplies = {
        name: places[name] | {"companions": {n: places[n] for n in with_}} for name, with_ in COMPANIONS.items()
    }
    made.config["ingest"] |= {"supplies": supplies, "max_bad_share": 0.5}
    answer = made.run(job="ingest")
    assert answer.code == 0, answer.err
    return made


def rows_of(pipeline, zone, table):
    return deltalake.DeltaTable(pipeline.lake.path(zone, table)).to_pyarrow_table().to_pylist()


def test_every_row_is_written_or_set_aside_and_what_is_odd_is_told(pipeline):
    assert pipeline.manifest["counts"] == {
        "rows": 12,
        "records": 4,
        "companion_rows": 6,
        "quarantined": 2,
        "quarantined_mandatory_unreadable": 1,
        "quarantined_row_repeated": 1,
        "code_out_of_time_probation_requirements": 1,
        "row_not_found_family": 1,
        "row_not_found_family_events": 1,
    }
    aside = rows_of(pipeline, Zone.LANDING, "quarantine")
    assert sorted((row["source_dataset"], *row["reasons"]) for row in aside) == [
        ("family_cases", "mandatory_unreadable"),
        ("family_cases", "row_repeated"),
    ]


def test_records_are_dated_by_their_case(pipeline):
    evidence = {row["record_id"]: row for row in rows_of(pipeline, Zone.LINKAGE, "linkage_evidence")}
    ages = {row["record_id"]: row["age"] for row in rows_of(pipeline, Zone.ATTRIBUTES, "family_attributes")}
    names = {row["record_id"]: row["surname_std"] for row in rows_of(pipeline, Zone.IDENTIFIERS, "records")}
    assert {(names[each], evidence[each]["event_date"], ages[each]) for each in ages} == {
        ("SMITH", date(2015, 6, 7), 30),
        ("JONES", date(2015, 6, 7), None),
        # Whose case is not known is as old as at the date of the supplies.
        ("BROWN", None, 39),
    }
    quality = rows_of(pipeline, Zone.OUTPUTS, "data_quality")
    assert {row["period"] for row in quality if row["source_dataset"] == "family"} == {"all", "2015", "unknown"}


def test_records_meet_what_came_along(pipeline):
    evidence = rows_of(pipeline, Zone.LINKAGE, "linkage_evidence")
    cases = {row["case_token"]: row for row in rows_of(pipeline, Zone.ATTRIBUTES, "family_cases_attributes")}
    of_records = [cases[row["case_token"]]["case_type"] for row in evidence if row["case_token"] in cases]
    assert of_records == ["private", "private"], "two parties of one case"
    events = rows_of(pipeline, Zone.ATTRIBUTES, "family_events_attributes")
    # One stays whose case has not come.
    known = {(cases.get(row["case_token"], {}).get("case_type"), row["event_type"]) for row in events}
    assert known == {("private", "issue"), (None, "issue")}
    [probation] = [row["record_id"] for row in evidence if row["source_dataset"] == "probation"]
    required = rows_of(pipeline, Zone.ATTRIBUTES, "probation_requirements_attributes")
    found = [(row["record_id"], row["requirement_number"], row["requirement"]) for row in required]
    assert sorted(found, key=lambda row: row[1]) == [(probation, 1, "RAR"), (probation, 2, "DRR")]


def test_a_table_that_does_not_belong_to_its_supply_is_refused():
    groups = [
        Group("family_events", period, reasons, corrected=False, rows=rows, cells=0, missing={})
        for period, reasons, rows in [("2015", (), 6), ("2016", (), 4), ("2016", ("key_missing",), 90)]
    ]
    check_parents(groups, "family_events", "family_cases", 4, 0.4)
    with pytest.raises(InputError) as refused:
        check_parents(groups, "family_events", "family_cases", 5, 0.4)
    assert str(refused.value) == (
        "family_events: 5 of 10 accepted rows name no accepted row of family_cases, more than the share 0.4 "
        "that ingest.max_bad_share allows (too_many_without_parent); see that both are of one delivery"
    )


def test_a_table_of_another_supply_is_refused_by_name(demo_config, tmp_path):
    demo_config["ingest"]["supplies"] = {"family": {"companions": {"civil_cases": {}}}}
    with pytest.raises(ConfigError, match=r"family\.companions: no such table: civil_cases; allowed: family_cases"):
        config.load(tmp_path / written(tmp_path, demo_config), PipelineSettings)
