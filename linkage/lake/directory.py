"""A folder of tables that appears whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaObject  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from linkage.errors import ConfigError, RefusedError
from linkage.lake import leftovers
from linkage.lake.paths import absolute, is_local


@dataclass(frozen=True)
class StagedFolder:
    """Where to write before the folder is put in its place."""

    path: str

    def table(self, name: str) -> str:
        """Where a table of the folder is written and read until then."""
        return f"{self.path}/{name}"


@contextmanager
def staged_folder(
    spark: SparkSession, target: str, *, mark: str, job: str, only: Collection[str] | None = None
) -> Iterator[StagedFolder]:
    """Write beside the target, and move into its place when the block ends well.

    If the block raises, nothing of it is left and the target is as it was. A process that is
    killed leaves its part beside the target; on this machine, `clear_leftovers` removes that
    before the next one. Local folders and HDFS move in one step; an object store copies, so a
    reader there should wait for the mark.

    Args:
        spark: Its Hadoop configuration knows the storage.
        target: The folder to make; an earlier one of ours is replaced.
        mark: The file that shows a folder to be ours, such as `run.json`.
        job: The job that must have written it.
        only: As for `check_replaceable`.

    Raises:
        RefusedError: The target exists and is not ours to replace.
    """
    clear_leftovers(spark, target)
    check_replaceable(spark, target, mark=mark, job=job, only=only)
    storage, place = _storage(spark, target)
    here = _here(place)
    named = nullcontext(leftovers.new_name(place.getName())) if here is None else leftovers.owned_name(here)
    with named as beside:
        staging = _path(spark, f"{place.getParent()}/{beside}")
        try:
            yield StagedFolder(staging.toString())
            _put_in_place(spark, storage, staging, place)
        finally:
            storage.delete(staging, True)


def clear_leftovers(spark: SparkSession, target: str) -> None:
    """Remove what killed runs left beside a target on this machine; elsewhere, nothing.

    Args:
        spark: Its Hadoop configuration knows the storage.
        target: The folder that they were to make; it is put back if they had moved it away.
    """
    _, place = _storage(spark, target)
    here = _here(place)
    if here is not None:
        leftovers.clear_leftovers(here)


def check_replaceable(
    spark: SparkSession | None, target: str, *, mark: str, job: str, only: Collection[str] | None = None
) -> None:
    """Refuse a target that exists and is not ours to replace.

    Args:
        spark: Its Hadoop configuration knows the storage. Without Spark, a URL is not looked at.
        target: The folder.
        mark: The file that shows a folder to be ours.
        job: The job that must have written it.
        only: Patterns of the names that the folder may hold beside the mark; anything, if None.

    Raises:
        RefusedError: It exists and does not hold the mark, written by this job, or holds other files.
    """
    found = _local_names(target, mark) if spark is None else _names(spark, target, mark)
    if found is None:
        return
    names, marked = found
    if not _is_ours(marked, job):
        raise RefusedError(f"{target}: exists and holds no {mark} of an earlier {job}; name a new folder")
    if only is not None and not all(any(fnmatchcase(name, pattern) for pattern in (mark, *only)) for name in names):
        raise RefusedError(f"{target}: holds other files beside ours; name a new folder")


def write_document(spark: SparkSession, path: str, document: Mapping[str, Any]) -> None:
    """Write a JSON file, on whatever storage the path names."""
    write_text(spark, path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write_text(spark: SparkSession, path: str, text: str) -> None:
    """Write a file in UTF-8, on whatever storage the path names.

    On this machine it is written without Spark, which would put a file of checksums beside it.
    """
    storage, place = _storage(spark, path)
    here = _here(place)
    if here is not None:
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_text(text, encoding="utf-8")
        return
    stream = storage.create(place, True)
    try:
        stream.write(bytearray(text, "utf-8"))
    finally:
        stream.close()


def names_in(spark: SparkSession, path: str) -> list[str]:
    """The names of what a folder holds, sorted; none where there is no folder."""
    storage, place = _storage(spark, path)
    return sorted(entry.getPath().getName() for entry in storage.listStatus(place)) if storage.exists(place) else []


def _names(spark: SparkSession, target: str, mark: str) -> tuple[list[str], str | None] | None:
    """What a target holds and the text of its mark; None if there is no target."""
    storage, place = _storage(spark, target)
    if not storage.exists(place):
        return None
    names = [entry.getPath().getName() for entry in storage.listStatus(place)]
    marking = _path(spark, f"{place}/{mark}")
    if not storage.exists(marking):
        return names, None
    stream = storage.open(marking)
    try:
        return names, _jvm(spark).org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
    finally:
        stream.close()


def _local_names(target: str, mark: str) -> tuple[list[str], str | None] | None:
    place = Path(absolute(target))
    if not is_local(target) or not place.exists():
        return None
    names = [path.name for path in place.iterdir()] if place.is_dir() else []
    marking = place / mark
    return names, marking.read_text(encoding="utf-8", errors="replace") if marking.is_file() else None


def _is_ours(marked: str | None, job: str) -> bool:
    """Whether this job wrote the mark: others, and other programs, may call a file the same."""
    try:
        document = json.loads(marked or "")
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("job") == job and "run_id" in document


def _put_in_place(spark: SparkSession, storage: JavaObject, staging: JavaObject, place: JavaObject) -> None:
    """Move the new folder in; if that fails, the old one is there again.

    A process killed between the two moves leaves no target, and both folders beside it.
    """
    replaced = _path(spark, leftovers.replaced_name(str(staging)))
    storage.mkdirs(place.getParent())
    there = storage.exists(place)
    if there and not storage.rename(place, replaced):
        raise ConfigError(f"{place}: cannot be replaced; is its folder writable?")
    moved = False
    try:
        moved = storage.rename(staging, place)
    finally:
        if there and not moved:
            storage.rename(replaced, place)
    if not moved:
        raise ConfigError(f"{place}: cannot be put in place; is its folder writable?")
    storage.delete(replaced, True)
    # A path that was read before must not be answered from memory.
    _jvm(spark).org.apache.spark.sql.delta.DeltaLog.clearCache()


def _storage(spark: SparkSession, path: str) -> tuple[JavaObject, JavaObject]:
    place = _path(spark, absolute(path))
    storage = place.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    return storage, storage.makeQualified(place)


def _here(place: JavaObject) -> Path | None:
    """A qualified path as one of this machine, if it is."""
    uri = place.toUri()
    return Path(uri.getPath()) if uri.getScheme() == "file" else None


def _path(spark: SparkSession, path: str) -> JavaObject:
    return _jvm(spark).org.apache.hadoop.fs.Path(path)


def _jvm(spark: SparkSession) -> Any:  # noqa: ANN401  py4j's view of the JVM has no type
    return spark._jvm
