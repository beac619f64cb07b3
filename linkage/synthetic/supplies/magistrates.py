"""Magistrates' courts: a row for each defendant on a case, and a table of offences."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.synthetic.journeys import NEIGHBOURS, moved_to_common_platform
from linkage.synthetic.rows import COPIES, code, keys, whole
from linkage.synthetic.supplies.courts import (
    case_numbers,
    offence_category,
    offence_date,
    with_offences,
    without_person,
)
from linkage.synthetic.world import Columns, Companion, Form, RecordedWorld, World, as_delivered


def _events(world: World) -> DataFrame:
    journeys = world.rates.journeys
    # Of some people nothing has come here: 3% of those whom the Crown Court knows.
    lost = world.draws("person_id").happens(journeys.lost.rate, "lost")
    held = ~moved_to_common_platform(F.col("hearing"), journeys, seed=world.seed) & ~lost
    return world.cases.where(held).withColumns({"event": F.col("case"), "event_date": F.col("hearing")})


def _keys(_world: World) -> Columns:
    """Defendants are numbered within their case, copies of one apart."""
    defendant = F.pmod(F.col("person_id"), F.lit(NEIGHBOURS)) * COPIES + F.col("copy")
    return {
        "case_id": code("C", F.col("file")),
        "defendant_id": F.concat(F.lit("D"), F.lpad(defendant.cast("string"), 2, "0")),
    }


def _columns(world: World) -> Columns:
    case, rates = world.draws("case"), world.rates.courts
    site = F.concat(F.lit("M"), F.lpad(F.col("site").cast("string"), 3, "0"))
    names = ("forename1", "forename2", "forename3", "aliases", "dob", "sex", "pnc", "nino")
    return {
        **without_person(world, {name: F.col(name) for name in names}),
        **case_numbers(world),
        "court_code": site,
        "offence_category": offence_category(case, rates),
        "offence_date": offence_date(case),
        "first_hearing_date": F.col("hearing"),
        "completion_date": F.col("completion"),
        "plea": case.pick(rates.pleas.shares, "plea"),
        **_outcome(),
        "committal": F.coalesce("sent", F.lit("none")),
    }


def _outcome() -> dict[str, Column]:
    """Verdict, disposal and sentence: none of them yet where the Crown Court decides."""
    here = F.col("sent").isNull()
    found = F.when(F.col("convicted"), "guilty").otherwise("not_guilty")
    sentenced = here & F.col("convicted")
    return {
        "verdict": F.when(here, found).when(F.col("sent") == "sentence", "guilty"),
        "disposal": F.when(sentenced, F.col("disposal")),
        "sentence_days": F.when(sentenced, F.col("sentence_days")),
    }


FORM = Form("magistrates", "C", _events, _columns, keys=_keys, false_identities=True, with_organisations=True)


def _offences(world: RecordedWorld) -> DataFrame:
    made = with_offences(whole(world, FORM), world)
    principal = F.col("offence_number") == 1
    outcome = _outcome()
    of_principal = {name: F.when(principal, outcome[name]) for name in ("disposal", "sentence_days")}
    return as_delivered(made, "magistrates_offences", {**keys(FORM, world), **outcome, **of_principal})


OFFENCES = Companion("magistrates_offences", _offences)
