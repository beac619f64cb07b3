"""Read the schemas that ship inside the package, also when it is a zip.

A column that many tables have is written once, in `columns.yaml`, and one that a table takes over
from a supply once, in the supply: `like: surname` and `like: crown.plea` bring it in, and the keys
beside `like` replace what it says. Whatever a schema names must exist: value sets, documents, the
tables and columns of foreign keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from zipfile import Path as ZipPath

from linkage.documents import Frozen, parse, suggest, validate
from linkage.errors import ConfigError
from schemas.table import Column, ForeignKey, TableSchema
from schemas.values import ValueSet
from schemas.vocabulary import Provenance, Zone

# A folder that is laid out as this package.
Root = Path | ZipPath

_SUFFIX = ".yaml"
_FOLDER = "schemas"
_MISSING = ("expected_missing", "missing_by", "missing_as", "missing_provenance")
# What a column keeps where another table takes it over.
_TAKEN = (
    "description",
    "sensitivity",
    "provenance",
    "source",
    "nullable",
    "values",
    "pattern",
    "time_coverage",
    "note",
    *_MISSING,
)


class Source(Frozen):
    """A document that schemas rest on, and the tag that it stands behind."""

    title: str
    provenance: Provenance


@cache
def names() -> tuple[str, ...]:
    """The names of all tables, sorted."""
    return _names(_shipped())


@cache
def companions(supply: str) -> tuple[str, ...]:
    """The names of tables that come along with a supply and hang on its records or their cases, sorted.

    >>> companions("civil")
    ('civil_cases', 'civil_events')
    """
    ours = set(names())
    return tuple(name for name in names() if f"{name}_attributes" in ours and load(name).part_of == supply)


@cache
def load(name: str) -> TableSchema:
    """The schema of the table `name`.

    Raises:
        ConfigError: there is no such table.
    """
    return read_table(_shipped(), name)


@cache
def load_values(name: str) -> ValueSet:
    """The value set `name`.

    Raises:
        ConfigError: there is no such value set.
    """
    sets = read_value_sets(_shipped())
    if name not in sets:
        raise ConfigError(f"no value set '{name}' in {_FOLDER}/value_sets{suggest(name, sets)}")
    return sets[name]


@cache
def value_set(name: str) -> Mapping[str, str]:
    """Codes and meanings of the value set `name`, whenever valid, in the order of the file.

    Raises:
        ConfigError: there is no such value set.
    """
    return MappingProxyType({code: entry.meaning for code, entry in load_values(name).codes.items()})


def value_set_names() -> tuple[str, ...]:
    """The names of all value sets, sorted."""
    return tuple(sorted(read_value_sets(_shipped())))


def sources() -> Mapping[str, Source]:
    """The documents that schemas rest on, by the name that columns call them."""
    return read_sources(_shipped())


def read_table(root: Root, name: str) -> TableSchema:
    """The schema of a table in a folder that is laid out as this package.

    Raises:
        ConfigError: there is no such table, or something in its file is wrong; one line with the
            file, the key, and what is allowed.
    """
    schema = _read_alone(root, name)
    where = _place("tables", name)
    if schema.part_of is not None:
        _check_table(root, schema.part_of, f"{where}: part_of")
        if _read_alone(root, schema.part_of).part_of is not None:
            raise ConfigError(f"{where}: part_of: {schema.part_of} is itself part of another table")
    for key in schema.foreign_keys:
        _check_foreign_key(root, schema, key, f"{where}: foreign_keys")
    return schema


@cache
def read_value_sets(root: Root) -> Mapping[str, ValueSet]:
    """All value sets of a folder that is laid out as this package, by name.

    Raises:
        ConfigError: something in a file is wrong, or two files have one name.
    """
    found: dict[str, ValueSet] = {}
    for file in _files(root / "value_sets"):
        for name, content in _parse(root, "value_sets", file).items():
            where = f"{_place('value_sets', file)}: {name}"
            if name in found:
                raise ConfigError(f"{where}: another file has a value set of this name")
            if not isinstance(content, dict):
                raise ConfigError(f"{where}: expected a value set; allowed: {', '.join(_fields(ValueSet))}")
            found[name] = validate({**content, "name": name}, ValueSet, where)
    return MappingProxyType(found)


@cache
def read_sources(root: Root) -> Mapping[str, Source]:
    """The documents that a folder's schemas rest on, by name."""
    place = _place("sources")
    content = _parse(root, "sources")
    return MappingProxyType({name: validate(entry, Source, f"{place}: {name}") for name, entry in content.items()})


@cache
def _read_alone(root: Root, name: str) -> TableSchema:
    """A table with its columns resolved and checked, and nothing known of other tables' keys."""
    if name not in _names(root):
        raise ConfigError(f"no schema for table '{name}' in {_FOLDER}/tables{suggest(name, _names(root))}")
    where = _place("tables", name)
    content = _parse(root, "tables", name)
    columns = content.get("columns")
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        raise ConfigError(f"{where}: columns: expected a list of columns")
    resolved = [_column(root, content, entry, where) for entry in columns]
    schema = validate({"name": name, **content, "columns": resolved}, TableSchema, where)
    _check_source(root, schema.source, schema.provenance, where)
    for column in schema.columns:
        _check_column(root, schema, column, f"{where}: column {column.name}")
    return schema


def _column(root: Root, table: Mapping[str, Any], entry: dict[str, Any], where: str) -> Column:
    own = {key: value for key, value in entry.items() if key != "like"}
    called = own.get("name", entry.get("like", "without a name"))
    if "like" in entry:
        own = _override(_base(root, table, str(entry["like"]), f"{where}: column {called}: like"), own)
    return validate(own, Column, f"{where}: column {called}")


def _base(root: Root, table: Mapping[str, Any], like: str, where: str) -> dict[str, Any]:
    supply, dot, name = like.rpartition(".")
    if not dot:
        shared = _parse(root, "columns")
        if like not in shared:
            raise ConfigError(f"{where}: no column '{like}' in {_place('columns')}{suggest(like, shared)}")
        if not isinstance(shared[like], dict):
            raise ConfigError(f"{_place('columns')}: {like}: expected a column; allowed: {', '.join(_fields(Column))}")
        return {"name": like, **shared[like]}
    # Supplies take from no table, so nothing goes round in circles.
    if table.get("zone") == Zone.LANDING:
        raise ConfigError(f"{where}: '{like}': a table of the zone landing takes columns of {_place('columns')} only")
    _check_table(root, supply, where)
    if _parse(root, "tables", supply).get("zone") != Zone.LANDING:
        raise ConfigError(f"{where}: '{like}': columns are taken from tables of the zone landing only")
    schema = _read_alone(root, supply)
    if name not in schema.column_names:
        raise ConfigError(f"{where}: table {supply} has no column '{name}'{suggest(name, schema.column_names)}")
    column = schema.column(name)
    return {"name": name, "type": column.content or column.type, **{key: getattr(column, key) for key in _TAKEN}}


def _override(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` over `base`; what `own` says of missingness replaces all that `base` says, but for the tag."""
    said = [key for key in _MISSING if key in own]
    if said or own.get("nullable") is False:
        kept = ("missing_provenance",) if {"expected_missing", "missing_by"} & set(said) else ()
        base = {key: value for key, value in base.items() if key not in _MISSING or key in kept}
    return base | own


def _check_column(root: Root, schema: TableSchema, column: Column, where: str) -> None:
    sets = read_value_sets(root)
    if column.values is not None and column.values not in sets:
        raise ConfigError(f"{where}: values: no value set '{column.values}'{suggest(column.values, sets)}")
    _check_source(root, column.source, column.provenance, where)
    if column.missing_by is not None:
        values = schema.column(column.missing_by.column).values
        codes = sets[values].codes if values is not None and values in sets else {}
        for code in column.missing_by.shares:
            if code not in codes:
                raise ConfigError(f"{where}: missing_by.shares: '{code}' is no code of {values}{suggest(code, codes)}")


def _check_source(root: Root, source: str | None, tag: Provenance, where: str) -> None:
    if source is None:
        return
    known = read_sources(root)
    if source not in known:
        raise ConfigError(f"{where}: source: no document '{source}' in {_place('sources')}{suggest(source, known)}")
    if known[source].provenance is not tag:
        raise ConfigError(f"{where}: source: {source} stands behind {known[source].provenance}, not {tag}")


def _check_table(root: Root, name: str, where: str) -> None:
    if name not in _names(root):
        raise ConfigError(f"{where}: no table '{name}'{suggest(name, _names(root))}")


def _check_foreign_key(root: Root, schema: TableSchema, key: ForeignKey, where: str) -> None:
    _check_table(root, key.table, where)
    target = _read_alone(root, key.table)
    for name in key.references:
        if name not in target.column_names:
            raise ConfigError(f"{where}: table {key.table} has no column '{name}'{suggest(name, target.column_names)}")
    if set(key.references) != set(target.key):
        raise ConfigError(f"{where}: the key of {key.table} is {', '.join(target.key)}; name all of it")
    for ours, theirs in zip(key.columns, key.references, strict=True):
        if schema.column(ours).type != target.column(theirs).type:
            said = f"{schema.column(ours).type}, and {key.table}.{theirs} {target.column(theirs).type}"
            raise ConfigError(f"{where}: {ours} is {said}; they must be of one type")


@cache
def _shipped() -> Root:
    return cast("Root", files("schemas"))


@cache
def _names(root: Root) -> tuple[str, ...]:
    return tuple(_files(root / "tables"))


def _files(folder: Root) -> Iterator[str]:
    yield from sorted(e.name.removesuffix(_SUFFIX) for e in folder.iterdir() if e.name.endswith(_SUFFIX))


@cache
def _parse(root: Root, *place: str) -> Mapping[str, Any]:
    file = root.joinpath(*place[:-1], f"{place[-1]}{_SUFFIX}")
    return parse(file.read_text(encoding="utf-8"), _place(*place))


def _place(*place: str) -> str:
    return "/".join((_FOLDER, *place)) + _SUFFIX


def _fields(model: type[Frozen]) -> list[str]:
    return sorted(model.model_fields.keys() - {"name"})
