"""The files that users and suppliers bring: Parquet, CSV and Delta, read with clear refusals."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from os import SEEK_END
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from linkage.errors import InputError
from linkage.lake.delimited import Delimited, check_text, guess, read_delimited
from linkage.lake.parquet import schema_of
from linkage.lake.paths import absolute, is_local, load

_PARQUET = b"PAR1"
# What other kinds of files begin with that are sent as text by mistake.
_NO_TEXT = {_PARQUET: "Parquet", b"PK\x03\x04": "a spreadsheet or another ZIP archive"}


def read_input(spark: SparkSession, path: str, malformed_column: str | None = None) -> DataFrame:
    """Reads a user's own Delta table, Parquet file or folder, or CSV file or folder.

    CSV is comma-separated UTF-8 with a header; all its columns are strings and empty is null. A
    CSV row with too few or too many fields is refused, for which the file is read once more, unless
    `malformed_column` names a column for such rows: there it holds the raw line, else null.

    Raises:
        InputError: The path is missing or holds nothing, a file is empty or cut short, or a CSV file
            is not what `read_delimited` asks of it. Damage inside a Parquet file shows only when its
            rows are read.
    """
    if _is_delta(spark, path):
        return load(spark, "delta", path, {})
    names, csv_only = _checked(path, _files(spark, path))
    if csv_only:
        return read_delimited(spark, path, names, Delimited(), malformed_column)
    files = _without_values(path, names) if is_local(path) else None
    return load(spark, "parquet", path, {}, None if files is None else schema_of(files))


def read_text_input(spark: SparkSession, path: str, how: Delimited, malformed_column: str) -> DataFrame:
    """Reads a delimited text file or folder, whatever its name ends with; columns are strings and empty is null.

    `malformed_column` holds the raw line of a row with too few or too many fields, null for all others.

    Raises:
        InputError: As for `read_input`, or a file is of another kind than text.
    """
    return read_delimited(spark, path, _texts(spark, path), how, malformed_column)


def guess_text_format(path: str) -> tuple[Delimited, list[str]] | None:
    """How the text files of an input are likely written, by the first of them, and the fields of its first line.

    None where they are no text, or a URL.

    Raises:
        InputError: The path holds nothing, or a file that starts as no other kind is no text either.
    """
    if not is_local(path) or _is_local_delta(path):
        return None
    names = _named(path, _local_files(path))
    with Path(absolute(names[0])).open("rb") as file:
        starts = file.read(len(_PARQUET))
    return None if starts == _PARQUET else guess(names[0])


def read_lines(spark: SparkSession, path: str, column: str) -> DataFrame:
    """Reads a text file or folder in UTF-8: one row for each line that is not blank, in one column.

    Raises:
        InputError: As for `read_text_input`, or a file is in another encoding.
    """
    for name in _texts(spark, path):
        check_text(name)
    lines = load(spark, "text", path, {}).select(F.ltrim(F.col("value"), F.lit("\ufeff")).alias(column))
    return lines.where(F.trim(column) != "")


def _texts(spark: SparkSession, path: str) -> list[str]:
    """The names of an input's files, of which none begins as a file of another kind does."""
    names = _named(path, _files(spark, path))
    for name in filter(is_local, names):
        with Path(absolute(name)).open("rb") as file:
            other = _NO_TEXT.get(file.read(len(_PARQUET)))
        if other is not None:
            raise InputError(f"{name}: is {other} and no text; say so in the contract, or ask for text")
    return names


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


def bytes_here(path: str) -> int | None:
    """The bytes of all files under a path, none where there is nothing; None for a URL, which is not looked through."""
    if not is_local(path):
        return None
    root = Path(absolute(path))
    return sum(file.stat().st_size for file in (root, *root.rglob("*")) if file.is_file())


def _is_delta(spark: SparkSession, path: str) -> bool:
    if not is_local(path):
        return DeltaTable.isDeltaTable(spark, path)
    return _is_local_delta(path)


def _is_local_delta(path: str) -> bool:
    return (Path(absolute(path)) / "_delta_log").is_dir()


def _checked(path: str, files: Sequence[tuple[str, int, float]]) -> tuple[list[str], bool]:
    """The names of an input's files, and whether all are CSV; else all are Parquet, or one is refused."""
    names = _named(path, files)
    csv_only = all(_is_csv(name) for name in names)
    for name in () if csv_only else names:
        if not _is_parquet(name):
            raise InputError(f"{name}: neither Parquet nor CSV (.csv or .csv.gz), nor a Delta table")
    return names, csv_only


def _named(path: str, files: Sequence[tuple[str, int, float]]) -> list[str]:
    if not files:
        raise InputError(f"{path}: the folder holds no files")
    empty = [name for name, size, _ in files if size == 0]
    if empty:
        raise InputError(f"{empty[0]}: the file is empty")
    return [name for name, _, _ in files]


def _files(spark: SparkSession, path: str) -> list[tuple[str, int, float]]:
    """Lists the data files under a path with size and time of change, in the order of their names."""
    if not is_local(path):
        listed = load(spark, "binaryFile", path, {"recursiveFileLookup": "true"})
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
