"""Match weights that a command line gives, in bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from linkage.errors import ConfigError


def listed_weights(option: str, text: str | None) -> tuple[float, ...]:
    """Weights with commas between them, none without the option.

    Raises:
        ConfigError: One is not a number.

    >>> listed_weights("--also", "5,7.5"), listed_weights("--also", None)
    ((5.0, 7.5), ())
    """
    try:
        return () if text is None else tuple(map(float, text.split(",")))
    except ValueError:
        raise ConfigError(f"{option} {text}: write numbers of bits with commas between them, as in 5,15") from None


def written_weight(weight: float) -> str:
    """A weight in so many digits that it reads back as the same.

    >>> written_weight(10.0), written_weight(0.1 + 0.2)
    ('10', '0.30000000000000004')
    """
    return repr(weight).removesuffix(".0")


def check_weights(threshold: float, others: Sequence[tuple[str, float]]) -> None:
    """Refuses weights below that from which pairs are kept.

    Args:
        threshold: What `--threshold-weight` says.
        others: Weights at which records are joined, each with its option.

    Raises:
        ConfigError: One is below it, or is no number.
    """
    for option, weight in (("--threshold-weight", threshold), *others):
        if math.isnan(weight):
            raise ConfigError(f"{option} nan: give a number of bits, or inf or -inf")
        if weight < threshold:
            raise ConfigError(
                f"{option} {written_weight(weight)} is below --threshold-weight {written_weight(threshold)}: "
                "pairs between the two would not be kept"
            )
