"""Files as they really come: each is read, set aside row by row, or refused with a line; no row is ever lost."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import delivered_files
from jobs.supply_settings import Delivery
from linkage.errors import InputError
from linkage.lake import ENCODINGS
from linkage.records import fhir, mapping, quarantine
from linkage.records.contract import Contract, Csv
from tests.linkage.records.contracts import DELIVERED, PERIOD_END, contract, judged

HEADER = "ID,BORN,SEX,REFERRED"
ROWS = ["1,02/03/1985,1,01/06/2019", "2,02/03/1985,2,01/06/2019", "3,03/03/1986,,01/06/2019"]
GOOD = "\n".join([HEADER, *ROWS]) + "\n"
LATER = GOOD.replace(",", ";")


def _delivery(path: object) -> Delivery:
    period = {"first": PERIOD_END, "last": PERIOD_END}
    return Delivery.model_validate({"contract": "c", "path": path, "delivered": DELIVERED, "period": period})


def _outcome(spark: SparkSession, path: object, of: Contract) -> tuple[int, Counter[str]]:
    """Rows accepted, and rows set aside by their reasons."""
    found = judged(_mapped(spark, path, of), of)
    return sum(not reasons for reasons in found), Counter(",".join(reasons) for reasons in found if reasons)


def _mapped(spark: SparkSession, path: object, of: Contract) -> DataFrame:
    raw = delivered_files.raw(spark, _delivery(path), of)
    return mapping.to_schema(raw, of, period_end=PERIOD_END, delivered=DELIVERED)


def _format(**options: Any) -> dict[str, Any]:
    return {"type": "csv", **options}


READ = [
    ("as agreed", GOOD.encode(), {}, 3, {}),
    ("a byte order mark", b"\xef\xbb\xbf" + GOOD.encode(), {}, 3, {}),
    ("lines of Windows", GOOD.replace("\n", "\r\n").encode(), {}, 3, {}),
    ("no end of the last line", GOOD.rstrip().encode(), {}, 3, {}),
    ("empty lines are no rows", GOOD.replace("\n", "\n\n").encode(), {}, 3, {}),
    ("a header only", f"{HEADER}\n".encode(), {}, 0, {}),
    ("cut within a row", GOOD[:-9].encode(), {}, 2, {"mandatory_unreadable": 1}),
    ("cut within the fields", GOOD[:-12].encode(), {}, 2, {"row_malformed": 1}),
    ("ragged rows", (GOOD + "4\n5,03/03/1986,,01/06/2019,x\n").encode(), {}, 3, {"row_malformed": 2}),
    ("a cell of a megabyte", (GOOD + f"4,{'x' * 1_000_000},1,01/06/2019\n").encode(), {}, 3, {"text_too_long": 1}),
    ("a quoted line break", (GOOD + '4,"02/03/1985","1\n",01/06/2019\n').encode(), {}, 4, {}),
    (
        "a quote in a cell",
        (GOOD + '4"x"y,02/03/1985,,01/06/2019\n"5",02/03/1985,"2" ,01/06/2019\n').encode(),
        {},
        5,
        {},
    ),
    ("UTF-16", LATER.encode("utf-16"), {"encoding": "utf-16", "delimiter": ";"}, 3, {}),
    ("UTF-16 without a mark", GOOD.encode("utf-16-le"), {"encoding": "utf-16-le"}, 3, {}),
    ("no header", "\n".join(ROWS).encode(), {"names": HEADER.split(",")}, 3, {}),
    ("quotes that are letters", (GOOD + '4,",1,01/06/2019\n').encode(), {"quote": None}, 4, {}),
    ("packed", gzip.compress(GOOD.encode()), {}, 3, {}),
    ("the same rows twice", (GOOD + ROWS[0] + "\n").encode(), {}, 3, {"row_repeated": 1}),
]


def test_every_row_is_accepted_or_set_aside(spark: SparkSession, tmp_path: Path) -> None:
    deliveries = []
    for place, (name, content, options, *_) in enumerate(READ):
        path = tmp_path / (f"{place}.dat.gz" if content[:2] == b"\x1f\x8b" else f"{place}.dat")
        path.write_bytes(content)
        of = contract(format=_format(**options))
        key = F.concat(F.lit(f"{place} "), "referral_id").alias("referral_id")
        rows = _mapped(spark, str(path), of)
        others = [name for name in rows.columns if name != "referral_id"]
        deliveries.append(rows.select(*others, key, F.lit(name).alias(quarantine.SOURCE_FILE)))
    # All are judged at once: keys have the number of their delivery, so that none meets one of another.
    table = contract().table
    found: dict[str, list[str]] = {name: [] for name, *_ in READ}
    for row in quarantine.flag(reduce(DataFrame.unionByName, deliveries), table).collect():
        found[row[quarantine.SOURCE_FILE]].append(",".join(row[quarantine.REASONS]))
    for name, _, _, accepted, aside in READ:
        assert Counter(found[name]) == Counter({"": accepted}) + Counter(aside), name


LATIN = GOOD.replace(",,01", ",Zoë,01")
REFUSED = [
    ("another delimiter", LATER.encode(), {}, "the header is one column; its delimiter is rather ;"),
    ("Latin-1 for UTF-8", LATIN.encode("latin-1"), {}, "line 4 cannot be read as CSV in UTF-8"),
    ("UTF-8 for Latin-1", LATIN.encode(), {"encoding": "iso-8859-1"}, "is UTF-8 and not iso-8859-1"),
    ("UTF-8 for Windows", LATIN.encode(), {"encoding": "windows-1252"}, "is UTF-8 and not windows-1252"),
    ("UTF-16 for UTF-8", GOOD.encode("utf-16"), {}, "it begins as UTF-16 does: say encoding: utf-16"),
    ("UTF-16 without a mark for UTF-8", GOOD.encode("utf-16-le"), {}, "the header holds zero bytes"),
    ("UTF-8 for UTF-16", GOOD.encode(), {"encoding": "utf-16"}, "has no mark of its byte order"),
    ("UTF-16 cut within a letter", GOOD.encode("utf-16")[:-1], {"encoding": "utf-16"}, "cannot be read as CSV in UTF"),
    ("a quote left open", (GOOD + '4,"02,1,01/06/2019\n5,,,x\n').encode(), {}, "a quote is opened and not closed"),
    ("two stray quotes", (GOOD + '4,"02,1,01/06/2019\n5,,,01/06/2019\n6,"03,1,01/06/2019\n').encode(), {},
     "line 7: text follows the quote that closes a cell begun on line 5"),
    ("a header with a name twice", GOOD.replace("BORN", "Id").encode(), {}, "names a column twice: columns 1, 2"),
    ("no header", b"9,02/03/1985,1,01/06/2019\n", {}, "none of its 4 columns is known; does it begin with a header?"),
    ("a header without a name", GOOD.replace("BORN", " ").encode(), {}, "the header has no name for column 2"),
    ("columns that changed", GOOD.replace("BORN", "Born").replace("SEX", "X").encode(), {},
     "renamed: BORN to Born; missing: SEX; new: X"),
    ("an empty file", b"", {}, "the file is empty"),
    ("packed and cut short", gzip.compress(GOOD.encode())[:-12], {}, "it is damaged or cut short"),
    ("a spreadsheet", b"PK\x03\x04" + bytes(99), {}, "is a spreadsheet or another ZIP archive and no text"),
    ("Parquet", b"PAR1" + bytes(99), {}, "is Parquet and no text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "options", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_file_that_is_not_as_agreed_is_refused_before_a_row_is_read(
    spark: SparkSession, tmp_path: Path, content: bytes, options: dict[str, Any], message: str
) -> None:
    path = tmp_path / ("a.csv.gz" if content[:2] == b"\x1f\x8b" else "a.csv")
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        _outcome(spark, str(path), contract(format=_format(**options)))
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    assert "1985" not in str(raised.value)


def test_letters_of_each_encoding_are_read(spark: SparkSession, tmp_path: Path) -> None:
    assert set(Csv.model_fields["encoding"].annotation.__args__) == set(ENCODINGS)  # type: ignore[union-attr]
    for encoding in ENCODINGS:
        text = "Zoë" if encoding == "iso-8859-1" else "Zoë\u2019s"
        path = tmp_path / encoding
        path.write_bytes(f"{HEADER}\n{text},,,01/06/2019\n".encode(encoding))
        of = contract(format=_format(encoding=encoding))
        made = Delivery.model_validate(
            {
                "contract": "c",
                "path": str(path),
                "delivered": DELIVERED,
                "period": {"first": PERIOD_END, "last": PERIOD_END},
            }
        )
        assert [row["ID"] for row in delivered_files.raw(spark, made, of).collect()] == [text], encoding


def test_columnar_files_and_split_ones(spark: SparkSession, tmp_path: Path) -> None:
    columns = {"ID": [1, 2, None], "BORN": [date(1985, 3, 2)] * 3, "SEX": ["1", "2", "7"]}
    columns["REFERRED"] = [date(2019, 6, 1), None, date(2019, 6, 1)]
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    plain = {"dob": "BORN", "referral_date": "REFERRED"}
    parquet = contract(format={"type": "parquet"}, columns=plain)
    assert _outcome(spark, str(tmp_path / "a.parquet"), parquet) == (
        1,
        Counter({"mandatory_missing": 1, "key_missing": 1}),
    )
    pq.write_table(pa.table(columns | {"ID": [1.0, 2.0, None]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: ID is double; supply text, whole numbers"):
        _outcome(spark, str(tmp_path / "b.parquet"), parquet)
    (tmp_path / "c.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"c\.parquet: not a whole Parquet file"):
        _outcome(spark, str(tmp_path / "c.parquet"), parquet)
    (tmp_path / "who.csv").write_text("ID,BORN,SEX\n1,02/03/1985,1\n2,02/03/1985,2\n4,,\n5,x\n")
    (tmp_path / "what.csv").write_text("ID,REFERRED\n1,01/06/2019\n2,01/06/2019\n3,01/06/2019\n")
    split = {"key": "ID", "identifiers": ["BORN", "SEX"], "attributes": ["REFERRED"], "max_unpaired": 1}
    two = {"identifiers": str(tmp_path / "who.csv"), "attributes": str(tmp_path / "what.csv")}
    assert _outcome(spark, two, contract(split=split)) == (2, Counter({"split_unpaired": 2, "row_malformed": 1}))
    (tmp_path / "who.csv").write_text("ID,BORN,GENDER\n")
    with pytest.raises(InputError, match=r"who\.csv: other columns than the contract says: missing: SEX; new: GENDER"):
        _outcome(spark, two, contract(split=split))


def test_lines_of_patients(spark: SparkSession, tmp_path: Path) -> None:
    lines = [
        '{"resourceType": "Patient", "id": "1", "deceasedDateTime": "2019-06-01", "birthDate": "1985"}',
        "",
        "{",
        "[]",
    ]
    columns = {"referral_id": "id", "dob": "birth_date", "sex": "gender", "referral_date": "deceased_date"}
    rest = [name for name in fhir.COLUMNS if name not in columns.values()]
    of = contract(format={"type": "fhir_patient"}, columns=columns, ignored=rest)
    (tmp_path / "a.ndjson").write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    assert _outcome(spark, str(tmp_path / "a.ndjson"), of) == (1, Counter({"row_malformed": 2}))
    (tmp_path / "b.ndjson").write_bytes("\n".join(lines).encode("utf-16"))
    with pytest.raises(InputError, match=r"b\.ndjson: cannot be read as text in UTF-8; it begins as UTF-16 does"):
        _outcome(spark, str(tmp_path / "b.ndjson"), of)
