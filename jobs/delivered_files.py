"""The files of one delivery as a frame of text, under the columns that the supplier gave them."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from jobs.supply_settings import Delivery
from linkage.lake import Delimited, read_input, read_lines, read_text_input
from linkage.records import drift, fhir, sides
from linkage.records.contract import Contract, Csv, FhirPatient
from linkage.records.mapping import as_text
from linkage.records.quarantine import MALFORMED, REFUSED

_LINE = "line"


def raw(spark: SparkSession, delivery: Delivery, contract: Contract) -> DataFrame:
    """All columns of a delivery as text, `_malformed` and `_refused`; of a split one, both files joined.

    Raises:
        InputError: A file cannot be read, or has other columns than the contract says.
    """
    if contract.split is None:
        [path] = delivery.paths
        return _checked(spark, path, contract, contract.expected)
    expected = contract.sides()
    identifiers, attributes = (
        _checked(spark, path, contract, expected[side])
        for path, side in zip(delivery.paths, ("identifiers", "attributes"), strict=True)
    )
    return sides.joined(identifiers, attributes, contract.split.key)


def _checked(spark: SparkSession, path: str, contract: Contract, expected: frozenset[str]) -> DataFrame:
    found = _read(spark, path, contract)
    drift.check_columns([name for name in found.columns if name not in (MALFORMED, REFUSED)], expected, path)
    return as_text(found, contract, path)


def _read(spark: SparkSession, path: str, contract: Contract) -> DataFrame:
    form = contract.format
    if isinstance(form, Csv):
        how = Delimited(form.delimiter, form.quote, form.encoding, form.names)
        return read_text_input(spark, path, how, MALFORMED)
    if isinstance(form, FhirPatient):
        return fhir.patients(read_lines(spark, path, _LINE), _LINE)
    return read_input(spark, path, malformed_column=MALFORMED)
