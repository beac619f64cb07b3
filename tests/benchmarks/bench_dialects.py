"""Counts pairs that settings in Spark's dialect see otherwise in Spark and here.

Usage: python -m tests.benchmarks.bench_dialects [--settings SETTINGS.json --input NAME=PATH ...]

On one side Splink's own SQL in Spark, with the similarity functions of its jar; on the other the engine.
Both make the candidate pairs of the settings' blocking rules, of which those that one side makes alone
are counted too. Without options: FEBRL 3 and 4 with the model that ships for them, and made-up people
a third of whose names have accents, which records leave out as often as not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from tests.benchmarks.dialect_differences import Differences, differences
from tests.benchmarks.engine_session import session
from tests.data.prepare_febrl import main as prepare_febrl
from tests.linkage.febrl_models import in_dialect
from tests.linkage.people import many_people

_Case = tuple[str, Mapping[str, Any], Mapping[str, pa.Table]]
_PEOPLE, _SEED = 20_000, 7
_ACCENTS = str.maketrans("aeiounrs", "áéïöüñřš")


def main() -> None:
    """Count, and print a table for each set of records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--input", action="append", default=[], metavar="NAME=PATH", help="a Parquet file or folder")
    asked = parser.parse_args()
    if bool(asked.settings) != bool(asked.input) or not all("=" in each for each in asked.input):
        parser.error("give --settings, and --input NAME=PATH for each input, or neither")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cases = [_given(asked.settings, asked.input)] if asked.settings else _standard(folder / "febrl")
        spark = session("bench dialects", memory=3)
        for number, (name, settings, inputs) in enumerate(cases):
            (folder / str(number)).mkdir()
            found = differences(spark, settings, inputs, folder / str(number))
            print("\n".join(_table(name, sum(table.num_rows for table in inputs.values()), found)), flush=True)
        spark.stop()


def accented_people(records: int, *, seed: int) -> pa.Table:
    """Made-up people; names that begin with one of a third of the letters have accents in half of the records."""
    table, draw = many_people(records, seed=seed), np.random.default_rng(seed)
    for name in ("first_name", "surname", "city"):
        is_written = draw.random(records) < 0.5
        values = [
            value.translate(_ACCENTS) if value and ord(value[0]) % 3 == 0 and written else value
            for value, written in zip(table[name].to_pylist(), is_written, strict=True)
        ]
        table = table.set_column(table.column_names.index(name), name, pa.array(values, pa.string()))
    return table


def people_settings() -> dict[str, Any]:
    """A model of them, in Spark's dialect, with each kind of similarity."""
    creator = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("first_name", [0.92, 0.88, 0.7]),
            cl.LevenshteinAtThresholds("surname", [1, 2]),
            cl.JaccardAtThresholds("city", [0.9, 0.7]),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("dob"),
            block_on("surname", "substr(first_name, 1, 1)"),
            block_on("email"),
            block_on("upper(city)", "substr(dob, 1, 7)"),
        ],
    )
    return {"sql_dialect": "spark", **creator.create_settings_dict("spark")}


def _given(settings: Path, inputs: list[str]) -> _Case:
    paths = dict(each.split("=", 1) for each in inputs)
    document = json.loads(settings.read_text(encoding="utf-8"))
    if document.get("sql_dialect") != "spark":
        sys.exit(f'{settings}: sql_dialect must be "spark", as it is Spark\'s dialect that is compared')
    return settings.stem, document, {name: pq.read_table(path) for name, path in paths.items()}


def _standard(folder: Path) -> Iterator[_Case]:
    prepare_febrl(folder)
    for name, link_type, sets in (("FEBRL 3", "dedupe_only", "3"), ("FEBRL 4", "link_only", "4a 4b")):
        tables = {f"febrl{each}": pq.read_table(folder / f"febrl{each}.parquet") for each in sets.split()}
        yield name, in_dialect("spark", link_type), tables
    yield "people with accents", people_settings(), {"people": accented_people(_PEOPLE, seed=_SEED)}


def _table(name: str, records: int, found: Differences) -> Iterator[str]:
    """Lines of Markdown."""
    yield f"| {name}: {records:,} records | pairs |"
    yield "|---|---|"
    yield f"| made by both | {found.pairs:,} |"
    yield f"| made in Spark only, here only | {found.only_spark:,}, {found.only_here:,} |"
    yield f"| made under another rule | {found.rule:,} |"
    yield f"| with another comparison vector | {found.any_level:,} |"
    yield from (f"| … another level of {each} | {pairs:,} |" for each, pairs in found.by_comparison.items() if pairs)
    yield ""


if __name__ == "__main__":
    main()
