"""The ways that `match` reads and writes: by the tasks themselves, or through Spark; rows are the same."""

import pytest

from tests.jobs.match_desk import PEOPLE, TRAINED, desk_in


def _rows(desk, name):
    table = desk.table(name)
    return sorted(map(repr, table.select(sorted(table.columns)).collect())), dict(table.dtypes)


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_and_dedupe"])
def test_tables_are_the_same_whoever_reads_and_writes(spark, tmp_path, monkeypatch, link_type):
    names = ["a"] if link_type == "dedupe_only" else ["a", "b"]
    found = {}
    for way in ("tasks", "spark", "spark, nothing held"):
        desk = desk_in(spark, tmp_path / way.replace(",", ""), monkeypatch)
        options = ["--settings", desk.write("model.json", TRAINED | {"link_type": link_type})]
        for number, name in enumerate(names):
            part = PEOPLE.slice(80 * number, 160 // len(names))
            options += ["--input", f"{name}={desk.write(f'{name}.parquet', part)}"]
        with monkeypatch.context() as change:
            if way != "tasks":
                change.setattr("linkage.lake.shared.tasks_share", lambda *_: False)
                change.setattr("jobs.harness.tables.tasks_share", lambda *_: False)
            if way == "spark, nothing held":
                change.setattr("jobs.match.records_memory", lambda *_: 0)
            answer = desk.match(*options, "--cluster-weight", "3")
        assert answer.code == 0, answer.err
        found[way] = [_rows(desk, name) for name in ("scored_pairs", "clusters", "pattern_counts")]
        assert desk.document("run.json")["counts"]["pairs_kept"] == len(found[way][0][0]) > 100
        by_tasks = any(
            path.name.startswith("part-") and "-c000" not in path.name for path in (desk.output / "clusters").iterdir()
        )
        assert by_tasks == (way == "tasks")
    assert found["tasks"] == found["spark"] == found["spark, nothing held"]
