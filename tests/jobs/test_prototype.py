"""The job `prototype` as its users call it."""

import json

from jobs.__main__ import main


def test_tables_are_written_with_those_that_they_name_and_none_is_half_there(spark, tmp_path, capsys):
    output = tmp_path / "made"
    options = f"--output {output} --rows 4 --seed 3 --format parquet --runs {tmp_path}/runs".split()
    assert main(["prototype", *options, "--tables", "civil_events"]) == 0
    assert capsys.readouterr().out == f"2 tables of 4 rows, all of them made up, are in {output}\n"
    assert sorted(path.name for path in output.glob("[!.]*")) == ["civil_cases", "civil_events", "run.json"]
    assert json.loads((output / "run.json").read_text())["job"] == "prototype"
    cases, events = (spark.read.parquet(str(output / name)) for name in ("civil_cases", "civil_events"))
    assert events.join(cases, "case_number", "left_semi").count() == 4
    assert events.where("is_synthetic").count() == 4


def test_what_is_asked_wrongly_is_refused_without_spark(tmp_path, capsys):
    for options, said in (
        (["--tables", "civil_event"], "--tables civil_event: no such supply; did you mean 'civil_events'?"),
        (["--rows", "0"], "--rows 0: give a number from 1 to 10,000,000"),
    ):
        assert main(["prototype", "--output", f"{tmp_path}/made", *options]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
