"""A pair's match weight taken apart: Splink's own terms, and their sum to the last bit."""

import json
from datetime import date

import pyarrow as pa
import pytest

from linkage.engine.explanation import explain_pair
from linkage.errors import ConfigError
from tests.linkage.people import people
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings
from tests.linkage.splink_oracle import linker

DOCUMENT = settings(
    comparison(
        "forename",
        null("forename"),
        exact("forename", 0.8, 0.1, tf_adjustment_column="forename", tf_adjustment_weight=0.4),
        level("jaro_winkler_similarity(forename_l, forename_r) > 0.8", 0.1, 0.1, tf_adjustment_column="forename"),
        otherwise(0.1, 0.8),
    ),
    comparison(
        "surname",
        null("surname"),
        exact("surname", 0.8, 0.12, tf_adjustment_column="surname", tf_minimum_u_value=0.1),
        otherwise(0.2),
    ),
    comparison("Date of birth", null("dob"), level("dob_l > dob_r", 0.3, 0.49), otherwise(0.7, 0.51)),
    comparison("city", exact("city", 0.7, 0.3), otherwise(0.3, 0.7)),
    rules=["l.city = r.city", "l.dob = r.dob"],
    probability_two_random_records_match=0.003,
)
MODEL = model(DOCUMENT)
COLUMNS = ("forename", "surname", "dob", "city")


def _splinks():
    more = {"retain_intermediate_calculation_columns": True, "retain_matching_columns": True}
    predicted = linker(DOCUMENT | more, {"people": people(40, seed=5)}).inference.predict(warning_mode="never")
    return predicted.as_record_list()


def _pair(row, sides="lr"):
    """Splink's row as two records; nobody says which is left."""
    columns = {column: [row[f"{column}_{side}"] for side in sides] for column in ("unique_id", *COLUMNS)}
    frequencies = {f"__tf_{name}": [row[f"tf_{name}_{side}"] for side in sides] for name in ("forename", "surname")}
    ids = columns.pop("unique_id")
    strings = {column: pa.array(values, pa.string()) for column, values in columns.items()}
    doubles = {column: pa.array(values, pa.float64()) for column, values in frequencies.items()}
    return pa.table({"__source": pa.array([0, 0], pa.int16()), "__id": ids, **strings, **doubles})


def test_steps_are_splinks_and_add_up_to_the_last_bit():
    rows = _splinks()
    assert len(rows) > 150
    adjusted = 0
    for number, row in enumerate(rows):
        found = explain_pair(MODEL, _pair(row, "lr" if number % 2 else "rl"))
        assert (found.left, found.right) == ((0, row["unique_id_l"]), (0, row["unique_id_r"]))
        expected = [("prior", None, pytest.approx(-8.3764, abs=1e-4))]
        for name in ("forename", "surname", "Date of birth", "city"):
            column = name.replace(" ", "_")
            gamma = row[f"gamma_{column}"]
            expected.append((name, gamma, pytest.approx(row[f"mw_{column}"], abs=1e-12)))
            if gamma > 0 and f"mw_tf_adj_{column}" in row:
                expected.append((name, gamma, pytest.approx(row[f"mw_tf_adj_{column}"], abs=1e-12)))
                adjusted += 1
        assert [(step.comparison, step.gamma, step.match_weight) for step in found.steps] == expected
        assert found.steps[-1].cumulative_weight == found.match_weight
        assert found.match_weight == pytest.approx(row["match_weight"], abs=1e-12)
        assert found.match_probability == pytest.approx(row["match_probability"], abs=1e-12)
    assert adjusted > 50


def test_values_are_told_only_if_asked_for():
    born, other = "1970-01-01", "1980-02-02"
    row = {f"{column}_l": "zoë" for column in COLUMNS} | {f"{column}_r": "zoë" for column in COLUMNS}
    row |= {"dob_l": born, "dob_r": other, "city_r": None, "unique_id_l": "a", "unique_id_r": "b"}
    row |= {f"tf_{name}_{side}": 0.25 for name in ("forename", "surname") for side in "lr"}
    silent = json.dumps(explain_pair(MODEL, _pair(row)).document(), ensure_ascii=False)
    assert not [word for word in ("zoë", born, other, "values") if word in silent]
    told = explain_pair(MODEL, _pair(row), with_values=True).document()
    assert [step.get("values") for step in told["steps"]] == [
        None,
        *[{"forename": ("zoë", "zoë")}] * 2,
        *[{"surname": ("zoë", "zoë")}] * 2,
        {"dob": (born, other)},
        {"city": ("zoë", None)},
    ]


def _two(sources, ids, **columns):
    return pa.table({"__source": pa.array(sources, pa.int16()), "__id": ids, **columns})


@pytest.mark.parametrize(
    ("link_type", "sources", "ids", "left"),
    [
        ("dedupe_only", [0, 0], [10, 2], (0, 2)),
        ("dedupe_only", [0, 0], ["10", "2"], (0, "10")),
        ("link_only", [1, 0], [1, 9], (0, 9)),
        ("link_and_dedupe", [1, 0], [1, 9], (0, 9)),
        ("link_and_dedupe", [1, 1], [2, 10], (1, 10)),  # Splink compares "source-__-id"
    ],
)
def test_the_left_record_is_splinks(link_type, sources, ids, left):
    found = explain_pair(
        model(DOCUMENT | {"link_type": link_type, "comparisons": DOCUMENT["comparisons"][3:]}),
        _two(sources, ids, city=["york", "york"]),
    )
    assert found.left == left


def test_values_of_any_type_are_plain():
    document = settings(
        comparison("born", level("born_l IS NOT NULL AND marks_l IS NOT NULL", 0.5, 0.5), otherwise(0.5, 0.5)),
        rules=["l.born = r.born"],
        probability_two_random_records_match=0.5,
    )
    pair = _two([0, 0], [1, 2], born=[date(1970, 1, 1), None], marks=[[1.5, None], [2.0]])
    told = explain_pair(model(document), pair, with_values=True).document()
    assert json.loads(json.dumps(told))["steps"][1]["values"] == {
        "born": ["1970-01-01", None],
        "marks": [[1.5, None], [2.0]],
    }


CITY = comparison("city", exact("city", 0.7, 0.3), otherwise(0.3, 0.7))


@pytest.mark.parametrize(
    ("levels", "link_type", "city", "reason"),
    [
        (CITY, "link_only", ["york", "york"], "link_type link_only makes no pair of these two records"),
        (
            comparison("city", level("cast(city_l AS INT) = 1", 0.5, 0.5), otherwise(0.5, 0.5)),
            "dedupe_only",
            ["york", "hull"],
            "cannot be computed on these two records; guard it",
        ),
        (
            comparison("city", level("levenshtein(city_l, city_r) < 2", 0.5, 0.5), otherwise(0.5, 0.5)),
            "dedupe_only",
            [1, 2],
            "does not fit the columns' types: .*levenshtein",
        ),
        (
            comparison("city", exact("city", 0.7, 0.3), level("city_l = 'hull'", 0.3, 0.7)),
            "dedupe_only",
            ["york", "hull"],
            "comparison city: no level takes these two records",
        ),
    ],
)
def test_what_cannot_be_explained_is_refused_without_a_value(levels, link_type, city, reason):
    document = settings(levels, rules=["l.city = r.city"], link_type=link_type)
    with pytest.raises(ConfigError, match=reason) as refused:
        explain_pair(model(document), _two([0, 0], [1, 2], city=city))
    assert "york" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
