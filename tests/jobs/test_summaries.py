"""What jobs say at their end: figures for people, and notes that say what to do."""

from types import SimpleNamespace

import pytest

from jobs import match_summary, stage_summary
from jobs.harness.manifest import Manifest
from tests.jobs.match_desk import TRAINED
from tests.linkage.splink_models import comparison, level, model, null, otherwise

GAPS = TRAINED | {
    "comparisons": [comparison("dob", null("dob"), level("dob_l = dob_r", 0.9), otherwise(0.1, 0.99))],
    "retain_matching_columns": True,
}
COUNTS = {"records": 5, "candidate_pairs_total": 4, "pairs_kept": 3, "clusters": 2}


def test_a_level_without_an_estimate_is_told_once():
    def noted(*warnings):
        return match_summary.notes(model(GAPS), model(GAPS), ["people"], warnings)

    retained = (
        "retain_matching_columns: ignored, scored pairs hold levels and weights only; join the inputs by unique ID"
    )
    first, second = noted("comparison dob, level 'ELSE': never seen among random pairs")
    assert first.startswith(retained)
    assert second.startswith("levels without an estimate take Splink's default: dob: dob_l = dob_r; nothing to do if")
    for warning in (
        "comparison dob, level 'dob_l = dob_r': never seen among random pairs; its u stays",
        "comparison dob: no EM session leaves it free, so its m is not estimated",
    ):
        assert noted(warning) == [first]
    whole = model(TRAINED | {"retain_matching_columns": False})
    assert match_summary.notes(whole, whole, ["people"], []) == []


def test_a_summary_has_a_line_for_each_thing():
    more = {"accuracy": None, "notes": ["look"], "training": {"warnings": ["beware"]}}
    told = match_summary.summary(COUNTS, more, truth=None, output="out")
    first = "5 records, 4 candidate pairs, 3 kept, 2 clusters"
    assert told.splitlines() == [first, "note: look", "warning: beware", "tables, model and run.json are in out"]


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        (
            {"people": 20_000, "known_records": 58_603},
            "people made         20,000, of some of whom there are 58,603 records",
        ),
        (
            {"pairs_considered": 4_000, "pairs_kept": 30, "capped_keys": 0},
            "pairs considered    4,000, 30 kept",
        ),
        (
            {"corrected_cells_unused": 2},
            "corrections unused  2 cells, of no row that was set aside or in a column that its supply lacks",
        ),
        ({"persons": 17}, "persons found       17"),
        (
            {"persons": 17, "records": 1_024, "people_with_records": 16},
            "persons found       17 from 1,024 records, which are of 16 people",
        ),
    ],
)
def test_a_stage_is_told_by_its_counts(counts, line):
    assert stage_summary.found(counts, {}) == [line]


def test_rows_set_aside_are_told_by_reason_most_first():
    counts = {"rows": 1_000, "records": 990, "quarantined": 10, "quarantined_row_repeated": 3, "quarantined_key": 7}
    told = ["records in          1,000", "quarantined         10 (key 7, row repeated 3)"]
    assert stage_summary.found(counts, {}) == told


def test_a_run_is_pointed_to_with_its_pages(tmp_path):
    (tmp_path / "data_quality.html").write_text("")
    (tmp_path / "run.json").write_text("")
    assert stage_summary.where(SimpleNamespace(folder=tmp_path)) == (
        f"this run            {tmp_path}, with data_quality.html"
    )


def test_what_came_along_is_told_with_what_is_odd_in_it():
    counts = {"rows": 30, "records": 10, "companion_rows": 19, "quarantined": 1, "quarantined_key_missing": 1}
    odd = {"row_not_found_family_events": 2, "row_not_found_family": 1, "code_out_of_time_probation_requirements": 3}
    assert stage_summary.found(counts | odd, {}) == [
        "rows in             30",
        "quarantined         1 (key missing 1)",
        "came along          19 rows of companion tables",
        "hang on nothing     family_events: 2, family: 1",
        "codes out of time   probation_requirements: 3",
    ]


def test_a_training_alone_tells_its_warnings(tmp_path):
    manifest = Manifest("train", "1", counts={"em_sessions": 3}, more={"training": {"warnings": ["beware"]}})
    told = stage_summary.of_stage("train", None, SimpleNamespace(manifest=manifest, folder=tmp_path))
    assert told.splitlines() == [
        "trained on          3 EM sessions; the model is in linkage/models",
        "warning: beware",
        f"this run            {tmp_path}",
    ]
