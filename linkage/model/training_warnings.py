"""What a practitioner should know of a training before trusting its parameters, one line each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from linkage.model.em import Iteration
from linkage.model.specification import Comparison, ComparisonLevel, LinkageModel

# Below so many matches, the standard error of an m may exceed 0.05: sqrt(0.5 * 0.5 / 100).
FEW_MATCHES = 100
# Estimates of one m further apart than this factor, and than chance explains, cannot both be right.
DISAGREEMENT = 2.0
_STANDARD_ERRORS = 3.0
_IF_RARE = "nothing to do if it is rare, else join it to a neighbour"


@dataclass(frozen=True)
class TrainedSession:
    """An EM session that is over.

    Attributes:
        rule: What its pairs were blocked on, in DuckDB's dialect.
        history: Starting values first.
        pairs: How many were compared; not how many they stand for.
    """

    rule: str
    history: Sequence[Iteration]
    pairs: float

    @property
    def end(self) -> Iteration:
        """Where the parameters ended."""
        return self.history[-1]

    @property
    def matches(self) -> float:
        """How many of the compared pairs are matches, as the session sees it."""
        return self.end.prior * self.pairs


def training_warnings(
    model: LinkageModel, sessions: Sequence[TrainedSession], seen_at_random: Mapping[str, Set[int]]
) -> tuple[str, ...]:
    """What to look at before the model is used; one line each, in the model's order.

    Args:
        model: As it came out of the training.
        sessions: All of them.
        seen_at_random: By comparison, the levels whose u was estimated.

    Returns:
        Lines that name the comparison, and the level or the session. No value of a record is in them.
    """
    return (
        *(line for comparison in model.comparisons for line in _not_estimated(comparison, sessions, seen_at_random)),
        *(line for comparison in model.comparisons for line in _against(comparison)),
        *(line for session in sessions for line in _of_session(model, session)),
        *(line for comparison in model.comparisons for line in _disagreements(comparison, sessions)),
    )


def _not_estimated(
    comparison: Comparison, sessions: Sequence[TrainedSession], seen_at_random: Mapping[str, Set[int]]
) -> Iterator[str]:
    """Parameters that the data said nothing about; those that the settings fix are meant to be so."""
    free = [session.end.m[comparison.name] for session in sessions if comparison.name in session.end.m]
    if not free and not all(level.fix_m for level in comparison.scored_levels):
        yield (
            f"comparison {comparison.name}: no EM session leaves it free, so its m is not estimated; add an "
            "em_blocking_rule that does without its columns"
        )
    for level in comparison.scored_levels:
        if not level.fix_u and level.gamma not in seen_at_random.get(comparison.name, ()):
            yield f"{_named(comparison, level)}: never seen among random pairs; {_instead('u', level.u)}; {_IF_RARE}"
        if free and not level.fix_m and all(m.get(level.gamma) is None for m in free):
            yield f"{_named(comparison, level)}: never seen in an EM session; {_instead('m', level.m)}; {_IF_RARE}"


def _instead(parameter: str, value: float | None) -> str:
    stays = "Splink's default" if value is None else "what the settings say"
    return f"its {parameter} stays at {stays}"


def _against(comparison: Comparison) -> Iterator[str]:
    """Levels of agreement that are seen less among matches than among others."""
    first, *others = comparison.scored_levels
    for level in [first, *others[:-1]]:
        if level.is_else or level.m is None or level.u is None or level.m >= level.u:
            continue
        found = f"{_named(comparison, level)}: m {level.m:.3g} is below u {level.u:.3g}"
        if level is first:
            yield f"{found}, so agreement speaks against a match; look at the blocking of its sessions"
        else:
            yield (
                f"{found}, so this likeness speaks against a match; nothing to do if that is plausible, else join the "
                "level to the one below"
            )


def _of_session(model: LinkageModel, session: TrainedSession) -> Iterator[str]:
    change = session.end.largest_change
    if change is None or change >= model.em_convergence:
        yield (
            f"EM session ({session.rule}): not converged after {len(session.history) - 1} iterations"
            f"{_last_to_move(model, session)}; raise max_iterations"
        )
    if session.matches < FEW_MATCHES:
        yield (
            f"EM session ({session.rule}): about {session.matches:.0f} matches among {session.pairs:.0f} pairs are "
            f"few to estimate from, {FEW_MATCHES} or more are better; give a looser rule or more records"
        )


def _last_to_move(model: LinkageModel, session: TrainedSession) -> str:
    """The parameter that moved most in the last iteration, by name."""
    if len(session.history) < 2:
        return ""
    before, after = session.history[-2:]
    moved = [(abs(after.prior - before.prior), "the prior")]
    for comparison in model.comparisons:
        for parameter, old, new in (("m", before.m, after.m), ("u", before.u, after.u)):
            for gamma, value in new.get(comparison.name, {}).items():
                level = _named(comparison, comparison.level(gamma))
                moved.append((abs((value or 0.0) - (old[comparison.name][gamma] or 0.0)), f"{parameter} of {level}"))
    change, name = max(moved)
    return f", the last of which moved {name} by {change:.2g}"


def _disagreements(comparison: Comparison, sessions: Sequence[TrainedSession]) -> Iterator[str]:
    """Levels whose m differs between sessions by more than a factor, and by more than chance explains."""
    enough = [session for session in sessions if session.matches >= FEW_MATCHES]
    for level in comparison.scored_levels:
        found = [(m, session) for session in enough if (m := _m(session, comparison, level)) is not None]
        if level.fix_m or len(found) < 2:
            continue
        (low, one), (high, other) = min(found, key=_first), max(found, key=_first)
        by_chance = _STANDARD_ERRORS * math.hypot(_standard_error(low, one), _standard_error(high, other))
        if high > DISAGREEMENT * low and high - low > by_chance:
            yield (
                f"{_named(comparison, level)}: EM sessions disagree about m, from {low:.3g} ({one.rule}) "
                f"to {high:.3g} ({other.rule}); blocked columns may depend on it: block one session on another column"
            )


def _m(session: TrainedSession, comparison: Comparison, level: ComparisonLevel) -> float | None:
    return session.end.m.get(comparison.name, {}).get(level.gamma)


def _first(estimate: tuple[float, TrainedSession]) -> float:
    return estimate[0]


def _standard_error(m: float, session: TrainedSession) -> float:
    """That of a share among the session's matches."""
    return math.sqrt(max(m * (1 - m), 0.0) / session.matches)


def _named(comparison: Comparison, level: ComparisonLevel) -> str:
    return f"comparison {comparison.name}, level '{level.label}'"
