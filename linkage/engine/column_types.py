"""The types of columns that the engine compares."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from linkage.errors import InputError

INTEGERS = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)
_SIMPLE = (
    *INTEGERS, T.StringType, T.FloatType, T.DoubleType, T.DecimalType, T.DateType,
    T.TimestampType, T.TimestampNTZType, T.BooleanType,
)  # fmt: skip


def check_types(frames: Mapping[str, DataFrame], identifier: str) -> None:
    """Refuse columns that cannot be compared, and inputs that differ in a column's type.

    Args:
        frames: By the inputs' names, all with the same columns.
        identifier: The column that holds the unique ID, which inputs call by other names.

    Raises:
        InputError: By name.
    """
    first_name, first = next(iter(frames.items()))
    for name, frame in frames.items():
        for field in frame.schema:
            kind = field.dataType
            if not _is_supported(kind):
                raise InputError(
                    f"input {name}: column {field.name} is {kind.simpleString()}; the engine "
                    "compares strings, numbers, dates, timestamps, booleans and arrays of these"
                )
            if kind != first.schema[field.name].dataType:
                told = "the unique ID" if field.name == identifier else f"column {field.name}"
                raise InputError(
                    f"{told} is {first.schema[field.name].dataType.simpleString()} in "
                    f"input {first_name} and {kind.simpleString()} in {name}; make them the same"
                )


def _is_supported(kind: T.DataType) -> bool:
    if isinstance(kind, T.ArrayType):
        return isinstance(kind.elementType, _SIMPLE)
    return isinstance(kind, _SIMPLE)
