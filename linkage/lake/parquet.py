"""What Parquet files say of their columns, without Spark, which starts a job to learn it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import types as T

_KINDS: dict[pa.DataType, T.DataType] = {
    pa.string(): T.StringType(),
    pa.large_string(): T.StringType(),
    pa.bool_(): T.BooleanType(),
    pa.int8(): T.ByteType(),
    pa.int16(): T.ShortType(),
    pa.int32(): T.IntegerType(),
    pa.int64(): T.LongType(),
    pa.float32(): T.FloatType(),
    pa.float64(): T.DoubleType(),
    pa.date32(): T.DateType(),
}


def schema_of(names: Sequence[str]) -> T.StructType | None:
    """The columns of files on this machine as Spark would read them.

    None where that is for Spark to say: files that differ or cannot be read, names that differ in
    case only, and columns of a type that does not mean one thing to all, such as a time.
    """
    try:
        first, *others = [pq.read_schema(name) for name in names]
    except (pa.ArrowException, OSError):
        return None
    if any(not other.equals(first) for other in others) or len({name.lower() for name in first.names}) < len(first):
        return None
    kinds = [_KINDS.get(field.type.value_type if _is_dictionary(field) else field.type) for field in first]
    if not kinds or None in kinds:
        return None
    return T.StructType([T.StructField(name, kind) for name, kind in zip(first.names, kinds, strict=True) if kind])


def _is_dictionary(field: pa.Field) -> bool:
    return bool(pa.types.is_dictionary(field.type))
