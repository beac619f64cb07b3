"""Figures of a handful of records counted by hand, and what is said of figures that are far off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.quality.anchors import Anchors, Finding
from linkage.quality.comparable import comparable
from linkage.quality.realism import realism
from linkage.quality.realism_page import page, verdict
from linkage.records.standardise import identify
from schemas import Provenance

ANCHORS_FILE = Path(__file__).parents[3] / "conf" / "synthetic" / "anchors.yaml"
ANCHORS = Anchors.model_validate(yaml.safe_load(ANCHORS_FILE.read_text(encoding="utf-8")))
COLUMNS = (
    "person int, source_dataset string, forename1_std string, surname_std string, dob string, "
    "postcode_history_std array<string>, ethnicity_group string, foreign_national boolean, role string, "
    "has_dob boolean, has_pnc boolean, record_id bigint"
)
RECORDS = [
    # One has the same name and date of birth twice, and one of two postcodes in common; foreign and without a PNC.
    (1, "magistrates", "ANN", "SMITH", "1980-01-02", ["XA1 1AA"], "W", None, None, True, True),
    (1, "prison", "ANN", "SMITH", "1980-01-02", ["XA1 1AA", "XB2 2BB"], "W", True, None, True, False),
    (1, "civil", "ANN", "SMITH", None, None, None, None, "claimant", False, None),
    # Two has another surname and moved within the district.
    (2, "magistrates", "BOB", "JONES", "1981-01-02", ["XA1 1AA"], "B", None, None, True, True),
    (2, "prison", "BOB", "JONE", "1981-01-02", ["XA1 2BB"], "B", False, None, True, True),
    # Three has another forename, one date of birth only, and moved to another district.
    (3, "magistrates", "CID", "BROWN", None, ["XC1 1AA"], "W", None, None, False, True),
    (3, "probation", "SID", "BROWN", "1983-01-02", ["XD1 1AA"], "W", None, None, True, True),
    (4, "magistrates", "DOT", "GREEN", "1984-01-02", None, "NS", None, None, True, True),
    (4, "civil", "DOT", "GREEN", None, None, None, None, "defendant", False, None),
    (5, "civil", "EVE", "WHITE", None, None, None, None, "defendant", False, None),
    (6, "prison", None, None, "1986-01-02", None, None, False, None, True, False),
]
# Only their surnames count: twenty Smiths among a hundred.
OTHERS = [(100 + i, "hmrc", "X", "SMITH" if i < 20 else f"N{i}", *[None] * 7) for i in range(100)]


def supply(spark: SparkSession, dataset: str, rows: Sequence[dict[str, str]]) -> DataFrame:
    names = schemas.load(dataset).column_names
    values = [tuple(row.get(name) for name in names) for row in rows]
    return spark.createDataFrame(values, ", ".join(f"{name} string" for name in names))


@pytest.fixture(scope="module")
def found(spark: SparkSession) -> dict[tuple[str, str, str], Finding]:
    rows = [(*row, number) for number, row in enumerate([*RECORDS, *OTHERS])]
    supplies = {name: supply(spark, name, []) for name in ("prison", "probation", "civil")}
    supplies["magistrates"] = supply(
        spark, "magistrates", [{"dob": "1980-01-02", "forename2": "X"}, {"dob": " "}, {}, {}]
    )
    supplies["family"] = supply(spark, "family", [{"role": "child"}, {"role": "child", "dob": "2010-01-01"}])
    findings = realism(supplies, spark.createDataFrame(rows, COLUMNS), ANCHORS, asked={"dob": 0.9})
    by_place = {(each.kind, each.scope, each.item): each for each in findings}
    assert len(by_place) == len(findings), "the key of the table"
    return by_place


COUNTED = [
    (("agreement", "magistrates, prison, probation", "full_name"), 1 / 3, 3),
    (("agreement", "magistrates, prison, probation", "dob"), 2 / 2, 3),  # the third pair has one date only
    (("agreement", "magistrates, prison, probation", "postcode_shared"), 1 / 3, 3),
    (("agreement", "magistrates, prison, probation", "postcode_outcode_only"), 1 / 3, 3),
    (("agreement", "magistrates, prison, probation", "postcode_none"), 1 / 3, 3),
    (("missing", "magistrates", "dob"), 3 / 4, 4),  # blank is missing
    (("missing", "magistrates", "forename2"), 3 / 4, 4),
    (("missing", "family", "dob (child)"), 1 / 2, 2),
    (("missing", "family", "dob (applicant)"), None, 0),
    (("overlap", "magistrates", "prison"), 2 / 4, 4),
    (("overlap", "magistrates", "probation"), 1 / 4, 4),
    (("overlap", "magistrates", "civil (defendant)"), 1 / 4, 4),  # the claimant is none
    (("overlap", "civil", "criminal"), 2 / 3, 3),
    (("overlap", "family", "criminal"), None, 0),
    (("records_per_person", "magistrates", "records"), 4 / 4, 4),
    (("surnames", "all", "the most common"), 21 / 106, 106),  # JONES and JONE are both borne
    (("surnames", "all", "the 10 most common"), None, 106),  # too few people to tell
    # The one minority pair differs, and one of two others.
    (("subgroups", "all", "minority_name_differs"), (1 / 1) / (1 / 2), 1),
    (("subgroups", "all", "foreign_pnc_missing"), (1 / 1) / (1 / 2), 1),
]


@pytest.mark.parametrize(("place", "value", "people"), COUNTED, ids=str)
def test_figures_are_those_counted_by_hand(found, place, value, people) -> None:
    assert found[place].found == (None if value is None else pytest.approx(value))
    assert found[place].people == people


def test_what_is_not_there_is_left_out_and_expectations_come_with_tags(found) -> None:
    assert not [place for place in found if place[0] == "overlap" and place[2] in ("crown", "ndtms", "oasys")]
    missing = found["missing", "magistrates", "dob"]
    assert (missing.expected, missing.tag) == (0.03, Provenance.ASSUMED)
    assert missing.asked == missing.expected, "what is asked of the generator stands in the schema"
    dob, name = (found["agreement", "magistrates, prison, probation", item] for item in ("dob", "full_name"))
    assert (dob.tag, dob.asked, name.asked) == (Provenance.CPR, 0.9, None)


def of(found: float | None, **others) -> Finding:
    fields = {"kind": "missing", "scope": "prison", "item": "pnc", "expected": 0.1, "tolerance": 0.02, "tag": "A"}
    return Finding(**fields | {"people": 10**6} | others, found=found)


def test_a_figure_is_within_its_tolerance_and_what_chance_allows() -> None:
    assert of(0.1195).is_within
    assert not of(0.1215).is_within  # three standard errors of a million are 0.0009
    assert of(0.18, people=100).is_within  # and of a hundred 0.09
    assert of(None).is_within is None
    assert of(1.9, kind="records_per_person", expected=2.0, tolerance=0.1).is_within
    assert not of(1.7, kind="records_per_person", expected=2.0, tolerance=0.1).is_within


def test_the_verdict_names_what_is_outside_and_the_page_shows_all() -> None:
    findings = [of(0.1), of(0.5, item="<dob>"), of(None, item="cro")]
    lines = verdict(findings)
    assert len(lines) == 2
    assert lines[0].startswith("outside: missing of prison, <dob>: found 0.5000, expected 0.1000 give or take 0.0209")
    assert lines[1] == "1 of 3 figures are within tolerance, 1 could not be counted: not realistic in 1 of them"
    assert verdict(findings[:1]) == ["1 of 1 figures are within tolerance: realistic as far as it is held to"]
    text = page(findings)
    assert text.count('<tr class="outside">') == 1
    assert "&lt;dob&gt;" in text
    assert "<dob>" not in text
    assert "no more real than that" in text


def test_the_table_has_what_a_finding_has() -> None:
    assert set(schemas.load("realism").column_names) <= {*Finding.model_fields, "allowed", "is_within"}


def test_records_of_known_people_say_what_was_missing_and_what_was_only_unusable(spark: SparkSession) -> None:
    rows = [
        {"journey_id": "J1", "surname": "Smith", "dob": "1900-01-01", "pnc": "99/9999902N", "nationality": "UK"},
        {"journey_id": "J2", "surname": "Smith"},
        {"journey_id": "J3", "surname": "Smith", "dob": "1980-02-03"},
    ]
    prison = supply(spark, "prison", [{"reception_date": "2015-01-01"} | row for row in rows])
    truth = spark.createDataFrame(
        [("prison", "J1", 7), ("prison", "J2", 8)], "source_dataset string, source_key string, true_person_id bigint"
    )
    made = comparable({"prison": identify(prison, "prison", b"k" * 16)}, truth, as_of=date(2020, 1, 1))
    wanted = made.select("source_key", "person", "surname_std", "has_dob", "has_pnc", "foreign_national")
    # A placeholder and a number that fails its check were there; a record of nobody known is left out.
    assert [tuple(row) for row in wanted.orderBy("source_key").collect()] == [
        ("J1", 7, "SMITH", True, True, False),
        ("J2", 8, "SMITH", False, False, None),
    ]
