"""Models drawn at random from Splink's comparison library, over records with arrays and dates, against Splink."""

import datetime as dt
import random

import pyarrow as pa
import pytest
import splink.comparison_library as cl
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from splink import ColumnExpression, SettingsCreator, block_on

from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.splink_oracle import scored_pairs

# A failure is shown as it was found: making it smaller would take hundreds of Spark jobs.
FEW = hypothesis_settings(
    max_examples=2,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

WORD = st.sampled_from(["ann", "anne", "anna", "bob", "zoë", "🤦", "O'Hara", "x y"])
DAY = st.dates(dt.date(1969, 12, 1), dt.date(1972, 2, 1))
# Nothing on which the dialects are known to differ: no null in an array, no fraction of a second, no empty string.
VALUES = {
    "forename": (pa.string(), WORD),
    "surname": (pa.string(), WORD),
    "born": (pa.string(), DAY.map(str) | st.sampled_from(["1970-02-30", "not a day"])),
    "day": (pa.date32(), DAY),
    "time": (
        pa.timestamp("us"),
        st.integers(0, 200_000).map(lambda s: dt.datetime(1970, 1, 1) + dt.timedelta(seconds=s)),
    ),
    "codes": (pa.list_(pa.string()), st.lists(WORD, max_size=3)),
    "vector": (
        pa.list_(pa.float64(), 2),
        st.tuples(st.integers(1, 9), st.integers(-9, 9)).map(lambda v: [v[0] / 7, v[1] / 3]),
    ),
    "lat": (pa.float64(), st.floats(50, 52)),
    "lon": (pa.float64(), st.floats(-1, 1)),
    "email": (pa.string(), st.builds("{}@{}.invalid".format, WORD, WORD)),
    "postcode": (pa.string(), st.from_regex(r"\AZ[YZ]1[0-2] [0-2]Z[A-C]\Z") | WORD),
    "height": (pa.int32(), st.integers(150, 153)),
}
JARO = st.lists(st.sampled_from([0.95, 0.9, 0.8, 0.6]), min_size=1, max_size=3, unique=True).map(
    lambda t: sorted(t)[::-1]
)
EDITS = st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True).map(sorted)
SPANS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["hour", "day", "month"])), min_size=1, max_size=2).map(
    lambda spans: {"thresholds": [n for n, _ in spans], "metrics": [metric for _, metric in spans]}
)


def _name(column):
    return st.sampled_from([column, ColumnExpression(column).lower(), ColumnExpression(column).substr(1, 3)])


COMPARISONS = {
    "forename": st.one_of(
        st.builds(cl.NameComparison, _name("forename"), jaro_winkler_thresholds=JARO),
        st.builds(cl.NameComparison, st.just("forename"), dmeta_col_name=st.just("codes")),
        st.builds(cl.LevenshteinAtThresholds, _name("forename"), EDITS),
        st.builds(cl.DamerauLevenshteinAtThresholds, _name("forename"), EDITS),
        st.builds(cl.JaroAtThresholds, _name("forename"), JARO),
        st.builds(cl.JaccardAtThresholds, _name("forename"), JARO),
    ),
    "both": st.builds(
        cl.ForenameSurnameComparison, st.just("forename"), st.just("surname"), jaro_winkler_thresholds=JARO
    ),
    "born": st.one_of(
        st.builds(
            cl.DateOfBirthComparison,
            st.just("born"),
            input_is_string=st.just(True),
            invalid_dates_as_null=st.booleans(),
        ),
        SPANS.map(lambda spans: cl.AbsoluteDateDifferenceAtThresholds("born", input_is_string=True, **spans)),
        st.just(cl.ExactMatch(ColumnExpression("born").try_parse_date())),
    ),
    "day": st.one_of(
        st.builds(cl.DateOfBirthComparison, st.just("day"), input_is_string=st.just(False)),
        SPANS.map(lambda spans: cl.AbsoluteDateDifferenceAtThresholds("day", input_is_string=False, **spans)),
    ),
    "time": SPANS.map(lambda spans: cl.AbsoluteTimeDifferenceAtThresholds("time", input_is_string=False, **spans)),
    "codes": st.one_of(
        st.builds(cl.ArrayIntersectAtSizes, st.just("codes"), st.sampled_from([[1], [2, 1], [3, 1]])),
        st.builds(cl.PairwiseStringDistanceFunctionAtThresholds, st.just("codes"), st.just("jaro_winkler"), JARO),
        st.builds(cl.PairwiseStringDistanceFunctionAtThresholds, st.just("codes"), st.just("levenshtein"), EDITS),
    ),
    "vector": st.builds(cl.CosineSimilarityAtThresholds, st.just("vector"), JARO),
    "place": st.builds(
        cl.DistanceInKMAtThresholds, st.just("lat"), st.just("lon"), EDITS.map(lambda km: [9 * n for n in km])
    ),
    "email": st.just(cl.EmailComparison("email")),
    "postcode": st.one_of(
        st.builds(cl.PostcodeComparison, st.just("postcode"), invalid_postcodes_as_null=st.booleans()),
        st.just(cl.PostcodeComparison("postcode", lat_col="lat", long_col="lon")),
    ),
    "height": st.just(cl.ExactMatch("height").configure(term_frequency_adjustments=True)),
}
KEYS = st.sampled_from(
    [
        "forename",
        "substr(surname, 1, 1)",
        ColumnExpression("born").try_parse_date(),
        ColumnExpression("codes").access_extreme_array_element("last"),
        ColumnExpression("postcode").regex_extract("^Z[YZ]1"),
    ]
)
RULES = st.lists(st.lists(KEYS, min_size=1, max_size=2), min_size=1, max_size=3)
PROBABILITY = st.floats(0.001, 0.999)


@st.composite
def _models(draw, link_type):
    """The same model in both dialects."""
    names = draw(st.lists(st.sampled_from(sorted(COMPARISONS)), min_size=2, max_size=5, unique=True))
    creators = [draw(COMPARISONS[name]) for name in names]
    rules = [*[block_on(*keys) for keys in draw(RULES)], block_on("height")]
    prior = draw(PROBABILITY)
    written = {
        dialect: SettingsCreator(
            link_type=link_type,
            comparisons=creators,
            blocking_rules_to_generate_predictions=rules,
            probability_two_random_records_match=prior,
        ).create_settings_dict(dialect)
        | {"sql_dialect": dialect}
        for dialect in ("duckdb", "spark")
    }
    for number, name in enumerate(names):
        levels = [document["comparisons"][number] for document in written.values()]
        for comparison in levels:
            comparison["output_column_name"] = f"of_{name}"
        for both in zip(*[comparison["comparison_levels"] for comparison in levels], strict=True):
            more = _parameters(draw, both[0])
            for level in both:
                level.update(more)
    return written


def _parameters(draw, level):
    if level.get("is_null_level"):
        return {}
    found = {"m_probability": draw(PROBABILITY), "u_probability": draw(PROBABILITY)}
    if level.get("tf_adjustment_column"):
        found["tf_adjustment_weight"] = draw(st.sampled_from([0.0, 0.3, 1.0, 2.0]))
        found["tf_minimum_u_value"] = draw(st.sampled_from([0.0, 0.2]))
    elif level["sql_condition"] != "ELSE" and draw(st.booleans()):
        # A fuzzy level, weighed by how common a value of another column is.
        found |= {
            "tf_adjustment_column": draw(st.sampled_from(["surname", "height"])),
            "disable_tf_exact_match_detection": True,
        }
    return found


@st.composite
def _tables(draw, sources):
    """A few values of each column, each with its own share of missing ones: of some columns all, of some none."""
    pools = {name: draw(st.lists(values, min_size=2, max_size=8)) for name, (_, values) in VALUES.items()}
    present = {name: draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])) for name in VALUES} | {"height": 0.9}
    chance = random.Random(draw(st.integers(0, 2**32)))
    records = 40 // len(sources)

    def column(name, kind):
        return pa.array(
            [chance.choice(pools[name]) if chance.random() < present[name] else None for _ in range(records)], kind
        )

    return {
        source: pa.table(
            {"unique_id": [f"r{n}" for n in range(records)], **{name: column(name, VALUES[name][0]) for name in VALUES}}
        )
        for source in sources
    }


def _with_lists(table):
    """As Spark has arrays."""
    return table.set_column(table.column_names.index("vector"), "vector", table["vector"].cast(pa.list_(pa.float64())))


@pytest.mark.parametrize(
    ("link_type", "sources"), [("dedupe_only", ["all"]), ("link_only", ["a", "b"]), ("link_and_dedupe", ["b", "a"])]
)
@FEW
@given(data=st.data())
def test_pairs_of_any_library_model_are_splinks_in_both_dialects(spark, limits, data, link_type, sources):
    written = data.draw(_models(link_type))
    inputs = data.draw(_tables(sources))
    expected = scored_pairs(written["duckdb"], inputs)
    assert expected
    lists = {name: _with_lists(table) for name, table in inputs.items()}
    memory = data.draw(st.sampled_from([0, 10**8]))  # carried or held
    for document in written.values():
        ready = prepared(spark, document, lists, partitions=data.draw(st.sampled_from([1, 3])), memory=memory)
        found = plain(ready.scored(limits))
        assert found.keys() == expected.keys()
        for pair, theirs in expected.items():
            ours = found[pair]
            assert (pair, ours.match_key, ours.gammas) == (pair, theirs.match_key, theirs.gammas)
            assert ours.weight == pytest.approx(theirs.weight, abs=1e-6), pair
