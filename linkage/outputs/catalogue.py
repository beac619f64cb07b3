"""The data catalogue: every table, column, code and document, as one page for whoever uses the data.

It is made of the schemas and of nothing else, and so says what the checks hold. It has no value of
a record. The columns that a catalogue must tell (meaning, value set, time coverage, expected
missingness) are those that Data First's users look for, and provenance stands beside each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import schemas
from linkage.outputs.pages import grid, page, text
from schemas import Column, Provenance, TableSchema

_JUSTICE = "Ministry of Justice"
_GROUPS = ("Justice datasets", "Sources outside the justice system", "Tables that this project makes")
_HEADINGS = (
    "Column",
    "Type",
    "Meaning",
    "Sensitivity",
    "Linkage field",
    "Key",
    "Time coverage",
    "Expected missing",
    "Provenance",
)


def catalogue() -> str:
    """The page as HTML: contents, tables, value sets, documents. The same schemas give the same text.

    Each table stands in one section, whose id is its name; each of its columns in one row, whose id
    is `table.column`. The page loads nothing and links only inside itself.

    >>> page = catalogue()
    >>> page.count('id="magistrates.plea"'), page.count('href="#values.plea"') > 0
    (1, True)
    """
    grouped = [(group, [t for t in _tables() if _group(t) == group]) for group in _GROUPS]
    parts = [
        "<h1>Data catalogue</h1>",
        "<p>Made of the schemas that every write is checked with. A tag says where the knowledge of a column, a code "
        'or a share comes from, and so how sure it is: see <a href="#documents">documents</a>.</p>',
        *_contents(grouped),
        *(part for group, tables in grouped for part in (f"<h1>{text(group)}</h1>", *map(_table, tables))),
        '<h1 id="value-sets">Value sets</h1>',
        *map(_value_set, schemas.value_set_names()),
        '<h1 id="documents">Documents</h1>',
        grid(
            ("Name", "Tag", "Standing", "Document"),
            (
                (f"documents.{name}", (name, source.provenance, source.provenance.standing, text(source.title)))
                for name, source in schemas.sources().items()
            ),
        ),
    ]
    return page("Data catalogue", parts)


def _tables() -> list[TableSchema]:
    """All tables: datasets in their own order, each followed by its companions, then the others by name."""
    datasets = list(schemas.value_set("source_dataset"))

    def place(table: TableSchema) -> tuple[int, str, bool, str]:
        main = table.part_of or table.name
        rank = datasets.index(main) if main in datasets else len(datasets)
        return rank, main, table.part_of is not None, table.name

    return sorted(map(schemas.load, schemas.names()), key=place)


def _group(table: TableSchema) -> str:
    owner = schemas.load(table.part_of or table.name).owner
    return _GROUPS[2] if owner is None else _GROUPS[0] if owner == _JUSTICE else _GROUPS[1]


def _contents(grouped: Sequence[tuple[str, Sequence[TableSchema]]]) -> Iterator[str]:
    for group, tables in grouped:
        links = " · ".join(_link(table.name, table.name) for table in tables)
        yield f"<p><b>{text(group)}</b>: {links}</p>"
    yield f"<p>{_link('value-sets', 'Value sets')} · {_link('documents', 'Documents')}</p>"


def _table(table: TableSchema) -> str:
    facts = {
        "Grain": text(table.grain),
        "Key": _codes(table.key),
        "Zone": text(table.zone),
        "Part of": table.part_of and _link(table.part_of, table.part_of),
        "Owner": table.owner and text(table.owner),
        "Time coverage": table.time_coverage and text(table.time_coverage),
        "Event date": table.event_date and _codes([table.event_date]),
        "Names rows of": "; ".join(f"{_link(k.table, k.table)} by {_codes(k.columns)}" for k in table.foreign_keys),
        "Provenance": _provenance(table),
        "Note": table.note and text(table.note),
    }
    listed = "".join(f"<dt>{name}</dt><dd>{fact}</dd>" for name, fact in facts.items() if fact)
    rows = [(f"{table.name}.{column.name}", _cells(table, column)) for column in table.columns]
    rows += [
        (f"{table.name}.{o.pattern}", (_codes([o.pattern]), o.type, text(o.description), text(o.sensitivity)))
        for o in table.open_columns
    ]
    heading = f"<h2>{text(table.name)}</h2><p>{text(table.description)}</p>"
    return f'<section id="{text(table.name)}">{heading}<dl>{listed}</dl>{grid(_HEADINGS, rows)}</section>'


def _cells(table: TableSchema, column: Column) -> tuple[str, ...]:
    meaning = text(column.description)
    if column.values is not None:
        meaning += f"; codes: {_link(f'values.{column.values}', column.values)}"
    if column.note is not None:
        meaning += f" ({text(column.note)})"
    kind = column.type if column.content is None else f"{column.type}, read as {column.content}"
    return (
        _codes([column.name]),
        text(kind),
        meaning,
        text(column.sensitivity),
        "yes" if column.linkage else "",
        _key(table, column),
        text(column.time_coverage or table.time_coverage or ""),
        _missing(column),
        _provenance(column),
    )


def _key(table: TableSchema, column: Column) -> str:
    roles = [] if column.key is None else [text(column.key)]
    roles += [_link(key.table, key.table) for key in table.foreign_keys if column.name in key.columns]
    return ", ".join(roles)


def _missing(column: Column) -> str:
    if not column.nullable:
        return "never"
    if column.missing_as is not None:
        return f"as {_codes([column.missing_as])} of the supply"
    if column.missing_by is not None:
        shares = ", ".join(f"{text(code)} {share:.1%}" for code, share in column.missing_by.shares.items())
        return f"by {_codes([column.missing_by.column])}: {shares} ({column.missing_provenance})"
    if column.expected_missing is not None:
        return f"{column.expected_missing:.1%} ({column.missing_provenance})"
    return "not known"


def _provenance(known: Column | TableSchema) -> str:
    tag = _link(f"documents.{known.source or known.provenance}", known.provenance)
    return tag if known.provenance is Provenance.OWN else f"{tag}, {known.provenance.standing}"


def _value_set(name: str) -> str:
    values = schemas.load_values(name)
    rows = (
        (
            f"values.{name}.{code}",
            (
                _codes([code]),
                text(entry.meaning),
                str(entry.valid_from or ""),
                str(entry.valid_to or ""),
                text(entry.provenance or values.provenance),
            ),
        )
        for code, entry in values.codes.items()
    )
    said = text(values.description) + (f" ({text(values.note)})" if values.note else "")
    codes = grid(("Code", "Meaning", "From", "To", "Tag"), rows)
    return f'<section id="values.{text(name)}"><h2>{text(name)}</h2><p>{said}</p>{codes}</section>'


def _link(place: str, said: str) -> str:
    return f'<a href="#{text(place)}">{text(said)}</a>'


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{text(name)}</code>" for name in names)
