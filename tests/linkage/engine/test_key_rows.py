"""Key rows: hot keys in tiles without changing an answer, samples of pairs with a known probability."""

import itertools
from collections import Counter

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from linkage.engine import chunks, exploding
from linkage.engine.exploding import KEY, PART, RULE, SIDE
from linkage.engine.kernel import KernelLimits
from linkage.engine.key_rows import Carried, Sample, can_rule, key_rows, parts_of
from linkage.engine.records import ID, SOURCE
from tests.linkage.engine.prepared import plain, prepared
from tests.linkage.splink_models import comparison, exact, null, otherwise, settings
from tests.linkage.splink_oracle import scored_pairs

CITY = comparison("city", null("city"), exact("city", 0.9, 0.1), otherwise(0.1, 0.9))
RULES = ["l.surname = r.surname", "l.surname = r.city", "l.city = r.city AND l.dob <> r.dob"]


def _crowd(records):
    """Half of them share a surname, which is a town too; the others have a few names."""
    return pa.table(
        {
            "unique_id": list(range(records)),
            "surname": ["hot" if n % 2 else f"s{n % 7}" for n in range(records)],
            "city": ["hot" if n % 5 == 0 else f"c{n % 11}" for n in range(records)],
            "dob": [f"d{n % 3}" for n in range(records)],
        }
    )


@pytest.fixture
def hot(monkeypatch):
    """Keys are hot from twenty pairs on."""
    for module in ("survey_sql", "key_rows"):
        monkeypatch.setattr(f"linkage.engine.{module}.HOT_PAIRS", 20)


def _rows(frame):
    return [
        row | {"place": place}
        for place, packed in enumerate(frame.rdd.glom().collect())
        for batch in packed
        for row in chunks.read(batch["chunk"]).to_pylist()
    ]


@pytest.mark.parametrize("link_type", ["dedupe_only", "link_only", "link_and_dedupe"])
@pytest.mark.usefixtures("hot")
def test_tiles_change_no_answer(spark, limits, link_type):
    whole = _crowd(60)
    inputs = {"a": whole} if link_type == "dedupe_only" else {"a": whole.slice(0, 25), "b": whole.slice(25)}
    document = settings(CITY, rules=RULES, link_type=link_type)
    ready = prepared(spark, document, inputs)
    expected = scored_pairs(document, inputs)
    found = plain(ready.scored(limits))
    assert {pair: ours.match_key for pair, ours in found.items()} == {
        pair: theirs.match_key for pair, theirs in expected.items()
    }
    assert len(found) > 300


@pytest.mark.usefixtures("hot")
def test_a_hot_key_is_many_small_ones(spark, limits):
    ready = prepared(spark, settings(CITY, rules=RULES[:1]), {"a": _crowd(60)})
    sizes = ready.surveyed(limits).sizes
    [hottest, *_] = sizes.hottest[0]
    assert (hottest.rows, hottest.pairs) == (30, 30 * 29 // 2)
    rows = _rows(key_rows(ready.records, ready.rules, sizes, Carried.plain([SOURCE, ID]), limits=limits))
    parts = parts_of(hottest.pairs)
    of_hot = [row for row in rows if row[ID] % 2]
    assert len(of_hot) == 30 * parts  # each record in as many tiles as there are parts
    assert len({row[KEY] for row in of_hot}) == parts * (parts + 1) // 2
    together = Counter()
    for _, tile in itertools.groupby(sorted(of_hot, key=lambda row: row[KEY]), key=lambda row: row[KEY]):
        for one, other in itertools.combinations(sorted(tile, key=lambda row: row[ID]), 2):
            together[one[ID], other[ID]] += one[PART] is None or one[PART] != other[PART]
    assert set(together.values()) == {1}  # any two meet exactly once
    assert len(together) == hottest.pairs


def test_the_rows_of_a_hot_key_are_never_all_at_once(tmp_path, monkeypatch):
    """One chunk of records under one key makes a hundred times its rows."""
    monkeypatch.setattr(exploding, "CHOSEN_ROWS", 2048)
    records = chunks.packed(pa.table({"n": pa.array(range(1000), pa.int64())}), 0)
    tiles = "SELECT row, rule, side, key, CAST(NULL AS SMALLINT) AS part FROM rows, range(50)"
    plan = exploding.ExplosionPlan(
        query="SELECT n, 0::UBIGINT AS k, n::UBIGINT AS __draw FROM records",
        carried=("n",),
        entries=(exploding.Entry("k", 0, 0),),
        shared=b"\xff",
        shared_width=3,
        chosen=tiles,
        places=1,
        limits=KernelLimits("256MB", str(tmp_path)),
    )
    rows = [batch.to_pylist()[0]["rows"] for batch in exploding.explode(iter([records]), plan)]
    assert sum(rows) == 50_000
    assert max(rows) <= 2048


def test_lone_keys_go_no_further(spark, limits):
    table = pa.table({"unique_id": [1, 2, 3, 4], "surname": ["x", "x", "y", None], "city": ["c"] * 4})
    ready = prepared(spark, settings(CITY, rules=["l.surname = r.surname"]), {"a": table})
    sizes = ready.surveyed(limits).sizes
    rows = _rows(key_rows(ready.records, ready.rules, sizes, Carried.plain([ID]), limits=limits))
    assert sorted(row[ID] for row in rows if row[ID] != 3) == [1, 2]  # 3 may pass by chance, 4 has no key
    assert {(row[RULE], row[SIDE], row[PART]) for row in rows} == {(0, 0, None)}


@pytest.mark.parametrize("is_hot", [True, False])
def test_a_samples_pairs_have_the_probability_that_was_asked_for(spark, limits, request, monkeypatch, is_hot):
    """Also where one key has most pairs, hot or not: its records are sampled, the key is never out as a whole."""
    if is_hot:
        request.getfixturevalue("hot")
        monkeypatch.setattr("linkage.engine.key_rows.KEYS_OF_A_SAMPLE", 20)
    records, share = 120, 0.25
    ready = prepared(spark, settings(CITY, rules=RULES[:1]), {"a": _crowd(records)})
    sizes = ready.surveyed(limits).sizes
    drawn, of_hot = [], []
    for seed in range(12):
        frame = key_rows(
            ready.records,
            ready.rules,
            sizes,
            Carried.plain([ID]),
            limits=limits,
            samples=[Sample(0, share)],
            seed=seed,
        )
        tiles = sorted(_rows(frame), key=lambda row: row[KEY])
        pairs = [
            (one[ID], other[ID])
            for _, tile in itertools.groupby(tiles, key=lambda row: row[KEY])
            for one, other in itertools.combinations(tile, 2)
            if one[PART] is None or one[PART] != other[PART]
        ]
        assert len(pairs) == len(set(pairs))
        drawn.append(len(pairs))
        of_hot.append(sum(one % 2 for one, _ in pairs))
    pairs = sizes.of(ready.rules[0]).pairs
    hot_pairs = sizes.hottest[0][0].pairs
    # Twelve draws of a quarter: the mean is within a fifth of what was asked for.
    assert sum(drawn) / len(drawn) == pytest.approx(share * pairs, rel=0.2)
    assert sum(of_hot) / len(of_hot) == pytest.approx(share * hot_pairs, rel=0.2)
    assert min(of_hot) > 0
    assert can_rule(sizes.of(ready.rules[0]), share) != is_hot


def test_a_large_sample_takes_whole_keys(spark, limits):
    """Of many small keys none can rule a sample of a few hundred."""
    table = pa.table({"unique_id": range(2400), "surname": [f"s{n // 2}" for n in range(2400)], "city": ["c"] * 2400})
    ready = prepared(spark, settings(CITY, rules=RULES[:1]), {"a": table})
    sizes = ready.surveyed(limits).sizes
    assert not can_rule(sizes.of(ready.rules[0]), 0.5)
    frame = key_rows(ready.records, ready.rules, sizes, Carried.plain([ID]), limits=limits, samples=[Sample(0, 0.5)])
    of_key = Counter(row[KEY] for row in _rows(frame))
    assert set(of_key.values()) == {2}
    assert len(of_key) == pytest.approx(600, rel=0.15)


def test_all_rows_of_a_key_are_in_one_place(spark, limits, monkeypatch):
    monkeypatch.setattr("linkage.engine.key_rows.ROWS_OF_A_TASK", 10)
    ready = prepared(spark, settings(CITY, rules=RULES), {"a": _crowd(80)}, partitions=3)
    sizes = ready.surveyed(limits).sizes
    frame = key_rows(ready.records, ready.rules, sizes, Carried.plain([ID]), limits=limits)
    assert frame.select(F.spark_partition_id()).distinct().count() > 5
    places = {}
    for row in _rows(frame):
        places.setdefault(row[KEY], set()).add(row["place"])
    assert max(map(len, places.values())) == 1
    assert len(set().union(*places.values())) > 5
