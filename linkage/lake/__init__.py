"""The only package that touches storage: zones and their tables, and the files that users bring."""

from linkage.lake.delimited import ENCODINGS, Delimited
from linkage.lake.directory import (
    StagedFolder,
    check_replaceable,
    clear_leftovers,
    staged_folder,
    write_document,
    write_text,
)
from linkage.lake.files import bytes_here, check_input, guess_text_format, read_input, read_lines, read_text_input
from linkage.lake.paths import LakeRoots, table_path
from linkage.lake.shared import (
    commit_files,
    new_folder,
    parquet_files,
    read_rows,
    tasks_share,
    write_rows,
    written_and_read,
)
from linkage.lake.tables import Commit, Lake, fingerprint, write_table
from schemas import Zone

__all__ = [
    "ENCODINGS",
    "Commit",
    "Delimited",
    "Lake",
    "LakeRoots",
    "StagedFolder",
    "Zone",
    "bytes_here",
    "check_input",
    "check_replaceable",
    "clear_leftovers",
    "commit_files",
    "fingerprint",
    "guess_text_format",
    "new_folder",
    "parquet_files",
    "read_input",
    "read_lines",
    "read_rows",
    "read_text_input",
    "staged_folder",
    "table_path",
    "tasks_share",
    "write_document",
    "write_rows",
    "write_table",
    "write_text",
    "written_and_read",
]
