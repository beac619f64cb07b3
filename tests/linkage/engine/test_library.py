"""Splink's whole comparison library through the engine, in one model of either dialect."""

import pyarrow as pa
import pytest

from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.model.splink_library import CASES, RECORDS
from tests.linkage.model.splink_pairs import document
from tests.linkage.model.test_splink_library import PAIRS, SPARK_DIFFERS, SPARK_REFUSED
from tests.linkage.splink_oracle import scored_pairs

EVERYONE = RECORDS.append_column("everyone", pa.array(["x"] * RECORDS.num_rows))
# What is written otherwise in the two dialects is compared pair by pair with the libraries' other tests.
NAMES = {"duckdb": list(CASES), "spark": [name for name in CASES if name not in SPARK_DIFFERS | SPARK_REFUSED]}


def _document(names, dialect):
    return document(names[0], dialect) | {
        "comparisons": [document(name, dialect)["comparisons"][0] for name in names],
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.everyone = r.everyone"}],
    }


def _with_arrays_of_one_length(table):
    """As Splink on DuckDB needs vectors."""
    vectors = pa.array(table["vector"].to_pylist(), pa.list_(pa.float64(), 3))
    return table.set_column(table.column_names.index("vector"), "vector", vectors)


@pytest.mark.parametrize("dialect", NAMES)
def test_every_comparison_of_splinks_is_scored_as_splink_does(spark, limits, dialect):
    names = NAMES[dialect]
    expected = scored_pairs(_document(names, "duckdb"), {"people": _with_arrays_of_one_length(EVERYONE)})
    ready = prepared(spark, _document(names, dialect), {"people": EVERYONE})
    found = plain(ready.scored(limits), ready.records)
    assert len(expected) == PAIRS
    assert found.keys() == expected.keys()
    for pair, theirs in expected.items():
        assert dict(zip(names, found[pair].gammas, strict=True)) == dict(zip(names, theirs.gammas, strict=True)), pair
        assert found[pair].weight == pytest.approx(theirs.weight, abs=1e-6), pair
