"""Hashes tallied: against counting one by one."""

from collections import Counter
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine.sizes import SharedKeys
from linkage.engine.tally import set_of_bits, tallied

# Few values, so that some repeat, at either end of what 64 bits hold.
KEYS = st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 2, 2**64 - 1])
ROWS = st.lists(st.tuples(KEYS, st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=30)
WITHIN, ACROSS, SIDES = [(0, 0), (1, 1), (2, 2)], [(0, 1), (0, 2), (1, 2)], [(0, 1)]


def _table(rows):
    key, part, n = zip(*rows, strict=True)
    return pa.table({"key": pa.array(key, pa.uint64()), "part": pa.array(part, pa.int16()), "n": pa.array(n)})


@given(ROWS, st.sampled_from([WITHIN, ACROSS, SIDES, WITHIN + ACROSS]))
def test_rows_and_pairs_are_those_that_one_counts_by_hand(rows, pairing):
    each = [(key, part) for key, part, n in rows for _ in range(n)]
    pairs = Counter(
        one[0]
        for one, other in combinations(sorted(each), 2)
        if one[0] == other[0] and (one[1], other[1]) in pairing  # sorted: the smaller part comes first
    )
    found = tallied(_table(rows), 3, pairing)
    counts = Counter(key for key, _ in each)
    assert found.keys.tolist() == sorted(counts)
    assert found.rows.tolist() == [counts[key] for key in sorted(counts)]
    assert found.pairs.tolist() == [pairs[key] for key in sorted(counts)]


@given(ROWS)
def test_rows_that_stand_for_several_are_those_several(rows):
    folded = _table(rows).drop_columns("part")
    key = [key for key, _, n in rows for _ in range(n)]
    one, other = tallied(folded, 1, [(0, 0)]), tallied(pa.table({"key": pa.array(key, pa.uint64())}), 1, [(0, 0)])
    assert (one.keys.tolist(), one.rows.tolist()) == (other.keys.tolist(), other.rows.tolist())


@given(st.lists(KEYS, min_size=1, max_size=40), st.integers(1, 4), st.sampled_from([1, 3, 10**6]))
def test_the_hottest_are_so_many_and_all_that_are_hot(keys, least, hot):
    found = tallied(pa.table({"key": pa.array(keys, pa.uint64())}), 1, [(0, 0)])
    told = found.hottest(least, hot)
    ranked = sorted(
        (-pairs, key) for key, pairs in zip(found.keys.tolist(), found.pairs.tolist(), strict=True) if pairs
    )
    expected = {key for place, (pairs, key) in enumerate(ranked) if place < least or -pairs >= hot}
    assert set(found.keys[told].tolist()) == expected
    assert len(told) == len(expected)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=200))
def test_a_set_of_bits_has_all_its_keys(keys):
    table = set_of_bits(np.array(keys, np.uint64), 0, 8)
    width, bits = table["width"][0].as_py(), table["bits"][0].as_py()
    positions = {key >> (64 - width) for key in keys}
    assert all(bits[position // 8] >> (position % 8) & 1 for position in positions)
    assert sum(byte.bit_count() for byte in bits) == len(positions)
    assert len(bits) * 8 == 1 << width >= 8 * len(keys)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=200), st.sampled_from([0, 2]))
def test_a_set_that_is_too_wide_is_folded_and_has_all_its_keys(keys, place_bits):
    places = {}
    for key in keys:
        places.setdefault(key >> (64 - place_bits) if place_bits else 0, []).append(key)
    tables = {place: set_of_bits(np.array(own, np.uint64), place_bits, 8) for place, own in places.items()}
    segments = [(place, table["width"][0].as_py(), table["bits"][0].as_py()) for place, table in tables.items()]
    joined = SharedKeys.joined(segments, place_bits, widest=6)
    assert joined.width <= 6
    positions = {key >> (64 - joined.width) for key in keys}
    assert all(joined.bits[position // 8] >> (position % 8) & 1 for position in positions)
    # A narrower set lets pass what its first bits let pass; of others a bit is a key's.
    is_wide = all(width + place_bits >= 6 for _, width, _ in segments)
    assert sum(byte.bit_count() for byte in joined.bits) == len(positions) or not is_wide


@pytest.mark.parametrize("above", [1, 5])
def test_the_bits_that_all_keys_have_alike_take_no_room(above):
    keys = np.array([0b10110, 0b10111], np.uint64) << np.uint64(59)  # the first bits are 10110 and 10111
    table = set_of_bits(keys, above, 1)
    bits = int.from_bytes(table["bits"][0].as_py(), "little")
    assert table["width"][0].as_py() == 3
    # The three bits after those: 011 and 011 after the first, 000 twice after all five.
    assert bits == {1: 1 << 0b011, 5: 1 << 0b000}[above]
