"""Configs: whatever is wrong is named with file and key, in one line."""

from typing import Literal

import pytest
from pydantic import Field

from jobs.harness.config import Settings, digest, load
from linkage.errors import ConfigError


class _Supply(Settings):
    path: str
    file_format: Literal["csv", "parquet"] = "parquet"


class _Train(Settings):
    seed: int
    recall: float = Field(0.8, gt=0, le=1)


class _Whole(Settings):
    name: str
    train: _Train
    supplies: dict[str, _Supply] = Field(default_factory=dict)


GOOD = "name: demo\ntrain: {seed: 1}\nsupplies:\n  prison: {path: a.csv, file_format: csv}\n"


def test_a_good_config(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    config = load(path, _Whole)
    assert config.train == _Train(seed=1, recall=0.8)
    with pytest.raises(ValueError, match="frozen"):
        config.name = "other"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD.replace("seed: 1", "seed: 1, recal: 0.5"),
            "train.recal: unknown key; did you mean 'recall'? allowed: recall, seed",
        ),
        (
            GOOD.replace("file_format", "fileformat"),
            "supplies.prison.fileformat: unknown key; did you mean 'file_format'? allowed: file_format, path",
        ),
        (GOOD.replace("csv}", "excel}"), "supplies.prison.file_format: input should be 'csv' or 'parquet'"),
        (GOOD.replace("seed: 1", "recall: 2"), "train.seed: missing; train.recall: input should be less than or equal"),
        (GOOD.replace("seed: 1", "seed: one"), "train.seed: input should be a valid integer"),
        (GOOD + "zzz: 1\n", "zzz: unknown key; allowed: name, supplies, train"),
        (GOOD + "name: again\n", "line 1: key 'name' is there twice"),
        (GOOD.replace("{seed: 1}", "{seed: 1, seed: 2}"), "line 2: key 'seed' is there twice"),
        ("train: [1, 2\n", "line 2: expected ',' or ']'"),
        ("- a\n- b\n", "expected keys and values at the top"),
        ("", "expected keys and values at the top"),
        ("name: !!python/object/apply:os.getcwd []\n", "line 1: could not determine a constructor"),
        ("? {a: 1}\n: 2\n", "line 1: "),
    ],
)
def test_errors_name_file_and_key(tmp_path, text, message):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(path, _Whole)
    assert str(raised.value).startswith(f"{path}: {message}")
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_one_that_is_not_text(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file"):
        load(tmp_path / "none.yaml", _Whole)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"bytes\.yaml: not a readable UTF-8 file"):
        load(tmp_path / "bytes.yaml", _Whole)


def test_the_digest_follows_values_and_not_the_order_of_keys():
    one, other = {"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}
    assert digest(one, _Train(seed=1)) == digest(other, _Train(seed=1, recall=0.8))
    assert digest(one, _Train(seed=1)) != digest(one, _Train(seed=2))
