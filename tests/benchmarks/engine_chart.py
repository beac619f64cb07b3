"""Time and bytes against records and pairs as an SVG, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from tests.benchmarks.engine_report import Compared, label

_WIDTH, _HEIGHT, _LEFT, _TOP = 420, 300, 70, 40
_COLOURS = {"ours": "#1d70b8", "duckdb": "#f47738", "spark": "#00703c"}
# What is drawn, its key and its unit, and against what.
_PANELS = (
    ("total, seconds", "total", 1.0, "records"),
    ("peak memory, GB", "memory", 1e9, "records"),
    ("peak scratch, GB", "disk", 1e9, "records"),
    ("shuffle, GB", "shuffle", 1e9, "records"),
    ("prediction, seconds", "predict", 1.0, "pairs"),
    ("peak memory, GB", "memory", 1e9, "pairs"),
)
_ACROSS = 3
Points = Mapping[str, Sequence[tuple[float, float]]]


def chart(compared: Compared) -> str:
    """A panel for each of `_PANELS`; a line for each contestant."""
    panels = "".join(
        f'<g transform="translate({place % _ACROSS * (_WIDTH + _LEFT)},{place // _ACROSS * (_HEIGHT + 2 * _TOP)})">'
        f"{_panel(f'{title}, against {against}', _points(compared, key, unit, against))}</g>"
        for place, (title, key, unit, against) in enumerate(_PANELS)
    )
    width, height = _ACROSS * (_WIDTH + _LEFT), len(_PANELS) // _ACROSS * (_HEIGHT + 2 * _TOP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>{panels}</svg>\n'
    )


def _points(compared: Compared, key: str, unit: float, against: str) -> Points:
    names = dict.fromkeys(name for results in compared.values() for name in results)
    return {
        name: [
            (size if against == "records" else results[name][against], value / unit)
            for size, results in sorted(compared.items())
            if (value := results.get(name, {}).get(key)) and (against == "records" or results[name].get(against))
        ]
        for name in names
    }


def _panel(title: str, points: Points) -> str:
    xs, ys = ([point[axis] for line in points.values() for point in line] for axis in (0, 1))
    parts = [f'<text x="{_LEFT}" y="20" font-weight="bold">{title}</text>']
    if not xs:
        return "".join(parts)
    across, up = _scale(xs, _LEFT, _WIDTH - _LEFT), _scale(ys, _TOP + _HEIGHT, -_HEIGHT)
    parts += [_grid(across(x), None, _short(round(x))) for x in dict.fromkeys(xs)]
    parts += [_grid(None, up(y), f"{y:g}") for y in _ticks(ys)]
    for row, (name, line) in enumerate(points.items()):
        colour = _COLOURS[name]
        places = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="4" fill="{colour}"/>' for x, y in line]
        parts.append(f'<text x="{_LEFT + 8}" y="{_TOP + 16 * (row + 1)}" fill="{colour}">{name}</text>')
    return "".join(parts)


def _short(number: int) -> str:
    """A number as people say it, to two digits if it is not round."""
    return label(number if number < 1000 else float(f"{number:.2g}").__trunc__())


def _scale(values: Iterable[float], start: float, length: float):
    found = list(values)
    low, high = math.log10(min(found)), math.log10(max(found))
    span = high - low or 1.0
    # A margin on both sides keeps the marks off the frame.
    return lambda value: start + length * (0.08 + 0.84 * (math.log10(value) - low) / span)


def _ticks(values: Sequence[float]) -> list[float]:
    steps = [m * 10.0**e for e in range(-4, 7) for m in (1, 2, 5)]
    return [step for step in steps if min(values) <= step <= max(values)]


def _grid(x: float | None, y: float | None, text: str) -> str:
    bottom, right = _TOP + _HEIGHT, _WIDTH
    if x is not None:
        line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" stroke="#ddd"/>'
        return f'{line}<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{text}</text>'
    line = f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
    return f'{line}<text x="{_LEFT - 6}" y="{(y or 0) + 4:.1f}" text-anchor="end">{text}</text>'
