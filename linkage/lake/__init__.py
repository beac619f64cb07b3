"""The only package that touches storage: zones and their tables, and the files that users bring."""

from linkage.lake.files import read_input
from linkage.lake.tables import Commit, Lake, Zone, write_table

__all__ = ["Commit", "Lake", "Zone", "read_input", "write_table"]
