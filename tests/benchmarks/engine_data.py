"""The sets of records of the engine benchmark, kept between runs, and those with a hot key."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from tests.benchmarks.engine_records import DONE
from tests.benchmarks.engine_session import CORES, ROOT

# A date that standardisation takes out as a placeholder, so that no other record has it.
HOT_SURNAME, HOT_BIRTH = "SMITH", "1970-01-01"
_SOURCES = ("linkage/records", "linkage/synthetic", "conf/synthetic", "tests/benchmarks/engine_records.py")


def made_records(folder: Path, size: int, memory: int) -> Path:
    """About `size` records, made by the present generator unless they are there; says what it took."""
    output = folder / f"records-{size}-{_version()}"
    if (output / DONE).exists():
        return output
    command = [sys.executable, "-m", "tests.benchmarks.engine_records", "--records", str(size)]
    command += ["--output", str(output), "--memory", str(memory)]
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    if done.returncode:
        sys.exit("the records could not be made; see the lines above")
    made = json.loads((output / DONE).read_text(encoding="utf-8"))
    seconds = time.monotonic() - began
    print(f"made {made['records']:,} records in {seconds:.0f} s, apart from all figures below", flush=True)
    return output


def hot_records(records: Path, size: int) -> Path:
    """The same records, `size` of them with one surname and date of birth that no others have."""
    output = records.with_name(f"{records.name}-hot{size}")
    if not (output / DONE).exists():
        output.mkdir(exist_ok=True)
        with_hot_key(records, output / "part-0.parquet", size)
        (output / DONE).write_text("{}", encoding="utf-8")
    return output


def with_hot_key(records: Path, target: Path, size: int) -> None:
    """Writes a copy in which the `size` records with the smallest IDs, which are scattered, share a key.

    Raises:
        ValueError: There are fewer records.
    """
    with duckdb.connect(config={"threads": CORES}) as connection:
        source = f"'{records}/*.parquet'"
        if connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0] < size:
            raise ValueError(f"there are fewer than {size} records")
        connection.execute(
            "COPY (SELECT * EXCLUDE place REPLACE ("
            f"CASE WHEN place <= {size} THEN '{HOT_SURNAME}' ELSE surname END AS surname, "
            f"CASE WHEN place <= {size} THEN '{HOT_BIRTH}' ELSE dob END AS dob) "
            f"FROM (SELECT *, row_number() OVER (ORDER BY unique_id) AS place FROM {source}) ORDER BY unique_id) "
            f"TO '{target}' (FORMAT parquet)"
        )


def _version() -> str:
    """Changes with the generator, so that old records are not taken for its own."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in {".py", ".yaml"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:8]
