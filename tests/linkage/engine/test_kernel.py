"""What runs in a task: its limits, what it leaves on disk, and what it needs to run."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from linkage.engine import chunks
from linkage.engine.kernel import KernelLimits, KernelPlan, connect, run
from linkage.errors import ConfigError, LinkageError

MARK = b"McIdentifier"
# Eighty megabytes that do not compress, each row with a mark.
BIG = f"CREATE TEMP TABLE big AS SELECT '{MARK.decode()}' || sha256(i::varchar) AS name, i FROM range(1000000) t(i)"


def _batches(*values):
    return iter([chunks.packed(pa.table({"n": pa.array(part, pa.int64())}), 0) for part in values])


def _plan(scratch, *outputs, statements=(), memory="256MB", **more):
    limits = KernelLimits(memory=memory, scratch=str(scratch))
    return KernelPlan(statements=tuple(statements), outputs=outputs, limits=limits, **more)


def _rows(batches):
    return [row for batch in batches for row in batch.to_pylist()]


def _bytes_in(folder):
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def _own_scratch(monkeypatch):
    """Spark's folder of this process would be used if it were named."""
    monkeypatch.delenv("SPARK_LOCAL_DIRS", raising=False)


def test_a_partition_is_run_whole(tmp_path):
    plan = _plan(tmp_path, "SELECT sum(n)::bigint AS total FROM doubled", "SELECT 7::bigint AS total", statements=[
        "CREATE TEMP TABLE doubled AS SELECT 2 * n AS n FROM key_rows",
    ])  # fmt: skip
    assert _rows(run(_batches([1, 2], [3]), plan)) == [{"total": 12}, {"total": 7}]


def test_an_empty_partition_gives_nothing(tmp_path):
    assert list(run(iter([]), _plan(tmp_path, "SELECT 1"))) == []
    assert list(tmp_path.iterdir()) == []


def test_an_empty_batch_is_a_partition(tmp_path):
    assert _rows(run(_batches([]), _plan(tmp_path, "SELECT count(*) AS n FROM key_rows"))) == [{"n": 0}]


def test_results_are_streamed_in_batches(tmp_path):
    found = list(run(_batches(range(5000)), _plan(tmp_path, "SELECT n FROM key_rows", batch_rows=2048)))
    assert len(found) > 1
    assert max(batch.num_rows for batch in found) <= 2048
    assert sorted(row["n"] for row in _rows(found)) == list(range(5000))


def test_the_summary_is_the_last_row(tmp_path):
    plan = _plan(
        tmp_path,
        "SELECT n FROM key_rows ORDER BY n",
        summaries={"counts": "SELECT count(*) AS pairs, 'x' AS what FROM key_rows"},
    )
    *rows, last = _rows(run(_batches([1, 2]), plan))
    assert rows == [{"n": 1, "summary": None}, {"n": 2, "summary": None}]
    assert last["n"] is None
    assert chunks.read(last["summary"]).to_pylist() == [{"pairs": 2, "what": "x"}]


def test_the_scan_would_find_what_is_spilled_in_the_clear(tmp_path):
    with duckdb.connect(config={"temp_directory": str(tmp_path), "memory_limit": "24MB", "threads": 1}) as connection:
        connection.execute(BIG)
        assert MARK in _bytes_in(tmp_path)


def test_spills_are_encrypted_and_gone_afterwards(tmp_path):
    plan = _plan(tmp_path, "SELECT name, i FROM big", statements=[BIG], memory="24MB")
    running = run(_batches([1]), plan)
    assert next(running).num_rows > 0
    [folder] = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o077 == 0  # the owner's only
    spilled = _bytes_in(tmp_path)
    assert len(spilled) > 20_000_000
    assert MARK not in spilled
    assert sum(batch.num_rows for batch in running) > 900_000
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_is_stopped_midway_leaves_nothing(tmp_path):
    running = run(_batches([1]), _plan(tmp_path, "SELECT name FROM big", statements=[BIG], memory="24MB"))
    next(running)
    assert list(tmp_path.iterdir())
    running.close()
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_fails_leaves_nothing(tmp_path):
    plan = _plan(tmp_path, "SELECT error('no') FROM big", statements=[BIG], memory="24MB")
    with pytest.raises(ConfigError, match="cannot be computed on the data"):
        list(run(_batches([1]), plan))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "kind", "told"),
    [
        ("SELECT CAST('Zanzibar Smith' AS INTEGER)", ConfigError, "(ConversionException)"),
        ("SELECT error('Zanzibar Smith is not a date')", ConfigError, "(InvalidInputException)"),
        ("SELECT * FROM read_csv('/nowhere/Zanzibar Smith.csv')", LinkageError, "full or not writable"),
        ("SELECT 1 FROM Zanzibar_Smith", LinkageError, "(CatalogException)"),
    ],
)
def test_a_failure_tells_its_kind_and_no_value(tmp_path, sql, kind, told):
    with pytest.raises(LinkageError) as failed:
        list(run(_batches([1]), _plan(tmp_path, sql)))
    assert type(failed.value) is kind
    assert told in str(failed.value)
    assert "Zanzibar" not in str(failed.value)


def test_spills_go_to_yarns_own_folder_where_it_has_one(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_DIRS", f"{tmp_path}/yarn")
    running = run(_batches(range(9)), _plan(tmp_path / "scratch", "SELECT n FROM key_rows"))
    next(running)
    assert [path.name for path in tmp_path.iterdir()] == ["yarn"]
    running.close()


def test_spills_go_to_sparks_own_folder_where_it_has_one(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_LOCAL_DIRS", f"{tmp_path}/first,{tmp_path}/second")
    running = run(_batches(range(9)), _plan(tmp_path / "scratch", "SELECT n FROM key_rows"))
    next(running)
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    running.close()


def test_a_task_keeps_to_its_limits_and_off_the_network(tmp_path):
    limits = KernelLimits(memory="64MB", scratch=str(tmp_path))
    with connect(limits, str(tmp_path)) as connection:
        wanted = ("threads", "memory_limit", "autoload_known_extensions", "autoinstall_known_extensions", "TimeZone")
        row = connection.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in wanted)).fetchone()
        assert row == (1, "61.0 MiB", False, False, "UTC")
        with pytest.raises(duckdb.Error, match=r"(?i)extension|httpfs"):
            connection.execute("SELECT * FROM read_csv('https://127.0.0.1:9/people.csv')")
        with pytest.raises(duckdb.Error, match=r"(?i)extension|does not exist"):
            connection.execute("SELECT ST_Point(1, 2)")
    with connect(KernelLimits(memory="16MB", scratch=""), "") as connection, pytest.raises(duckdb.Error, match="emory"):
        connection.execute(BIG)  # no folder, no spilling: it must not take what it was not given


def test_timestamps_are_read_in_utc_whatever_the_machine_says(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    eve = pa.table({"seen": pa.array([1609457400_000000], pa.timestamp("us", tz="UTC"))})  # 2020-12-31 23:30
    [row] = _rows(
        run(iter([chunks.packed(eve, 0)]), _plan(tmp_path, "SELECT year(seen) AS y, hour(seen) AS h FROM key_rows"))
    )
    assert row == {"y": 2020, "h": 23}


EXECUTOR = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in ("splink", "pydantic", "sqlglot", "pandas", "pyspark", "scipy", "yaml"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import pyarrow as pa
from linkage.engine import chunks, counting, exploding
from linkage.engine.kernel import KernelLimits, KernelPlan, run
limits = KernelLimits("64MB", sys.argv[1])
records = list(chunks.pack(iter([pa.record_batch({"n": [1, 2, 2]})])))
[batch] = run(iter(records), KernelPlan((), ("SELECT sum(n)::bigint AS n FROM key_rows",), limits))
assert batch.to_pylist() == [{"n": 5}]
count = counting.Counted("keys", 0, "SELECT n::UBIGINT << 60 AS key FROM records", pairing=((0, 0),))
plan = counting.CountingPlan((count,), hottest=10, hot_pairs=100, place_bits=1, limits=limits)
found = dict(chunks.unpacked(counting.gather(counting.scatter(iter(records), plan), plan)))
bits = found["shared keys"]
assert bits["bits"][0].as_py() == bytes([1 << 2]), bits
shared = exploding.ExplosionPlan(
    query="SELECT n, n::UBIGINT << 60 AS k FROM records", carried=("n",), entries=(exploding.Entry("k", 0, 0),),
    shared=bits["bits"][0].as_py() + bytes(1), shared_width=4, chosen=None, places=1, limits=limits,
)
[(kind, rows)] = chunks.unpacked(exploding.explode(iter(records), shared))
assert rows["n"].to_pylist() == [2, 2]
"""


def test_an_executor_needs_duckdb_numpy_and_pyarrow_only(tmp_path):
    command = [sys.executable, "-c", EXECUTOR, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_partition_is_never_gathered_in_arrow(tmp_path):
    held = []

    def batches():
        for number in range(50):
            yield chunks.packed(pa.table({"n": pa.array(range(number, number + 100_000), pa.int64())}), 0)
            held.append(pa.total_allocated_bytes())

    plan = _plan(tmp_path, "SELECT count(*) AS n FROM key_rows")
    assert _rows(run(batches(), plan)) == [{"n": 5_000_000}]
    assert max(held) - min(held) < 8_000_000  # of forty million bytes
