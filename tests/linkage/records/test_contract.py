"""Contracts: those that ship, and a line that says what is wrong with one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import schemas
from jobs.harness import config
from linkage.errors import ConfigError, RefusedError
from linkage.records import expectations
from linkage.records.contract import Contract
from linkage.records.expectations import Seen, Window
from linkage.records.holding import Standing
from tests.linkage.records.contracts import SMALL, contract

SHIPPED = sorted((Path(__file__).parents[3] / "conf" / "supplies").glob("*.yaml"))
JUSTICE = {"magistrates", "crown", "prison", "probation", "civil", "family", "oasys"}


def test_the_contracts_that_ship() -> None:
    contracts = [config.load(path, Contract) for path in SHIPPED]
    assert {one.dataset for one in contracts} > JUSTICE
    assert {one.dataset for one in contracts} <= schemas.value_set("source_dataset").keys()
    feeds = [one.feed for one in contracts]
    assert feeds == [path.stem for path in SHIPPED], "a feed is found under its name"


WITHOUT_ID = {name: how for name, how in SMALL["columns"].items() if name != "referral_id"}
TWICE = [{"value": "M", "valid_to": date(2020, 1, 1)}, {"value": "F", "valid_from": date(2020, 1, 1)}]
SPLIT = {"key": "ID", "identifiers": ["BORN", "SEX"], "attributes": ["SEX"], "max_unpaired": 0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "wndsn"}, "dataset: no supply 'wndsn'; did you mean 'wndsm'?"),
        ({"feed": "Wndsm 2"}, "feed: string should match pattern"),
        ({"feed": "small"}, "feed: it begins with the dataset's name: wndsm, or wndsm_ and what it is called"),
        ({"colums": {}}, "colums: unknown key; did you mean 'columns'?"),
        ({"columns": {"sez": "SEX"}}, "columns: table wndsm has no column 'sez'; did you mean 'sex'?"),
        ({"absent": []}, "say of each of these where it comes from, in columns, or that it is absent: end_date, eth"),
        ({"absent": [*SMALL["absent"], "sex"]}, "absent: sex is in columns too"),
        ({"ignored": ["ID"]}, "ignored: ID is used"),
        ({"undecided": ["X"]}, "undecided: say in columns or ignored what becomes of each of these: X"),
        ({"columns": {"sex": {"source": "SEX", "codes": {"1": "X"}}}}, "columns.sex: 'X' is no code of supplied_sex"),
        ({"columns": {"sex": {"source": "SEX", "codes": {1: "M"}}}}, "columns.sex: codes: write 1 in quotes"),
        ({"columns": {"sex": {"source": "SEX", "codes": {False: "M"}}}}, "columns.sex: codes: write False in quotes"),
        ({"columns": {"sex": {"source": "SEX", "codes": {"1": TWICE}}}}, "'1' means two things on one day"),
        ({"columns": {"sex": {"source": "SEX", "code": {}}}}, "columns.sex.code: unknown key; did you mean 'codes'?"),
        ({"columns": {"sex": {"constant": "X"}}}, "columns.sex: 'X' is no code of supplied_sex"),
        ({"columns": {"sex": {"constant": "M", "source": "SEX"}}}, "columns.sex: give either a source or a constant"),
        ({"columns": {"sex": {"source": "SEX", "dates": ["dd/MM/yyyy"]}}}, "sex: dates: it is no date in the schema"),
        ({"columns": {"dob": {"source": "BORN", "dates": ["yyyy"]}}}, "'yyyy' is no format of a date"),
        ({"columns": {"dob": {"source": "BORN", "dates": ["DD/MM/YYYY"]}}}, "'DD/MM/YYYY' is no format of a date"),
        (
            {"format": {"type": "csv", "delimiter": "||"}},
            "format.csv.delimiter: string should have at most 1 character",
        ),
        ({"format": {"type": "csv", "names": ["ID"]}}, "the file's columns are not those of columns and ignored: BORN"),
        ({"format": {"type": "xlsx"}}, "format: input tag 'xlsx'"),
        ({"split": SPLIT}, "split: a column is on one side; the key is on both and is named once"),
        ({"split": SPLIT}, "split: these are on no side, or are neither used nor ignored: REFERRED"),
        ({"deletions": {"column": "D", "values": ["x"]}}, "deletions: a full delivery deletes by leaving out"),
        ({"expect": {"rows": {"min": 3, "max": 2}, "max_outside_period": 0, "max_unmapped": 0}}, "min is above max"),
        ({"expect": {"rows": {"min": 1}, "max_outside_period": 0}}, "expect.max_unmapped: missing"),
    ],
)
def test_a_contract_that_is_wrong(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        contract(**changes)
    assert str(raised.value).startswith("small.yaml: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


YEAR = Window(date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 31))
EXPECT = {
    "rows": {"min": 10, "max": 100},
    "share_of_held": {"min": 0.5, "max": 2},
    "delivered_within_days": 31,
    "max_outside_period": 0.1,
    "max_unmapped": 0.1,
}
FINE = {
    "rows": 20,
    "deletions": 0,
    "dated": 20,
    "outside": 2,
    "filled": {"sex": 10},
    "unmapped": {"sex": 1},
    "sides": {},
}


@pytest.mark.parametrize(
    ("seen", "held", "window", "broken"),
    [
        ({}, 0, YEAR, None),
        ({}, 10, YEAR, None),
        ({}, 40, YEAR, None),
        ({"rows": 9}, 0, YEAR, "it has 9 rows, expected at least 10 and at most 100"),
        ({"rows": 9, "deletions": 1}, 0, YEAR, None),
        ({"rows": 101}, 0, YEAR, "it has 101 rows"),
        ({}, 9, YEAR, "it has 2.22 times the 9 rows held before, expected at least 0.5 and at most 2"),
        ({}, 41, YEAR, "it has 0.488 times the 41 rows held before"),
        ({"outside": 3}, 0, YEAR, "3 of 20 rows with a date are outside its period"),
        ({"unmapped": {"sex": 2}}, 0, YEAR, "sex: 2 of 10 codes are not in the contract"),
        (
            {},
            0,
            Window(YEAR.first, YEAR.last, date(2021, 2, 1)),
            "delivered 32 days after its period, expected within 31",
        ),
        (
            {},
            0,
            Window(YEAR.first, YEAR.last, date(2020, 12, 30)),
            "on 2020-12-30, before its period ends on 2020-12-31",
        ),
    ],
)
def test_expectations(seen: dict[str, Any], held: int, window: Window, broken: str | None) -> None:
    of, before = contract(expect=EXPECT), Standing(held, YEAR.first, YEAR.first)
    if broken is None:
        expectations.check(Seen(**FINE | seen), of, before, window, "a.csv")
        return
    with pytest.raises(RefusedError) as raised:
        expectations.check(Seen(**FINE | seen), of, before, window, "a.csv")
    assert str(raised.value).startswith("a.csv: not what the contract of feed wndsm_small expects: ")
    assert broken in str(raised.value)
