"""Time and bytes against records as an SVG, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from tests.benchmarks.engine_report import Compared, label

_WIDTH, _HEIGHT, _LEFT, _TOP = 420, 300, 70, 40
_COLOURS = {"ours": "#1d70b8", "duckdb": "#f47738", "spark": "#00703c"}
_PANELS = (
    ("total, seconds", "total", 1.0),
    ("peak memory, GB", "memory", 1e9),
    ("peak scratch, GB", "disk", 1e9),
)
Points = Mapping[str, Sequence[tuple[float, float]]]


def chart(compared: Compared) -> str:
    """One panel for each of time, memory and scratch; a line for each contestant."""
    panels = "".join(
        f'<g transform="translate({place * (_WIDTH + _LEFT)},0)">{_panel(title, _points(compared, key, unit))}</g>'
        for place, (title, key, unit) in enumerate(_PANELS)
    )
    width, height = len(_PANELS) * (_WIDTH + _LEFT), _HEIGHT + 2 * _TOP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>{panels}</svg>\n'
    )


def _points(compared: Compared, key: str, unit: float) -> Points:
    names = dict.fromkeys(name for results in compared.values() for name in results)
    return {
        name: [
            (size, value / unit)
            for size, results in sorted(compared.items())
            if (value := results.get(name, {}).get(key))
        ]
        for name in names
    }


def _panel(title: str, points: Points) -> str:
    xs, ys = ([point[axis] for line in points.values() for point in line] for axis in (0, 1))
    parts = [f'<text x="{_LEFT}" y="20" font-weight="bold">{title}, against records</text>']
    if not xs:
        return "".join(parts)
    across, up = _scale(xs, _LEFT, _WIDTH - _LEFT), _scale(ys, _TOP + _HEIGHT, -_HEIGHT)
    parts += [_grid(across(x), None, label(round(x))) for x in dict.fromkeys(xs)]
    parts += [_grid(None, up(y), f"{y:g}") for y in _ticks(ys)]
    for row, (name, line) in enumerate(points.items()):
        colour = _COLOURS[name]
        places = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="4" fill="{colour}"/>' for x, y in line]
        parts.append(f'<text x="{_LEFT + 8}" y="{_TOP + 16 * (row + 1)}" fill="{colour}">{name}</text>')
    return "".join(parts)


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
