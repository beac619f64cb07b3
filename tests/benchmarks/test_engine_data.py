"""The records that the engine benchmark makes, and its accuracy of them."""

import duckdb
import pytest
from pyspark.sql import functions as F

from tests.benchmarks.engine_data import HOT_BIRTH, HOT_SURNAME, with_hot_key
from tests.benchmarks.engine_edges import edges
from tests.benchmarks.engine_model import HOT_RULE, LOOSER, RULES, TRAINING, settings
from tests.benchmarks.engine_records import PEOPLE_PER_THOUSAND_RECORDS, records
from tests.benchmarks.engine_runs import accuracy


@pytest.fixture(scope="module")
def made(spark, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "records"
    records(spark, 2_000).write.parquet(str(folder))
    return folder


def _rows(query):
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_records_have_ids_of_their_own_that_say_nothing_about_the_person(made):
    [(count, ids, people)] = _rows(
        f"SELECT count(*), count(DISTINCT unique_id), count(DISTINCT true_person) FROM '{made}/*.parquet'"
    )
    assert count == ids
    assert 0.9 < 2_000 / PEOPLE_PER_THOUSAND_RECORDS * 1_000 / count < 1.1
    assert people < count
    # Neighbours in the order of the IDs are no likelier to be one person than any other two.
    [(alike,)] = _rows(
        "SELECT avg((true_person = before)::int) FROM (SELECT true_person, lag(true_person) OVER (ORDER BY unique_id) "
        f"AS before FROM '{made}/*.parquet')"
    )
    assert alike < 0.02


def test_exactly_so_many_records_are_on_the_hot_key(made, tmp_path):
    with_hot_key(made, tmp_path / "hot.parquet", 500)
    assert HOT_RULE == ("surname", "dob")
    largest = _rows(
        f"SELECT surname, dob, count(*) AS n FROM '{tmp_path}/hot.parquet' WHERE surname > '' AND dob > '' "
        "GROUP BY ALL ORDER BY n DESC LIMIT 2"
    )
    assert largest[0] == (HOT_SURNAME, HOT_BIRTH, 500)
    assert largest[1][2] < 50
    [(other,)] = _rows(f"SELECT count(*) FROM '{made}/*.parquet' WHERE dob = '{HOT_BIRTH}'")
    assert other == 0
    others = "unique_id, forename1, forename2, sex, postcode, district, pnc, true_person"
    changed = _rows(f"SELECT {others} FROM '{made}/*.parquet' EXCEPT SELECT {others} FROM '{tmp_path}/hot.parquet'")
    assert changed == []


def test_more_hot_records_than_there_are_is_refused(made, tmp_path):
    with pytest.raises(ValueError, match="fewer than 1000000"):
        with_hot_key(made, tmp_path / "hot.parquet", 1_000_000)


def test_accuracy_counts_pairs(tmp_path):
    with duckdb.connect() as connection:
        people = "(VALUES (1, 7), (2, 7), (3, 7), (4, 8)) AS t(unique_id, true_person)"
        connection.execute(f"COPY (FROM {people}) TO '{tmp_path}/records.parquet'")
        clusters = "(VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, 'b')) AS t(unique_id, cluster_id)"
        connection.execute(f"COPY (FROM {clusters}) TO '{tmp_path}/clusters.parquet'")
    (tmp_path / "records").mkdir()
    (tmp_path / "records.parquet").rename(tmp_path / "records" / "part-0.parquet")
    # One of two found pairs is right, and one of three true pairs was found.
    assert accuracy(tmp_path / "records", tmp_path / "clusters.parquet") == {
        "precision": 0.5,
        "recall": 1 / 3,
        "f1": 0.4,
    }


def test_the_model_is_the_same_in_both_dialects():
    one, other = settings("duckdb"), settings("spark")
    assert [c["output_column_name"] for c in one["comparisons"]] == [
        c["output_column_name"] for c in other["comparisons"]
    ]
    assert len(one["blocking_rules_to_generate_predictions"]) == len(RULES) == 7
    assert (one["sql_dialect"], other["sql_dialect"]) == ("duckdb", "spark")
    texts = {str(settings("duckdb", looser=times)["blocking_rules_to_generate_predictions"]) for times in LOOSER}
    assert len(texts) == len(LOOSER)
    assert len(TRAINING["em_blocking_rules"]) == 3


def test_generated_edges_are_as_many_as_asked_for_and_differ(spark):
    made = edges(spark, 40_000)
    assert made.count() == 40_000
    assert made.distinct().count() == 40_000
    assert made.where(F.col("l") == F.col("r")).isEmpty()
