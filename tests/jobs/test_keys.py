"""Keys: found where the config says, kept from others, never shown."""

import pytest

from jobs.harness import keys
from jobs.harness.keys import KeySettings
from linkage.errors import ConfigError

SECRET = "0123456789abcdef" * 4


def test_a_file_is_made_once_for_its_owner_only(tmp_path):
    settings = KeySettings(file=tmp_path / "keys" / "demo.key", make=True)
    first, second = keys.load(settings), keys.load(settings)
    assert first.derive("record_id") == second.derive("record_id")
    assert (tmp_path / "keys" / "demo.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["demo.key"]


def test_the_environment_and_a_file_with_the_same_secret_agree(tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_KEY", SECRET)
    path = tmp_path / "demo.key"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    from_file, from_environment = keys.load(KeySettings(file=path)), keys.load(KeySettings(environment="DEMO_KEY"))
    assert from_file.derive("record_id") == from_environment.derive("record_id")
    assert from_file.mark() == from_environment.mark()


def test_purposes_have_separate_keys(monkeypatch):
    monkeypatch.setenv("DEMO_KEY", SECRET)
    ring = keys.load(KeySettings(environment="DEMO_KEY"))
    assert len({ring.derive("record_id"), ring.derive("person_id"), ring.mark()}) == 3
    assert len(ring.derive("record_id")) == 32


def test_a_key_is_not_shown(monkeypatch):
    monkeypatch.setenv("DEMO_KEY", SECRET)
    ring = keys.load(KeySettings(environment="DEMO_KEY"))
    assert SECRET not in repr(ring)
    assert repr(ring) == "KeyRing()"


def test_what_cannot_serve_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "demo.key"
    with pytest.raises(ConfigError, match=r"demo\.key: no readable key file"):
        keys.load(KeySettings(file=path))
    path.write_text(SECRET)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match=r"demo\.key: others may open this key; run: chmod 600"):
        keys.load(KeySettings(file=path))
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(ConfigError, match="32 bytes or more"):
        keys.load(KeySettings(file=path))
    monkeypatch.delenv("DEMO_KEY", raising=False)
    with pytest.raises(ConfigError, match="environment variable DEMO_KEY: the key must have 32 bytes"):
        keys.load(KeySettings(environment="DEMO_KEY"))
    for neither in ({}, {"environment": "A", "file": "b"}):
        with pytest.raises(ValueError, match="either an environment variable or a file"):
            KeySettings(**neither)
