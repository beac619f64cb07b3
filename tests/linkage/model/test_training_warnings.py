"""What is said of a training, by numbers that can be checked by hand."""

import pytest

from linkage.model.em import Iteration
from linkage.model.training_warnings import TrainedSession, training_warnings
from tests.linkage.splink_models import comparison, exact, level, model, null, otherwise, settings

SEEN = {"name": {2, 1, 0}, "town": {1, 0}}
RARE = "nothing to do if it is rare, else join it to a neighbour"
NEAR = "levenshtein(name_l, name_r) <= 1"


def _model(name=((0.8, 0.1), (0.1, 0.05), (0.1, 0.85)), town=((0.7, 0.2), (0.3, 0.8)), **more):
    (m2, u2), (m1, u1), (m0, u0) = name
    (agree_m, agree_u), (differ_m, differ_u) = town
    return model(
        settings(
            comparison("name", null("name"), exact("name", m2, u2, **more), level(NEAR, m1, u1), otherwise(m0, u0)),
            comparison("town", null("town"), exact("town", agree_m, agree_u), otherwise(differ_m, differ_u)),
            rules=["l.dob = r.dob"],
            em_convergence=0.01,
        )
    )


def _session(rule, *, m, matches=200.0, change=0.001, before=None):
    """A session of a thousand pairs, of which so many are matches; u does not move."""
    u = {name: dict.fromkeys(levels, 0.5) for name, levels in m.items()}
    start = Iteration(0.5, before or m, u, None)
    return TrainedSession(rule, [start, Iteration(matches / 1000, m, u, change)], 1000.0)


NAME, TOWN = {2: 0.8, 1: 0.1, 0: 0.1}, {1: 0.7, 0: 0.3}
BY_DOB = _session("l.dob = r.dob", m={"name": NAME, "town": TOWN})
BY_TOWN = _session("l.town = r.town", m={"name": NAME})


def test_a_training_without_fault_is_passed_over_in_silence():
    assert training_warnings(_model(), [BY_DOB, BY_TOWN], SEEN) == ()


def test_a_comparison_that_every_session_blocks_on_is_named_once():
    assert training_warnings(_model(), [BY_TOWN], SEEN) == (
        "comparison town: no EM session leaves it free, so its m is not estimated; "
        "add an em_blocking_rule that does without its columns",
    )


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        (((0.8, 0.1), (None, 0.05), (0.1, 0.85)), "its m stays at Splink's default"),
        (((0.8, 0.1), (0.1, 0.05), (0.1, 0.85)), "its m stays at what the settings say"),
    ],
)
def test_a_level_that_no_session_saw_is_named(name, stays):
    unseen = _session("l.dob = r.dob", m={"name": {**NAME, 1: None}, "town": TOWN})
    assert training_warnings(_model(name), [unseen], SEEN) == (
        f"comparison name, level '{NEAR}': never seen in an EM session; {stays}; {RARE}",
    )
    # One session that saw it is enough.
    assert training_warnings(_model(name), [unseen, BY_TOWN], SEEN) == ()


@pytest.mark.parametrize(("u", "stays"), [(None, "Splink's default"), (0.8, "what the settings say")])
def test_a_level_that_no_random_pair_reached_is_named(u, stays):
    town = ((0.7, 0.2), (0.3, u))
    assert training_warnings(_model(town=town), [BY_DOB], SEEN | {"town": {1}}) == (
        f"comparison town, level 'ELSE': never seen among random pairs; its u stays at {stays}; {RARE}",
    )


def test_what_the_settings_fix_is_not_missed():
    fixed = _model(fix_m_probability=True, fix_u_probability=True)
    unseen = _session("l.dob = r.dob", m={"name": {**NAME, 2: None}, "town": TOWN})
    assert training_warnings(fixed, [unseen], SEEN | {"name": {1, 0}}) == ()


def test_agreement_and_likeness_that_speak_against_a_match_are_told_apart():
    name = ((0.05, 0.1), (0.02, 0.1), (0.93, 0.8))
    assert training_warnings(_model(name), [BY_DOB, BY_TOWN], SEEN) == (
        'comparison name, level \'"name_l" = "name_r"\': m 0.05 is below u 0.1, '
        "so agreement speaks against a match; look at the blocking of its sessions",
        f"comparison name, level '{NEAR}': m 0.02 is below u 0.1, "
        "so this likeness speaks against a match; nothing to do if that is plausible, else join the level to the one "
        "below",
    )


def test_disagreement_may_speak_against_a_match():
    # ELSE is where m should be below u; and a level that weighs nothing does not speak at all.
    assert training_warnings(_model(((0.5, 0.5), (0.4, 0.1), (0.1, 0.4))), [BY_DOB], SEEN) == ()


def test_a_session_that_did_not_converge_names_what_still_moved():
    before = {"name": NAME, "town": {1: 0.4, 0: 0.5}}
    moving = _session("l.dob = r.dob", m={"name": NAME, "town": TOWN}, matches=500, change=0.3, before=before)
    [line] = training_warnings(_model(), [moving], SEEN)
    assert line == (
        "EM session (l.dob = r.dob): not converged after 1 iterations, the last of which moved "
        'm of comparison town, level \'"town_l" = "town_r"\' by 0.3; raise max_iterations'
    )


def test_a_session_without_iterations_has_not_converged():
    still = TrainedSession("l.dob = r.dob", [Iteration(0.5, {"name": NAME, "town": TOWN}, {}, None)], 1000.0)
    assert training_warnings(_model(), [still], SEEN) == (
        "EM session (l.dob = r.dob): not converged after 0 iterations; raise max_iterations",
    )


@pytest.mark.parametrize(("matches", "is_few"), [(99, True), (100, False)])
def test_few_matches_are_few_to_estimate_from(matches, is_few):
    session = _session("l.dob = r.dob", m={"name": NAME, "town": TOWN}, matches=matches)
    assert training_warnings(_model(), [session], SEEN) == (
        (
            "EM session (l.dob = r.dob): about 99 matches among 1000 pairs are few to estimate from, "
            "100 or more are better; give a looser rule or more records",
        )
        if is_few
        else ()
    )


@pytest.mark.parametrize(
    ("low", "high", "matches", "is_said"),
    [
        (0.1, 0.25, 400, True),  # 0.15 apart; three standard errors are 3 * hypot(0.015, 0.0217) = 0.079
        (0.1, 0.19, 400, False),  # less than twice
        (0.01, 0.03, 200, False),  # three times, but 3 * hypot(0.00704, 0.0121) = 0.042 is chance
        (0.0, 0.25, 400, True),
        (0.1, 0.9, 99, False),  # too few matches to say
    ],
)
def test_sessions_that_disagree_beyond_chance_are_named(low, high, matches, is_said):
    sessions = [
        _session("l.a = r.a", m={"name": {**NAME, 1: high}, "town": TOWN}, matches=matches),
        _session("l.b = r.b", m={"name": NAME | {1: (low + high) / 2}, "town": TOWN}, matches=matches),
        _session("l.c = r.c", m={"name": {**NAME, 1: low}, "town": TOWN}, matches=matches),
    ]
    lines = [line for line in training_warnings(_model(), sessions, SEEN) if "disagree" in line]
    assert lines == (
        [
            f"comparison name, level '{NEAR}': EM sessions disagree about m, from {low:.3g} (l.c = r.c) "
            f"to {high:.3g} (l.a = r.a); blocked columns may depend on it: block one session on another column"
        ]
        if is_said
        else []
    )
