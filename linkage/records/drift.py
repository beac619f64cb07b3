"""How the columns of a file differ from those that its contract names."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from linkage.errors import InputError

_OTHER_DELIMITERS = {";": ";", "|": "|", "\t": "a tab", ",": ","}


def check_columns(found: Collection[str], expected: Collection[str], where: str) -> None:
    """Refuses a file that has other columns than its contract says.

    Raises:
        InputError: The line lists columns that are new, missing, and likely renamed.
    """
    told = describe(found, expected)
    if told is not None:
        raise InputError(f"{where}: other columns than the contract says: {told}")


def describe(found: Collection[str], expected: Collection[str]) -> str | None:
    """New, missing and likely renamed columns in one phrase; None where names are the same to the letter.

    A missing column counts as renamed to a new one whose name has the same letters and digits, or nearly.

    >>> describe(["ID", "date_of_birth", "X"], ["ID", "DATE OF BIRTH", "SEX"])
    'renamed: DATE OF BIRTH to date_of_birth; missing: SEX; new: X; map or ignore it, and mend the contract'
    """
    new, missing = sorted(set(found) - set(expected)), sorted(set(expected) - set(found))
    if not new and not missing:
        return None
    if len(found) == 1:
        [name] = found
        signs = [said for sign, said in _OTHER_DELIMITERS.items() if sign in name]
        if signs:
            return f"the header is one column; its delimiter is rather {signs[0]}"
    if not set(found) & set(expected):
        # What stands in a header's place may be somebody's row.
        return f"none of its {len(found)} columns is known; does it begin with a header?"
    renamed = _renamed(missing, new)
    parts = [
        ("renamed", [f"{old} to {name}" for old, name in renamed.items()]),
        ("missing", [name for name in missing if name not in renamed]),
        ("new", [name for name in new if name not in renamed.values()]),
    ]
    told = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)
    return f"{told}; map or ignore it, and mend the contract"


def _renamed(missing: list[str], new: list[str]) -> dict[str, str]:
    bare = {_bare(name): name for name in new}
    renamed: dict[str, str] = {}
    for old in missing:
        near = get_close_matches(_bare(old), bare, n=1, cutoff=0.8)
        if near:
            renamed[old] = bare.pop(near[0])
    return renamed


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
