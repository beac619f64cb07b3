"""What runs inside a Spark task: an in-process DuckDB over one partition's key rows.

Imported by executors, so it needs duckdb and pyarrow only, beside our errors; the SQL comes
ready from `linkage.engine.kernel_sql` on the driver.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from linkage.engine import chunks
from linkage.errors import ConfigError, InputError, LinkageError

KEY_ROWS = "key_rows"
SUMMARY = "summary"

# What a task tells of a file that it wrote: name, bytes, rows; or a summary and no file.
WRITTEN = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("size", pa.int64()),
        pa.field("rows", pa.int64()),
        pa.field(SUMMARY, pa.binary()),
    ]
)

# What an expression raises that meets a value it was not made for.
_OF_THE_DATA = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)


@dataclass(frozen=True)
class KernelLimits:
    """What one task's DuckDB may use.

    Attributes:
        memory: DuckDB's memory limit, such as `1GB`; beyond it, it spills into scratch.
        scratch: Where to spill, if the process has no folder of Spark's own; made if need be.
    """

    memory: str
    scratch: str


@dataclass(frozen=True)
class KernelPlan:
    """SQL to run over the table `key_rows`: statements, then queries whose rows are the result.

    Attributes:
        statements: Run in order.
        outputs: Queries with the same columns each; their rows are streamed out in order.
        summaries: Queries by kind. The whole result of each follows as one last row, null but for the
            column `summary`, which the outputs then have beside their own: an Arrow IPC stream, whose
            schema tells the kind, as `chunks.told` reads it.
        batch_rows: Rows of one Arrow batch, at most.
    """

    statements: tuple[str, ...]
    outputs: tuple[str, ...]
    limits: KernelLimits
    summaries: Mapping[str, str] = field(default_factory=dict)
    batch_rows: int = 65_536


def connect(limits: KernelLimits, spill: str) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that keeps to its limits and away from network and working directory.

    What it spills is encrypted. DuckDB's built-in cipher is refused by default for writing
    because its random numbers are not of cryptographic quality; the stronger one comes with an
    extension that would have to be fetched. Spilled blocks live for the length of a task, in a
    private folder, under a key that exists in this process only.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "memory_limit": limits.memory,
            "temp_directory": spill,
            "force_mbedtls_unsafe": "true",
            "temp_file_encryption": "true",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextmanager
def opened(limits: KernelLimits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB for one task, with a private folder to spill into that goes with it.

    Raises:
        ConfigError: An expression of the model cannot be computed on these values.
        InputError: A text is not valid Unicode.
        LinkageError: DuckDB needs more memory than it has, and cannot spill.
    """
    with (
        _no_value_told(),
        tempfile.TemporaryDirectory(prefix="kernel-", dir=_scratch(limits)) as spill,
        connect(limits, spill) as connection,
    ):
        yield connection


def run(batches: Iterator[pa.RecordBatch], plan: KernelPlan, folder: str | None = None) -> Iterator[pa.RecordBatch]:
    """Run the plan over one partition; an empty partition gives no rows.

    Args:
        batches: Chunks of the partition's key rows.
        plan: What to make of them.
        folder: Where to write the rows as Parquet instead of giving them back.

    Yields:
        Batches with the columns of the plan's outputs, or of `WRITTEN` if they were written.

    Raises:
        ConfigError: A level or rule cannot be computed on these values.
        InputError: A text is not valid Unicode.
        LinkageError: DuckDB needs more memory than it has, and cannot spill.
    """
    tables = (table for _, table in chunks.unpacked(batches))
    first = next(tables, None)
    if first is None:
        return
    incoming = (batch for table in itertools.chain([first], tables) for batch in table.to_batches())
    with opened(plan.limits) as connection:
        connection.register("incoming", pa.RecordBatchReader.from_batches(first.schema, incoming))
        connection.execute(f"CREATE TEMP TABLE {KEY_ROWS} AS SELECT * FROM incoming")
        connection.unregister("incoming")
        for statement in plan.statements:
            connection.execute(statement)
        yield from results(connection, plan.outputs, plan.summaries, folder, rows=plan.batch_rows)


def warmed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches as they come, once DuckDB has been started in the process."""
    with duckdb.connect(":memory:"):
        yield from batches


def results(
    connection: duckdb.DuckDBPyConnection,
    outputs: Sequence[str],
    summaries: Mapping[str, str],
    folder: str | None,
    *,
    rows: int,
) -> Iterator[pa.RecordBatch]:
    """The rows of a plan's outputs, given back or written, and then its summaries."""
    for output in outputs:
        yield from emitted(connection, output, folder, with_summary=bool(summaries), rows=rows)
    for kind, summary in summaries.items():
        counted = connection.sql(summary).to_arrow_table()
        yield _summary_row(WRITTEN if folder else _schema(connection, outputs[-1]), chunks.telling(counted, kind))


def emitted(
    connection: duckdb.DuckDBPyConnection, sql: str, folder: str | None, *, with_summary: bool = False, rows: int
) -> Iterator[pa.RecordBatch]:
    """The rows of a query in batches of so many; or written into a folder, and one row that says so.

    A task that is tried again writes a file of another name.
    """
    if folder is None:
        yield from connection.sql(_beside_summary(sql) if with_summary else sql).to_arrow_reader(rows)
        return
    name = f"part-{uuid.uuid4()}.parquet"
    path = Path(folder) / name
    count = connection.execute(f"COPY ({sql}) TO '{_literal(path)}' (FORMAT parquet)").fetchall()[0][0]
    if not count:
        path.unlink()
        return
    yield pa.RecordBatch.from_pylist([{"name": name, "size": path.stat().st_size, "rows": count}], schema=WRITTEN)


def select(batches: Iterator[pa.RecordBatch], sql: str, limits: KernelLimits) -> Iterator[pa.RecordBatch]:
    """The rows of a query over the `records` of each chunk, packed again."""
    with opened(limits) as connection:
        for _, table in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, table)
            yield chunks.packed(connection.sql(sql).to_arrow_table(), 0)


def unpack(batches: Iterator[pa.RecordBatch], sql: str, limits: KernelLimits) -> Iterator[pa.RecordBatch]:
    """The rows of a query over the `records` of each chunk, as rows."""
    with opened(limits) as connection:
        for _, table in chunks.unpacked(batches):
            connection.register(chunks.RECORDS, table)
            yield from connection.sql(sql).to_arrow_reader(chunks.CHUNK_ROWS)


def convert(batches: Iterator[pa.RecordBatch], sql: str, limits: KernelLimits) -> Iterator[pa.RecordBatch]:
    """The rows of a query over the `records` of each batch of rows."""
    with opened(limits) as connection:
        for batch in batches:
            connection.register(chunks.RECORDS, pa.Table.from_batches([batch]))
            yield from connection.sql(sql).to_arrow_reader(chunks.CHUNK_ROWS)


@contextmanager
def _no_value_told() -> Iterator[None]:
    """Tell a failure by its kind alone: DuckDB's messages quote the value that they stumbled on."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise LinkageError("a task's DuckDB ran out of memory; raise spark.linkage.kernel.memory") from None
    except duckdb.IOException:
        raise LinkageError(
            "a task cannot write to its scratch folder or to the output; one is full or not writable"
        ) from None
    except (*_OF_THE_DATA, pa.ArrowInvalid) as error:
        if "invalid unicode" in str(error).lower():
            raise InputError("a column holds text that is not valid Unicode; write the input as UTF-8") from None
        raise ConfigError(
            "a comparison level or blocking rule cannot be computed on the data "
            f"({type(error).__name__}); guard it, for example with TRY_CAST"
        ) from None
    except duckdb.Error as error:
        raise LinkageError(f"a task's DuckDB failed ({type(error).__name__})") from None


def _beside_summary(sql: str) -> str:
    return f"SELECT *, CAST(NULL AS BLOB) AS {SUMMARY} FROM ({sql})"


def _schema(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Schema:
    return connection.sql(f"{_beside_summary(sql)} LIMIT 0").to_arrow_table().schema


def _literal(path: Path) -> str:
    return str(path).replace("'", "''")


def _summary_row(schema: pa.Schema, table: pa.Table) -> pa.RecordBatch:
    stream = chunks.written(table, compression="zstd").to_pybytes()
    held = pa.array([stream], schema.field(SUMMARY).type)
    columns = [held if field.name == SUMMARY else pa.nulls(1, field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _scratch(limits: KernelLimits) -> str:
    """The folder that Spark, or YARN, gives this executor and takes away with it, where there is one."""
    given = os.environ.get("SPARK_LOCAL_DIRS") or os.environ.get("LOCAL_DIRS") or limits.scratch
    folder = Path(given.split(",")[0])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder)
