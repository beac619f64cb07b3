"""What the tests of the nation share: the shipped rates, and questions to the delivered files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pyspark.sql import DataFrame

import schemas
from linkage.lake import written_and_read
from linkage.records.keyed_hash import SEPARATOR
from linkage.synthetic import Rates, overridden

FOLDER = Path(__file__).parents[3] / "conf" / "synthetic"
CRIMINAL = ("magistrates", "crown", "prison", "probation")


def document(name: str = "rates") -> dict[str, Any]:
    """A shipped document of rates."""
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def rates(profile: str | None = None) -> Rates:
    """The shipped rates, with those of a profile in their place."""
    return Rates.model_validate(overridden(document(), document(profile) if profile else {}))


def keep_in(folder: Path) -> Callable[[DataFrame], DataFrame]:
    """Keeps frames as files in a folder, as the job does."""
    numbers = count()
    return lambda df: written_and_read(df, str(folder / f"kept-{next(numbers)}"))


class Nation:
    """Delivered tables, each a view of its name, and `truth` and `links`; asked in SQL."""

    def __init__(self, folder: Path, tables: Mapping[str, object]) -> None:
        self.connection = duckdb.connect()
        self.names = set(tables)
        for name in (*tables, "truth", "links"):
            self.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder}/{name}/*.parquet'")
        self.connection.execute(
            "CREATE TABLE persons AS SELECT DISTINCT source_dataset AS dataset, true_person_id AS person FROM truth"
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        return self.connection.execute(query).fetchall()

    def value(self, query: str) -> Any:
        """The one value of the answer."""
        [[value]] = self.rows(query)
        return value


def key_of(dataset: str) -> str:
    """The source key of a row, in SQL."""
    return f" || chr({ord(SEPARATOR)}) || ".join(schemas.load(dataset).key)
