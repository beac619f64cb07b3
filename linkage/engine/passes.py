"""What a pass over the records costs on a reference machine, by what it has to do."""

from __future__ import annotations

from dataclasses import dataclass

# Seconds of the reference machine, two cores of 2026 under Spark, fitted to linkages of 100,000 to a million
# records: for a pass at all, and for the first, in which processes start and read the records; then, of one core, for
# a record read, a hash counted, a key computed, a key row, one that carries a record's values, a row
# that a sample may take, a pair that shares a key, a comparison made, a pair scored and written.
_PASS = 0.9
_FIRST_PASS = 2.6
_RECORD = 0.5e-6
_HASH = 0.5e-6
_KEY = 0.1e-6
_ROW = 0.6e-6
_WIDE_ROW = 3.0e-6
_DRAWN = 1.2e-6
_SHARING = 0.7e-6
_COMPARISON = 0.32e-6
_SCORED = 3.0e-6


@dataclass(frozen=True)
class Pass:
    """What one pass over the records has to do.

    Attributes:
        records: That are read.
        hashes: Keys, values and IDs that are hashed and counted.
        keys: Keys that are computed.
        rows: Key rows that are shuffled.
        drawn: Key rows of which a sample is taken.
        is_held: Whether those carry the number of a record rather than its values.
        sharing: Pairs that share a key.
        comparisons: Comparisons of pairs, each counted.
        scored: Pairs whose weight is computed and that may be written.
        is_first: Whether the tasks' processes start in it.
    """

    records: int
    hashes: float = 0
    keys: float = 0
    rows: float = 0
    drawn: float = 0
    is_held: bool = True
    sharing: float = 0
    comparisons: float = 0
    scored: float = 0
    is_first: bool = False

    def seconds(self, cores: int) -> float:
        """Seconds that the reference machine takes with so many cores.

        >>> slow, fast = (Pass(records=10**7, keys=10**8).seconds(cores) for cores in (2, 20))
        >>> round(slow, 1), round(fast, 1)
        (8.4, 1.6)
        """
        work = (
            self.records * _RECORD
            + self.hashes * _HASH
            + self.keys * _KEY
            + self.rows * (_ROW if self.is_held else _WIDE_ROW)
            + self.drawn * _DRAWN
            + self.sharing * _SHARING
            + self.comparisons * _COMPARISON
            + self.scored * _SCORED
        )
        return (_FIRST_PASS if self.is_first else _PASS) + work / cores


@dataclass(frozen=True)
class Measured:
    """A pass that has been run, and the seconds that it took."""

    name: str
    work: Pass
    seconds: float
