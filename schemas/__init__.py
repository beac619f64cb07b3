"""Every table that crosses a boundary, as data: columns, types, keys, sensitivity, meaning.

One YAML file for each table lies in `schemas/tables/`; the checks, the catalogue and the
documentation are made from it, so they cannot drift apart.
"""

from schemas.guard import guarded
from schemas.loader import load, names, value_set
from schemas.table import Column, KeyRole, OpenColumn, Provenance, Sensitivity, TableSchema

__all__ = [
    "Column",
    "KeyRole",
    "OpenColumn",
    "Provenance",
    "Sensitivity",
    "TableSchema",
    "guarded",
    "load",
    "names",
    "value_set",
]
