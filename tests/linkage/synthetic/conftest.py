"""One small nation, made once, that many tests ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

import schemas
from jobs.harness.planning import interpreted
from linkage.synthetic import Spec, synthesise
from tests.linkage.synthetic.nation import Nation, keep_in, rates

PEOPLE = 5_000


@pytest.fixture(scope="session")
def nation(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """All tables of a nation of 5,000 people, checked against their schemas and written as they are delivered."""
    folder = tmp_path_factory.mktemp("nation")
    with interpreted(spark, if_=True):
        spec = Spec(people=PEOPLE, seed=11, rates=rates())
        made = synthesise(spark, spec, partitions=2, keep=keep_in(folder))
        assert made.case_links is not None
        for name, df in {**made.tables, "truth_keys": made.truth, "truth_case_links": made.case_links}.items():
            schemas.load(name).check(df)
            place = {"truth_keys": "truth", "truth_case_links": "links"}.get(name, name)
            df.write.parquet(str(folder / place))
    asked = Nation(folder, made.tables)
    yield asked
    asked.connection.close()
