"""A model as files and as a row of the lake: what Splink has no place for comes along."""

import json
from dataclasses import replace

import pytest

import schemas
from jobs.harness.models import KeptModel, model_documents, model_of_row, model_row, read_model
from linkage.errors import ConfigError
from linkage.model.specification import SourcePairParameters
from linkage.model.splink_settings import to_settings
from tests.jobs.match_desk import TRAINED
from tests.linkage.splink_models import model

POOLED = model(TRAINED)
OWN = {("courts", "prisons"): SourcePairParameters(0.25, {"surname": [(1, 0.5, None), (0, 0.5, 1 / 3)]})}
WHOLE = replace(POOLED, by_source_pair=OWN)
SESSION = {"rule": "l.a = r.a", "iterations": 1, "priors": [0.1, 0.2], "parameters": {}}
TRAINING = {"pairs_possible": 6, "sessions": [SESSION]}


@pytest.mark.parametrize(("written", "own"), [(POOLED, {}), (WHOLE, OWN)])
def test_a_row_of_the_lake_holds_the_whole_model(written, own):
    kept = KeptModel("justice", written, TRAINING)
    row = dict(zip(schemas.load("models").column_names, model_row(kept), strict=True))
    assert row["name"] == "justice"
    assert (row["by_source_pair"] is None) == (own == {})
    found = model_of_row(row)
    assert found.model.by_source_pair == own
    assert to_settings(found.model) == to_settings(POOLED)
    assert (found.name, found.training) == ("justice", TRAINING)
    assert [(session.rule, session.priors) for session in found.sessions] == [("l.a = r.a", (0.1, 0.2))]


@pytest.mark.parametrize(
    ("written", "names"), [(POOLED, {"model.json"}), (WHOLE, {"model.json", "model_by_source_pair.json"})]
)
def test_files_hold_the_whole_model(tmp_path, written, names):
    documents = model_documents(written)
    assert documents.keys() == names
    for name, document in documents.items():
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    found = read_model(tmp_path / "model.json")
    assert found.by_source_pair == written.by_source_pair
    assert found.for_sources("prisons", "courts").prior == (0.25 if written is WHOLE else 0.01)


def test_parameters_of_another_model_are_refused_wherever_they_are(tmp_path):
    name, _, beside, _ = model_row(KeptModel("justice", WHOLE, TRAINING))
    other = json.dumps(to_settings(POOLED.with_prior(0.5)))
    with pytest.raises(ConfigError, match=r"^linkage/models: by_source_pair: belongs to a model with other"):
        model_of_row({"name": name, "document": other, "by_source_pair": beside})
    (tmp_path / "m.json").write_text(other, encoding="utf-8")
    (tmp_path / "m_by_source_pair.json").write_text(beside, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"m_by_source_pair\.json: belongs to a model with other parameters"):
        read_model(tmp_path / "m.json")
