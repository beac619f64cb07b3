"""The Crown Court: cases sent for trial or sentence and appeals, and which case came from which."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from linkage.records.keyed_hash import SEPARATOR
from linkage.synthetic.draws import Draws
from linkage.synthetic.journeys import (
    CASES_AT_MOST,
    crown_covers,
    moved_to_common_platform,
    sent_chance,
)
from linkage.synthetic.rates import Courts
from linkage.synthetic.rows import keys, whole
from linkage.synthetic.supplies import magistrates
from linkage.synthetic.supplies.courts import case_numbers, offence_category, with_offences, without_person
from linkage.synthetic.supplies.custody import known_by_now
from linkage.synthetic.world import Columns, Companion, Form, RecordedWorld, World, as_delivered

_INDICTMENTS = 2  # at most, for one case sent
_APPEAL_DAYS = 30


def _reaching(world: World) -> DataFrame:
    """One row per case that reaches the Crown Court: adds `link_type`, `received_on` also for appeals, `on_earlier`.

    `on_earlier`: it was joined to the indictment of the person's case before.
    """
    journeys = world.rates.journeys
    case, file = world.draws("case"), world.draws("file")
    appeal = F.col("sent").isNull() & F.col("convicted") & case.happens(journeys.appeal.rate, "appeal")
    typed = world.cases.withColumn("link_type", F.when(appeal, "appeal").otherwise(F.col("sent")))
    # Even numbers join odd ones only, so nothing is joined to what is itself joined.
    odd = F.pmod(F.col("case"), F.lit(2)) == 1
    before = Draws(world.seed, F.col("case") - 1)
    sent_before = before.happens(sent_chance(journeys), "sent")
    joins = ~odd & (F.pmod(F.col("case"), F.lit(CASES_AT_MOST)) >= 2) & F.col("sent").isNotNull() & sent_before
    return typed.where(F.col("link_type").isNotNull()).withColumns(
        {
            "received_on": F.coalesce("received_on", F.date_add("completion", _APPEAL_DAYS)),
            "sentenced_on": F.when(appeal, F.date_add("completion", 3 * _APPEAL_DAYS)).otherwise(F.col("sentenced_on")),
            "on_earlier": joins & file.happens(journeys.joined.rate, "joined"),
        }
    )


def _events(world: World) -> DataFrame:
    journeys = world.rates.journeys
    moved = moved_to_common_platform(F.col("received_on"), journeys, seed=world.seed)
    known = known_by_now(F.col("received_on")).isNotNull()
    held = ~F.col("on_earlier") & crown_covers(F.col("received_on")) & known & ~moved
    split = F.col("sent").eqNullSafe("trial") & world.draws("file").happens(journeys.split.rate, "split")
    indictments = F.sequence(F.lit(0), F.when(split, 1).otherwise(0))
    made = _reaching(world).where(held).withColumn("indictment", F.explode(indictments))
    return made.withColumns(
        {"event": F.col("case") * _INDICTMENTS + F.col("indictment"), "event_date": F.col("received_on")}
    )


def _columns(world: World) -> Columns:
    case, file, rates = world.draws("case"), world.draws("file"), world.rates.courts
    receipt = F.upper(F.substring("link_type", 1, 1))
    number = F.lpad(F.pmod(file.below(5_000, "number") * 2 + F.col("indictment"), F.lit(10_000)).cast("string"), 4, "0")
    names = ("forename1", "forename2", "forename3", "aliases", "dob", "sex", "pnc")
    return {
        **without_person(world, {name: F.col(name) for name in names}),
        **case_numbers(world),
        "case_number": F.concat(receipt, F.year("received_on").cast("string"), number),
        "court_code": F.concat(F.lit("X"), F.lpad(F.col("site").cast("string"), 3, "0")),
        "receipt_type": receipt,
        "remand_status": case.pick(rates.remand.shares, "remand status"),
        "offence_category": offence_category(case, rates),
        "receipt_date": F.col("received_on"),
        "main_hearing_date": known_by_now(F.date_sub("sentenced_on", 1)),
        **_outcome(case, rates),
    }


def _outcome(case: Draws, rates: Courts) -> dict[str, Column]:
    """Plea, verdict and sentence: none of them yet where the hearing is to come."""
    over = known_by_now(F.col("sentenced_on")).isNotNull()
    guilty = (F.col("link_type") == "sentence") | F.col("convicted")
    acquitted = F.when(case.happens(rates.acquitted.rate, "acquitted"), "not_guilty").otherwise("withdrawn")
    pleaded = case.pick(rates.crown_pleas.shares, "crown plea")
    sentenced = over & F.col("convicted")
    return {
        "sentence_date": F.when(sentenced, F.col("sentenced_on")),
        "plea": F.when(F.col("link_type") == "sentence", "guilty").otherwise(pleaded),
        "verdict": F.when(over, F.when(guilty, "guilty").otherwise(acquitted)),
        "disposal": F.when(sentenced, F.col("disposal")),
        "sentence_days": F.when(sentenced, F.col("sentence_days")),
    }


FORM = Form("crown", "X", _events, _columns, false_identities=True, with_organisations=True)


def _offences(world: RecordedWorld) -> DataFrame:
    made = with_offences(whole(world, FORM), world)
    principal = F.col("offence_number") == 1
    outcome = _outcome(world.draws("case"), world.rates.courts)
    of_principal = {name: F.when(principal, outcome[name]) for name in ("disposal", "sentence_days")}
    columns = {**keys(FORM, world), "verdict": outcome["verdict"], **of_principal}
    return as_delivered(made, "crown_offences", columns)


OFFENCES = Companion("crown_offences", _offences)


def case_links(world: RecordedWorld) -> DataFrame:
    """The table truth_case_links: which magistrates' row of a defendant belongs to which row of the Crown Court.

    Only rows that are in both supplies and have a key are linked. A case can be split over two
    indictments and two cases can be joined in one, so the relation is many to many.
    """
    crown = whole(world, FORM).select(
        F.col("case").alias("crown_case"), F.concat_ws(SEPARATOR, *keys(FORM, world).values()).alias("crown_key")
    )
    key = F.concat_ws(SEPARATOR, *keys(magistrates.FORM, world).values())
    known = whole(world, magistrates.FORM).select("case", key.alias("magistrates_key"))
    target = F.when(F.col("on_earlier"), F.col("case") - 1).otherwise(F.col("case"))
    reaching = _reaching(world).select("case", "link_type", "person_id", target.alias("crown_case"))
    return (
        reaching.join(known, "case", "inner")
        .join(crown, "crown_case", "inner")
        .select("magistrates_key", "crown_key", "link_type", F.col("person_id").alias("true_person_id"))
    )
