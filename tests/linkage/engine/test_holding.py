"""Records handed to every process of the tasks: the same answers, and nothing but numbers that moves."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import chunks, making, reading
from linkage.engine.held import ROW
from linkage.engine.holding import hold
from linkage.engine.reading import FilePart
from linkage.engine.record_inputs import linkage_records, linkage_records_of
from linkage.engine.records import ID, SOURCE
from linkage.engine.survey import survey
from linkage.errors import InputError
from linkage.model.blocking import keyed_rules
from tests.linkage.engine.prepared import Prepared, plain, prepared
from tests.linkage.people import people
from tests.linkage.splink_models import DOB, SURNAME, comparison, exact, model, null, otherwise, settings

ROOM = 10**9
DOCUMENT = settings(
    SURNAME,
    DOB,
    # A plain rule before and after one with a condition.
    rules=["l.dob = r.dob", "l.surname = r.surname AND l.city <> r.city", "l.forename = r.forename"],
    probability_two_random_records_match=0.01,
)


def _from_files(spark, document, tables, folder, *, row_group=40):
    """Records whose files the tasks read: two files for each source, several row groups in each."""
    read = model(document)
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    files = {}
    for name, table in tables.items():
        middle = table.num_rows // 2
        files[name] = [str(folder / f"{name}-{number}.parquet") for number in range(2)]
        for path, part in zip(files[name], (table.slice(middle), table.slice(0, middle)), strict=True):
            pq.write_table(part, path, row_group_size=row_group)
    frames = {name: spark.read.parquet(*paths) for name, paths in files.items()}
    return Prepared(read, rules, linkage_records(frames, read, rules, files=files))


def _held(ready):
    return Prepared(ready.model, ready.rules, hold(ready.records, memory=ROOM))


@pytest.mark.parametrize(
    ("link_type", "sources", "ids"),
    [
        ("dedupe_only", ["a"], "{}"),  # strings: "10" before "9"
        ("link_and_dedupe", ["a", "a-1"], "r{}"),
        ("link_only", ["b", "a"], "{}"),
    ],
)
def test_pairs_are_the_same_carried_held_and_held_from_files(spark, limits, tmp_path, link_type, sources, ids):
    document = DOCUMENT | {"link_type": link_type}
    tables = {name: people(130, seed=number, ids=ids) for number, name in enumerate(sources)}
    carried = prepared(spark, document, tables)
    in_files = _from_files(spark, document, tables, tmp_path)
    assert in_files.records.files is not None
    expected = plain(carried.scored(limits))
    assert len(expected) > 300
    for way in (prepared(spark, document, tables, memory=ROOM), in_files, _held(in_files)):
        assert plain(way.scored(limits)) == expected


def test_integers_are_ordered_as_numbers_and_lie_in_any_order_in_their_files(spark, limits, tmp_path):
    rows = people(130, seed=3, ids="{}")
    numbers = pa.array([(number * 37) % 1000 - 400 for number in range(130)])
    table = rows.set_column(0, "unique_id", numbers)
    expected = plain(prepared(spark, DOCUMENT, {"a": table}).scored(limits))
    assert all(left < right for _, left, _, right in expected)
    held = _held(_from_files(spark, DOCUMENT, {"a": table}, tmp_path))
    assert held.records.held is not None
    assert plain(held.scored(limits)) == expected


@pytest.mark.parametrize(
    ("column", "is_read_by_tasks"),
    [
        (pa.array(["x", None, "y"], pa.large_string()), True),
        (pa.array(["x", None, "y"]).dictionary_encode(), True),
        # Spark reads these otherwise than they are written.
        (pa.array([1, None, 3], pa.uint32()), False),
        (pa.array([1, None, 3], pa.timestamp("ms", "UTC")), False),
    ],
)
def test_only_what_spark_reads_to_the_letter_is_read_without_it(spark, limits, tmp_path, column, is_read_by_tasks):
    table = pa.table({"unique_id": [1, 2, 3], "dob": ["a", "a", "a"], "value": column})
    document = settings(
        comparison("value", null("value"), exact("value", 0.9, 0.1), otherwise(0.1, 0.9)),
        rules=["l.dob = r.dob"],
        probability_two_random_records_match=0.01,
    )
    ready = _from_files(spark, document, {"a": table}, tmp_path)
    assert (ready.records.files is not None) == is_read_by_tasks
    gammas = {pair[1::2]: scored.gammas for pair, scored in plain(_held(ready).scored(limits)).items()}
    assert gammas == {(1, 2): (-1,), (1, 3): (0,), (2, 3): (-1,)}


def test_a_file_that_lacks_a_column_is_left_to_spark(spark, tmp_path):
    table = people(20, seed=1, ids="{}")
    ready = _from_files(spark, DOCUMENT, {"a": table}, tmp_path)
    lacking = str(tmp_path / "lacking.parquet")
    pq.write_table(table.drop_columns("city"), lacking)
    frame = spark.read.schema(spark.read.parquet(str(tmp_path / "a-0.parquet")).schema).parquet(lacking)
    assert linkage_records({"a": frame}, ready.model, ready.rules, files={"a": [lacking]}).files is None


def test_a_chunk_of_long_texts_has_fewer_rows(tmp_path, monkeypatch):
    path = str(tmp_path / "long.parquet")
    table = pa.table({"id": [1, 2, 3, 4], "text": ["x" * 1000] * 4})
    pq.write_table(table, path)
    part = FilePart(path, 0, 4, 0, (("id", None), ("text", None)))
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 2100)
    found = list(reading.tables(part, table.schema))
    assert [each.num_rows for each in found] == [2, 2]
    assert pa.concat_tables(found) == table


def test_a_file_that_is_damaged_inside_is_named(tmp_path):
    path = tmp_path / "people.parquet"
    table = pa.table({"id": list(range(5000)), "text": [f"SMITH{number}" for number in range(5000)]})
    pq.write_table(table, path)
    part = FilePart(str(path), 0, 5000, 0, (("id", None), ("text", None)))
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + bytes(2000) + whole[2200:])
    for read in (lambda: list(reading.tables(part, table.schema)), lambda: reading.column([part], table.schema, "id")):
        with pytest.raises(InputError) as refused:
            read()
        assert str(refused.value) == f"{path}: cannot be read as parquet; it is missing, damaged or cut short"


def test_records_that_need_more_memory_are_carried(spark):
    ready = prepared(spark, DOCUMENT, {"a": people(50, seed=2)})
    assert hold(ready.records, memory=1000).held is None
    assert hold(ready.records, memory=100_000).held is not None


def test_what_records_need_is_asked_of_each_source(spark, tmp_path):
    narrow = people(100, seed=2)
    wide = narrow.set_column(narrow.column_names.index("city"), "city", pa.array(["X" * 5000] * 100))
    tables = {"a": pa.concat_tables([narrow, people(100, seed=3, ids="s{}")]), "b": wide}
    document = DOCUMENT | {"link_type": "link_and_dedupe"}
    ready = _from_files(spark, document, tables, tmp_path)
    assert hold(ready.records, memory=400_000).held is None, "half a million bytes in the smaller source"
    assert hold(ready.records, memory=1_500_000).held is not None


def test_what_is_held_is_counted_and_checked_as_what_is_carried(spark, limits):
    ready = prepared(spark, DOCUMENT, {"a": people(150, seed=2)}, memory=ROOM)
    carried = prepared(spark, DOCUMENT, {"a": people(150, seed=2)})
    found, expected = (each.surveyed(limits, ["surname"]) for each in (ready, carried))
    assert (found.counts, found.frequencies.totals) == (expected.counts, expected.frequencies.totals)
    assert (found.sizes.by_rule, found.sizes.hottest) == (expected.sizes.by_rule, expected.sizes.hottest)
    assert ready.records.count() == 150
    frame = spark.createDataFrame([(1, "a"), (2, "odd"), (3, None)], "unique_id int, supply string")
    for name in ("surname", "dob", "city", "forename"):
        frame = frame.withColumn(name, frame["supply"])
    read = model(DOCUMENT | {"link_type": "link_only"})
    rules = keyed_rules(read.blocking_rules, read.dialect, where="settings.json")
    records = hold(linkage_records_of(frame, read, rules, source="supply", names=["a", "b"]), memory=ROOM)
    with pytest.raises(InputError, match="2 records are of no source that is linked"):
        survey(records, rules, [], limits=limits)


def test_key_rows_carry_a_number_and_nothing_else(spark, limits, monkeypatch):
    ready, carried = prepared(spark, DOCUMENT, {"a": people(90, seed=2)}, memory=ROOM), []
    real = making.key_rows

    def seen(*how, **more):
        rows = real(*how, **more)
        carried.append(rows)
        return rows

    monkeypatch.setattr(making, "key_rows", seen)
    ready.scored(limits)
    [table, *_] = [table for _, table in chunks.unpacked(carried[0].toArrow().to_batches())]
    assert table.column_names == [ROW, "__rule", "__side", "__key", "__part"]
    assert not {ID, SOURCE, "surname"} & set(table.column_names)


@pytest.mark.parametrize("row_group", [300, 3000], ids=["later row groups", "later in a row group"])
def test_records_that_grow_in_the_course_of_a_file_are_not_taken_for_its_first_ones(
    spark, tmp_path, monkeypatch, row_group
):
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 100)
    table = people(3000, seed=4)
    cities = ["leeds"] * 1000 + [f"{number:0>500}" for number in range(2000)]
    table = table.set_column(table.column_names.index("city"), "city", pa.array(cities))
    ready = _from_files(spark, DOCUMENT, {"a": table}, tmp_path, row_group=row_group)
    # The cities alone take 1 MB.
    assert hold(ready.records, memory=1_200_000).held is None
    assert hold(ready.records, memory=2_500_000).held is not None
