"""A user's desk for the tests of jobs that have no lake: files, a model, and jobs run as users call them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

from tests.jobs.running import Answer, answered
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, null, otherwise, settings

COMPARISONS = [
    comparison(
        "forename",
        null("forename"),
        exact("forename", 0.8, 0.1, tf_adjustment_column="forename"),
        level("levenshtein(forename_l, forename_r) <= 1", 0.1, 0.1),
        otherwise(0.1, 0.8),
    ),
    comparison("surname", null("surname"), exact("surname", 0.85, 0.12), otherwise(0.15, 0.88)),
    comparison("dob", null("dob"), exact("dob", 0.9, 0.003), otherwise(0.1, 0.997)),
]
TRAINED = settings(
    *COMPARISONS,
    rules=["l.dob = r.dob", "l.surname = r.surname AND l.city = r.city"],
    probability_two_random_records_match=0.01,
)
UNTRAINED = settings(comparison("surname", null("surname"), exact("surname"), otherwise()), rules=["l.dob = r.dob"])
TRAINING = {
    "seed": 2,
    "deterministic_rules": [["forename", "surname", "dob"]],
    "recall": 0.7,
    "em_blocking_rules": [["dob"], ["surname"]],
}
SCORED_COLUMNS = {
    "match_key": "string",
    "match_weight": "double",
    "match_probability": "double",
    "gamma_forename": "int",
    "gamma_surname": "int",
    "gamma_dob": "int",
}
PEOPLE = people(160, seed=31, ids="{}")


@dataclass(frozen=True)
class Desk:
    """A folder with a user's files, and jobs run in it."""

    spark: SparkSession
    folder: Path

    def write(self, name: str, content: object) -> str:
        """Writes text, YAML, JSON, bytes or a table, by the ending of its name; returns the path."""
        path = self.folder / name
        if isinstance(content, pa.Table):
            (pyarrow.csv.write_csv if name.endswith(".csv") else pq.write_table)(content, path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_text(
                json.dumps(content) if name.endswith(".json") else yaml.safe_dump(content), encoding="utf-8"
            )
        return str(path)

    @property
    def output(self) -> Path:
        """Where the tests let the job write."""
        return self.folder / "out"

    def match(self, *options: str) -> Answer:
        """Runs `match` with an output folder."""
        return self._run("match", options)

    def dry_run(self, *options: str) -> Answer:
        """Runs `match` without an output folder."""
        return self._run("match", ["--dry-run", *options], has_output=False)

    def explain(self, *options: str) -> Answer:
        """Runs `explain` with an output folder."""
        return self._run("explain", options)

    def catalogue(self) -> Answer:
        """Runs `catalogue` with an output folder."""
        return self._run("catalogue", [])

    def _run(self, job: str, options: Sequence[str], *, has_output: bool = True) -> Answer:
        fixed = ["--runs", str(self.folder / "runs"), *(["--output", str(self.output)] if has_output else [])]
        answer = answered(job, *options, *fixed)
        assert list((self.folder / "scratch").iterdir()) == [], "something was left in scratch"
        assert not list(self.folder.glob(".*")), "something was left beside the output"
        return answer

    def table(self, name: str) -> DataFrame:
        """A table of the output."""
        return self.spark.read.format("delta").load(str(self.output / name))

    def document(self, name: str) -> dict:
        """A JSON file of the output."""
        return json.loads((self.output / name).read_text(encoding="utf-8"))


def desk_in(spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk in a folder, with scratch of its own."""
    (folder / "scratch").mkdir(parents=True)
    monkeypatch.setenv("LINKAGE_SCRATCH", str(folder / "scratch"))
    return Desk(spark, folder)


@dataclass(frozen=True)
class Done:
    """A run that went well, with its desk."""

    desk: Desk
    answer: Answer


def assert_refused(desk, answer, code, words, job="match"):
    """The job ended with this code and one line that has these words, and left nothing."""
    assert answer.code == code, answer.err
    assert answer.line.startswith(f"{job}: ")
    for word in words:
        assert word in answer.line
    others = answer.err.splitlines()[:-1]
    assert all(line.startswith("{") for line in others), "the message is more than a line"
    assert "Traceback" not in answer.err + answer.out
    assert not desk.output.exists()


def columns(table, *names):
    """Columns of an Arrow table as lists."""
    return [table[name].to_pylist() for name in names]
