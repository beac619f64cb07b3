"""The pipelines in conf/pipelines can be read, and each model's own names the supplies that the model is for."""

from pathlib import Path

import pytest

from jobs import settings
from jobs.supply_settings import IngestSettings
from linkage.errors import ConfigError
from tests.jobs.test_shipped_models import MODELS

FOLDER = Path("conf/pipelines")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_pipeline_is_whole(path):
    config = settings.looked_at(path).config
    assert config.name == path.stem
    assert f"data/{path.stem}/" in str(config.runs) + "/"
    made = config.synthesise
    # What is ingested is made, or everything is.
    assert made.datasets is None or set(config.ingest.supplies) <= set(made.datasets)
    for file in (config.train.model, config.train.training):
        assert file is None or file.is_file()


@pytest.mark.parametrize("name", sorted(MODELS.keys() - {"justice"}))
def test_a_special_model_has_a_pipeline_of_the_datasets_that_it_is_for(name):
    config = settings.looked_at(FOLDER / f"{name}.yaml").config
    assert config.train.model == Path(f"conf/models/{name}.json")
    assert set(MODELS[name]) <= set(config.ingest.supplies)


def test_companions_are_not_taken_beside_keys_that_a_contract_makes_up():
    # Common Platform's cases get a prefix, which its offences do not have.
    given = {"companions": {"magistrates_offences": {}}, "held": ["conf/supplies/magistrates_common_platform.yaml"]}
    ingest = IngestSettings.model_validate(
        {"supplies": {"magistrates": given}, "as_of": "2024-12-31", "max_bad_share": 0.1}
    )
    with pytest.raises(
        ConfigError, match=r"puts a prefix before case_id, by which magistrates_offences would be found"
    ):
        _ = ingest.feeds
    held = given | {"held": ["conf/supplies/magistrates_libra.yaml"]}
    libra = ingest.model_validate({"supplies": {"magistrates": held}, "as_of": "2024-12-31", "max_bad_share": 0.1})
    assert [feed.contract.dataset for feed in libra.feeds] == ["magistrates"]
