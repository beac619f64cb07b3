"""Configuration as frozen typed objects: whatever is not known is refused by name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from linkage import documents
from linkage.errors import ConfigError


class Settings(documents.Frozen):
    """The base of every section of a config."""


S = TypeVar("S", bound=BaseModel)


def load(path: Path, model: type[S]) -> S:
    """Reads a YAML file into a model.

    Raises:
        ConfigError: The file is missing, is not YAML, or a key is unknown, missing or wrong. The
            line names the file, each key, and what is allowed.
    """
    return documents.validate(documents.parse(read_text(path), path), model, path)


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
