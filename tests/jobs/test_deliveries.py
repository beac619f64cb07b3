"""Ingest of deliveries under contracts: one coherent series across a change of systems, and what deliveries change."""

import json
from datetime import date

import pytest

from jobs.harness import lock
from linkage.lake import Zone
from tests.jobs.conftest import ROOT
from tests.jobs.pipeline_desk import PipelineDesk

SUPPLIES = ROOT / "conf" / "supplies"
LIBRA = (
    "ROW_ID|EXTRACT_DT|CASE_NO|DEFT_SEQ|PTI_URN|ASN|DEFT_TYPE|FORENAME_1|FORENAME_2|FORENAME_3|SURNAME|DOB|GENDER|"
    "ADDR_LINE_1|POSTCODE|PNC_ID|NINO|ETHNICITY_SELF|LJA|OFFENCE_GROUP|OFFENCE_DT|FIRST_HRG_DT|COMPLETION_DT|PLEA|"
    "VERDICT|RESULT|SENTENCE_DAYS|COMMITTAL"
)
LIBRA_ROWS = [
    # A community punishment order while the code meant that.
    "1|20220105|C1|1|||I|Zoë|||Testerson|02/03/1985|F|||1999/9999901N||O1|12|04|01/02/2014|03/03/2014||G|G|CPO||N",
    # The same code when it meant another order; a code that nobody knows; no sex.
    '2|20220105|C2|1|||I|John|NULL||O\u2019Test "Jo|13/13/1970|U|||||W1|1234|99|01/02/2019|03/03/2019||NG|NG|CPO|30|T',
    # A kind of defendant that nobody knows: the column must be filled.
    "3|20220105|C3|1|||X|Ann|||Tester|01/01/1990|F||||||1234|04|01/02/2019|03/03/2019||N|W|OTH||N",
    # A case that goes on under the new system, numbered C1 there as well; too few fields.
    "4|20220105|C4|1",
]
PLATFORM = (
    "hearingId,lastModified,changeType,prosecutionCaseId,defendantId,prosecutionCaseUrn,arrestSummonsNumber,"
    "defendantKind,firstName,middleName,lastName,aliasName1,aliasName2,dateOfBirth,gender,address1,postcode,pncId,"
    "nationalInsuranceNumber,selfDefinedEthnicity,courtHouseCode,offenceGroup,offenceDate,firstHearingDate,"
    "completionDate,pleaValue,verdictType,resultGroup,sentenceLengthDays,sendingType"
)


def platform_row(case: str, *, change: str = "", forename: str = "Zoë", plea: str = "GUILTY") -> str:
    values = {
        "hearingId": "h", "changeType": change, "prosecutionCaseId": case, "defendantId": "1",
        "defendantKind": "person", "firstName": forename, "lastName": "Testerson", "aliasName1": "Zoe Formerly",
        "dateOfBirth": "1985-03-02", "gender": "FEMALE", "pncId": "99/9999901N", "selfDefinedEthnicity": "A4",
        "offenceGroup": "THEFT", "offenceDate": "2022-02-01", "firstHearingDate": "2022-03-03", "pleaValue": plea,
        "resultGroup": "FINE", "sendingType": "NOT_SENT",
    }  # fmt: skip
    return ",".join(values.get(name, "") for name in PLATFORM.split(","))


class Office(PipelineDesk):
    """A pipeline that makes nothing and takes what is delivered."""

    def __post_init__(self):
        super().__post_init__()
        del self.config["synthesise"]
        self.config["ingest"] |= {"supplies": {}, "max_bad_share": 0.8}

    def write(self, name: str, header: str, rows: list[str], encoding: str = "utf-8") -> str:
        path = self.folder / name
        path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
        return str(path)

    def deliver(self, dataset: str, *deliveries: dict, **more: object) -> None:
        self.config["ingest"]["supplies"][dataset] = {"deliveries": list(deliveries), **more}

    def ingest(self, *options: str) -> tuple[int, str]:
        answer = self.run(*options, job="ingest")
        return answer.code, answer.line

    @property
    def counts(self) -> dict:
        return self.manifest["counts"]


def delivery(contract: str, path: object, first: str, last: str, delivered: str, **more: object) -> dict:
    return {
        "contract": str(SUPPLIES / f"{contract}.yaml"),
        "path": path,
        "period": {"first": date.fromisoformat(first), "last": date.fromisoformat(last)},
        "delivered": date.fromisoformat(delivered),
        **more,
    }


def _loosened(office: Office, contract: str, bound: str) -> str:
    """A contract with one share that may be anything."""
    text = (SUPPLIES / f"{contract}.yaml").read_text()
    assert bound in text
    path = office.folder / f"{contract}.yaml"
    path.write_text(text.replace(bound, f"{bound.partition(':')[0]}: 1"))
    return str(path.with_suffix(""))


@pytest.fixture(scope="module")
def series(spark, tmp_path_factory):
    """Both systems delivered in full; the counts, and what comes of the one and of the other."""
    office = Office(spark, tmp_path_factory.mktemp("series"))
    libra = office.write("libra.txt", LIBRA, LIBRA_ROWS, "cp1252")
    # Few rows, of which half are strange on purpose.
    old = _loosened(office, "magistrates_libra", "max_unmapped: 0.02")
    first = office.write("platform.csv", PLATFORM, [platform_row("C1"), platform_row("C5"), platform_row("C6")])
    office.deliver(
        "magistrates",
        # A later full one replaces it, whatever it says.
        delivery(old, "gone.txt", "2011-01-01", "2020-12-31", "2021-01-05"),
        delivery(old, libra, "2011-01-01", "2021-12-31", "2022-01-05"),
        delivery("magistrates_common_platform", first, "2022-01-01", "2022-03-31", "2022-04-05", kind="full"),
    )
    code, line = office.ingest()
    assert code == 0, line
    return office, office.counts


def test_two_systems_make_one_series(series):
    office, before = series
    assert before["rows"] == 7 == before["records"] + before["quarantined"]
    assert before["deliveries_replaced"] == 1
    records = {
        tuple(row["source_key"].split("\x1f")): row for row in office.table(Zone.IDENTIFIERS, "records").collect()
    }
    old, new = records["C1", "1"], records["CP-C1", "1"]
    same = ["forename1_std", "surname_std", "sex", "pnc_std"]
    assert [old[name] for name in same] == ["ZOE", "TESTERSON", "F", "1999/9999901N"] == [new[name] for name in same]
    assert str(old["dob"]) == "1985-03-02" == str(new["dob"])
    assert new["name_aliases_std"] == ["ZOE FORMERLY"]
    strange = records["C2", "1"]
    assert strange["surname_std"] == "OTEST JO", "the apostrophe of windows-1252, and a quote that is a letter"
    assert (strange["forename2_std"], strange["sex"], strange["dob"]) == (None, None, None)
    assert strange["evidence"] == ["dob_unreadable"], "a code that stands for nothing is no finding"
    ids = {row["record_id"]: key for key, row in records.items()}
    known = {ids[row["record_id"]]: row for row in office.table(Zone.ATTRIBUTES, "magistrates_attributes").collect()}
    told = {
        key: tuple(
            known[key][n] for n in ("ethnicity", "offence_category", "plea", "disposal", "committal", "sentence_days")
        )
        for key in known
    }
    assert told["C1", "1"] == ("A4", "theft", "guilty", "community", "none", None)
    assert told["C2", "1"] == ("W1", None, "not_guilty", "other", "trial", 30)
    assert told["CP-C1", "1"] == ("A4", "theft", "guilty", "fine", "none", None)


def test_what_no_code_map_knows_is_kept_and_told(series):
    office, before = series
    assert before["code_unmapped"] == 2 == before["code_unmapped_offence_category"] + before["code_unmapped_party_type"]
    codes = {tuple(row) for row in office.table(Zone.LANDING, "unmapped_codes").collect()}
    strange = {("offence_category", "99"), ("party_type", "X")}
    assert codes == {("magistrates_libra", column, code, 1) for column, code in strange}
    aside = {
        row["reasons"][0]: json.loads(row["row_json"]) for row in office.table(Zone.LANDING, "quarantine").collect()
    }
    assert set(aside) == {"code_unmapped", "row_malformed"}
    assert json.loads(aside["code_unmapped"]["_malformed"])["DEFT_TYPE"] == "X", "the row as it was delivered"
    assert aside["row_malformed"]["_malformed"] == "4|20220105|C4|1"


def test_a_partial_delivery_changes_what_it_names(series):
    office, _ = series
    rows = [platform_row("C5", change="deleted"), platform_row("C6", forename="Zara"), platform_row("C7")]
    path = office.write("2022-04.csv", PLATFORM, rows)
    # Changes are to cases of other days than their month.
    loose = _loosened(office, "magistrates_common_platform", "max_outside_period: 0.2")
    april = delivery(loose, path, "2022-04-01", "2022-04-30", "2022-05-05")
    office.deliver("magistrates", april)
    code, line = office.ingest()
    assert code == 4, line
    assert "landing/supplied_magistrates_libra: a feed that is not in the config holds rows here" in line
    office.deliver("magistrates", april, held=[str(office.folder / "magistrates_libra.yaml")])
    code, line = office.ingest()
    assert code == 0, line
    # Of the four old rows two are good; of the new ones C5 went, C6 changed and C7 came.
    after = office.counts
    assert after["rows"] == 7 == after["records"] + after["quarantined"]
    assert (after["delivered_rows"], after["delivered_deletions"]) == (2, 1)
    records = {row["source_key"].split("\x1f")[0]: row for row in office.table(Zone.IDENTIFIERS, "records").collect()}
    assert sorted(records) == ["C1", "C2", "CP-C1", "CP-C6", "CP-C7"]
    assert records["CP-C6"]["forename1_std"] == "ZARA"


def test_a_delivery_that_is_not_what_was_agreed_is_refused(spark, tmp_path):
    office = Office(spark, tmp_path)
    rows = [platform_row(case) for case in ("C1", "C5", "C6")]
    drifted = PLATFORM.replace("firstName", "first_name").replace("pleaValue", "plea_code")
    path, other = office.write("good.csv", PLATFORM, rows), office.write("drifted.csv", drifted, rows)
    made = delivery("magistrates_common_platform", path, "2022-01-01", "2022-02-28", "2022-03-05")
    for changes, code, message in (
        ({}, 4, "a partial delivery, and no full one has been taken; ingest that first"),
        ({"kind": "full"}, 4, "3 of 3 rows with a date are outside its period, expected a share of at most 0.2"),
        ({"kind": "full", "path": other}, 3, "renamed: firstName to first_name; missing: pleaValue; new: plea_code"),
        ({"delivered": date(2030, 1, 1)}, 2, "supplies.magistrates.deliveries.0: delivered after as_of"),
        ({"path": {"identifiers": path, "attributes": path}}, 2, "a delivery of it has one path"),
    ):
        office.deliver("magistrates", made | changes)
        found, line = office.ingest()
        assert (found, message in line) == (code, True), line
        assert line.startswith("ingest: ")
        assert "Testerson" not in line
        if code > 2:
            assert [path.name for path in (tmp_path / "lake").iterdir()] == [lock.NAME]
