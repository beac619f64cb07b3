"""The whole pipeline on a small population: what it finds, what it leaves out, how it goes on."""

import json
from collections import Counter

import pytest
import yaml
from pyspark.sql import functions as F

from jobs.__main__ import main
from jobs.harness import lock
from jobs.harness.signals import Interrupted
from linkage.engine.estimate import SAMPLED_PAIRS
from linkage.identity import persons
from linkage.lake import Lake, Zone
from linkage.model.blocking import keyed_rules
from linkage.model.splink_settings import parse_settings
from linkage.quality.blocking_recall import NO_RULE
from linkage.records.subgroups import SUBGROUPS
from tests.jobs.conftest import ROOT, written
from tests.jobs.pipeline_desk import PipelineDesk

RECALL = "pair_recall"
STAGES = ["synthesise", "ingest", "train", "link", "resolve", "evaluate"]


@pytest.fixture(scope="module")
def done(spark, tmp_path_factory):
    """A pipeline that has run once; its exit code and what it printed."""
    pipeline = PipelineDesk(spark, tmp_path_factory.mktemp("pipeline"))
    return pipeline, pipeline.run()


def test_the_summary_says_what_a_person_wants_to_know(done):
    pipeline, (code, out, err) = done
    assert code == 0, err
    for said in (
        "records in ", "quarantined ", "pairs considered ", "persons found ", "precision, recall ", "biggest clusters ",
        "seconds ", f"linkage/persons                          {pipeline.folder}/lake/linkage/persons",
    ):  # fmt: skip
        assert said in out


def test_structured_lines_for_each_stage(done):
    _, (_, _, err) = done
    lines = [json.loads(line) for line in err.splitlines()]
    told = [(name, outcome) for name in STAGES for outcome in ("running", "done")]
    assert [(line["stage"], line["outcome"]) for line in lines] == told


def test_every_row_is_a_record_or_in_quarantine(done):
    pipeline, _ = done
    counts = pipeline.manifest["counts"]
    records = pipeline.table(Zone.IDENTIFIERS, "records")
    assert counts["quarantined"] == pipeline.table(Zone.LANDING, "quarantine").count() > 0
    assert counts["records"] == records.count() == records.select("record_id").distinct().count()
    assert counts["rows"] == counts["records"] + counts["quarantined"]
    attributes = [
        pipeline.table(Zone.ATTRIBUTES, f"{name}_attributes").select("record_id")
        for name in ("magistrates", "prison", "probation")
    ]
    both = attributes[0].unionAll(attributes[1]).unionAll(attributes[2])
    assert both.exceptAll(records.select("record_id")).isEmpty()
    evidence = pipeline.table(Zone.LINKAGE, "linkage_evidence").select("record_id")
    assert evidence.exceptAll(records.select("record_id")).isEmpty()
    assert evidence.count() == counts["records"]
    assert both.count() == counts["records"]


def test_how_full_and_sound_the_supplies_are(done):
    pipeline, _ = done
    found = pipeline.table(Zone.OUTPUTS, "data_quality").where("period = 'all'").collect()
    rows = {(row["source_dataset"], row["column_name"]): row for row in found}
    assert {dataset for dataset, _ in rows} == {"magistrates", "prison", "probation"}
    dates = rows["magistrates", "dob"]
    # Rounded to five, so that a few bad rows may not show.
    assert 0 < dates["accepted"] <= dates["rows"]
    assert dates["rows"] % 5 == 0
    # What the schema expects is what the synthetic supplies are made with, give or take chance and bad rows.
    second = rows["magistrates", "forename2"]
    assert abs(second["missing_share"] - second["expected_missing"]) < 0.15
    pages = list((pipeline.folder / "runs").glob("*/data_quality.html"))
    assert len(pages) == 1


def test_every_record_is_in_one_person(done):
    pipeline, _ = done
    records = {row["record_id"] for row in pipeline.table(Zone.IDENTIFIERS, "records").select("record_id").collect()}
    members = _persons(pipeline)
    assert len(members) == len(records)
    assert {record_id for record_id, *_ in members} == records
    persons = pipeline.table(Zone.LINKAGE, "persons").collect()
    assert len(persons) == pipeline.manifest["counts"]["persons"] == len({person_id for *_, person_id in members})
    assert sum(row["records"] for row in persons) == len(records)


def test_linkage_error_is_measured_overall_by_datasets_and_by_subgroup(done):
    pipeline, (_, out, _) = done
    rows = pipeline.table(Zone.EVALUATION, "linkage_error").collect()
    rates = {(row["datasets"], row["subgroup"], row["value"], row["measure"]): row for row in rows}
    assert len(rates) == len(rows)
    overall = ("all", "all", "all")
    assert rates[*overall, "pair_precision"]["rate"] > 0.95
    assert rates[*overall, "pair_recall"]["rate"] > 0.8
    assert rates["prison x probation", "all", "all", "pair_recall"]["denominator"] > 0
    assert {row["subgroup"] for row in rows} == {"all", *SUBGROUPS}
    # Half of a pair belongs to each of its records, and each record is in one group, if only in "not recorded".
    for subgroup in SUBGROUPS:
        true = [row for row in rows if (row["datasets"], row["subgroup"], row["measure"]) == ("all", subgroup, RECALL)]
        assert sum(row["denominator"] for row in true) == rates[*overall, RECALL]["denominator"], subgroup
    assert {row["truth_basis"] for row in rows} == {"synthetic"}
    assert "no accuracy on real records, since the generator shares its error rates with the model" in out
    assert pipeline.manifest["accuracy"]["recall"] == rates[*overall, RECALL]["rate"]
    truth = {row["record_id"]: row["true_person_id"] for row in pipeline.table(Zone.EVALUATION, "truth").collect()}
    people = {truth[record_id] for record_id, *_ in _persons(pipeline)} - {None}
    assert pipeline.manifest["counts"]["people_with_records"] == len(people)
    assert f", which are of {len(people):,} people\n" in out


def test_the_manifest(done):
    pipeline, _ = done
    manifest = pipeline.manifest
    assert manifest["outcome"] == "done"
    assert manifest["outputs"]["linkage/persons"].startswith("version 0 of ")
    assert set(manifest["config"]) == {"path", "sha256"}
    assert set(STAGES) | {"session", "total"} == set(manifest["seconds"])
    assert json.loads((pipeline.folder / "runs" / manifest["run_id"] / "model.json").read_text())["comparisons"]


def test_a_second_run_does_nothing_and_says_the_same(done):
    pipeline, (_, first, _) = done
    before = _persons(pipeline)
    code, out, err = pipeline.run()
    assert code == 0
    assert [json.loads(line)["outcome"] for line in err.splitlines()] == ["unchanged"] * len(STAGES)
    assert _facts(out) == _facts(first)
    assert "nothing to do       for all stages: what they read is unchanged" in out.splitlines()
    assert "nothing to do" not in first
    assert ", with data_quality.html" in first
    assert _persons(pipeline) == before
    # A stage by itself knows the same marks.
    code, out, err = pipeline.run(job="resolve")
    assert (code, json.loads(err)["outcome"]) == (0, "unchanged")
    # And tells what it found.
    assert out.splitlines()[0] == f"persons found       {pipeline.manifest['counts']['persons']:,}"
    code, out, _ = pipeline.run(job="evaluate")
    assert out.splitlines()[0] in first.splitlines()  # precision and recall
    assert out.startswith("precision, recall ")


def test_a_run_that_was_stopped_between_two_tables_goes_on(done, monkeypatch):
    pipeline, _ = done
    before, overwrite = _persons(pipeline), Lake.overwrite

    def stop_at_person_records(lake, df, zone, table, *args, **options):
        if table == "person_records":
            raise Interrupted("SIGTERM")
        return overwrite(lake, df, zone, table, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "overwrite", stop_at_person_records)
        patch.setitem(pipeline.config["resolve"], "cluster_weight", 30)
        code, out, err = pipeline.run()
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "pipeline: stopped by SIGTERM; run it again to go on"
    assert pipeline.manifest["outcome"] == "interrupted"
    # The clusters are of the stopped run, the persons of the one before; the next run makes both whole.
    code, _, err = pipeline.run()
    assert code == 0, err
    assert [json.loads(line)["outcome"] for line in err.splitlines()] == ["unchanged"] * 4 + ["running", "done"] * 2
    assert _persons(pipeline) == before


def test_too_many_bad_rows_stop_the_run_before_anything_is_written(done, tmp_path):
    finished, _ = done
    pipeline = PipelineDesk(finished.spark, tmp_path)
    pipeline.config["ingest"]["max_bad_share"] = 0
    for supply in pipeline.config["ingest"]["supplies"]:
        pipeline.config["ingest"]["supplies"][supply] = {"path": f"{finished.config['lake']}/landing/{supply}"}
    del pipeline.config["synthesise"]
    code, _, err = pipeline.run(job="ingest")
    assert code == 3
    assert "supply magistrates: " in err.splitlines()[-1]
    assert "ingest.max_bad_share" in err.splitlines()[-1]
    assert [path.name for path in (tmp_path / "lake").iterdir()] == [lock.NAME]


def test_two_persons_with_one_id_stop_the_run_before_any_person_is_written(done, monkeypatch):
    pipeline, _ = done
    before, person_records = _persons(pipeline), persons.person_records

    def one_for_all(clusters, key):
        return person_records(clusters, key).withColumn("person_id", F.lit("0123456789abcdef"))

    with monkeypatch.context() as patch:
        patch.setattr(persons, "person_records", one_for_all)
        code, _, err = pipeline.run("--again", job="resolve")
    assert code == 1
    assert "clusters got 1 IDs; two IDs are equal by chance, use another key" in err.splitlines()[-1]
    assert _persons(pipeline) == before
    assert pipeline.run(job="resolve")[0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolve": {"clusterweight": 1}}, "resolve.clusterweight: unknown key; did you mean 'cluster_weight'?"),
        ({"link": {"threshold_weight": 99, "max_pairs": 1}}, "resolve.cluster_weight is below link.threshold_weight"),
        ({"lake": {"vault": "x"}}, "lake"),
    ],
)
def test_a_config_that_is_wrong_is_refused_without_spark(tmp_path, capsys, demo_config, change, message):
    path = written(tmp_path, demo_config | change)
    assert main(["pipeline", "--config", path]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"pipeline: {path}: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_the_measures_of_another_run_stand_beside(done, monkeypatch):
    pipeline, _ = done
    monkeypatch.setitem(pipeline.config, "evaluate", {"basis": "synthetic", "beside": pipeline.config["lake"]})
    code, out, err = pipeline.run(job="evaluate")
    assert code == 0, err
    assert json.loads(err.splitlines()[-1])["outcome"] in ("unchanged", "done")
    beside = out[out.index("the same measures beside another run:") :].splitlines()
    assert beside[2].split()[0] == "all"
    # Beside itself it is the same.
    assert beside[3].split()[2:] == beside[2].split()[1:]


def test_a_model_that_another_pipeline_trained_is_taken_as_it_is(done, tmp_path):
    finished, _ = done
    pipeline = PipelineDesk(finished.spark, tmp_path)
    pipeline.config["train"] = {"trained_in": finished.config["lake"]}
    code, _, err = pipeline.run(job="train")
    assert code == 0, err
    models = [each.table(Zone.LINKAGE, "models").collect() for each in (finished, pipeline)]
    assert models[0] == models[1]
    pipeline.config["train"]["model"] = "conf/models/justice.json"
    assert pipeline.run(job="train")[0] == 2


def test_the_supplies_are_held_to_what_is_known_of_the_real_ones(done):
    pipeline, _ = done
    anchors = yaml.safe_load((ROOT / "conf" / "synthetic" / "anchors.yaml").read_text())
    anchors["records_per_person"]["prison"] |= {"expected": 100}
    (pipeline.folder / "anchors.yaml").write_text(yaml.safe_dump(anchors))
    code, out, err = pipeline.run("--strict", "--anchors", f"{pipeline.folder}/anchors.yaml", job="realism")
    assert code == 4, err
    rows = pipeline.table(Zone.EVALUATION, "realism").collect()
    findings = {(row["kind"], row["scope"], row["item"]): row for row in rows}
    impossible = findings["records_per_person", "prison", "records"]
    assert impossible["is_within"] is False
    assert 1 < impossible["found"] < 5
    for column in ("forename2", "dob", "sex", "postcode", "pnc"):
        assert findings["missing", "magistrates", column]["is_within"], column
    outside = sum(row["is_within"] is False for row in rows)
    assert out.count("outside: ") == outside == pipeline.manifest["counts"]["outside"]
    assert "outside: records_per_person of prison, records: found " in out
    assert err.splitlines()[-1].startswith(f"realism: {outside} of {len(rows)} figures are outside their tolerance; ")
    page = pipeline.folder / "runs" / pipeline.manifest["run_id"] / "realism.html"
    assert page.read_text().count('class="outside"') == outside


def test_what_blocking_reaches_is_told_by_datasets_and_rule(done):
    pipeline, _ = done
    code, out, err = pipeline.run(job="blocking")
    assert code == 0, err
    rows = pipeline.table(Zone.EVALUATION, "blocking_recall").collect()
    truth = pipeline.table(Zone.EVALUATION, "truth").groupBy("true_person_id").count().collect()
    assert sum(row["pairs"] for row in rows) == sum(n * (n - 1) // 2 for _, n in truth)
    missed = sum(row["pairs"] for row in rows if row["match_key"] == NO_RULE)
    scored = pipeline.table(Zone.LINKAGE, "pattern_counts").agg(F.sum("pairs")).first()[0]
    assert 0 < sum(row["pairs"] for row in rows) - missed < scored
    told = out[out.index("blocking recall, ") :].splitlines()
    assert told[2].split()[0] == "all"
    pairs = {" x ".join(row[:2]): 0 for row in rows}
    assert {line[2:30].strip() for line in told[3 : 3 + len(pairs)]} == pairs.keys()


def test_what_linking_would_take_is_foretold_by_rule(done):
    pipeline, _ = done
    code, out, err = pipeline.run(job="estimate")
    assert code == 0, err
    lines = out.splitlines()
    model = parse_settings((ROOT / "conf" / "models" / "justice.json").read_text(), where="justice.json")
    # One line for each side of a rule's OR.
    rules = keyed_rules(model.blocking_rules, model.dialect, where="justice.json")
    told = [line.split() for line in lines[1 : 1 + len(rules)]]
    assert [line[0] for line in told] == [str(rule.match_key) for rule in rules]
    patterns = pipeline.table(Zone.LINKAGE, "pattern_counts")
    considered = dict(map(tuple, patterns.groupBy("match_key").agg(F.sum("pairs")).collect()))
    sharing, new = Counter(), Counter()
    for line in told:
        sharing[line[0]] += int(line[3].replace(",", ""))
        new[line[0]] += int(line[4].replace(",", ""))
    # What is new under a rule is certain where the sample holds all pairs that share its keys.
    certain = [key for key, pairs in sharing.items() if pairs <= SAMPLED_PAIRS // len(rules)]
    assert len(certain) > len(sharing) / 2
    assert {key: new[key] for key in certain} == {key: considered.get(key, 0) for key in certain}
    assert new.total() == pytest.approx(sum(considered.values()), rel=0.1)


def test_charts_tell_of_the_model_its_candidate_pairs_and_two_records(done):
    pipeline, _ = done
    scored = pipeline.table(Zone.LINKAGE, "scored_pairs").orderBy(F.desc("match_weight"), "record_id_l", "record_id_r")
    row = scored.where("source_dataset_l <> source_dataset_r").first()
    sides = [f"{row[f'source_dataset_{side}']}:{row[f'record_id_{side}']}" for side in "rl"]
    code, out, err = pipeline.run("--pair", ",".join(sides), job="charts")
    assert code == 0, err
    folder = pipeline.folder / "runs" / pipeline.manifest["run_id"]
    pages = ["match_weights.html", "m_u.html", "em_session_1.html", "em_session_2.html", "em_session_3.html"]
    told = ["thresholds.json", "rules.json", "calibration.json", "growth.json"]
    expected = [*pages, "thresholds.html", "waterfall.html", *told, "waterfall.json"]
    assert out.splitlines()[-1] == f"{', '.join(expected)} are in {folder}"
    thresholds, rules, calibration, _, waterfall = (
        json.loads((folder / name).read_text()) for name in expected if name.endswith(".json")
    )
    # Frequencies are of persons here, and weights those of the two datasets.
    assert waterfall["match_weight"] == pytest.approx(row["match_weight"], abs=1e-9)
    assert [waterfall[f"unique_id_{side}"] for side in "lr"] == [row[f"record_id_{side}"] for side in "lr"]
    considered = pipeline.table(Zone.LINKAGE, "pattern_counts").agg(F.sum("pairs")).first()[0]
    assert sum(rule["pairs"] for rule in rules["rules"]) == considered
    assert thresholds["used"] == {"threshold_weight": 0.0, "cluster_weight": 10.0}
    assert {each["pairs_above"] + each["pairs_below"] for each in thresholds["thresholds"]} == {considered}
    assert sum(each["candidate_pairs"] for each in calibration["sources"]) == considered
    for name in expected:
        if name.endswith(".html"):
            assert (folder / name).read_text().startswith("<!DOCTYPE html>")


def _persons(pipeline: PipelineDesk) -> list[tuple]:
    return sorted(tuple(row) for row in pipeline.table(Zone.LINKAGE, "person_records").collect())


def _facts(out: str) -> list[str]:
    """The lines of a summary that a second run must repeat."""
    return [line for line in out.splitlines() if not line.startswith(("seconds", "nothing to do", "this run"))]


def test_a_budget_that_is_too_small_refuses(done):
    pipeline, _ = done
    before = pipeline.config["link"]
    pipeline.config["link"] = before | {"max_pairs": 10}
    code, _, err = pipeline.run(job="link")
    pipeline.config["link"] = before
    assert code == 4
    assert pipeline.manifest["stages"] == {"link": "refused"}
    assert "10" in err.splitlines()[-1]
    # Nor are counts drawn that may be of another model than the one beside them.
    code, _, err = pipeline.run(job="charts")
    assert code == 3
    assert err.splitlines()[-1].endswith(
        "linkage/pattern_counts: link was stopped before it was done; run link again, or the pipeline"
    )
