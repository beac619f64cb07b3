"""Where secrets come from: an environment variable, or a file that only its owner can read.

A key never appears in an argument, a config, a log or a Spark plan.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import model_validator

from jobs.harness.config import Settings
from linkage.errors import ConfigError

SHORTEST = 32


class KeySettings(Settings):
    """Names where the key is: `environment` (a variable) or `file`, made at first use if `make`."""

    environment: str | None = None
    file: Path | None = None
    make: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> KeySettings:
        if (self.environment is None) == (self.file is None):
            raise ValueError("name either an environment variable or a file")
        return self


@dataclass(frozen=True)
class KeyRing:
    """Keys for separate purposes, derived from one secret that is not shown."""

    _secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """The key for one purpose: 32 bytes that tell nothing about those for others."""
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).digest()

    def mark(self) -> str:
        """A short text that changes when the secret does, fit to be kept in a manifest."""
        return self.derive("mark").hex()[:16]


def load(settings: KeySettings) -> KeyRing:
    """Finds the secret.

    Raises:
        ConfigError: The variable is not set, the file is missing or others can read it, or the
            secret is too short.
    """
    if settings.environment is not None:
        secret = os.environ.get(settings.environment, "").encode()
        return KeyRing(_long_enough(secret, f"environment variable {settings.environment}"))
    assert settings.file is not None  # noqa: S101  held by the model
    if settings.make and not settings.file.exists():
        _make(settings.file)
    try:
        mode = settings.file.stat().st_mode
        secret = settings.file.read_bytes().strip()
    except OSError:
        raise ConfigError(f"{settings.file}: no readable key file; put {SHORTEST} or more random bytes there") from None
    if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{settings.file}: others may open this key; run: chmod 600 {settings.file}")
    return KeyRing(_long_enough(secret, str(settings.file)))


def _long_enough(secret: bytes, where: str) -> bytes:
    if len(secret) < SHORTEST:
        raise ConfigError(f"{where}: the key must have {SHORTEST} bytes or more")
    return secret


def _make(path: Path) -> None:
    """Writes a random key under a passing name first, so that no reader meets half of one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    passing = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(SHORTEST))
    passing.rename(path)
