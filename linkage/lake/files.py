"""The files that users and suppliers bring: Parquet, CSV and Delta, read with clear refusals."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from os import SEEK_END
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from linkage.errors import InputError
from linkage.lake.parquet import schema_of

_PARQUET = b"PAR1"


def read_input(spark: SparkSession, path: str, malformed_column: str | None = None) -> DataFrame:
    """Reads a user's own Delta table, Parquet file or folder, or CSV file or folder.

    CSV is comma-separated UTF-8 with a header; all its columns are strings and empty is null. A
    CSV row with too few or too many fields, or in another encoding, is refused, for which the file is
    read once more, unless `malformed_column` names a column for rows of the former kind: there it holds
    the raw line, else null.

    Raises:
        InputError: The path is missing or holds nothing, a file is empty or cut short, or a
            CSV header has blank or repeated names. Damage inside a Parquet file shows only when
            its rows are read.
    """
    if _is_delta(spark, path):
        return _load(spark, "delta", path, {})
    names, csv_only = _checked(path, _files(spark, path))
    if csv_only:
        return _read_csv(spark, path, names, malformed_column)
    files = _without_values(path, names) if is_local(path) else None
    return _load(spark, "parquet", path, {}, None if files is None else schema_of(files))


def check_input(path: str) -> None:
    """Refuses what `read_input` would refuse at sight, without Spark; a URL is left to it.

    Raises:
        InputError: The path is missing or holds nothing, or a file is empty, cut short or of another kind.
    """
    if is_local(path) and not _is_local_delta(path):
        _checked(path, _local_files(path))


def local_parquet(path: str) -> list[str] | None:
    """The files of a Parquet input on this machine; None for any other, and where folders name values."""
    if _is_local_delta(path):
        return None
    names, csv_only = _checked(path, _local_files(path))
    return None if csv_only else _without_values(path, names)


def _without_values(path: str, names: Sequence[str]) -> list[str] | None:
    """The files of an input, None where folders name values of a column."""
    root, files = Path(absolute(path)), [Path(absolute(name)) for name in names]
    named = any("=" in part for file in files for part in file.relative_to(root).parts[:-1])
    return None if named else list(map(str, files))


def files_fingerprint(spark: SparkSession, path: str) -> str | None:
    """Describes the files under a path by names, sizes and times of change; None if there are none."""
    try:
        files = _files(spark, path)
    except InputError:
        return None
    if not files:
        return None
    described = hashlib.sha256("\n".join(f"{name} {size} {changed}" for name, size, changed in files).encode())
    return f"{len(files)} files, {sum(size for _, size, _ in files)} bytes, {described.hexdigest()[:16]}"


def absolute(path: str) -> str:
    """A path without a scheme is on this machine; Spark would resolve it against its own folder."""
    return path if "://" in path else str(Path(path.removeprefix("file:")).absolute())


def is_local(path: str) -> bool:
    """Whether a path is on this machine, and not a URL."""
    return "://" not in path


def _is_delta(spark: SparkSession, path: str) -> bool:
    if not is_local(path):
        return DeltaTable.isDeltaTable(spark, path)
    return _is_local_delta(path)


def _is_local_delta(path: str) -> bool:
    return (Path(absolute(path)) / "_delta_log").is_dir()


def _checked(path: str, files: Sequence[tuple[str, int, float]]) -> tuple[list[str], bool]:
    """The names of an input's files, and whether all are CSV; else all are Parquet, or one is refused."""
    if not files:
        raise InputError(f"{path}: the folder holds no files")
    empty = [name for name, size, _ in files if size == 0]
    if empty:
        raise InputError(f"{empty[0]}: the file is empty")
    names = [name for name, _, _ in files]
    csv_only = all(_is_csv(name) for name in names)
    for name in () if csv_only else names:
        if not _is_parquet(name):
            raise InputError(f"{name}: neither Parquet nor CSV (.csv or .csv.gz), nor a Delta table")
    return names, csv_only


def _files(spark: SparkSession, path: str) -> list[tuple[str, int, float]]:
    """Lists the data files under a path with size and time of change, in the order of their names."""
    if not is_local(path):
        listed = _load(spark, "binaryFile", path, {"recursiveFileLookup": "true"})
        changed = F.col("modificationTime").cast("double")
        return sorted(tuple(row) for row in listed.select("path", "length", changed).collect())
    return _local_files(path)


def _local_files(path: str) -> list[tuple[str, int, float]]:
    """As `_files`; raises InputError for a file in a folder of its own, where Spark would not see it."""
    root = Path(absolute(path))
    if root.is_file():
        return [(path, root.stat().st_size, root.stat().st_mtime)]
    if not root.is_dir():
        raise InputError(f"{path}: no such file or folder")
    found = [file for file in sorted(root.rglob("*")) if file.is_file() and not _is_hidden(file.relative_to(root))]
    # Spark passes over a file in another folder than the rest, unless all folders give values of the same columns.
    named = [[folder.partition("=")[::2] for folder in file.relative_to(root).parts[:-1]] for file in found]
    columns = [tuple(column if value else None for column, value in folders) for folders in named]
    odd = [file for file, of in zip(found, columns, strict=True) if None in of or of != columns[0]]
    if odd:
        raise InputError(
            f"{odd[0]}: lies in a folder of its own within {path}; put an input's files side by side, or all in "
            "folders named column=value"
        )
    return sorted((str(file), file.stat().st_size, file.stat().st_mtime) for file in found)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) and "=" not in part for part in path.parts)


def _is_csv(name: str) -> bool:
    return name.lower().endswith((".csv", ".csv.gz"))


def _is_parquet(name: str) -> bool:
    """By its first bytes where they can be read, else by its name.

    Raises:
        InputError: The file starts as Parquet and does not end so.
    """
    named_so = name.lower().endswith(".parquet")
    if not is_local(name):
        return named_so
    with Path(absolute(name)).open("rb") as file:
        starts = file.read(len(_PARQUET)) == _PARQUET
        if starts:
            file.seek(-len(_PARQUET), SEEK_END)
        whole = starts and file.read() == _PARQUET
    if not whole and (starts or named_so):
        raise InputError(f"{name}: not a whole Parquet file; it is damaged or cut short")
    return whole


def _read_csv(spark: SparkSession, path: str, names: Sequence[str], malformed_column: str | None) -> DataFrame:
    for name in filter(is_local, names) if malformed_column is None else ():
        _refuse_other_encodings(name)
    header = _header(spark, names[0])
    for name in names[1:] if is_local(path) else ():
        if _header(spark, name) != header:
            raise InputError(f"{name}: its header differs from that of {names[0]}")
    malformed = malformed_column or "_malformed"
    columns = [T.StructField(name, T.StringType()) for name in (*header, malformed)]
    options: dict[str, Any] = {
        "header": True,
        "escape": '"',
        "multiLine": any(_may_break_lines(name) for name in names),
        # Spark's own way to fail at such a row quotes it in the log.
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": malformed,
        "columnPruning": False,
    }
    rows = _load(spark, "csv", path, options, T.StructType(columns))
    if malformed_column is None:
        _refuse_malformed(rows, path, header[0], malformed)
        rows = rows.drop(malformed)
    return rows


def _refuse_malformed(rows: DataFrame, path: str, first: str, malformed: str) -> None:
    # Spark does not read a file for the sake of the malformed column alone.
    counted = rows.agg(F.count_if(F.col(malformed).isNotNull()), F.count(F.col(f"`{first}`"))).first()
    if counted is not None and counted[0]:
        raise InputError(f"{path}: {counted[0]} rows have too few or too many fields for the header; mend them")


def _refuse_other_encodings(name: str) -> None:
    # Spark puts one and the same sign for all that it cannot read, and different names become equal.
    decoder, lines = codecs.getincrementaldecoder("utf-8")(), 1
    with (gzip.open if name.lower().endswith(".gz") else open)(absolute(name), "rb") as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                decoder.decode(block)
                lines += block.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            lines += error.object.count(b"\n", 0, error.start)
            raise InputError(f"{name}: line {lines} cannot be read as CSV in UTF-8") from None
        except (gzip.BadGzipFile, EOFError):
            raise InputError(f"{name}: cannot be read as CSV in UTF-8; it is damaged or cut short") from None


def _header(spark: SparkSession, name: str) -> list[str]:
    """Returns the column names of a CSV file, or raises InputError if they cannot serve."""
    try:
        header = next(csv.reader(_first_line(spark, name)), [])
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError):
        raise InputError(f"{name}: the header cannot be read as CSV in UTF-8") from None
    blank = [str(position) for position, column in enumerate(header, start=1) if not column.strip()]
    if blank or not header:
        raise InputError(f"{name}: the header has no name for column {', '.join(blank) or '1'}")
    lowered = [column.lower() for column in header]
    twice = sorted({column for column in header if lowered.count(column.lower()) > 1})
    if twice:
        raise InputError(f"{name}: the header names a column twice: {', '.join(twice)}")
    return header


def _first_line(spark: SparkSession, name: str) -> Iterator[str]:
    if not is_local(name):
        row = spark.read.text(name).first()
        yield from [] if row is None else [row[0].removeprefix("\ufeff")]
        return
    opener = gzip.open if name.endswith(".gz") else open
    with opener(absolute(name), "rt", encoding="utf-8-sig", newline="") as file:
        yield from file


def _may_break_lines(name: str) -> bool:
    """Whether a quoted value could hold a line break: Spark must then not split the file."""
    if not is_local(name) or name.lower().endswith(".gz"):
        return True
    with Path(absolute(name)).open("rb") as file:
        return any(b'"' in block for block in iter(lambda: file.read(1 << 20), b""))


def _load(
    spark: SparkSession,
    file_format: str,
    path: str,
    options: Mapping[str, Any],
    schema: T.StructType | None = None,
) -> DataFrame:
    reader = spark.read.format(file_format).options(**options)
    try:
        return (reader if schema is None else reader.schema(schema)).load(absolute(path))
    except (PySparkException, Py4JJavaError):
        raise InputError(f"{path}: cannot be read as {file_format}; it is missing, damaged or cut short") from None
