"""The job `profile`: a draft says what a file is like, shows nobody, and becomes a contract when it is filled in."""

import pytest
import yaml

from jobs.__main__ import main
from jobs.harness import config
from linkage.records import drafting, profiling
from linkage.records.contract import Contract
from tests.jobs.conftest import ROOT

HEADER = "CaseRef;DefNo;Last Name;First Name;Born;Gender Code;PNC_ID;Home Postcode;Hearing Date;Plea;NOTES;CLERK"
CHECK = {"9999901": "N", "9999902": "P"}


def _file(folder):
    """Forty rows in windows-1252: two people, twenty times each, in as many cases."""
    people = [
        ("O\u2019Secretname", "Zoë", "F", "9999901", "XA1 1AA"),
        ("Hiddenperson", "John", "M", "9999902", "XB2 2BB"),
    ]
    rows = []
    for number in range(40):
        last, first, sex, serial, postcode = people[number % 2]
        pnc = f"1999/{serial}{CHECK[serial]}" if number > 3 else ""
        day, plea, clerk = f"{1 + number % 28:02}", "G" if number % 4 else "NG", "JONES" if number % 2 else "SMITH"
        who = f"{last};{first};{day}/02/19{60 + number % 2};{sex};{pnc};{postcode}"
        rows.append(f"C{number};1;{who};{day}/05/2014;{plea};rare word {number};{clerk}")
    path = folder / "extract.txt"
    path.write_bytes("\n".join([HEADER, *rows]).encode("cp1252"))
    return path


SECRETS = ("Secretname", "Hiddenperson", "Zo", "John", "9999901", "XA1", "/02/19", "JONES", "rare")


def _draft(folder, *options):
    out = folder / "draft.yaml"
    common = ["profile", str(_file(folder)), "--dataset=magistrates", "--output", str(out), "--runs", f"{folder}/runs"]
    code = main([*common, *options])
    assert code == 0
    return out


@pytest.mark.usefixtures("spark")
def test_a_draft_shows_nobody_and_becomes_a_contract(tmp_path, capsys):
    out = _draft(tmp_path)
    text = out.read_text()
    said = text + "".join(capsys.readouterr())
    assert [value for value in (*SECRETS, "NG") if value in said] == []
    draft = yaml.safe_load(text)
    assert draft["format"] == {"type": "csv", "delimiter": ";", "encoding": "windows-1252"}
    assert draft["columns"] == {
        "case_id": "CaseRef",
        "surname": "Last Name",
        "forename1": "First Name",
        "dob": {"source": "Born", "dates": ["dd/MM/yyyy"]},
        "sex": "Gender Code",
        "pnc": "PNC_ID",
        "postcode": "Home Postcode",
        "first_hearing_date": {"source": "Hearing Date", "dates": ["dd/MM/yyyy"]},
        "plea": "Plea",
    }
    assert draft["undecided"] == ["DefNo", "NOTES", "CLERK"]
    assert "# 10% missing, about 2 different, 100% shaped as PNC identifier" in text
    assert "100% dates dd/MM/yyyy of 1960 to 1961" in text
    assert main(["profile", "x", "--dataset=magistrates", "--output", str(out)]) == 4, "a file that is there stays"
    filled = draft | {"system": "Any", "agreement": "any", "undecided": [], "ignored": ["NOTES", "CLERK"]}
    filled["columns"] |= {"defendant_id": "DefNo", "party_type": {"constant": "P"}}
    filled["absent"] = [name for name in draft["absent"] if name not in filled["columns"]]
    out.write_text(yaml.safe_dump(filled))
    assert config.load(out, Contract).expected == set(HEADER.split(";"))


@pytest.mark.usefixtures("spark")
def test_codes_are_listed_when_they_are_asked_for_and_nobody_s(tmp_path):
    text = _draft(tmp_path, "--with-codes").read_text()
    draft = yaml.safe_load(text)
    assert draft["columns"]["plea"] == {"source": "Plea", "codes": {"G": "?", "NG": "?"}}
    assert draft["columns"]["sex"] == {"source": "Gender Code", "codes": {"F": "F", "M": "M"}}
    assert [value for value in SECRETS if value in text] == []


@pytest.mark.usefixtures("spark")
def test_a_file_without_a_header_gives_no_row_away(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    # In no row is there a field without letters; without a code or a number in another; a name only.
    for row in ("Hiddenperson,F,XA1 1AA", "Court Hiddenperson,QQ123456C,1999/9999901N", "Hiddenperson,Secretname,Oslo"):
        path.write_text(f"{row}\n" * 3)
        assert main(["profile", str(path), "--dataset=magistrates", "--runs", f"{tmp_path}/runs"]) == 0
        draft, told = capsys.readouterr()
        said = draft + told
        assert [value for value in ("Hidden", "Secret", "Oslo", "QQ12", "99999", "XA1") if value in said] == []
        assert yaml.safe_load(draft)["format"]["names"] == ["column_1", "column_2", "column_3"]
        assert "profile again\n# with --header" in draft


@pytest.mark.usefixtures("spark")
def test_a_header_that_says_nothing_is_taken_when_somebody_says_so(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    path.write_text("V1,V2\nA,B\n")
    assert main(["profile", str(path), "--header", "--dataset=prison", "--runs", f"{tmp_path}/runs"]) == 0
    draft, _ = capsys.readouterr()
    assert yaml.safe_load(draft)["undecided"] == ["V1", "V2"]


def test_the_headers_of_the_shipped_contracts_are_taken_for_headers(spark):
    contracts = [config.load(path, Contract) for path in sorted((ROOT / "conf" / "supplies").glob("*.yaml"))]
    assert [c.feed for c in contracts if not drafting.reads_as_header(sorted(c.expected), c.table)] == []
    assert not profiling.may_be_a_row(spark, sorted({name for c in contracts for name in c.expected}))


def test_a_dataset_that_is_none(tmp_path, capsys):
    assert main(["profile", str(tmp_path), "--dataset", "magistrate"]) == 2
    assert "no such dataset; did you mean 'magistrates'?" in capsys.readouterr().err
