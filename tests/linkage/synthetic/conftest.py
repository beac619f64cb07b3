"""One small nation, made once, that many tests ask."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.lake import written_and_read
from linkage.synthetic import Spec, synthesise
from tests.linkage.synthetic.nation import Nation, rates

PEOPLE = 5_000


@pytest.fixture(scope="session")
def nation(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """All tables of a nation of 5,000 people, checked against their schemas and written as they are delivered."""
    folder, numbers = tmp_path_factory.mktemp("nation"), count()

    def keep(df: DataFrame) -> DataFrame:
        return written_and_read(df, str(folder / f"kept-{next(numbers)}"))

    # Few rows of many plans: to compile them would cost more than to run them.
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    made = synthesise(spark, Spec(people=PEOPLE, seed=11, rates=rates()), partitions=2, keep=keep)
    assert made.case_links is not None
    for name, df in {**made.tables, "truth_keys": made.truth, "truth_case_links": made.case_links}.items():
        schemas.load(name).check(df)
        place = {"truth_keys": "truth", "truth_case_links": "links"}.get(name, name)
        df.write.parquet(str(folder / place))
    spark.conf.unset("spark.sql.codegen.wholeStage")
    spark.conf.unset("spark.sql.codegen.factoryMode")
    asked = Nation(folder, made.tables)
    yield asked
    asked.connection.close()
