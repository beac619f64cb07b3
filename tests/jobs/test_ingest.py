"""Ingest of supplies with our own column names: what it refuses, sets aside and takes back."""

import json

import schemas
from jobs.harness import lock
from linkage.lake import Zone
from linkage.records import quarantine
from tests.jobs.pipeline_desk import PipelineDesk


def test_a_supply_with_a_wrong_column_is_named(spark, tmp_path):
    pipeline = PipelineDesk(spark, tmp_path)
    (tmp_path / "prison.csv").write_text("journey_id,surnam\n1,SMITH\n")
    pipeline.config["ingest"]["supplies"] = {"prison": {"path": f"{tmp_path}/prison.csv"}}
    code, _, err = pipeline.run(job="ingest")
    assert code == 3
    assert "ingest: table prison does not fit its schema: " in err
    assert "unexpected column surnam" in err
    assert [path.name for path in (tmp_path / "lake").iterdir()] == [lock.NAME]


def test_a_row_that_is_set_aside_comes_back_corrected_and_once(spark, tmp_path):
    pipeline = PipelineDesk(spark, tmp_path)
    names = schemas.load("prison").column_names
    good = ",".join({"journey_id": "J1", "surname": "SMITH", "reception_date": "2015-06-07"}.get(n, "") for n in names)
    (tmp_path / "prison 1+2 50%.csv").write_text(f"{','.join(names)}\n{good}\nJ2,SMITH\n")
    pipeline.config["ingest"] |= {
        "supplies": {"prison": {"path": f"{tmp_path}/prison 1+2 50%.csv"}},
        "max_bad_share": 0.5,
    }
    keys, people = schemas.load("truth_keys"), [("prison", f"J{number}", number) for number in (1, 2, 3)]
    known = spark.createDataFrame(people, keys.struct_type())
    pipeline.lake.overwrite(known, Zone.EVALUATION, "truth_keys", keys)
    code, _, err = pipeline.run(job="ingest")
    assert code == 0, err
    assert _people(pipeline) == [1], "nobody knows the truth of rows that are no records"
    counts = pipeline.manifest["counts"]
    assert counts == {"rows": 2, "records": 1, "quarantined": 1, "quarantined_row_malformed": 1}
    [aside] = pipeline.table(Zone.LANDING, "quarantine").collect()
    assert aside["source_file"] == "prison 1+2 50%.csv"
    cells = {"journey_id": "J2", "surname": "SMITH", "reception_date": "2016-06-07"}
    lines = [f"{aside['quarantine_id']},{name},{value}" for name, value in cells.items()]
    lines += ["q0,surname,OTHER", f"{aside['quarantine_id']},case_id,C1"]
    (tmp_path / "mended.csv").write_text("\n".join(["quarantine_id,column_name,value", *lines]) + "\n")
    magistrates = schemas.load("magistrates").column_names
    (tmp_path / "courts.csv").write_text(",".join(magistrates) + "\n")
    pipeline.config["ingest"]["supplies"]["magistrates"] = {"path": f"{tmp_path}/courts.csv"}
    pipeline.config["ingest"]["corrections"] = f"{tmp_path}/mended.csv"
    code, _, err = pipeline.run(job="ingest")
    assert code == 0, err
    counts = pipeline.manifest["counts"]
    assert counts == {"rows": 2, "records": 2, "quarantined": 0, "corrected": 1, "corrected_accepted": 1} | {
        # Of no row that was set aside, and of a column that only another supply has.
        "corrected_cells_unused": 2
    }
    assert _people(pipeline) == [1, 2]
    code, _, err = pipeline.run(job="ingest")
    assert (code, json.loads(err)["outcome"]) == (0, "unchanged")
    evidence = pipeline.table(Zone.LINKAGE, "linkage_evidence").collect()
    assert sorted(str(row["custody_from"]) for row in evidence) == ["2015-06-07", "2016-06-07"]
    quality = {row["column_name"]: row for row in pipeline.table(Zone.OUTPUTS, "data_quality").collect()}
    assert quality["surname"]["rows"] is None, "two rows are too few to be told"


def _people(pipeline):
    return sorted(row["true_person_id"] for row in pipeline.table(Zone.EVALUATION, "truth").collect())


def test_a_row_that_is_lost_is_missed_before_anything_is_written(spark, tmp_path, monkeypatch):
    pipeline = PipelineDesk(spark, tmp_path)
    names = schemas.load("prison").column_names
    values = {"journey_id": "J1", "surname": "SMITH", "reception_date": "2015-06-07"}
    (tmp_path / "prison.csv").write_text(f"{','.join(names)}\n{','.join(values.get(name, '') for name in names)}\n")
    pipeline.config["ingest"]["supplies"] = {"prison": {"path": f"{tmp_path}/prison.csv"}}
    flag = quarantine.flag
    monkeypatch.setattr(quarantine, "flag", lambda *args: flag(*args).where("journey_id <> 'J1'"))
    code, _, err = pipeline.run(job="ingest")
    assert code == 1
    assert err.splitlines()[-1] == "ingest: supply prison: 1 rows came in and 0 were judged"
    assert [path.name for path in (tmp_path / "lake").iterdir()] == [lock.NAME]
