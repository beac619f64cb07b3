"""A model as files: what Splink reads, and beside it what Splink has no place for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jobs.harness.config import read_text
from linkage.model.source_pairs import read_document, to_document
from linkage.model.specification import LinkageModel
from linkage.model.splink_settings import parse_settings, to_settings
from linkage.model.training import SessionHistory


def read_model(path: Path) -> LinkageModel:
    """Reads settings or a saved model, with the parameters by source pair that lie beside it, if any do.

    Those of `model.json` are in `model_by_source_pair.json`.

    Raises:
        ConfigError: A file cannot be read or used, or the one beside belongs to another model.
    """
    model = parse_settings(read_text(path), where=str(path))
    beside = path.with_name(f"{path.stem}_by_source_pair.json")
    if not beside.exists():
        return model
    return replace(model, by_source_pair=read_document(read_text(beside), model, where=str(beside)))


def model_documents(model: LinkageModel) -> dict[str, dict[str, Any]]:
    """What to write of a model, by file name."""
    documents = {"model.json": to_settings(model)}
    return documents | ({"model_by_source_pair.json": to_document(model)} if model.by_source_pair else {})


@dataclass(frozen=True)
class KeptModel:
    """A model as the lake keeps it.

    Attributes:
        name: Of the settings file that it was trained from.
        model: With parameters.
        training: What `linkage.engine.training` tells of how they came about, its EM sessions with it.
    """

    name: str
    model: LinkageModel
    training: Mapping[str, Any]

    @property
    def sessions(self) -> tuple[SessionHistory, ...]:
        """The EM sessions of its training."""
        return sessions_of(self.training)


def sessions_of(training: Mapping[str, Any]) -> tuple[SessionHistory, ...]:
    """The EM sessions that a report of a training tells of.

    Raises:
        ValueError, KeyError or TypeError: It is none.
    """
    return tuple(map(SessionHistory.model_validate, training["sessions"]))


def model_row(kept: KeptModel) -> tuple[str, str, str | None, str]:
    """A model as a row of the lake's table `models`."""
    document, *beside = (json.dumps(each, sort_keys=True) for each in model_documents(kept.model).values())
    return kept.name, document, beside[0] if beside else None, json.dumps(kept.training)


def model_of_row(row: Mapping[str, Any]) -> KeptModel:
    """The model that a row of the lake's table `models` holds.

    Raises:
        ConfigError: It is none of ours.
    """
    model = parse_settings(row["document"], where="linkage/models")
    if row["by_source_pair"] is not None:
        own = read_document(row["by_source_pair"], model, where="linkage/models: by_source_pair")
        model = replace(model, by_source_pair=own)
    return KeptModel(row["name"], model, json.loads(row["training"]))
