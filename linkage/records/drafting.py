"""A first contract for an unknown file, for a person to finish: what is sure is filled in, the rest is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import schemas
from linkage.records.profiling import LEAST_ROWS, MOST_CODES, ColumnProfile, likeliest_date, may_name_people

# The keys of a contract's `format`.
Form = dict[str, str | tuple[str, ...] | None]

# Shares of the filled values: enough to believe what a column holds, and too much to show any of it.
_SURE, _TOO_MANY = 0.8, 0.02
_ALIKE = 0.7
_UNDECIDED = "?"
# What YAML takes for something else than a text.
_NOT_PLAIN = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
# What suppliers call the columns that schemas have, by words of their names (general knowledge, K).
_WORDS = {
    "dob": ("dob", "birth", "born"),
    "sex": ("sex", "gender"),
    "forename1": ("forename", "first", "given"),
    "forename2": ("middle", "second"),
    "forename3": ("third",),
    "surname": ("surname", "lastname", "last", "family"),
    "aliases": ("alias", "aliases"),
    "postcode": ("postcode", "postal", "zip"),
    "address_line1": ("address", "addr"),
    "ethnicity": ("ethnicity", "ethnic", "race"),
    "nino": ("nino", "nin"),
    "nhs_number": ("nhs",),
    "court_code": ("court", "lja"),
}
_BY_PLACE = (
    "# The first line may be somebody's row, so columns are named by their places. If it is a header, profile again",
    "# with --header, which shows it.",
)
_SAME = dict.fromkeys(("ref", "reference", "no", "num", "number", "key", "pk"), "id") | {"dt": "date", "cd": "code"}
_BY_SHAPE = {
    "PNC identifier": "pnc",
    "CRO number": "cro",
    "prison number": "prison_number",
    "case reference number": "crn",
    "arrest summons number": "asn",
    "NHS number": "nhs_number",
    "National Insurance number": "nino",
    "postcode": "postcode",
    "postcode sector": "postcode_sector",
}


def candidates(profiles: Sequence[ColumnProfile], table: schemas.TableSchema) -> dict[str, str]:
    """Columns of the schema with the column of the file that each is likely made of; none of either is twice.

    What a column holds counts first, then its name; the likeliest pairs come first.
    """
    scores = sorted(
        (-_likeness(column, made), place, column.name, made.name)
        for place, column in enumerate(profiles)
        for made in table.columns
        if _likeness(column, made) >= _ALIKE
    )
    found: dict[str, str] = {}
    for _, _, name, made in scores:
        if made not in found and name not in found.values():
            found[made] = name
    return found


def reads_as_header(fields: Sequence[str], table: schemas.TableSchema) -> bool:
    """Whether at least half of a line's fields have a word that columns of the dataset are called by.

    >>> reads_as_header(["CaseRef", "Last Name", "NOTES"], schemas.load("magistrates"))
    True
    >>> reads_as_header(["Smith", "Ann Marie", "Leeds"], schemas.load("magistrates"))
    False
    """
    known = {word for column in table.columns for word in (*_parts(column.name), *_WORDS.get(column.name, ()))}
    names = [field for field in fields if any(word in known and word.isalpha() for word in _parts(field))]
    return bool(fields) and 2 * len(names) >= len(fields)


def may_show_codes(column: ColumnProfile, made: schemas.Column | None) -> bool:
    """Whether the few values of a column may be shown: only for a column of codes, and never where it may name people.

    Refused where no candidate with a value set is known, for then nobody knows what the values are; where that
    is a direct identifier; and where values have the shape of something that identifies.
    """
    if made is None or made.values is None or made.sensitivity is schemas.Sensitivity.DIRECT:
        return False
    return not may_name_people(column, most=_TOO_MANY) and 0 < column.distinct <= MOST_CODES * 2


def draft(
    profiles: Sequence[ColumnProfile],
    dataset: str,
    form: Form,
    codes: Mapping[str, Sequence[str]] | None,
    where: str,
    *,
    by_place: bool = False,
) -> str:
    """A contract as YAML that its form refuses until a person has filled the gaps: null, `?` and `undecided`.

    Args:
        profiles: Of the columns of the file.
        dataset: That it is of.
        form: The keys of `format`.
        codes: The values to show, by column; None if nobody asked for them.
        where: The name of the file.
        by_place: Whether columns are named by their places, as the first line may be a row.
    """
    table = schemas.load(dataset)
    found = candidates(profiles, table)
    by_name = {column.name: column for column in profiles}
    rows = max((column.rows for column in profiles), default=0)
    lines = [
        f"# Drafted from {_quoted(where)}: {rows} rows, {len(profiles)} columns.",
        f"# Fill in what is null or {_UNDECIDED}, check the rest, put each undecided column under columns or ignored.",
        "# No value of the file is here, but for codes where somebody asked for them.",
        *(_BY_PLACE if by_place else ()),
        f"dataset: {dataset}",
        f"feed: {dataset}",
        "system: null",
        "agreement: null",
        "delivery: full",
        f"format: {{{', '.join(f'{key}: {_flow(value)}' for key, value in form.items())}}}",
        "",
        "expect:",
        f"  rows: {{min: {rows // 2}, max: {rows * 2}}}",
        "  max_outside_period: 0.01",
        "  max_unmapped: 0.01",
        "",
        "columns:" if found else "columns: {}",
    ]
    for made in table.columns:
        if made.name in found:
            lines += _recipe(made, by_name[found[made.name]], codes)
    absent = [made.name for made in table.columns if made.name not in found]
    lines += ["", f"absent: [{', '.join(absent)}]", "ignored: []"]
    rest = [column for column in profiles if column.name not in found.values()]
    lines += ["undecided:" if rest else "undecided: []"]
    for column in rest:
        lines += [f"  # {described(column)}", f"  - {_scalar(column.name)}"]
    return "\n".join(lines) + "\n"


def described(column: ColumnProfile) -> str:
    """What a column looks like, in one line without a value.

    >>> dates, shapes = {"dd/MM/yyyy": 0.99}, {}
    >>> described(ColumnProfile("X", 100, 80, 60, shapes, dates, (1931, 2005)))
    '20% missing, about 60 different, 99% dates dd/MM/yyyy of 1931 to 2005'
    """
    told = [f"{column.missing:.0%} missing", f"about {column.distinct} different"]
    form = likeliest_date(column, least=_SURE)
    if form is not None and column.years is not None:
        told.append(f"{column.dates[form]:.0%} dates {form} of {column.years[0]} to {column.years[1]}")
    shapes = sorted(column.shapes.items(), key=lambda item: -item[1])
    told += [f"{share:.0%} shaped as {shape}" for shape, share in shapes if share >= _SURE][:2]
    return ", ".join(told)


def _recipe(made: schemas.Column, column: ColumnProfile, codes: Mapping[str, Sequence[str]] | None) -> Iterator[str]:
    yield f"  # {described(column)}"
    form = likeliest_date(column, least=_SURE) if made.content == "date" else None
    if form is not None:
        yield f"  {made.name}: {{source: {_scalar(column.name)}, dates: [{form}]}}"
        return
    if made.values is None:
        yield f"  {made.name}: {_scalar(column.name)}"
    elif not may_show_codes(column, made):
        yield f"  {made.name}: {_scalar(column.name)}"
        yield "  # Its codes are not shown: they may say who somebody is, or are too many."
    elif codes is None:
        yield f"  {made.name}: {_scalar(column.name)}"
        yield "  # --with-codes lists its codes."
    else:
        yield from _code_map(made, column, codes.get(column.name, ()), tuple(schemas.value_set(made.values)))


def _code_map(
    made: schemas.Column, column: ColumnProfile, values: Sequence[str], known: Sequence[str]
) -> Iterator[str]:
    """The code map to fill in, or why there is none."""
    if not values:
        yield f"  {made.name}: {_scalar(column.name)}"
        yield f"  # Its codes are not shown: more than {MOST_CODES}, long, or one in fewer than {LEAST_ROWS} rows."
        return
    yield f"  {made.name}:"
    yield f"    source: {_scalar(column.name)}"
    yield "    codes:"
    yield from (f"      {_quoted(value)}: {_quoted(value if value in known else _UNDECIDED)}" for value in values)


def _likeness(column: ColumnProfile, made: schemas.Column) -> float:
    shape = next((s for s, name in _BY_SHAPE.items() if name == made.name and column.shapes.get(s, 0) >= _SURE), None)
    if shape is not None:
        return 2.0
    if made.content == "date" and column.filled and likeliest_date(column, least=_SURE) is None:
        return 0.0
    theirs, ours = _parts(column.name), _parts(made.name)
    if "".join(theirs) == "".join(ours):
        return 1.5
    if set(_WORDS.get(made.name, ())) & set(theirs):
        return 1.0 - 0.01 * len(theirs)
    shared = 2 * len(set(theirs) & set(ours)) / (len(set(theirs)) + len(set(ours))) if theirs else 0.0
    return max(shared, SequenceMatcher(None, "".join(theirs), "".join(ours)).ratio()) * 0.9


def _parts(name: str) -> list[str]:
    """The words of a column's name, of those that mean one thing the same: DATE_OF_BIRTH, caseRef."""
    words = (part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name))
    return [_SAME.get(word, word) for word in words]


def _flow(value: str | tuple[str, ...] | None) -> str:
    return f"[{', '.join(map(_scalar, value))}]" if isinstance(value, tuple) else _scalar(value)


def _scalar(text: str | None) -> str:
    """A text as YAML: plain where it can only be that text."""
    if text is None:
        return "null"
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text) and text.lower() not in _NOT_PLAIN
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
