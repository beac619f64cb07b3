"""YAML documents to frozen models: whatever is not known is refused by name, in one line.

As low as errors: configs of jobs and schemas are both read with it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from linkage.errors import ConfigError


class Frozen(BaseModel):
    """The base of what documents are read into: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML without the silent overwriting of a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"key '{key}' is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def parse(text: str, where: object) -> Mapping[str, Any]:
    """Reads a YAML document that holds one mapping.

    Args:
        text: The document.
        where: What a message calls it, such as its path.

    Raises:
        ConfigError: It is not YAML or not a mapping, or a key is there twice; the line names the place.
    """
    try:
        content = yaml.load(text, _Loader)  # noqa: S506  a safe loader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{where}: {line}{error.problem}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{where}: not YAML") from None
    except RecursionError:
        raise ConfigError(f"{where}: nested too deeply") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{where}: expected keys and values at the top")
    return content


def validate(content: object, model: type[M], where: object) -> M:
    """Makes a model of what was read.

    Args:
        content: What the document, or a part of it, says.
        model: What it must be.
        where: What a message calls it.

    Raises:
        ConfigError: A key is unknown, missing or wrong; the line names each, and what is allowed.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{where}: {'; '.join(_explain(detail, model) for detail in error.errors())}") from None


def suggest(word: str, known: Iterable[str]) -> str:
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
