"""What the engine's tests share."""

from __future__ import annotations

import pytest

from linkage.engine.kernel import KernelLimits


@pytest.fixture(scope="session")
def limits(tmp_path_factory: pytest.TempPathFactory) -> KernelLimits:
    """What a task's DuckDB may use: more than enough."""
    return KernelLimits(memory="512MB", scratch=str(tmp_path_factory.mktemp("kernel")))
