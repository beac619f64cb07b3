"""What a run would cost, as a table for people."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence

from linkage.engine.estimate import Estimate
from linkage.engine.sizes import KeySizes
from linkage.engine.survey_sql import HOTTEST
from linkage.model.blocking import KeyedRule

_UNITS = ("B", "kB", "MB", "GB", "TB")


def cost_table(
    rules: Sequence[KeyedRule],
    sizes: KeySizes,
    new: Mapping[int, int],
    expected: Estimate,
    *,
    values: Mapping[tuple[int, int], str] | None = None,
) -> str:
    """What each rule would make, its hottest keys, and what prediction would take.

    Holds no value of a record unless `values` gives those of keys. A key is named by a hash under a secret of this
    call: a date of birth would be found behind a plain one by trying all.

    Args:
        rules: In order.
        sizes: Of these rules.
        new: Estimated pairs that a rule is the first to make, by its number.
        expected: What prediction would take.
        values: What to show beside a key, by the rule's number and the key's hash.
    """
    rows = [
        (
            str(rule.match_key),
            f"{size.rows:,}",
            f"{size.keys:,}",
            f"{size.pairs:,}",
            f"{new[rule.number]:,}",
            rule.told,
        )
        for rule, size in ((rule, sizes.of(rule)) for rule in rules)
    ]
    secret = secrets.token_bytes(16)
    lines = _aligned([("rule", "key rows", "keys", "pairs", "new pairs", "condition"), *rows])
    lines.append("key rows: records with a key, once for each side and element that gives them one")
    lines.append("pairs: at most, by key; new pairs: that no earlier rule makes, estimated from a sample")
    for rule in rules:
        hottest = [
            (_name(hot.key, secret), f"{hot.rows:,}", f"{hot.pairs:,}", (values or {}).get((rule.number, hot.key), ""))
            for hot in sizes.hottest[rule.number][:HOTTEST]
        ]
        if hottest:
            last = "" if values is None else "values"
            lines += ["", f"hottest keys of rule {rule.match_key}: {rule.told}"]
            lines += _aligned([("key", "records", "pairs", last), *hottest])
    foretold = (
        f"prediction: about {expected.pairs:,} distinct pairs, {expected.seconds:,.1f} s and "
        f"{_bytes(expected.shuffle_bytes)} of shuffle under this profile"
    )
    measured = f"seconds are calibrated on this run's {' and '.join(expected.calibrated_on)}"
    return "\n".join([*lines, "", foretold, measured])


def _name(key: int, secret: bytes) -> str:
    return hashlib.blake2b(key.to_bytes(8), digest_size=8, key=secret).hexdigest()


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with all columns but the last to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]


def _bytes(size: float) -> str:
    """A size for people.

    >>> _bytes(950), _bytes(12_345_678)
    ('950 B', '12.3 MB')
    """
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"
