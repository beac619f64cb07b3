"""Tables, ratios and the line of JSON of the engine benchmark. A figure that was not run is null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.benchmarks.engine_runs import PHASES, Figures

GB, MB = 1e9, 1e6
# By size of the records, then by contestant; and what one contestant took.
Compared = Mapping[int, Mapping[str, Figures]]
_ROWS = (
    *((phase, f"{phase} s", 1.0, 1) for phase in PHASES),
    ("wall", "whole process s", 1.0, 1),
    ("cpu", "processor s", 1.0, 1),
    ("memory", "peak memory GB", GB, 2),
    ("disk", "peak scratch GB", GB, 2),
    ("pairs", "candidate pairs", 1.0, 0),
    ("kept", "pairs kept", 1.0, 0),
    ("f1", "F1", 1.0, 4),
)
_NAMES = {"ours": "ours", "duckdb": "Splink DuckDB", "spark": "Splink Spark"}
# Fewer pairs more than these cost less than what one run differs from the next.
_FEWEST_MORE = 1_000_000
# What the outlook assumes: 10 machines of 16 cores, of which this share of the time does work.
CLUSTER_CORES, EFFICIENCY = 160, 0.6


def ratio(part: float | None, whole: float | None) -> float | None:
    """`part` over `whole`; null if either is, or if there is nothing to divide by.

    >>> ratio(3.0, 2.0), ratio(None, 2.0), ratio(3.0, 0.0)
    (1.5, None, None)
    """
    return None if part is None or not whole else part / whole


def label(size: int) -> str:
    """A size as people say it.

    >>> [label(size) for size in (100_000, 1_000_000, 2_500)]
    ['100k', '1m', '2500']
    """
    for unit, letter in ((1_000_000, "m"), (1_000, "k")):
        if size % unit == 0:
            return f"{size // unit}{letter}"
    return str(size)


def compare_table(size: int, results: Mapping[str, Figures], *, of: str = "records") -> str:
    """One size: contestants side by side, and ours as a multiple of each."""
    names = list(results)
    others = [name for name in names if name != "ours" and "ours" in results]
    header = ["", *(_NAMES[name] for name in names), *(f"ours / {_NAMES[name]}" for name in others)]
    rows = [header]
    for key, title, unit, digits in _ROWS:
        values = [results[name].get(key) for name in names]
        if all(value is None for value in values):
            continue
        ratios = [ratio(results["ours"].get(key), results[name].get(key)) for name in others]
        rows.append([title, *(_text(v, unit, digits) for v in values), *(_text(r, 1.0, 2) for r in ratios)])
    return f"{label(size)} {of}\n" + aligned(rows)


def growth_table(ours: Mapping[int, Figures]) -> str:
    """Ours at every size, each as a multiple of the size before, and what a cluster would take."""
    rows = [["records", "total s", "x", "predict s", "processor s", "pairs", "shuffle GB", "scratch GB", "memory GB"]]
    before: float | None = None
    for size, figures in sorted(ours.items()):
        total = figures.get("total")
        cells = (("predict", 1.0, 1), ("cpu", 1.0, 0), ("pairs", 1.0, 0), ("shuffle", GB, 2), ("disk", GB, 2))
        rows.append(
            [
                label(size),
                _text(total, 1.0, 1),
                _text(ratio(total, before), 1.0, 1),
                *(_text(figures.get(key), unit, digits) for key, unit, digits in cells),
                _text(figures.get("memory"), GB, 2),
            ]
        )
        before = total
    return "Growth of ours\n" + aligned(rows) + _outlook(ours)


def skew_table(named: Mapping[str, Figures]) -> str:
    """Ours with and without hot keys."""
    rows = [
        [
            "",
            "pairs",
            "predict s",
            "foretold s",
            "predict processor s",
            "us per pair",
            "slowest task / median",
            "memory GB",
        ]
    ]
    for name, figures in named.items():
        pairs, cpu = figures.get("pairs"), figures.get("predict_cpu")
        rows.append(
            [
                name,
                _text(pairs, 1.0, 0),
                _text(figures.get("predict"), 1.0, 1),
                _text(figures.get("estimate"), 1.0, 1),
                _text(cpu, 1.0, 1),
                _text(ratio(cpu, pairs), 1e-6, 2),
                _text(figures.get("slowest_task"), 1.0, 2),
                _text(figures.get("memory"), GB, 2),
            ]
        )
    return "Hot keys, looser rules and records that are carried, ours\n" + aligned(rows)


def more_per_pair(figures: Figures, base: Figures) -> float | None:
    """Processor seconds of prediction for each pair more than `base` has: what a pair itself costs.

    Dividing all of prediction by the pairs would make many pairs look cheap, as the shuffle of the
    records is shared by more of them. Null unless there are a million more.
    """
    pairs, cpu, base_pairs, base_cpu = (f.get(key) for f in (figures, base) for key in ("pairs", "predict_cpu"))
    if pairs is None or cpu is None or base_pairs is None or base_cpu is None or pairs - base_pairs < _FEWEST_MORE:
        return None
    return (cpu - base_cpu) / (pairs - base_pairs)


def summary(
    compared: Compared, variants: Mapping[str, Figures], *, edges: Mapping[int, Figures] | None = None
) -> dict[str, float | None]:
    """The figures of the last line.

    Args:
        compared: The runs by size and contestant; the smallest size that had several is the first.
        variants: Runs of ours at the first size, by name: `x1`, `x3`, `x10` for looser rules, `carried` and
            `hot10000` and the like for hot keys.
        edges: What clustering of generated edges took, by how many.
    """
    several = [size for size, results in compared.items() if len(results) > 1]
    first = compared[min(several)] if several else next(iter(compared.values()), {})
    of = {name: first.get(name, {}) for name in _NAMES}
    ours = {size: results["ours"] for size, results in compared.items() if "ours" in results}
    million, ten, base = ours.get(1_000_000, {}), ours.get(10_000_000, {}), variants.get("x1", {})
    spread, by_edges = more_per_pair(variants.get("x10", {}), base), edges or {}
    rates = [f1 for name in ("duckdb", "spark") if (f1 := of[name].get("f1")) is not None]
    figures = {
        "total_vs_splink_spark": ratio(of["ours"].get("total"), of["spark"].get("total")),
        "total_vs_splink_duckdb": ratio(of["ours"].get("total"), of["duckdb"].get("total")),
        "predict_vs_splink_duckdb": ratio(of["ours"].get("predict"), of["duckdb"].get("predict")),
        "f1": of["ours"].get("f1"),
        "f1_splink": max(rates, default=None),
        "growth_10m": ratio(ten.get("total"), million.get("total")),
        "skew_ratio": ratio(more_per_pair(variants.get("hot10000", {}), base), spread),
        "skew_ratio_50k": ratio(more_per_pair(variants.get("hot50000", {}), base), spread),
        "slowest_task_hot": variants.get("hot10000", {}).get("slowest_task"),
        "memory_x10_pairs": ratio(variants.get("x10", {}).get("memory"), base.get("memory")),
        "estimate_error": _estimate_error(ours.values()),
        "estimate_error_variants": _estimate_error(variants.values()),
        "carried_vs_held": ratio(variants.get("carried", {}).get("total"), base.get("total")),
        "cluster_seconds_1m_edges": by_edges.get(1_000_000, {}).get("cluster"),
        "cluster_seconds_50m_edges": by_edges.get(50_000_000, {}).get("cluster"),
        "memory_gb_50m_edges": ratio(by_edges.get(50_000_000, {}).get("memory"), GB),
        **_at_ten_million(compared.get(10_000_000, {})),
    }
    return {name: None if value is None else round(value, 4) for name, value in figures.items()}


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text in columns: the first to the left, the others to the right.

    >>> print(aligned([["", "s"], ["total", "12.5"]]))
               s
    total   12.5
    """
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w + 1) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _at_ten_million(results: Mapping[str, Figures]) -> Figures:
    ours, duckdb = results.get("ours", {}), results.get("duckdb", {})
    return {
        "total_vs_splink_duckdb_10m": ratio(ours.get("total"), duckdb.get("total")),
        "predict_vs_splink_duckdb_10m": ratio(ours.get("predict"), duckdb.get("predict")),
        "memory_gb_10m": ratio(ours.get("memory"), GB),
        "disk_gb_10m": ratio(ours.get("disk"), GB),
    }


def _estimate_error(ours: Iterable[Figures]) -> float | None:
    """The largest share by which an estimate of prediction was off."""
    errors = [
        abs(estimate / seconds - 1)
        for figures in ours
        if (estimate := figures.get("estimate")) is not None and (seconds := figures.get("predict"))
    ]
    return max(errors, default=None)


def _outlook(ours: Mapping[int, Figures]) -> str:
    """Straight lines through the two largest sizes: what stays the same, and what is divided among cores."""
    sized = sorted(ours.items())[-2:]
    points = [(n, t, c) for n, f in sized if (t := f.get("total")) is not None and (c := f.get("cpu")) is not None]
    if len(points) < 2:
        return ""
    (small, seconds, cpu), (large, more_seconds, more_cpu) = points
    fixed = max(0.0, seconds - (more_seconds - seconds) / (large - small) * small)
    each = (more_cpu - cpu) / (large - small)
    lines = [
        f"\nOutlook for {CLUSTER_CORES} cores busy {EFFICIENCY:.0%} of the time, with disks and network that keep up.",
        f"Straight lines through the two largest sizes: {fixed:.0f} s whatever the size (driver, planning), and",
        f"{each * 1e6:.0f} processor s for each million records, if pairs go on growing as between the two.",
    ]
    for size in (20_000_000, 100_000_000):
        lines.append(f"  {label(size)}: {fixed + each * size / CLUSTER_CORES / EFFICIENCY:,.0f} s")
    return "\n".join(lines)


def _text(value: float | None, unit: float, digits: int) -> str:
    return "-" if value is None else f"{value / unit:,.{digits}f}"
