"""Read the schemas that ship inside the package, also when it is a zip."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

from linkage.errors import ConfigError
from schemas.table import TableSchema

_SUFFIX = ".yaml"


@cache
def names() -> tuple[str, ...]:
    """The names of all tables, sorted."""
    found = (entry.name for entry in (files("schemas") / "tables").iterdir())
    return tuple(sorted(n.removesuffix(_SUFFIX) for n in found if n.endswith(_SUFFIX)))


@cache
def load(name: str) -> TableSchema:
    """The schema of the table `name`.

    Raises:
        ConfigError: there is no such table.
    """
    if name not in names():
        raise ConfigError(f"no schema for table '{name}' in schemas/tables: {', '.join(names())}")
    text = (files("schemas") / "tables" / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    return TableSchema.model_validate({"name": name, **yaml.safe_load(text)})


@cache
def value_set(name: str) -> Mapping[str, str]:
    """Codes and meanings of the value set `name`, in the order of the file.

    Raises:
        ConfigError: there is no such value set.
    """
    text = (files("schemas") / "value_sets.yaml").read_text(encoding="utf-8")
    sets: dict[str, dict[str, str]] = yaml.safe_load(text)
    if name not in sets:
        raise ConfigError(f"no value set '{name}' in schemas/value_sets.yaml: {', '.join(sets)}")
    return MappingProxyType(sets[name])
