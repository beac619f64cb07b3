"""The page about thresholds and rules: the estimates of hand-made counts, its limits said, nothing loaded."""

import json
import re

import pyarrow as pa
import pytest

from linkage.errors import ConfigError
from linkage.quality.threshold_page import LIMITS, threshold_report
from tests.linkage.splink_models import comparison, exact, model, null, otherwise, settings

# Prior odds 1:4 are -2 bits; the name adds 3 or -1 bits: weights 1 and -3, probabilities 2/3 and 1/9.
MODEL = model(
    settings(
        comparison("name", null("n"), exact("n", 0.8, 0.1), otherwise(0.2, 0.4)),
        rules=["l.a = r.a", "l.b = r.b AND l.c < r.c"],
        probability_two_random_records_match=0.2,
    )
)
USED = {"threshold_weight": -3.5, "cluster_weight": float("inf")}


def _report(keys=("0", "1"), used=USED):
    counts = {"match_key": keys, "gamma_name": pa.array([1, 0], pa.int32()), "pairs": [30, 90], "kept": [30, 90]}
    return threshold_report(pa.table(counts), MODEL, used, {"people": 21})


def test_whole_bits_and_the_runs_own_weights_are_told():
    documents = _report().documents()
    told = documents["thresholds.json"]
    assert told["limits"] == documents["rules.json"]["limits"] == list(LIMITS)
    assert len(LIMITS) == 3
    assert told["used"] == {"threshold_weight": -3.5}  # JSON has no infinity
    rows = told["thresholds"]
    assert [row["threshold_weight"] for row in rows] == [-3.5, -3, -2, -1, 0, 1]
    at = {row["threshold_weight"]: row for row in rows}
    assert (at[0]["pairs_above"], at[0]["pairs_below"]) == (30, 90)
    assert at[0]["matches_above"] == pytest.approx(20)  # 30 * 2/3
    assert at[0]["matches_below"] == pytest.approx(10)  # 90 * 1/9
    assert (at[0]["precision"], at[0]["recall"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert json.dumps(documents, allow_nan=False)


def test_rules_are_told_as_they_are_written():
    first, second = _report().documents()["rules.json"]["rules"]
    assert (first["match_key"], first["condition"], first["pairs"]) == ("0", "l.a = r.a", 30)
    assert (second["match_key"], second["condition"], second["pairs"]) == ("1", "l.b = r.b AND l.c < r.c", 90)
    assert (first["share"], second["share"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_the_prior_and_growth_are_told_beside():
    documents = _report(used={"threshold_weight": -3.5, "cluster_weight": 0.5}).documents()
    [row] = documents["calibration.json"]["sources"]
    assert (row["source_dataset_l"], row["possible_pairs"], row["candidate_pairs"]) == ("people", 210, 120)
    assert (row["matches_supposed"], row["matches_expected"]) == (pytest.approx(42), pytest.approx(30))
    growth = {row["factor"]: row for row in documents["growth.json"]["growth"]}
    # Of the pairs of weight 1, 20 matches and 10 others are kept: at ten times the records 200 and 1,000.
    assert growth[10]["precision"] == pytest.approx(1 / 6)
    assert _report(used={}).documents()["growth.json"]["growth"] == []  # nothing is known to be kept


def test_a_run_without_candidates_has_a_page_too():
    counts = {"match_key": pa.array([], pa.string()), "gamma_name": pa.array([], pa.int32())}
    empty = pa.table({**counts, "pairs": pa.array([], pa.int64()), "kept": pa.array([], pa.int64())})
    report = threshold_report(empty, MODEL, {"threshold_weight": 0.0}, {"people": 0})
    [row] = report.documents()["thresholds.json"]["thresholds"]
    assert (row["threshold_weight"], row["pairs_above"], row["recall"]) == (0, 0, None)
    assert report.documents()["calibration.json"]["sources"] == []  # no possible pair
    assert "–" in report.page()


def test_the_page_says_its_limits_and_needs_no_network():
    page = _report().page()
    assert page == _report().page()
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    for limit in LIMITS:
        assert limit.replace("'", "&#x27;") in markup
    assert "<title>Thresholds and blocking rules</title>" in markup
    assert '<td class="text">l.b = r.b AND l.c &lt; r.c</td>' in markup
    assert re.search(r"<tr class=used><td>-3.5</td><td>120</td><td>30.0</td><td>90.0</td>", markup)
    assert not re.findall(r"https?:|src=|href=|<script|<link|<img|<iframe", markup)
    assert "cdn.jsdelivr" not in page
    assert re.search(r'<td class="text">people × people</td><td>210</td><td>120</td><td>42.0</td><td>30.0</td>', markup)
    [call] = re.findall(r"^vegaEmbed\(document\.getElementById\('chart'\), (.*), \{\}\)\.catch", page, re.MULTILINE)
    rates, errors = json.loads(call)["vconcat"]
    drawn = {(row["what"], row["threshold"]): row["value"] for row in errors["layer"][0]["data"]["values"]}
    assert drawn["false matches", 0] == pytest.approx(10)
    assert drawn["missed matches", 0] == pytest.approx(10)
    assert {row["what"] for row in rates["layer"][0]["data"]["values"]} == {"precision", "recall among candidates"}
    assert rates["layer"][1]["data"]["values"] == [{"threshold": -3.5, "what": "threshold_weight"}]


def test_counts_of_another_model_are_refused():
    with pytest.raises(ConfigError, match="the model has no blocking rule 7"):
        _report(keys=("0", "7"))
