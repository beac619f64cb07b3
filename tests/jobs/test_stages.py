"""Stages: done once, again when what decides them changes, again when they were cut off."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import schemas
from jobs.harness import keys, progress, sources, stages
from jobs.harness.config import Settings
from jobs.harness.manifest import Manifest
from jobs.harness.run import Run
from linkage.errors import ConfigError, InputError
from linkage.lake import Lake, Zone

TRUTH = schemas.load("truth")
ZONES = frozenset({Zone.EVALUATION})


class _Section(Settings):
    people: int = 3


@dataclass(frozen=True)
class _Config:
    lake: str
    runs: Path
    key: keys.KeySettings
    section: _Section = field(default_factory=_Section)


@dataclass
class _Bench:
    """Runs one stage that copies the table `raw` to `truth`, and counts how often."""

    spark: object
    config: _Config
    files: tuple[Path, ...] = ()
    times: int = 0
    failure: BaseException | None = None

    def perform(self, *, again: bool = False) -> Manifest:
        return self._perform(stages.Stage("copy", "linkage.errors", ZONES, ZONES, self._plan, self._work), again)

    def perform_next(self) -> Manifest:
        """A stage that reads what the first one wrote."""
        plan = stages.Plan([stages.Table(Zone.EVALUATION, "truth")], [stages.Table(Zone.EVALUATION, "next")], [])

        def work(task: stages.Task[_Config]) -> dict[str, int]:
            read = task.lake.read(Zone.EVALUATION, "truth", TRUTH)
            return {"records": task.lake.overwrite(read, Zone.EVALUATION, "next", TRUTH).rows}

        return self._perform(stages.Stage("next", "linkage.errors", ZONES, ZONES, lambda _: plan, work), again=False)

    def perform_last(self) -> Manifest:
        """A stage that reads what the second one wrote, and nothing of the first."""
        plan = stages.Plan([stages.Table(Zone.EVALUATION, "next")], [], [self.config.section])
        return self._perform(stages.Stage("last", "linkage.errors", ZONES, ZONES, lambda _: plan, lambda _: {}), False)

    def _perform(self, stage: stages.Stage[_Config], again: bool) -> Manifest:
        manifest = Manifest("fake", "1")
        run = Run("fake", "1", self.config.runs, self.config.runs, manifest, progress.for_stream("fake", "1"))
        stage.perform(self.spark, self.config, run, again=again)
        return manifest

    def _plan(self, config: _Config) -> stages.Plan:
        raw, truth = stages.Table(Zone.EVALUATION, "raw"), stages.Table(Zone.EVALUATION, "truth")
        return stages.Plan([raw], [truth], [config.section], files=self.files, keyed=True)

    def _work(self, task: stages.Task[_Config]) -> dict[str, int]:
        self.times += 1
        commit = task.lake.overwrite(task.lake.read(*RAW), Zone.EVALUATION, "truth", TRUTH)
        if self.failure is not None:
            raise self.failure
        return {"records": commit.rows}


RAW = (Zone.EVALUATION, "raw", TRUTH)


@pytest.fixture
def bench(spark, tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_KEY", "x" * 32)
    config = _Config(str(tmp_path / "lake"), tmp_path / "runs", keys.KeySettings(environment="DEMO_KEY"))
    config.runs.mkdir()
    bench = _Bench(spark, config)
    _supply(bench, 3)
    return bench


def _supply(bench, rows):
    raw = bench.spark.range(rows).selectExpr("id as record_id", "id as true_person_id")
    Lake(bench.spark, bench.config.lake, ZONES, ZONES).overwrite(raw, *RAW)


def test_a_stage_that_is_done_is_not_done_again(bench, capsys):
    first, second = bench.perform(), bench.perform()
    assert bench.times == 1
    assert first.stages == {"copy": "done"}
    assert second.stages == {"copy": "unchanged"}
    assert first.counts == second.counts == {"records": 3}
    assert first.inputs == second.inputs
    assert first.inputs["evaluation/raw"].startswith("version 0 of ")
    assert first.outputs == second.outputs
    assert first.outputs["evaluation/truth"].startswith("version 0 of ")
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["outcome"] == "unchanged"
    assert bench.perform(again=True).stages == {"copy": "done"}


def test_new_input_settings_key_or_lost_output_call_for_the_work(bench, monkeypatch):
    bench.perform()
    _supply(bench, 4)
    assert bench.perform().counts == {"records": 4}
    bench.config = _Config(bench.config.lake, bench.config.runs, bench.config.key, _Section(people=4))
    assert bench.perform().stages == {"copy": "done"}
    monkeypatch.setenv("DEMO_KEY", "y" * 32)
    assert bench.perform().stages == {"copy": "done"}
    Path(bench.config.lake, "evaluation", "truth").rename(Path(bench.config.lake, "elsewhere"))
    assert bench.perform().stages == {"copy": "done"}
    assert bench.perform().stages == {"copy": "unchanged"}
    assert bench.times == 5


def test_changed_code_calls_for_the_work(bench, monkeypatch):
    bench.perform()
    monkeypatch.setattr(stages, "code_hash", lambda module: f"other {module}")
    assert bench.perform().stages == {"copy": "done"}


def test_a_file_counts_by_its_content(bench, tmp_path):
    model = tmp_path / "model.json"
    bench.files = (model,)
    with pytest.raises(ConfigError, match=r"model\.json: no such file"):
        bench.perform()
    model.write_text("{}")
    bench.perform()
    model.write_text("{}")
    assert bench.perform().stages == {"copy": "unchanged"}
    model.write_text("[]")
    assert bench.perform().stages == {"copy": "done"}


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ValueError()])
def test_a_stage_that_was_cut_off_after_its_tables_is_done_again(bench, failure):
    bench.perform()
    _supply(bench, 5)
    bench.failure = failure
    with pytest.raises(type(failure)):
        bench.perform()
    bench.failure = None
    assert bench.perform().counts == {"records": 5}
    assert bench.times == 3


def test_a_mark_cut_short_is_no_mark(bench):
    bench.perform()
    (bench.config.runs / "stages" / "copy.json").write_text('{"fingerprint": "')
    assert bench.perform().stages == {"copy": "done"}


def test_a_stage_whose_input_is_missing_says_who_writes_it(bench):
    with pytest.raises(InputError, match=r"evaluation/truth: no such table at .*; run the job that writes it"):
        bench.perform_next()


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ValueError()])
def test_a_stage_does_not_take_what_another_left_half_made(bench, failure):
    bench.failure = failure
    with pytest.raises(type(failure)):
        bench.perform()
    with pytest.raises(InputError, match="evaluation/truth: copy was stopped before it was done; run copy again"):
        bench.perform_next()
    bench.failure = None
    bench.perform()
    assert bench.perform_next().counts == {"records": 3}


def test_a_stage_does_not_take_what_somebody_else_wrote(bench):
    bench.perform()
    rows = bench.spark.range(9).selectExpr("id as record_id", "id as true_person_id")
    Lake(bench.spark, bench.config.lake, ZONES, ZONES).overwrite(rows, Zone.EVALUATION, "truth", TRUTH)
    with pytest.raises(InputError, match="evaluation/truth: no longer what copy wrote; run copy again"):
        bench.perform_next()


def test_a_stage_does_not_take_what_was_made_of_something_older(bench):
    bench.perform()
    bench.perform_next()
    assert bench.perform_last().stages == {"last": "done"}
    bench.perform(again=True)
    bench.config = replace(bench.config, section=_Section(people=4))
    with pytest.raises(
        InputError, match="evaluation/next: next made it of an earlier evaluation/truth; run next again, or the pipe"
    ):
        bench.perform_last()
    bench.perform_next()
    assert bench.perform_last().stages == {"last": "done"}


def test_marks_of_another_lake_do_not_matter(bench, tmp_path):
    bench.perform()
    bench.config = replace(bench.config, lake=str(tmp_path / "other"))
    rows = bench.spark.range(9).selectExpr("id as record_id", "id as true_person_id")
    Lake(bench.spark, bench.config.lake, ZONES, ZONES).overwrite(rows, Zone.EVALUATION, "truth", TRUTH)
    assert bench.perform_next().counts == {"records": 9}


def test_the_code_hash_follows_imports_and_data():
    assert sources.reach("linkage.errors") == ["linkage", "linkage.errors"]
    reached = sources.reach("linkage.lake")
    assert {"linkage.lake.tables", "linkage.lake.files", "schemas.table", "linkage.errors"} <= set(reached)
    assert not any(name.startswith("jobs.harness") for name in sources.reach("jobs.__main__"))
    assert any(b"true_person_id" in content for content in sources._data("schemas"))
