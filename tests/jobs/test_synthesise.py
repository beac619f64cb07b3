"""What the synthetic nation's section of a pipeline may say, and what it then makes."""

from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from jobs import synthesise
from jobs.harness import config
from jobs.settings import PipelineSettings
from linkage.errors import ConfigError
from linkage.synthetic.supplies.registry import FORMS
from tests.jobs.conftest import ROOT, written
from tests.jobs.running import answered

PIPELINES = sorted((ROOT / "conf" / "pipelines").glob("*.yaml"))


def planned(folder: Path, document: dict, **changes: object) -> synthesise.stages.Plan:
    document["synthesise"] = {k: v for k, v in (document["synthesise"] | changes).items() if v is not None}
    return synthesise.plan(config.load(Path(written(folder, document)), PipelineSettings))


def test_only_the_datasets_that_are_asked_for_are_made(demo_config, tmp_path):
    made = [str(table) for table in planned(tmp_path, demo_config).outputs]
    assert made == ["landing/magistrates", "landing/prison", "landing/probation", "evaluation/truth_keys"]


def test_all_are_made_unless_it_says_otherwise(demo_config, tmp_path):
    made = {str(table) for table in planned(tmp_path, demo_config, datasets=None, companions=None).outputs}
    assert {f"landing/{name}" for name in FORMS} < made
    assert {"landing/crown_offences", "landing/hes_assaults", "evaluation/truth_case_links"} < made


def test_links_of_cases_need_both_courts(demo_config, tmp_path):
    made = {str(table) for table in planned(tmp_path, demo_config, datasets=["magistrates", "crown"]).outputs}
    assert made == {"landing/magistrates", "landing/crown", "evaluation/truth_keys", "evaluation/truth_case_links"}


def test_a_profile_counts_for_what_decides_the_result(demo_config, tmp_path):
    profile = ROOT / "conf" / "synthetic" / "stress.yaml"
    assert profile in planned(tmp_path, demo_config, profile=str(profile)).files


def test_a_dataset_that_cannot_be_made_is_refused_by_name(demo_config, tmp_path):
    with pytest.raises(ConfigError, match=r"synthesise\.datasets.*no such dataset: magistrate; allowed: magistrates"):
        planned(tmp_path, demo_config, datasets=["magistrate"])


def test_a_profile_with_a_rate_that_there_is_not_is_refused_with_its_file(demo_config, tmp_path):
    profile = tmp_path / "mine.yaml"
    profile.write_text("names: {typpo: {rate: 0.1, tag: A}}")
    with pytest.raises(ConfigError, match=r"mine\.yaml.*names\.typpo"):
        planned(tmp_path, demo_config, profile=str(profile))


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_pipelines_that_ship_link_only_what_they_make(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    pipeline = config.load(path, PipelineSettings)
    made = {str(table) for table in synthesise.plan(pipeline).outputs}
    assert {f"landing/{name}" for name in (*pipeline.ingest.supplies, *pipeline.ingest.companions)} <= made
    assert yaml.safe_load(path.read_text())["name"] == path.stem


def codegen(spark: SparkSession) -> dict[str, str]:
    return {name: value for name, value in spark.conf.getAll.items() if "codegen" in name}


def test_the_session_is_as_it_was_when_supplies_and_truth_are_written(spark, demo_config, tmp_path, setting):
    setting("spark.sql.codegen.wholeStage", "true")
    before = codegen(spark)
    demo_config["synthesise"] |= {"people": 60, "datasets": ["magistrates", "crown"]}
    answer = answered("synthesise", "--config", written(tmp_path, demo_config))
    assert (answer.code, answer.stages) == (0, ["synthesise"])
    assert codegen(spark) == before
    lake = tmp_path / "lake"
    assert {path.name for path in (lake / "landing").iterdir()} == {"magistrates", "crown"}
    assert {path.name for path in (lake / "evaluation").iterdir()} == {"truth_keys", "truth_case_links"}
