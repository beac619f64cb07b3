"""What Spark is told for a while changes how it works and nothing that comes of it."""

from jobs.harness import planning
from linkage.records.standardise import to_records_together
from tests.linkage.records.test_standardise import PROBATION, TAKEN_OUT
from tests.linkage.records.tiny_supplies import AS_OF, identified

RULES = "spark.sql.optimizer.excludedRules"
MODE = "spark.sql.codegen.factoryMode"


def test_rows_are_the_same_whether_code_is_made_or_not(spark):
    rows = [PROBATION | {"event_id": f"E{place}"} | change for place, (change, *_) in enumerate(TAKEN_OUT)]
    supplies = {
        "probation": identified(spark, "probation", *rows),
        "civil": identified(
            spark, "civil", {"case_number": "1", "party_number": "1", "title": "Mrs", "surname": "Hall"}
        ),
    }

    def made():
        records = to_records_together(supplies, as_of=AS_OF, synthetic=True)
        return records, sorted(map(tuple, records.collect()))

    before, compiled = made()
    assert len(compiled) == len(TAKEN_OUT) + 1
    with planning.union_before_projection(spark), planning.interpreted(spark, if_=True):
        after, interpreted = made()
        assert _plan(after).count("regexp_replace") < _plan(before).count("regexp_replace")
    assert interpreted == compiled


def test_what_was_set_before_is_set_again(spark, setting):
    setting(RULES, "org.apache.spark.sql.catalyst.optimizer.CombineFilters")
    before = spark.conf.get(MODE)
    with planning.union_before_projection(spark), planning.interpreted(spark, if_=True):
        assert spark.conf.get(RULES).split(",")[0].endswith("CombineFilters")
        assert spark.conf.get(MODE) != before
    assert spark.conf.get(RULES).endswith("CombineFilters")
    assert spark.conf.get(MODE) == before
    with planning.interpreted(spark, if_=False):
        assert spark.conf.get(MODE) == before


def _plan(df):
    return df._jdf.queryExecution().optimizedPlan().toString()
