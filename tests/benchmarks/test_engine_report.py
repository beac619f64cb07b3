"""Ratios, tables and the line of JSON, above all where something was not run."""

import json

import pytest

from tests.benchmarks.engine_chart import chart
from tests.benchmarks.engine_events import slowest_task
from tests.benchmarks.engine_report import compare_table, growth_table, more_per_pair, skew_table, summary
from tests.benchmarks.engine_runs import _phase_cpu, medians

MILLION, TEN_MILLION = 1_000_000, 10_000_000


def _took(total, predict, f1=0.98, **more):
    return {"total": total, "predict": predict, "f1": f1, "cpu": total * 2, **more}


def test_the_ratios_are_those_of_the_first_size_and_growth_is_ours():
    compared = {
        MILLION: {"ours": _took(30, 6), "duckdb": _took(20, 4, 0.97), "spark": _took(200, 60, 0.975)},
        TEN_MILLION: {"ours": _took(240, 90), "duckdb": _took(160, 60)},
        100_000: {"ours": _took(12, 2)},
    }
    figures = summary(compared, {})
    assert figures["total_vs_splink_spark"] == 0.15
    assert figures["total_vs_splink_duckdb"] == 1.5
    assert figures["predict_vs_splink_duckdb"] == 1.5
    assert (figures["f1"], figures["f1_splink"]) == (0.98, 0.975)
    assert figures["growth_10m"] == 8.0
    assert figures["total_vs_splink_duckdb_10m"] == 1.5


@pytest.mark.parametrize(
    ("compared", "known"),
    [
        ({}, {}),
        ({MILLION: {"ours": {}, "duckdb": _took(20, 4)}}, {"f1_splink": 0.98}),  # ours failed
        ({MILLION: {"ours": _took(30, 6), "duckdb": {}}}, {"f1": 0.98}),
        ({MILLION: {"duckdb": _took(20, 4)}}, {"f1_splink": 0.98}),
    ],
)
def test_what_was_not_run_is_null(compared, known):
    figures = summary(compared, {})
    assert {name: value for name, value in figures.items() if value is not None} == known
    wanted = {
        *("total_vs_splink_spark", "total_vs_splink_duckdb", "predict_vs_splink_duckdb", "f1", "f1_splink"),
        *("growth_10m", "skew_ratio", "estimate_error"),
    }
    assert wanted <= set(json.loads(json.dumps(figures)))


def test_skew_compares_what_a_pair_costs_beyond_the_same_records():
    base = {"pairs": MILLION, "predict_cpu": 10.0}
    variants = {
        "x1": base,
        "x10": {"pairs": 11 * MILLION, "predict_cpu": 30.0},  # 2 us for each pair more
        "hot10000": {"pairs": 51 * MILLION, "predict_cpu": 160.0},  # 3 us
    }
    assert more_per_pair(variants["hot10000"], base) == 3e-6
    assert summary({}, variants)["skew_ratio"] == 1.5


@pytest.mark.parametrize(
    "variant",
    [{}, {"pairs": 3 * MILLION, "predict_cpu": None}, {"pairs": MILLION + 10, "predict_cpu": 9.0}],
    ids=["not run", "not measured", "hardly more pairs"],
)
def test_what_pairs_cost_is_null_where_it_cannot_be_told(variant):
    base = {"pairs": MILLION, "predict_cpu": 10.0}
    assert more_per_pair(variant, base) is None
    assert summary({}, {"x1": base, "x10": variant, "hot10000": variant})["skew_ratio"] is None


def test_the_estimate_error_is_the_largest():
    compared = {
        MILLION: {"ours": _took(30, 10, estimate=8.0)},
        TEN_MILLION: {"ours": _took(240, 100, estimate=125.0)},
    }
    assert summary(compared, {})["estimate_error"] == 0.25


def test_tables_show_a_dash_for_what_is_not_there():
    lines = compare_table(MILLION, {"ours": _took(30, 6), "duckdb": {}}).splitlines()
    assert lines[0] == "1m records"
    assert next(line for line in lines if line.startswith("total")).split() == ["total", "s", "30.0", "-", "-"]
    assert skew_table({"x1": {}}).splitlines()[-1].split() == ["x1", *"-" * 7]


def test_the_outlook_divides_among_cores_what_grows_and_adds_what_does_not():
    # 10 s whatever the size, 20 s and 40 processor s for each million records.
    growth = growth_table(
        {100_000: {}, MILLION: _took(30, 6) | {"cpu": 60}, TEN_MILLION: _took(210, 60) | {"cpu": 420}}
    )
    assert growth.splitlines()[-1].split() == ["100m:", "52", "s"]  # 10 + 4,000 / 160 / 0.6
    assert "Outlook" not in growth_table({MILLION: _took(30, 6), TEN_MILLION: {}})


def test_medians_leave_out_runs_without_the_figure():
    assert medians([{"total": 3.0}, {}, {"total": 1.0, "spill": None}]) == {"total": 2.0, "spill": None}
    assert medians([{}]) == {}


def test_a_phase_takes_what_passed_since_the_phase_before():
    ends = {"read": 4.0, "train": 9.0, "predict": 20.0}
    assert (_phase_cpu(ends, "predict"), _phase_cpu(ends, "read"), _phase_cpu(ends, "write")) == (11.0, 4.0, None)


def test_the_slowest_task_is_judged_in_the_longest_stage():
    def task(stage, seconds):
        info = {"Launch Time": 1_000, "Finish Time": 1_000 + seconds}
        return {"Stage ID": stage, "Stage Attempt ID": 0, "Task Info": info}

    ends = [task(1, 10_000), *(task(2, seconds) for seconds in (100, 100, 200, 300)), *(task(3, 10) for _ in range(4))]
    assert slowest_task(ends) == 2.0
    assert slowest_task(ends[:1]) is None


def test_the_chart_has_a_mark_for_each_figure():
    ours = _took(30, 6, memory=2e9, pairs=2_134_095)
    compared = {MILLION: {"ours": ours, "duckdb": {}}, TEN_MILLION: {"ours": _took(300, 60)}}
    drawn = chart(compared)
    # Of both sizes the total; of one also memory, against records and pairs, and prediction against pairs.
    assert drawn.count("<circle") == 5
    assert drawn.count("against pairs</text>") == 2
    assert ">2.1" not in drawn  # 2.1 million is not round
    assert ">2100k</text>" in drawn
    assert chart({}).startswith("<svg")


def test_edges_and_records_that_are_carried_have_figures_of_their_own():
    variants = {"x1": _took(20, 5, estimate=5.5), "carried": _took(30, 8, estimate=6.0)}
    figures = summary({}, variants, edges={MILLION: {"cluster": 3.5}})
    assert figures["carried_vs_held"] == 1.5
    assert figures["estimate_error_variants"] == 0.25
    assert figures["cluster_seconds_1m_edges"] == 3.5
    assert figures["cluster_seconds_50m_edges"] is None
