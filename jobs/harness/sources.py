"""Which code decides a result: a module, all of ours that it imports, and their data files."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("jobs", "linkage", "schemas")
# The frame decides how work is run, not what comes out; settings count by their values.
_FRAME = ("jobs.harness", "jobs.settings")


@cache
def code_hash(module: str) -> str:
    """A hash that changes with any source or data file that the module's work can depend on."""
    total = hashlib.sha256()
    for name in reach(module):
        total.update(name.encode())
        total.update((_source(name) or "").encode())
        for content in _data(name):
            total.update(content)
    return total.hexdigest()


def reach(module: str) -> list[str]:
    """The names of a module, of all of ours that it imports, and of their packages, sorted."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or any(f"{name}.".startswith(f"{frame}.") for frame in _FRAME):
            continue
        found.add(name)
        waiting += _imports(name)
    return sorted(found)


def _imports(module: str) -> Iterator[str]:
    """Names of our modules that a module imports anywhere in its source, and their packages."""
    for node in ast.walk(ast.parse(_source(module) or "")):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.partition(".")[0] in _PACKAGES and _source(name) is not None:
                yield name
    if "." in module:
        yield module.rpartition(".")[0]


@cache
def _source(module: str) -> str | None:
    """The source of a module, also from a zip; None if there is no such module."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.loader is None:
        return None
    # Loaders of files and of zips have it; some tools put in others, for files only.
    get_source = getattr(spec.loader, "get_source", None)
    source: str | None = get_source(module) if get_source else Path(str(spec.origin)).read_text(encoding="utf-8")
    return source


def _data(package: str) -> Iterator[bytes]:
    """The YAML and JSON files that lie in a package and its plain folders."""
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return
    folders = [files(package)]
    while folders:
        for entry in sorted(folders.pop().iterdir(), key=lambda entry: entry.name):
            if entry.is_dir() and not (entry / "__init__.py").is_file():
                folders.append(entry)
            elif entry.name.endswith((".yaml", ".json")):
                yield entry.read_bytes()
