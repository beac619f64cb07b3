"""Lakes as configs name them: one root, or one for each zone."""

from __future__ import annotations

from linkage.errors import ConfigError
from linkage.lake import Zone

LakeRoots = str | dict[Zone, str]


def place(lake: LakeRoots, zone: Zone, table: str) -> str:
    """Where a table of a lake is, as its config says it; raises ConfigError if that names no root for the zone."""
    if not isinstance(lake, str) and zone not in lake:
        raise ConfigError(f"zone {zone}: the lake has no root for it; name one in the config")
    return f"{f'{lake}/{zone}' if isinstance(lake, str) else lake[zone]}/{table}"
