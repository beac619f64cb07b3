"""Configuration as frozen typed objects: whatever is not known is refused by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from linkage.errors import ConfigError


class Settings(BaseModel):
    """The base of every section of a config: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML without the silent overwriting of a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"key '{key}' is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def load(path: Path, model: type[S]) -> S:
    """Reads a YAML file into a model.

    Raises:
        ConfigError: The file is missing, is not YAML, or a key is unknown, missing or wrong. The
            line names the file, each key, and what is allowed.
    """
    content = read_yaml(path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_explain(detail, model) for detail in error.errors())}") from None


def read_yaml(path: Path) -> Mapping[str, Any]:
    """Reads a YAML file that holds one mapping; raises ConfigError naming file and line."""
    try:
        content = yaml.load(read_text(path), _Loader)  # noqa: S506  a safe loader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{path}: {line}{error.problem}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{path}: not YAML") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected keys and values at the top")
    return content


def read_text(path: Path) -> str:
    """Reads a text file that a user named; raises ConfigError if that cannot be done."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path}: not a readable UTF-8 file") from None


def digest(*parts: object) -> str:
    """A hash of settings that changes when a value does, whatever the order of keys."""
    plain = [part.model_dump(mode="json") if isinstance(part, BaseModel) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def suggest(word: str, known: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    """The end of a message about an unknown word: the likeliest known one, and all of them.

    >>> suggest("seeed", ["people", "seed"])
    "; did you mean 'seed'? allowed: people, seed"
    """
    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    return (f"; did you mean '{near[0]}'?" if near else ";") + f" allowed: {', '.join(names)}"


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "the whole"
    if detail["type"] == "extra_forbidden":
        section = _section(model, detail["loc"][:-1])
        known = list(section.model_fields) if section else []
        return f"{where}: unknown key" + suggest(str(detail["loc"][-1]), known)
    if detail["type"] == "missing":
        return f"{where}: missing"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{where}: {message[:1].lower()}{message[1:]}"


def _section(model: type[BaseModel] | None, location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model of a nested section, looking through optional, list and mapping types."""
    for part in location:
        if model is None:
            return None
        field = model.model_fields.get(str(part))
        if field is not None:
            model = _model_in(field.annotation)
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
