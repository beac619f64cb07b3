"""Records ready to link: one frame with a source number, an ID and the compared columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from linkage.engine import held
from linkage.engine.held import Broadcast, Held
from linkage.engine.kernel import KernelLimits, connect
from linkage.engine.record_files import RecordFiles
from linkage.errors import InputError
from linkage.model.specification import LinkType

SOURCE = "__source"
ID = "__id"
PERSON = "__person"

# From a partition's chunks to rows.
Task = Callable[..., Iterator[pa.RecordBatch]]

SOURCE_SEPARATOR = "-__-"


@dataclass(frozen=True)
class LinkageRecords:
    """All inputs as one frame, and what pairs of its records may be made.

    Attributes:
        frame: One row per record: `__source` (smallint), `__id` (bigint or string, unique within
            a source), and the columns that the model reads; where values are counted once for each person,
            also `__person` (bigint), the same for records of one source that are taken for one person's.
        sources: Source names; `__source` is a position in it. Ordered so that the left record of
            a cross-source pair, in Splink's order, is the one with the smaller number.
        link_type: Which pairs are candidates at all.
        chunks: The same rows packed, as `linkage.engine.chunks` says. Kept, compressed, from their
            first use until the caller clears Spark's cache, so that passes over them read no input.
        files: Where tasks can read the rows themselves.
        held: The same rows in one piece that every process of the tasks has, in the order of their
            numbers; the chunks then only refer to it. See `linkage.engine.holding`.
        bounds: The number of the first record of each source but the first, of records that are held.
        rows: How many there are, of records that are held.
    """

    frame: DataFrame
    sources: tuple[str, ...]
    link_type: LinkType
    chunks: DataFrame
    files: RecordFiles | None = None
    held: Broadcast[Held] | None = None
    bounds: tuple[int, ...] = ()
    rows: int | None = None

    def task(self, task: Task) -> Task:
        """A task over chunks, or over what was made of them, that finds the records if they are held."""
        return task if self.held is None else partial(held.with_held, task=task, records=self.held)

    @property
    def id_type(self) -> T.DataType:
        """The type of `__id`: bigint or string."""
        return self.frame.schema[ID].dataType

    @property
    def columns(self) -> tuple[str, ...]:
        """The compared columns: everything but the source and the ID."""
        return tuple(name for name in self.frame.columns if name not in (SOURCE, ID, PERSON))

    @property
    def has_persons(self) -> bool:
        """Whether values are counted once for each person of a source, and not for each record."""
        return PERSON in self.frame.columns

    def count(self) -> int:
        """How many records there are; counted where they are neither held nor in files."""
        if self.rows is not None:
            return self.rows
        if self.files is not None:
            return self.files.rows
        row = self.chunks.agg(F.sum("rows")).first()
        return 0 if row is None or row[0] is None else int(row[0])


@contextmanager
def empty_database(records: LinkageRecords, table: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with the records' columns and no row, to try SQL on before any work."""
    schema = to_arrow_schema(T.StructType(list(records.frame.schema)), timezone="UTC")
    with connect(KernelLimits(memory="256MB", scratch=""), "") as connection:
        connection.register("incoming", schema.empty_table())
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM incoming")
        yield connection


def ids_are_nodes(records: LinkageRecords) -> bool:
    """Whether IDs are integers that tell all records apart."""
    return len(records.sources) == 1 and isinstance(records.id_type, T.LongType)


def node_sql(records: LinkageRecords, source: str, identifier: str, *, seed: int) -> str:
    """A 64-bit integer for a record, in SQL, for work that needs integers.

    The ID itself where one source has integer IDs; otherwise a seeded hash, which a survey has
    found free of collisions.
    """
    if ids_are_nodes(records):
        return identifier
    return f"CAST(hash({seed}, CAST({source} AS SMALLINT), {identifier}) >> 1 AS BIGINT)"


def refuse_repeated_ids(records: LinkageRecords) -> None:
    """Say in which sources records share an ID, if any do.

    Raises:
        InputError: Two records of one source have the same ID.
    """
    repeated = (
        records.frame.groupBy(SOURCE, ID)
        .agg(F.count("*").alias("n"))
        .where("n > 1")
        .groupBy(SOURCE)
        .agg(F.count("*").alias("n"))
    ).collect()
    if repeated:
        found = ", ".join(f"{records.sources[row[SOURCE]]}: {row['n']}" for row in sorted(repeated))
        raise InputError(f"unique IDs that more than one record has ({found}); make them unique within a source")


def possible_pairs(records: LinkageRecords, counts: Sequence[int]) -> int:
    """Pairs that the link type allows among so many records of each source.

    >>> from types import SimpleNamespace
    >>> possible_pairs(SimpleNamespace(link_type="dedupe_only"), [4])
    6
    >>> possible_pairs(SimpleNamespace(link_type="link_only"), [2, 3])
    6
    """
    total = sum(counts)
    if records.link_type == "link_only":
        return (total * total - sum(count * count for count in counts)) // 2
    return total * (total - 1) // 2


def backticked(column: str) -> str:
    """A column's name as Spark reads it, whatever is in it."""
    return "`" + column.replace("`", "``") + "`"
