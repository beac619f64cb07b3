"""The SQL of a survey: what is hashed of records, and which of the equal hashes make pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, groupby

from linkage.engine import chunks
from linkage.engine.counting import IDS, KEYS, SOURCES, VALUES, Counted
from linkage.engine.frequencies import kind_of, value_hash
from linkage.engine.keys import EITHER, LEFT, KeyColumn
from linkage.engine.records import ID, PERSON, SOURCE, LinkageRecords, node_sql

# A key of so many pairs is too much for one task to have beside others; about 700 records.
HOT_PAIRS = 250_000
# As many are told of each rule in any case.
HOTTEST = 10

_WITHIN = ((0, 0),)


def source_count() -> Counted:
    """Records, and those without an ID, by source."""
    hashes = (
        f"SELECT {SOURCE} AS source, count(*) AS n, count(*) FILTER ({ID} IS NULL) AS missing "
        f"FROM {chunks.RECORDS} GROUP BY ALL"
    )
    return Counted(SOURCES, 0, hashes)


def node_count(records: LinkageRecords, seed: int) -> Counted:
    """Nodes that more than one record has; none, if IDs are a key and no two hashes are equal."""
    node = node_sql(records, SOURCE, ID, seed=seed)
    return Counted(IDS, 0, f"SELECT hash({node}) AS key FROM {chunks.RECORDS}")


def key_counts(records: LinkageRecords, keys: Sequence[KeyColumn]) -> list[Counted]:
    """Rows and pairs of each key, a left and a right one together: left × right is an upper bound of pairs.

    A key's position is that of its first column.
    """
    found = []
    for _, columns in groupby(enumerate(keys), key=lambda each: each[1].of_set):
        placed = list(columns)
        position = placed[0][0]
        if any(side != EITHER for _, key in placed for _, side in key.entries):
            rows = [_keys(key, str(int(key.entries[0][1] != LEFT))) for _, key in placed]
            found.append(Counted(KEYS, position, " UNION ALL ".join(rows), 2, ((0, 1),)))
        elif records.link_type == "link_only":
            [(_, key)] = placed
            found.append(Counted(KEYS, position, _keys(key, SOURCE), len(records.sources), _across(records)))
        else:
            [(_, key)] = placed
            found.append(Counted(KEYS, position, _keys(key), pairing=_WITHIN))
    return found


def value_counts(records: LinkageRecords, columns: Sequence[str]) -> list[Counted]:
    """Records of each value of some columns, or persons; where records are not held, values that repeat are kept."""
    found, once = [], records.has_persons
    person = f", {PERSON} AS person" if once else ""
    for position, column in enumerate(columns):
        value = value_hash(f'"{column}"', records.frame.schema[column].dataType)
        key = f'SELECT CASE WHEN "{column}" IS NOT NULL THEN {value} END AS key{person}'
        kept = kind_of(column) if records.held is None else None
        if records.link_type == "link_only":
            hashes = f"{key}, {SOURCE} AS part FROM {chunks.RECORDS}"
            found.append(Counted(VALUES, position, hashes, len(records.sources), _across(records), kept, once))
        else:
            found.append(
                Counted(VALUES, position, f"{key} FROM {chunks.RECORDS}", pairing=_WITHIN, kept=kept, once=once)
            )
    return found


def _keys(key: KeyColumn, part: str | None = None) -> str:
    each = f"unnest({key.sql})" if key.is_list else key.sql
    return f"SELECT {each} AS key{'' if part is None else f', {part}::SMALLINT AS part'} FROM {chunks.RECORDS}"


def _across(records: LinkageRecords) -> tuple[tuple[int, int], ...]:
    return tuple(combinations(range(len(records.sources)), 2))
