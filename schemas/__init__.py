"""Every table that crosses a boundary, as data: columns, types, keys, sensitivity, meaning.

One YAML file for each table lies in `schemas/tables/`, the codes in `schemas/value_sets/`, the
documents that they rest on in `schemas/sources.yaml`; the checks, the catalogue and the
documentation are made from these, so they cannot drift apart.
"""

from schemas.checks import code_counts, dated_columns, key_counts
from schemas.guard import guarded
from schemas.loader import Source, companions, load, load_values, names, sources, value_set, value_set_names
from schemas.table import Column, ForeignKey, MissingBy, OpenColumn, TableSchema
from schemas.values import Code, ValueSet
from schemas.vocabulary import KeyRole, Provenance, Sensitivity, Zone

__all__ = [
    "Code",
    "Column",
    "ForeignKey",
    "KeyRole",
    "MissingBy",
    "OpenColumn",
    "Provenance",
    "Sensitivity",
    "Source",
    "TableSchema",
    "ValueSet",
    "Zone",
    "code_counts",
    "companions",
    "dated_columns",
    "guarded",
    "key_counts",
    "load",
    "load_values",
    "names",
    "sources",
    "value_set",
    "value_set_names",
]
