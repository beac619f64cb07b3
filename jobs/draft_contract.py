"""Look at an unknown file and draft its contract: columns, shapes, dates by year, and no value of a row.

The draft is YAML for a person to finish, with what each column looks like beside it; docs/supplies.md tells how.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

import schemas
from jobs.harness.run import Run
from linkage.documents import suggest
from linkage.errors import ConfigError, RefusedError
from linkage.lake import Delimited, check_input, guess_text_format, read_input, read_text_input
from linkage.records import drafting, profiling

_MALFORMED = "_malformed"


@dataclass(frozen=True)
class DraftSettings:
    """What the command line asks for."""

    path: str
    dataset: str
    with_codes: bool
    header: bool
    output: Path | None
    runs: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the job's options."""
    option = parser.add_argument
    option("path", metavar="PATH", help="a delimited, Parquet or Delta file or folder as it was delivered")
    option("--dataset", required=True, metavar="NAME", help="the dataset that it is of, such as magistrates")
    option(
        "--with-codes",
        action="store_true",
        help=f"list the codes of columns that hold at most {profiling.MOST_CODES}, each in {profiling.LEAST_ROWS} rows "
        "or more; those that may say who somebody is are never listed",
    )
    option(
        "--header",
        action="store_true",
        help="take the first line of a text file for a header, and show it, even if it may be somebody's row",
    )
    option("--output", type=Path, metavar="YAML", help="new file for the draft; without it, it is printed")
    option("--runs", type=Path, default=Path("data/runs"), help="folder for logs (data/runs)")


def load(args: argparse.Namespace) -> DraftSettings:
    """Check the options; nothing is read yet."""
    known = schemas.value_set("source_dataset")
    if args.dataset not in known:
        raise ConfigError(f"--dataset {args.dataset}: no such dataset{suggest(args.dataset, known)}")
    if args.output is not None and args.output.exists():
        raise RefusedError(f"{args.output}: exists; name a new file")
    return DraftSettings(args.path, args.dataset, args.with_codes, args.header, args.output, args.runs)


def run(spark: SparkSession, settings: DraftSettings, run: Run) -> None:
    """Read, look, and write or print the draft."""
    with run.stage("profile") as record:
        rows, form = _read(spark, settings)
        profiles = profiling.profile(rows)
        codes = profiling.code_values(rows, _shown(profiles, settings.dataset)) if settings.with_codes else None
        record.count(rows=max((column.rows for column in profiles), default=0), columns=len(profiles))
    where = Path(settings.path).name
    text = drafting.draft(profiles, settings.dataset, form, codes, where, by_place="names" in form)
    if settings.output is None:
        print(text, end="")
        return
    settings.output.parent.mkdir(parents=True, exist_ok=True)
    with settings.output.open("x", encoding="utf-8") as file:
        file.write(text)
    print(f"the draft is in {settings.output}")


def _read(spark: SparkSession, settings: DraftSettings) -> tuple[DataFrame, drafting.Form]:
    """The columns of a file as text, with the keys of a contract's `format`; malformed rows are left out.

    Columns are named by their places where it is in doubt whether the first line is a header.
    """
    path, guessed = settings.path, guess_text_format(settings.path)
    if guessed is None:
        check_input(path)
        read = read_input(spark, path, malformed_column=_MALFORMED)
        kind = "csv" if _MALFORMED in read.columns else "delta" if (Path(path) / "_delta_log").is_dir() else "parquet"
        form: drafting.Form = {"type": kind}
    else:
        how, first = guessed
        known = drafting.reads_as_header(first, schemas.load(settings.dataset))
        if not settings.header and (not known or profiling.may_be_a_row(spark, first)):
            how = replace(how, names=tuple(f"column_{place}" for place in range(1, len(first) + 1)))
        read = read_text_input(spark, path, how, _MALFORMED)
        form = _form(how)
    sound = read.where(f"{_MALFORMED} IS NULL").drop(_MALFORMED) if _MALFORMED in read.columns else read
    return sound.select(*(sound[f"`{name}`"].cast("string").alias(name) for name in sound.columns)), form


def _form(how: Delimited) -> drafting.Form:
    plain = Delimited()
    form: drafting.Form = {"type": "csv"}
    if how.names:
        form["names"] = how.names
    for key in ("delimiter", "quote", "encoding"):
        if getattr(how, key) != getattr(plain, key):
            form[key] = getattr(how, key)
    return form


def _shown(profiles: list[profiling.ColumnProfile], dataset: str) -> list[str]:
    table = schemas.load(dataset)
    made = {source: table.column(name) for name, source in drafting.candidates(profiles, table).items()}
    return [column.name for column in profiles if drafting.may_show_codes(column, made.get(column.name))]
