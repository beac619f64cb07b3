"""The only package that touches storage: zones and their tables, and the files that users bring."""

from linkage.lake.directory import (
    StagedFolder,
    check_replaceable,
    clear_leftovers,
    staged_folder,
    write_document,
    write_text,
)
from linkage.lake.files import check_input, read_input
from linkage.lake.tables import Commit, Lake, Zone, fingerprint, write_table

__all__ = [
    "Commit",
    "Lake",
    "StagedFolder",
    "Zone",
    "check_input",
    "check_replaceable",
    "clear_leftovers",
    "fingerprint",
    "read_input",
    "staged_folder",
    "write_document",
    "write_table",
    "write_text",
]
