"""The prior that fits candidate pairs, beside the root of its equation and beside worlds whose prior is known."""

from dataclasses import replace

import pyarrow as pa
import pytest
from scipy.optimize import brentq

from linkage.model.specification import SourcePairParameters
from linkage.quality.calibration import prior_calibration
from tests.linkage.splink_models import comparison, exact, model, null, otherwise, settings

# The name speaks 8:1 for a match or 2:1 against it.
DOCUMENT = settings(
    comparison("name", null("n"), exact("n", 0.8, 0.1), otherwise(0.2, 0.4)),
    rules=["l.a = r.a"],
    link_type="link_and_dedupe",
    probability_two_random_records_match=0.2,
)
MODEL = model(DOCUMENT)


def _counts(*rows):
    """Pattern counts of rows of two sources, whether the names agree, and pairs."""
    left, right, gammas, pairs = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        {
            "source_dataset_l": pa.array(left, pa.string()),
            "source_dataset_r": pa.array(right, pa.string()),
            "match_key": pa.array(["0"] * len(pairs), pa.string()),
            "gamma_name": pa.array(gammas, pa.int32()),
            "pairs": pa.array(pairs, pa.int64()),
        }
    )


def test_the_fitted_prior_solves_its_equation():
    [row] = prior_calibration(_counts(("a", "a", 1, 30), ("a", "a", 0, 90)), MODEL, {"a": 21}).to_pylist()

    def excess(prior):
        agreeing, others = 8 * prior / (8 * prior + 1 - prior), 0.5 * prior / (0.5 * prior + 1 - prior)
        return (30 * agreeing + 90 * others) / 210 - prior

    assert row["prior_fitted"] == pytest.approx(brentq(excess, 0.001, 0.5), rel=1e-6)
    # Odds of 1:4 are -2 bits.
    odds = row["prior_fitted"] / (1 - row["prior_fitted"])
    assert 2 ** (row["shift"] - 2) == pytest.approx(odds)


def test_candidates_that_chance_may_have_brought_about_fit_no_match():
    # 3,000 of 40,000 pairs at 8:1, and of the others nothing is known: their odds do not make up for those.
    rows = prior_calibration(_counts(("a", "b", 1, 3000)), MODEL, {"a": 200, "b": 200}).to_pylist()
    [row] = [row for row in rows if row["source_dataset_l"] != row["source_dataset_r"]]
    assert (row["prior_fitted"], row["shift"]) == (0, None)
    assert row["matches_expected"] == pytest.approx(3000 * 2 / 3)


@pytest.mark.parametrize("prior", [0.05, 0.3])
def test_a_world_that_the_model_describes_is_given_its_own_prior(prior):
    # 10,000 pairs of records, all of them candidates; its matches agree on names in 0.8 of the cases, others in 0.1.
    matches, others = 10_000 * prior, 10_000 * (1 - prior)
    agreeing, not_agreeing, unknown = (
        (0.8 * matches + 0.1 * others), (0.2 * matches + 0.4 * others), 0.5 * others,
    )  # fmt: skip
    # Levels that take all: what is left of the others has a level of its own, which no match reaches.
    document = settings(
        comparison("name", exact("n", 0.8, 0.1), exact("m", 0.2, 0.4), otherwise(1e-12, 0.5)),
        rules=["l.a = r.a"],
        link_type="link_and_dedupe",
        probability_two_random_records_match=0.2,
    )
    counts = _counts(
        ("a", "b", 2, round(agreeing)), ("b", "a", 1, round(not_agreeing)), ("a", "b", 0, round(unknown))
    )  # fmt: skip
    rows = prior_calibration(counts, model(document), {"a": 100, "b": 100}).to_pylist()
    [row] = [row for row in rows if row["source_dataset_l"] != row["source_dataset_r"]]
    assert row["prior_fitted"] == pytest.approx(prior, rel=1e-3)
    assert row["candidate_pairs"] == row["possible_pairs"] == 10_000


def test_sources_have_rows_and_priors_of_their_own():
    own = replace(MODEL, by_source_pair={("a", "b"): SourcePairParameters(0.5, {})})
    counts = _counts(("b", "a", 1, 4), ("a", "a", 0, 3))
    rows = prior_calibration(counts, own, {"b": 2, "a": 3}).to_pylist()
    told = [(r["source_dataset_l"], r["source_dataset_r"], r["possible_pairs"], r["candidate_pairs"]) for r in rows]
    assert told == [("a", "a", 3, 3), ("a", "b", 6, 4), ("b", "b", 1, 0)]
    assert [row["prior"] for row in rows] == [0.2, 0.5, 0.2]
    assert [row["matches_supposed"] for row in rows] == pytest.approx([0.6, 3, 0.2])
    # Even odds, and the name 8:1 for it.
    assert rows[1]["matches_expected"] == pytest.approx(4 * 8 / 9)
    assert (rows[2]["matches_expected"], rows[2]["prior_fitted"], rows[2]["shift"]) == (0, 0, None)


def test_pairs_that_are_never_made_have_no_row():
    linked = model(DOCUMENT | {"link_type": "link_only"})
    rows = prior_calibration(_counts(), linked, {"a": 5, "b": 1, "c": 0}).to_pylist()
    assert [(row["source_dataset_l"], row["source_dataset_r"]) for row in rows] == [("a", "b")]


def test_counts_of_one_source_name_none():
    counts = _counts(("", "", 1, 2)).drop_columns(["source_dataset_l", "source_dataset_r"])
    [row] = prior_calibration(counts, model(DOCUMENT | {"link_type": "dedupe_only"}), {"people": 3}).to_pylist()
    assert (row["source_dataset_l"], row["source_dataset_r"], row["candidate_pairs"]) == ("people", "people", 2)
