"""Pairs counted by what Splink on Spark and the engine say of them."""

import pyarrow as pa
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from tests.benchmarks.dialect_differences import Differences, differences

PEOPLE = [
    # city, name, dob
    (1, "York", "Zoë", None),  # one character from Zoe, but two bytes
    (2, "York", "Zoe", None),
    (3, "York", "Ann", None),  # far from both on both sides
    (4, None, "Voß", "1980-01-31"),  # VOSS in Spark's capitals: a pair by name there, by date of birth here
    (5, None, "Voss", "1980-01-31"),
    (6, None, "Groß", None),  # a pair in Spark only
    (7, None, "Gross", None),
    (8, None, "\u00a0Bo", None),  # a space that DuckDB trims: a pair here only
    (9, None, "Bo", None),
]


def test_pairs_are_counted_by_what_both_say_of_them(spark, tmp_path):
    table = pa.table(dict(zip(("unique_id", "city", "name", "dob"), zip(*PEOPLE, strict=True), strict=True)))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[cl.LevenshteinAtThresholds("name", [1]), cl.ExactMatch("city")],
        blocking_rules_to_generate_predictions=[
            block_on("city"),
            block_on("upper(name)"),
            block_on("trim(name)"),
            block_on("dob"),
        ],
    ).create_settings_dict("spark")
    found = differences(spark, {"sql_dialect": "spark", **settings}, {"people": table}, tmp_path)
    assert found == Differences(
        pairs=4, only_spark=1, only_here=1, rule=1, any_level=1, by_comparison={"name": 1, "city": 0}
    )
