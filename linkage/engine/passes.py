"""What a pass over the records costs on a reference machine, by what it has to do."""

from __future__ import annotations

from dataclasses import dataclass

# Seconds of the reference machine, two cores of 2026 under Spark, fitted to linkages of 100,000 to ten million
# records with 0.2 to 52 million pairs, of which one key made up to 50 million: for a pass at all, and for the first, in
# which processes start; then, of one core, for a record read in the first pass (by every process, where all of them
# hold it), a hash counted, a key computed, a key row (its record's values are looked up: where pairs are many beside
# rows, each costs little), a row that a sample may take, a pair that shares a key, a comparison made, a pair scored and
# written by the task. The second of two is where records are not held, so that hashes are sent about and key rows carry
# values. Where Spark writes the pairs as a table, that it does so at all, and of one core what a pair takes more.
_PASS = 0.5
_FIRST_PASS = 2.2
_READ_BY_ALL, _READ = 1.0e-6, 0.5e-6
_HASH, _SENT_HASH = 0.13e-6, 0.37e-6
_KEY = 0.07e-6
_ROW, _WIDE_ROW = 1.7e-6, 3.2e-6
_DRAWN = 0.4e-6
_SHARING = 0.2e-6
_COMPARISON = 0.12e-6
_SCORED = 0.2e-6
_TABLE, _TABLE_ROW = 2.6, 4.5e-6


@dataclass(frozen=True)
class Pass:
    """What one pass over the records has to do.

    Attributes:
        records: That there are.
        hashes: Keys, values and IDs that are hashed and counted.
        keys: Keys that are computed.
        rows: Key rows that are shuffled.
        drawn: Key rows of which a sample is taken.
        is_held: Whether every process holds all records, so that key rows carry their numbers.
        sharing: Pairs that share a key.
        comparisons: Comparisons of pairs, each counted.
        scored: Pairs whose weight is computed and that may be written.
        is_first: Whether records are read in it and the tasks' processes start.
        is_warm: Whether these had started before all the same, for other work.
        written: Pairs that Spark writes as a table, at most; None where tasks write them.
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
    is_warm: bool = False
    written: float | None = None

    def seconds(self, cores: int) -> float:
        """Seconds that the reference machine takes with so many cores.

        >>> slow, fast = (Pass(records=10**7, keys=10**8).seconds(cores) for cores in (2, 20))
        >>> round(slow, 1), round(fast, 1)
        (4.0, 0.9)
        """
        alone, shared = _FIRST_PASS if self.is_first and not self.is_warm else _PASS, 0.0
        if self.written is not None:
            alone, shared = alone + _TABLE, self.written * _TABLE_ROW
        if self.is_first and self.is_held:
            alone += self.records * _READ_BY_ALL
        elif self.is_first:
            shared += self.records * _READ
        shared += (
            self.hashes * (_HASH if self.is_held else _SENT_HASH)
            + self.keys * _KEY
            + self.rows * (_ROW if self.is_held else _WIDE_ROW)
            + self.drawn * _DRAWN
            + self.sharing * _SHARING
            + self.comparisons * _COMPARISON
            + self.scored * _SCORED
        )
        return alone + shared / cores


@dataclass(frozen=True)
class Measured:
    """A pass that has been run, and the seconds that it took."""

    name: str
    work: Pass
    seconds: float
