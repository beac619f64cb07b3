"""What resolution may know of a record beside its identifiers, and nothing more."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

import schemas
from linkage.records.linkage_evidence import to_linkage_evidence
from tests.linkage.records.tiny_supplies import AS_OF, KEY, identified

ROWS: list[tuple[str, dict[str, str], dict[str, object]]] = [
    (
        "magistrates",
        {"case_id": "C1", "defendant_id": "D1", "first_hearing_date": "2015-06-07", "completion_date": "08/06/2015"}
        | {"committal": "trial", "urn": "00ZZ9990199", "plea": "guilty", "surname": "Smith"},
        {"event_date": date(2015, 6, 7), "hearing_date": date(2015, 6, 7), "closing_date": date(2015, 6, 8)}
        | {"committal": "trial"},
    ),
    ("magistrates", {"case_id": "C1", "defendant_id": "D2", "committal": "no code"}, {}),
    (
        "crown",
        {"defendant_on_case_id": "X1", "case_number": "C1", "court_code": "X001", "receipt_type": "T"}
        | {"urn": "00zz9990199", "receipt_date": "2015-07-01", "main_hearing_date": "2015-09-01"}
        | {"sentence_date": "2015-09-02"},
        {"event_date": date(2015, 7, 1), "hearing_date": date(2015, 9, 1), "closing_date": date(2015, 9, 2)}
        | {"receipt_type": "T"},
    ),
    (
        "prison",
        {"journey_id": "J1", "reception_date": "2015-06-07", "release_date": "2016-01-02"},
        {"event_date": date(2015, 6, 7), "custody_from": date(2015, 6, 7), "custody_to": date(2016, 1, 2)},
    ),
    (
        "mortality",
        {"registration_id": "R1", "death_date": "2018-05-17"},
        {"event_date": date(2018, 5, 17), "death_month": date(2018, 5, 1)},
    ),
    ("family", {"case_number": "C1", "party_number": "1", "role": "child"}, {"role": "child"}),
    ("crown", {"defendant_on_case_id": "X2", "case_number": "C1", "court_code": " X001"}, {}),
    ("crown", {"defendant_on_case_id": "X3", "case_number": "C1", "court_code": "X002"}, {}),
    ("crown", {"defendant_on_case_id": "X4", "case_number": "C1"}, {}),
    # After the supply was made nothing can have happened.
    ("oasys", {"assessment_id": "A1", "assessment_date": "2031-01-01"}, {}),
]
TOKENS = ("case_token", "urn_token", "asn_token")


def test_a_record_has_what_its_supply_tells_and_tokens_that_meet(spark: SparkSession) -> None:
    frames = [to_linkage_evidence(identified(spark, name, row), name, as_of=AS_OF, key=KEY) for name, row, _ in ROWS]
    schema = schemas.load("linkage_evidence")
    for frame in frames:
        schema.check(frame)
    rows = schemas.guarded(reduce(DataFrame.unionAll, frames), schema, "linkage_evidence").collect()
    tokens = []
    for (dataset, _, expected), row in zip(ROWS, rows, strict=True):
        known = {name: value for name, value in row.asDict().items() if value is not None}
        tokens.append({name: known.pop(name) for name in TOKENS if name in known})
        del known["record_id"]
        assert known == {"source_dataset": dataset} | expected
    first, second, crown, prison, _, family, with_crown, elsewhere, nowhere, _ = tokens
    assert first["case_token"] == second["case_token"], "co-defendants share a case"
    assert len({first["case_token"], crown["case_token"], family["case_token"]}) == 3, "a case is of its dataset"
    assert with_crown["case_token"] == crown["case_token"] != elsewhere["case_token"], "each court counts its own cases"
    assert nowhere == {}, "a number without its court tells no case"
    assert first["urn_token"] == crown["urn_token"], "however it is written"
    assert (second.keys(), prison.keys()) == ({"case_token"}, set())


def test_every_column_says_why_it_is_there() -> None:
    assert [c.name for c in schemas.load("linkage_evidence").columns if not c.note] == []
