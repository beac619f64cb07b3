"""Files with mistakes are refused in one line: the file, the key, and what is allowed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import schemas
from linkage.errors import ConfigError
from schemas import loader

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with all the project's schemas, to make mistakes in."""
    folder = tmp_path / "schemas"
    shutil.copytree(Path(schemas.__file__).parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


def change(root: Path, file: str, mistake: Change) -> None:
    path = root / f"{file}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    mistake(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def column(name: str, **keys: object) -> Change:
    """Sets keys of a column, or with None takes them away."""

    def mistake(content: dict[str, Any]) -> None:
        [entry] = [c for c in content["columns"] if name in (c.get("name"), c.get("like"))]
        for key, value in keys.items():
            entry[key] = value
            if value is None:
                del entry[key]

    return mistake


def table(**keys: object) -> Change:
    return lambda content: content.update(keys)


def refusal(root: Path, name: str) -> str:
    with pytest.raises(ConfigError) as raised:
        loader.read_table(root, name)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_copy_is_good(root: Path) -> None:
    assert loader.read_table(root, "crown_offences") == schemas.load("crown_offences")


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (column("plea", colour="red"), "column plea: colour: unknown key; allowed: content, description, "),
        (column("plea", lnkage=True), "column plea: lnkage: unknown key; did you mean 'linkage'? allowed: "),
        (column("plea", type="varchar"), "column plea: type: unknown type 'varchar', one of bigint, boolean, date"),
        (column("plea", sensitivity="secret"), "column plea: sensitivity: input should be 'direct identifier', "),
        (column("plea", provenance="S9"), "column plea: provenance: input should be 'S0', 'S1', "),
        (column("plea", key="main"), "column plea: key: input should be 'primary', 'foreign' or 'shared'"),
        (column("plea", description=None), "column plea: description: missing"),
        (column("plea", description="?"), "column plea: description: string should have at least 4 characters"),
        (column("plea", values="pleas"), "column plea: values: no value set 'pleas'; did you mean 'plea'? allowed: "),
        (column("plea", source="ons"), "column plea: source: no document 'ons' in schemas/sources.yaml; did you"),
        (column("plea", source="A"), "column plea: source: A stands behind A, not P"),
        (column("plea", type="date", content=None), "column plea: the whole: values are for string or array<string>"),
        (column("sentence_days", type="int"), "column sentence_days: the whole: content is for text; the type is int"),
        (column("dob", expected_missing=2), "column dob: expected_missing: input should be less than or equal to 1"),
        (column("dob", missing_as="dob"), "column dob: the whole: missingness is said twice: expected_missing, missin"),
        (column("plea", expected_missing=0.1), "column plea: the whole: missing_provenance is the tag of expected_mis"),
        (column("plea", missing_provenance="A"), "column plea: the whole: missing_provenance is the tag of expected_m"),
        (
            column("receipt_date", expected_missing=0.1, missing_provenance="A"),
            "column receipt_date: the whole: expected_missing: a column with nullable: false is never missing",
        ),
        (
            column("defendant_on_case_id", nullable=True),
            "column defendant_on_case_id: the whole: a primary column has nullable: false",
        ),
        (
            column("sex", missing_by={"column": "plea", "shares": {"perhaps": 0.1}}, expected_missing=None),
            "column sex: missing_by.shares: 'perhaps' is no code of plea; allowed: guilty, none, not_guilty",
        ),
        (
            column("sex", missing_by={"column": "court_code", "shares": {"M1": 0.1}}, expected_missing=None),
            "column sex: missing_by.shares: 'M1' is no code of None; allowed: ",
        ),
        (
            column("sex", missing_by={"column": "court", "shares": {"M1": 0.1}}),
            "the whole: column sex: missing_by: no column court; did you mean 'court_code'? allowed: address_line1, ",
        ),
        (
            column("sex", missing_by={"column": "plea", "shares": {"none": 1.1}}),
            "column sex: missing_by.shares: not a share between 0 and 1: none",
        ),
        (
            column("sex", like="gender"),
            "column gender: like: no column 'gender' in schemas/columns.yaml; allowed: addr",
        ),
        (column("sex", like="prison.sex"), "column prison.sex: like: 'prison.sex': a table of the zone landing takes"),
        (table(zone="secret"), "zone: input should be 'landing', 'identifiers', "),
        (
            table(colour="red"),
            "colour: unknown key; did you mean 'columns'? allowed: columns, description, event_date, ",
        ),
        (table(grain=None), "grain: input should be a valid string"),
        (table(columns={}), "columns: expected a list of columns"),
        (table(columns=["plea"]), "columns: expected a list of columns"),
        (table(key=["plea"]), "the whole: table crown: key ('plea',) but primary columns ('defendant_on_case_id',)"),
        (table(event_date="plea_date"), "the whole: table crown: no column plea_date for its event date"),
        (table(time_coverage=None), "the whole: table crown: a supply has a time_coverage"),
        (table(source="hansard"), "source: no document 'hansard' in schemas/sources.yaml; did you mean 'hansard_2008'"),
        (table(part_of="crwn"), "part_of: no table 'crwn'; did you mean 'crown'? allowed: "),
        (table(part_of="crown_offences"), "part_of: crown_offences is itself part of another table"),
        (lambda content: content["columns"].append({"like": "sex"}), "the whole: table crown names a column twice"),
        (lambda content: content["columns"].append({"type": "int"}), "column without a name: name: missing; "),
    ],
)
def test_a_table_with_a_mistake_is_refused(root: Path, mistake: Change, said: str) -> None:
    change(root, "tables/crown", mistake)
    assert refusal(root, "crown").startswith(f"schemas/tables/crown.yaml: {said}")


def foreign_key(columns: list[str], other: str, references: list[str]) -> Change:
    return table(foreign_keys=[{"columns": columns, "table": other, "references": references}])


ID = "defendant_on_case_id"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (foreign_key([ID], "crwn", [ID]), "foreign_keys: no table 'crwn'; did you mean 'crown'? allowed: "),
        (foreign_key([ID], "crown", ["id"]), "foreign_keys: table crown has no column 'id'; "),
        (foreign_key([ID], "crown", ["urn"]), "foreign_keys: the key of crown is defendant_on_case_id; name all of it"),
        (
            foreign_key([ID], "truth", ["record_id"]),
            f"foreign_keys: {ID} is string, and truth.record_id bigint; they m",
        ),
        (foreign_key([ID, "plea"], "crown", [ID]), "foreign_keys.0: 2 columns cannot name 1 of crown"),
        (foreign_key(["id"], "crown", [ID]), "the whole: foreign_keys: no column id; "),
        (foreign_key(["plea"], "crown", [ID]), "the whole: column plea is in a foreign key, so its key is foreign or"),
        (column("plea", key="foreign"), "the whole: column plea is foreign in no foreign key"),
    ],
)
def test_a_foreign_key_that_names_nothing_is_refused(root: Path, mistake: Change, said: str) -> None:
    change(root, "tables/crown_offences", mistake)
    assert refusal(root, "crown_offences").startswith(f"schemas/tables/crown_offences.yaml: {said}")


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (column("crown.plea", linkage=True), "the whole: column plea: linkage fields are in landing and identifiers"),
        (
            column("crown.plea", like="crown.pleas"),
            "like: table crown has no column 'pleas'; did you mean 'plea'? allo",
        ),
        (
            column("crown.plea", like="crwn.plea"),
            "column crwn.plea: like: no table 'crwn'; did you mean 'crown'? allowe",
        ),
        (
            column("crown.plea", like="persons.records"),
            "column persons.records: like: 'persons.records': columns are taken from tables of the zone landing only",
        ),
    ],
)
def test_a_table_that_takes_what_it_may_not_is_refused(root: Path, mistake: Change, said: str) -> None:
    change(root, "tables/crown_attributes", mistake)
    assert re.match(r"schemas/tables/crown_attributes.yaml: (column crown\.\w+: )?", refusal(root, "crown_attributes"))
    assert said in refusal(root, "crown_attributes")


def values(**keys: object) -> Change:
    return lambda content: content["plea"].update(keys)


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (values(colour="red"), "colour: unknown key; allowed: codes, description, name, note, provenance"),
        (values(provenance="S9"), "provenance: input should be 'S0', 'S1', "),
        (values(codes={}), "codes: dictionary should have at least 1 item"),
        (values(codes={"guilty": ""}), "codes.guilty.meaning: string should have at least 1 character"),
        (values(codes={"guilty": {"mean": "Guilty"}}), "codes.guilty.meaning: missing; codes.guilty.mean: unknown key"),
        (
            values(codes={"guilty": {"meaning": "Guilty", "valid_from": "2020-02-02", "valid_to": "2020-02-01"}}),
            "codes.guilty: valid_to is before valid_from",
        ),
        (
            values(codes={"guilty": {"meaning": "Guilty", "valid_from": "spring"}}),
            "codes.guilty.valid_from: input should be a valid date",
        ),
        (lambda content: content.update(plea="x"), "expected a value set; allowed: codes, description, note, provenan"),
    ],
)
def test_a_value_set_with_a_mistake_is_refused(root: Path, mistake: Change, said: str) -> None:
    change(root, "value_sets/courts", mistake)
    assert refusal(root, "crown").startswith(f"schemas/value_sets/courts.yaml: plea: {said}")


def test_two_files_cannot_have_one_value_set(root: Path) -> None:
    shutil.copy(root / "value_sets/people.yaml", root / "value_sets/persons.yaml")
    said = "schemas/value_sets/persons.yaml: source_dataset: another file has a value set of this name"
    assert refusal(root, "crown") == said


def test_a_shared_column_with_a_mistake_is_refused_where_it_is_taken(root: Path) -> None:
    change(root, "columns", lambda content: content["sex"].update(sensitivity="secret"))
    said = "schemas/tables/crown.yaml: column sex: sensitivity: input should be 'direct identifier', "
    assert refusal(root, "crown").startswith(said)


def test_a_shared_column_that_says_nothing_is_refused(root: Path) -> None:
    change(root, "columns", table(urn="text"))
    said = "schemas/columns.yaml: urn: expected a column; allowed: content, description, "
    assert refusal(root, "crown").startswith(said)


def test_a_file_that_is_not_yaml_is_refused(root: Path) -> None:
    path = root / "tables/crown.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "zone: landing\n", encoding="utf-8")
    assert refusal(root, "crown") == "schemas/tables/crown.yaml: line 1: key 'zone' is there twice"
    (root / "tables/prison.yaml").write_text("columns: [", encoding="utf-8")
    assert refusal(root, "prison").startswith("schemas/tables/prison.yaml: line 1: ")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="no schema for table 'crwn' in schemas/tables; did you mean 'crown'"):
        schemas.load("crwn")
    with pytest.raises(ConfigError, match="no value set 'pleas' in schemas/value_sets; did you mean 'plea'"):
        schemas.value_set("pleas")


def test_what_stands_beside_like_replaces_what_it_brings(root: Path) -> None:
    brought = loader.read_table(root, "family")
    shared = yaml.safe_load((root / "columns.yaml").read_text(encoding="utf-8"))
    assert brought.column("surname").expected_missing == shared["surname"]["expected_missing"]
    assert (brought.column("sex").expected_missing, brought.column("sex").missing_provenance) == (0.1, "A")
    by_role = brought.column("dob")
    assert (by_role.expected_missing, by_role.missing_provenance) == (None, "A")
    assert by_role.missing_by is not None
    assert by_role.missing_by.shares["child"] == 0.03
    taken = loader.read_table(root, "crown_attributes")
    assert (taken.column("receipt_date").type, taken.column("receipt_date").nullable) == ("date", False)
    assert (taken.column("sentence_days").type, taken.column("sentence_days").content) == ("int", None)


def test_codes_have_meanings_and_times() -> None:
    found = schemas.load_values("requirement")
    assert schemas.value_set("requirement")["DRR"] == found.codes["DRR"].meaning == "Drug rehabilitation requirement"
    assert str(found.codes["RAR"].valid_from) == "2015-02-01"
    assert (found.codes["RAR"].is_dated, found.codes["DRR"].is_dated) == (True, False)
